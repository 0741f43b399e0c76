"""A hundred women as a grid of marks: who is stiff or achy anyway, who only with the drug, who is not."""

from __future__ import annotations

from html import escape

COLUMNS, STEP = 10, 20


def _mark(kind: str, row: int, column: int) -> str:
    x, y = column * STEP + STEP / 2, row * STEP + STEP / 2
    # The three differ in shape as well as in colour: full disc, diamond, ring.
    if kind == "drug":
        return f'<path class="drug" d="M{x} {y - 8} L{x + 8} {y} L{x} {y + 8} L{x - 8} {y} Z"/>'
    if kind == "background":
        return f'<circle class="background" cx="{x}" cy="{y}" r="7"/>'
    return f'<circle class="other" cx="{x}" cy="{y}" r="6"/>'


def people_svg(identity: str, without: float, with_drug: float, title: str) -> str:
    """Return the grid as inline SVG.

    Parameters
    ----------
    without, with_drug : probabilities (0-1). Where the drug adds less than none, no mark is drawn for it.

    Raises
    ------
    ValueError : a probability outside 0-1.
    """
    if not (0 <= without <= 1 and 0 <= with_drug <= 1):
        raise ValueError("without and with_drug: expected probabilities from 0 to 1")
    background = round(100 * min(without, with_drug))
    drug = round(100 * with_drug) - background
    kinds = ["background"] * background + ["drug"] * drug + ["other"] * (100 - background - drug)
    marks = "".join(_mark(kind, *divmod(i, COLUMNS)) for i, kind in enumerate(kinds))
    description = (
        f"A hundred marks: {background} full discs for women who would be stiff or achy without the drug too, "
        f"{drug} diamonds for women who are only with it, {100 - background - drug} rings for women who are not."
    )
    size = COLUMNS * STEP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {size} {size}"'
        f' aria-labelledby="{identity}-title {identity}-desc"><title id="{identity}-title">{escape(title)}</title>'
        f'<desc id="{identity}-desc">{escape(description)}</desc>{marks}</svg>'
    )
