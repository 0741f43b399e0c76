"""`aimss validate` and `aimss calibrate`: predicted against published, and the fit that made the parameters."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

VALIDATE_EXAMPLES = """
Examples:

  aimss validate

  aimss validate --targets mine.yaml --json > mine.json

  aimss validate --first-fit

  aimss validate --schema > targets.schema.json

  aimss validate --summary src/aimss/calibration/validation_summary.json
"""


def validate(
    targets: Annotated[
        Path | None,
        typer.Option(help="Published results of your own (YAML or JSON); see --schema and docs/targets.md."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for validation.md, validation.html, validation.json.")
    ] = None,
    draws: Annotated[int, typer.Option(min=20, max=5000, help="Draws of the parameters.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 1,
    peers: Annotated[
        bool, typer.Option(help="Run the published models as well (about 20 s on the shipped list).")
    ] = True,
    summary: Annotated[
        Path | None,
        typer.Option(help="Write the scores by part to this file, as the page of a plan shows those of the package."),
    ] = None,
    first_fit: Annotated[
        bool, typer.Option("--first-fit", help="Score version 1 of the bone half, the first fit, instead.")
    ] = False,
    json_only: Annotated[bool, typer.Option("--json", help="Print the result alone on stdout.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a targets file.")] = False,
) -> None:
    """Predicted against published: every target, its interval, and what a forecast has to beat."""
    import json

    if schema:
        from aimss.calibration.target_files import targets_schema

        sys.stdout.write(json.dumps(targets_schema(), indent=1) + "\n")
        return
    from aimss.calibration.run_validation import validate as run
    from aimss.calibration.validation_scores import document
    from aimss.cli.progress import stages

    if first_fit and summary is not None:
        raise typer.BadParameter("the scores of a page are those of the shipped parameters; leave out --first-fit")
    parameters = None
    if first_fit:
        from aimss.body.parameters import first_fit as version_1

        parameters = version_1()
    with stages("Validation", quiet=json_only) as progress:
        scored, record = run(targets, draws=draws, seed=seed, peers=peers, parameters=parameters, progress=progress)
    text = json.dumps(document(scored, record), indent=1, ensure_ascii=False, allow_nan=False)
    if out is not None:
        _write(out, scored, record, text)
    if summary is not None:
        from aimss.calibration.validation_summary import summarise, summary_text

        summary.write_text(summary_text(summarise(scored, record)), encoding="utf-8")
        typer.echo(f"written to {summary}", err=True)
    if json_only:
        sys.stdout.write(text + "\n")
    else:
        _print(scored, misses_only=targets is None)
    for name, reason in record.get("unanswered", {}).items():
        typer.echo(f"NOT ANSWERED: {name}: {reason}.", err=json_only)
    if not scored:
        from aimss.errors import TargetError

        raise TargetError("targets", "at least one result that can be answered", "none: see NOT ANSWERED above")
    if out is not None and not json_only:
        typer.echo(f"\nwritten to {out}: validation.md, validation.html, validation.json", err=True)


def _write(out: Path, scored: list, record: dict, text: str) -> None:  # type: ignore[type-arg]
    from aimss.calibration.validation_charts import (
        RELIABILITY_CAPTION,
        coverage_by_part,
        predicted_against_observed,
        reliability_plot,
    )
    from aimss.calibration.validation_page import markdown, page
    from aimss.charting import render_svg

    out.mkdir(parents=True, exist_ok=True)
    charts = {
        "Predicted against published, with 90 % predictive intervals, by part": predicted_against_observed(scored),
        RELIABILITY_CAPTION: reliability_plot(scored),
        "Share of published results within the 90 % predictive interval": coverage_by_part(scored),
    }
    (out / "validation.json").write_text(text + "\n", encoding="utf-8")
    (out / "validation.md").write_text(markdown(scored, record), encoding="utf-8")
    rendered = {caption: render_svg(spec) for caption, spec in charts.items()}
    (out / "validation.html").write_text(page(scored, record, rendered), encoding="utf-8")


def _print(scored: list, *, misses_only: bool) -> None:  # type: ignore[type-arg]
    from rich.console import Console
    from rich.table import Table

    from aimss.calibration.validation_page import SUMMARY_HEAD, TARGET_HEAD, summary_rows, target_row

    console = Console(width=None if sys.stdout.isatty() else 200)
    rows = [target_row(s) for s in scored]
    shown = [r for r in rows if not misses_only or r[0] == "MISSED"]
    title = "Missed targets" if misses_only else "Targets"
    for name, head, body in ((title, TARGET_HEAD, shown), ("Scores", SUMMARY_HEAD, summary_rows(scored))):
        table = Table(title=f"{name} ({len(body)})" if head is TARGET_HEAD else name, title_justify="left")
        for i, column in enumerate(head):
            table.add_column(column, overflow="fold", no_wrap=head is TARGET_HEAD and i == 0)
        for r in body:
            table.add_row(*r)
        console.print(table)
    inside = sum(s.inside for s in scored)
    console.print(f"{inside} of {len(scored)} inside the 90 % predictive interval; {len(scored) - inside} missed.")


CALIBRATE_EXAMPLES = """
Examples:

  aimss calibrate --out fit

  aimss calibrate --out fit --leave-one-out --simulate 200

  aimss calibrate --part joint --out fit-joint --chains 4 --draws 1000

  aimss calibrate --part joint --from-shipped --out checks-joint --simulate 200
"""


class Part(StrEnum):
    """The half of the model that is fitted."""

    BONE = "bone"
    JOINT = "joint"


def calibrate(
    out: Annotated[Path, typer.Option(help="Folder for the parameter files and the tables of the fit.")],
    part: Annotated[Part, typer.Option(help="Which half to fit; joint needs the extra `bayes`.")] = Part.BONE,
    from_shipped: Annotated[
        bool,
        typer.Option(
            help="Bone: start at the shipped values instead of the priors' centre: the same end. "
            "Joint: no fit, only the checks asked for, with the shipped draws."
        ),
    ] = False,
    leave_one_out: Annotated[bool, typer.Option("--leave-one-out", help="Predict every trial without itself.")] = False,
    refits: Annotated[
        int, typer.Option(help="Bone: trials predicted by a full fit without them; the rest by linear deletion.")
    ] = 0,
    simulate: Annotated[
        int,
        typer.Option(
            min=0,
            help="Simulated data sets for the check of the fit; joint: a broken-off run goes on in the same --out.",
        ),
    ] = 0,
    sample: Annotated[
        int, typer.Option(help="Bone: steps of an ensemble sampler beside the Laplace posterior; 4000 take 20 min.")
    ] = 0,
    chains: Annotated[int, typer.Option(min=2, help="Joint: chains, one after the other on one core.")] = 4,
    draws: Annotated[int, typer.Option(min=50, help="Joint: draws kept of each chain.")] = 1000,
    warmup: Annotated[int, typer.Option(min=100, help="Joint: steps of adaptation before them.")] = 1000,
    seed: Annotated[int, typer.Option(help="Joint: the same seed gives the same draws.")] = 1,
) -> None:
    """Estimate the parameters of one half from the evidence again; the shipped files are not touched."""
    from aimss.cli.progress import stages

    if part is Part.JOINT:
        from aimss.calibration.joint_fit.run import run as run_joint

        if from_shipped and not (simulate or leave_one_out):
            raise typer.BadParameter(
                "nothing to do: with --part joint, --from-shipped needs --simulate or --leave-one-out"
            )
        with stages("Joint fit", quiet=False) as progress:
            paths, faults = run_joint(
                out, chains=chains, draws=draws, warmup=warmup, seed=seed, from_shipped=from_shipped,
                leave_one_out=leave_one_out, simulate=simulate, progress=progress,
            )  # fmt: skip
        typer.echo("\n".join(str(p) for p in paths))
        for fault in faults:
            typer.echo(f"not sound: {fault}", err=True)
        return
    from aimss.calibration.calibrate import calibrate as run
    from aimss.calibration.calibrate import write
    from aimss.calibration.checks import write_leave_one_out, write_sampler, write_simulation

    with stages("Calibration", quiet=False) as progress:
        result = run(from_shipped=from_shipped, progress=progress)
        paths = write(result, out)
        if leave_one_out:
            progress("leave one trial out")
            paths.append(write_leave_one_out(result.bone, out, refits, progress))
        if simulate:
            progress(f"{simulate} simulated data sets")
            paths.append(write_simulation(result.bone, out, simulate, progress))
        if sample:
            progress(f"{sample} steps of the sampler")
            paths.append(write_sampler(result.bone, out, sample, progress))
    typer.echo("\n".join(str(p) for p in paths))
