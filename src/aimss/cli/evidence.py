"""`aimss evidence`: the published studies, what was taken from them, and their synthesis."""

from __future__ import annotations

import typer

from aimss.cli import evidence_synthesis

app = typer.Typer(
    help="Published studies: list, search, pool, join in a network, import.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
evidence_synthesis.register(app)
