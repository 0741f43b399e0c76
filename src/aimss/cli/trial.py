"""`aimss trial`: an in-silico trial, from a design to its result."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
Examples:

  aimss trial design.yaml --check

  aimss trial design.yaml --out results --workers 4

  aimss trial design.yaml --out results --resume

  aimss trial design.yaml --scheduler tcp://head:8786 --json > result.json

  aimss trial --schema > trial-design.schema.json
"""


def trial(
    design: Annotated[Path | None, typer.Argument(help="The design: YAML or JSON (see `--schema`).")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.", min=0)] = 1,
    workers: Annotated[
        int | None, typer.Option(help="Processes [default: all cores]; the numbers do not depend on it.", min=1)
    ] = None,
    scheduler: Annotated[str | None, typer.Option(help="A Dask cluster: tcp://host:8786.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for chunks, tables, charts and result.json.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Check the design and run nothing.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a design.")] = False,
) -> None:
    """An in-silico trial: strategies as arms over virtual women, endpoints, contrasts and their limits."""
    import json

    if schema:
        from aimss.trials.design import design_schema

        typer.echo(json.dumps(design_schema(), indent=1))
        return
    if design is None:
        raise typer.BadParameter("a design (YAML or JSON) is needed", param_hint="DESIGN")
    if check:
        from aimss.trials.checking import check_design
        from aimss.trials.design_reading import read_design

        made = read_design(design)
        check_design(made)
        typer.echo(f"{design.name}: sound ({made.total:,} women, {len(made.arms)} arms, {made.horizon_years:g} years)")
        return
    if resume and out is None:
        raise typer.BadParameter("needs --out, the folder of the run", param_hint="--resume")
    from aimss.cli.progress import counted
    from aimss.trials.result import run_design

    with counted("Trial", "women", quiet=False) as (progress, note):
        result = run_design(
            design,
            seed=seed,
            workers=workers,
            scheduler=scheduler,
            out=out,
            resume=resume,
            progress=progress,
            note=note,
        )
    if as_json:
        sys.stdout.write(result.to_json() + "\n")
        return
    from aimss.trials.terminal import print_result

    print_result(result, out)
