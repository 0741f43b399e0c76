"""The short answer on the terminal: sentences, one small table, warnings, what is missing, where the page lies."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from aimss.forecast.plan_document import PlanDocument
from aimss.report.answer import at_first_sight, short_answer
from aimss.report.banners import banner_figures
from aimss.report.bones import glance
from aimss.report.charts.figure import look
from aimss.report.words import plain_field

if TYPE_CHECKING:
    from rich.console import Console

NARROW = 84
MISSING_SHOWN = 6


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    # `highlight` and `markup` off: a label from the record may hold square brackets.
    return Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=False)


def _plain_lines(columns: list[str], document: PlanDocument, width: int) -> list[str]:
    """Return the table as indented lines, for a stream that is no terminal or is too narrow for columns."""
    lines = []
    for row in glance(document)[1]:
        lines += textwrap.wrap(f"{row.look.letter}  {row.label}", width, subsequent_indent="   ")
        for name, cell in zip(columns, row.cells, strict=True):
            value = f"{cell.value} ({cell.range})" if cell else "not forecast"
            lines += textwrap.wrap(f"   {name}: {value}", width, initial_indent="   ", subsequent_indent="     ")
    return lines


def print_summary(document: PlanDocument, page: Path | None = None, stream: TextIO | None = None) -> None:
    """Print the summary of a plan to ``stream`` (default: standard output).

    Colour and box-drawing only on a terminal; elsewhere plain lines, so that a pipe or a log stays readable.
    """
    console = _console(stream or sys.stdout)
    width = min(console.width, 100)

    def say(text: str, style: str = "", indent: str = "") -> None:
        for line in textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=" " * len(indent)):
            console.print(line, style=style, no_wrap=True, overflow="ignore", crop=False)

    shown, more = at_first_sight(document.short_answer or short_answer(document))
    for position, sentence in enumerate(shown):
        say(sentence, "bold" if position == 0 else "")
    if more:
        say(f"{len(more)} more in short on the page.")
    console.print()
    columns, rows = glance(document)
    if rows and console.is_terminal and width >= NARROW:
        from rich.table import Table

        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("Choice", ratio=1)
        for name in columns:
            table.add_column(name, width=15)
        for row in rows:
            cells = [f"{c.value}\n({c.range})" if c else "not forecast" for c in row.cells]
            table.add_row(f"{row.look.letter}  {row.label}", *cells)
        console.print(table, width=width)
    else:
        for line in _plain_lines(columns, document, width):
            console.print(line, no_wrap=True, overflow="ignore", crop=False)
    letters = {s.name: look(i).letter for i, s in enumerate(document.strategies)}
    for banner in document.banners:
        whom = ", ".join(letters.get(name, name) for name in banner.strategies)
        console.print()
        text = f"{banner.text} {banner_figures(banner, document)}".rstrip()
        say(f"Outside the tested range{f' ({whom})' if whom else ''}: {text}", "yellow", "! ")
    if document.missing:
        console.print()
        say("Missing:")
        for item in document.missing[:MISSING_SHOWN]:
            say(f"{plain_field(item.field)}: {item.effect}", "", "- ")
        if len(document.missing) > MISSING_SHOWN:
            say(f"and {len(document.missing) - MISSING_SHOWN} more, on the page", "", "- ")
    if page is not None:
        console.print()
        # Never wrapped: a path that is broken in two cannot be clicked or copied.
        console.print(f"Page: {page}", no_wrap=True, overflow="ignore", crop=False)
