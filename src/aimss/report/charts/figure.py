"""`Figure`: a chart that stands alone in a page, and the look that the strategies keep across all charts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

from aimss.chart_processes import svg_to_come
from aimss.charting import PALETTE

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DASHES: tuple[list[int], ...] = ([1, 0], [7, 3], [2, 3], [8, 3, 2, 3], [12, 4], [4, 2], [1, 2], [9, 2, 2, 2, 2, 2])
GREY = PALETTE[7]
PLAIN = {"axis": {"labelFontSize": 13, "titleFontSize": 13, "tickSize": 4, "labelPadding": 4}}


@dataclass(frozen=True)
class Look:
    """Letter, colour and dash of a strategy: three ways to tell it apart, so that none is needed alone."""

    letter: str
    colour: str
    dash: list[int]
    index: int


def look(index: int) -> Look:
    """Return the look of the strategy at ``index`` of the plan."""
    letter = LETTERS[index] if index < len(LETTERS) else f"S{index + 1}"
    return Look(letter, PALETTE[index % len(PALETTE)], DASHES[index % len(DASHES)], index % len(PALETTE) + 1)


@dataclass(frozen=True)
class DataTable:
    """The numbers behind a chart, for who cannot or will not read the picture; cells are text."""

    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Figure:
    """A chart, its caption and its data; `drawn` waits for the SVG that `svg` fits to the page."""

    drawn: Callable[[], str]
    identity: str
    title: str
    description: str
    caption: str
    table: DataTable | None = None

    @cached_property
    def svg(self) -> str:
        """The inline SVG, safe to put into HTML as it is."""
        return inline_svg(self.drawn(), identity=self.identity, title=self.title, description=self.description)


def inline_svg(svg: str, *, identity: str, title: str, description: str) -> str:
    """Return a rendered chart made fit for a page: named for screen readers, scaling, its ids its own.

    Parameters
    ----------
    identity : unique in the page, letters, digits and hyphens.
    """
    head = re.search(r"<svg[^>]*>", svg)
    if head is None:
        raise ValueError("no <svg> element in the rendered chart")
    view_box = re.search(r'viewBox="([^"]+)"', head.group())
    if view_box is None:
        raise ValueError("the rendered chart has no viewBox")
    body = svg[head.end() :]
    # Vega numbers clip paths from zero in each chart; two charts in one page would share them.
    for name in set(re.findall(r'id="([^"]+)"', body)):
        body = body.replace(f'id="{name}"', f'id="{identity}-{name}"').replace(
            f"url(#{name})", f"url(#{identity}-{name})"
        )
    # Vega labels every mark group for screen readers in words of its own; title, desc and the table say it better.
    body = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", body)
    width = view_box.group(1).split()[2]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" viewBox="{view_box.group(1)}"'
        f' style="max-width:{float(width):.0f}px" aria-labelledby="{identity}-title {identity}-desc">'
        f'<title id="{identity}-title">{escape(title)}</title>'
        f'<desc id="{identity}-desc">{escape(description)}</desc>{body}'
    )


def draw(
    spec: dict[str, Any], *, identity: str, title: str, description: str, caption: str, table: DataTable | None = None
) -> Figure:
    """Have a Vega-Lite spec drawn as a `Figure`."""
    spec = {**spec, "config": {**PLAIN, **spec.get("config", {})}}
    return Figure(svg_to_come(spec), identity, title, description, caption, table)
