"""`aimss plan`: her page, plan.json and the short answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
Examples:

  aimss plan record.yaml

  aimss plan record.yaml --strategy ai_alone --strategy zoledronate_4mg_6_monthly --years 5

  aimss plan record.yaml --json > plan.json
"""


EXPLAIN_TWINS = 1000  # fewer cannot tell a share of one in a hundred from noise


def plan(
    record: Annotated[Path, typer.Argument(help="Her record: YAML or JSON (see `aimss patient schema`).")],
    strategy: Annotated[
        list[str] | None,
        typer.Option("--strategy", "-s", help="A strategy by name (`aimss strategies`) or a file of your own; repeat."),
    ] = None,
    years: Annotated[float, typer.Option(help="Years ahead, 0.5 to 20.")] = 10.0,
    twins: Annotated[int, typer.Option(help="Virtual twins of her, 50 to 100,000.")] = 400,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    workers: Annotated[int, typer.Option(help="Threads; the numbers do not depend on it.")] = 2,
    t_score_reference: Annotated[
        str, typer.Option(help="nhanes3_manufacturer (as most centres print) or nhanes_2005_2014.")
    ] = "nhanes3_manufacturer",
    parameters: Annotated[
        Path | None, typer.Option(help="Parameters of your own: one set (YAML, JSON) or draws (CSV).")
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Say what makes her interval wide and which test would narrow it."),
    ] = False,
    export_draws: Annotated[Path | None, typer.Option(help="Write the parameters of every twin to this CSV.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for plan.html and plan.json [default: RECORD's name]")
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    json_only: Annotated[bool, typer.Option("--json", help="Print plan.json alone on stdout; write nothing.")] = False,
) -> None:
    """Her plan: what the drug will do to her bones and joints, and what each choice does."""
    import gc
    import os
    from contextlib import nullcontext

    import aimss
    from aimss.chart_processes import drawn_beside
    from aimss.cli.progress import stages

    # one short run: no garbage worth collecting, and matrices too small for a second thread of the linear algebra
    gc.disable()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    twins = max(twins, EXPLAIN_TWINS) if explain else twins
    command = " ".join(["aimss", "plan", "RECORD", *(f"--strategy {s}" for s in strategy or [])])
    command += f" --years {years:g} --twins {twins} --seed {seed}"
    if t_score_reference != "nhanes3_manufacturer":
        command += f" --t-score-reference {t_score_reference}"
    command += " --explain" if explain else ""
    command += f" --parameters {parameters.name}" if parameters else ""
    beside = nullcontext() if json_only else drawn_beside()
    with beside, stages("Forecast", quiet=json_only) as progress:
        made = aimss.plan(
            record, strategy, years=years, twins=twins, seed=seed, workers=workers,
            t_score_reference=t_score_reference, parameters=parameters, explain=explain, export_draws=export_draws,
            command=command, progress=progress,
        )  # fmt: skip
        text = made.model_dump_json(by_alias=True, indent=1)
        if json_only:
            sys.stdout.write(text + "\n")
            return
        progress("page")
        folder = out or Path(record.stem + "-plan")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "plan.json").write_text(text + "\n", encoding="utf-8")
        page = aimss.write_page(made, folder / "plan.html")
    from aimss.report.terminal import print_summary

    print_summary(made, page)
    if open_page:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())
