"""`aimss page`: the page of a saved plan, without a new forecast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EPILOG = "Examples:  aimss plan record.yaml --json > plan.json;  aimss page plan.json --out page.html"


def page(
    plan: Annotated[Path, typer.Argument(help="a plan.json written by `aimss plan`", metavar="PLAN.json")],
    out: Annotated[Path | None, typer.Option(help="where to write the page; default: PLAN.html beside it")] = None,
    open_page: Annotated[bool, typer.Option("--open", help="open the page in the browser")] = False,
) -> None:
    """Make the HTML page of a saved plan again."""
    from aimss.report.page import write_page
    from aimss.report.saved import read_plan

    path = write_page(read_plan(plan), out or plan.with_suffix(".html"))
    typer.echo(str(path))
    if open_page:
        typer.launch(path.resolve().as_uri())
