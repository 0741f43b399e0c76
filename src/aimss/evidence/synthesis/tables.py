"""A small table of results: plain text for the terminal, HTML for a page, rows for a machine."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass

Cell = str | float | int | None


def number(value: float | None, digits: int = 3) -> str:
    """Return a number in plain digits; scientific only where digits would hide it; a dash when absent."""
    if value is None or math.isnan(value):
        return "-"
    if value != 0 and (abs(value) < 10**-digits or abs(value) >= 1e7):
        return f"{value:.{digits - 1}e}"
    return f"{value:.{digits}f}"


@dataclass(frozen=True)
class Table:
    """Named columns and rows; floats are shown with ``digits`` decimals and kept whole in ``records``."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    digits: int = 3

    def _texts(self) -> list[list[str]]:
        return [[number(c, self.digits) if isinstance(c, float) else ("-" if c is None else str(c)) for c in row]
                for row in self.rows]  # fmt: skip

    def __str__(self) -> str:
        texts = [list(self.columns), *self._texts()]
        widths = [max(len(row[j]) for row in texts) for j in range(len(self.columns))]
        numeric = [all(isinstance(r[j], (int, float, type(None))) for r in self.rows)
                   for j in range(len(self.columns))]  # fmt: skip
        lines = [
            "  ".join(t.rjust(w) if n else t.ljust(w) for t, w, n in zip(row, widths, numeric, strict=True)).rstrip()
            for row in texts
        ]
        return "\n".join(([self.title] if self.title else []) + lines)

    def to_html(self) -> str:
        """Return an HTML table; every cell is escaped."""
        head = "".join(f"<th scope='col'>{html.escape(c)}</th>" for c in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in self._texts())
        caption = f"<caption>{html.escape(self.title)}</caption>" if self.title else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def records(self) -> list[dict[str, Cell]]:
        """Return one dict a row, numbers unrounded."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]
