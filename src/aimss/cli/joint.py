"""`aimss joint`: what the joint model predicts for what was observed."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

app = typer.Typer(name="joint", help="Joint pain: the model against what was observed.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `targets` a command of its own while it is the only one."""


@app.command()
def targets(
    women: Annotated[int, typer.Option(min=64, max=65536, help="Virtual women in the sample.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sample.")] = 6,
    as_json: Annotated[bool, typer.Option("--json", help="Rows as JSON on standard output.")] = False,
) -> None:
    """Print observed, interval and predicted for every result that the joint model was fitted to.

    Examples: `aimss joint targets`, `aimss joint targets --women 4096 --seed 1 --json`.
    """
    from aimss.body.joint_report import target_rows

    sys.stderr.write("Each study's own fitted effect is used: this is agreement with the fit, not a blind test.\n")
    rows = target_rows(women, seed)
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("study", "definition", "arm", "week", "observed", "95 %", "predicted", "95 % ", "inside")
    for row in rows:
        observed = "" if row["observed_low"] is None else f"{row['observed_low']:.3f}-{row['observed_high']:.3f}"
        table.add_row(
            row["study"], row["definition"], row["arm"], f"{row['week']:g}", f"{row['observed']:.3f}", observed,
            f"{row['predicted']:.3f}", f"{row['predicted_low']:.3f}-{row['predicted_high']:.3f}",
            "yes" if row["inside"] else "NO",
        )  # fmt: skip
    Console(width=None if sys.stdout.isatty() else 160).print(table)
