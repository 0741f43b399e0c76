"""The result of a trial on a terminal: endpoints by arm, contrasts, limits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aimss.trials.result import TrialResult


def print_result(result: TrialResult, out: Path | None) -> None:
    """Print the tables that a reader wants first."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if Console().is_terminal else 140, highlight=False)
    d = result.document
    console.print(f"[bold]{d.title}[/bold]")
    console.print(f"{d.run.women:,} women, seed {d.run.seed}, digest {d.run.digest[:16]}")
    table = Table(box=None, header_style="bold")
    for name in ("endpoint", "site", "month", *(arm.name for arm in d.arms)):
        table.add_column(name, justify="left" if name in {"endpoint", "site"} else "right")
    for i, e in enumerate(d.arms[0].endpoints):
        shown = [arm.endpoints[i] for arm in d.arms]
        table.add_row(e.name, (e.site or "").replace("_", " "), _number(e.month), *(
            f"{_number(s.mean)} ({_number(s.se)})" for s in shown))  # fmt: skip
    console.print(table)
    console.print("mean (standard error)\n")
    contrasts = Table(box=None, header_style="bold")
    for name in ("contrast", "endpoint", "site", "month", "estimate", "95 % interval"):
        contrasts.add_column(name, justify="right" if name in {"month", "estimate", "95 % interval"} else "left")
    for c in (c for c in d.contrasts if c.subgroup is None):
        contrasts.add_row(
            f"{c.a} - {c.b}", c.endpoint, (c.site or "").replace("_", " "), _number(c.month),
            _number(c.estimate), f"{_number(c.low95)} to {_number(c.high95)}{' *' if c.not_validated else ''}",
        )  # fmt: skip
    console.print(contrasts)
    if any(c.not_validated for c in d.contrasts):
        console.print("* an arm is where the model is not validated by then (see the limits): do not rank by it")
    if any(c.subgroup for c in d.contrasts):
        console.print("contrasts by stratum: contrasts.csv and result.json")
    for w in d.withheld:
        console.print(f"\nNot shown: {w.a} - {w.b}: {w.reason}")
    for p in d.published:
        when = p.month if p.month is not None else p.week
        place = f"{p.study} {p.what} {p.site or ''} {_number(when)}"
        seen = "" if p.verified == "yes" else f" [{p.verified}]"
        console.print(f"published {place}: {_number(p.published)}; here {_number(p.simulated)}{seen}", markup=False)
    console.print("\n[bold]Limits[/bold]")
    for limit in d.limits:
        console.print(f"- {limit.text}" + (f" ({', '.join(limit.arms)})" if limit.arms else ""))
    if out is not None:
        console.print(f"\nWritten to {out}")


def _number(value: float | None) -> str:
    return (
        "-"
        if value is None
        else f"{value:.3g}"
        if abs(value) < 1
        else f"{value:.2f}"
        if abs(value) < 100
        else f"{value:.0f}"
    )
