"""The formulas of each effect size: from checked columns to ``yi`` and ``vi``, as published and as in ``escalc``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError
from aimss.normal import NORMAL_95

Array = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]
Where = Callable[[int, str], str]

TWO_BY_TWO = ("OR", "RR", "RD")
PROPORTIONS = ("PLO", "PFT")

VARIANCE_AGREEMENT = 0.1
"""``vi`` and ``sei`` of one row may differ by this share of the standard error (rounding) before they are refused."""


@dataclass(frozen=True)
class Computed:
    """Effect sizes of all rows (each array of shape (k,)) with what became of each row.

    ``double_zero`` marks ratios without an event, or with events only, in both arms; they leave when ``dropped``.
    """

    yi: Array
    vi: Array
    missing: Mask
    corrected: Mask = field(default_factory=lambda: np.zeros(1, dtype=bool))
    double_zero: Mask = field(default_factory=lambda: np.zeros(1, dtype=bool))
    fractional: Mask = field(default_factory=lambda: np.zeros(1, dtype=bool))
    dropped: bool = False
    events: Array | None = None
    totals: Array | None = None

    def __post_init__(self) -> None:
        for name in ("corrected", "double_zero", "fractional"):
            object.__setattr__(self, name, np.broadcast_to(getattr(self, name), self.yi.shape))


def compute(measure: str, data: Mapping[str, Array], correction: float, double_zero: str, where: Where) -> Computed:
    """Compute a measure of ``effect_sizes.MEASURES`` from its columns.

    Raises
    ------
    EvidenceError : missing column, impossible number.
    """
    if measure in TWO_BY_TWO:
        return _two_by_two(measure, data, correction, double_zero, where)
    if measure in PROPORTIONS:
        return _proportions(measure, data, correction, where)
    if measure in ("MD", "SMD"):
        return _means(measure, data, where)
    return _hazard(data, where) if measure == "HR" else _generic(data, where)


def _need(data: Mapping[str, Array], names: Sequence[str], measure: str) -> list[Array]:
    lacking = [n for n in names if n not in data]
    if lacking:
        raise EvidenceError(
            f"column {lacking[0]}",
            f"columns {', '.join(names)} for measure {measure}",
            "columns " + ", ".join(sorted(data)),
        )
    return [data[n] for n in names]


def _other_cell(data: Mapping[str, Array], rest: str, events: str, total: str, measure: str) -> Array:
    """Non-events: taken from their own column, or total minus events."""
    if total in data:
        cell = data[total] - data[events]
        if rest in data:
            cell = np.where(np.isnan(data[rest]), cell, data[rest])
        return cell
    return _need(data, (events, rest), measure)[1]


def _refuse(bad: NDArray[np.bool_], values: Array, column: str, expected: str, where: Where) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise EvidenceError(where(row, column), expected, f"{values[row]:g}")


def _check_counts(cells: Mapping[str, Array], where: Where) -> None:
    for name, values in cells.items():
        _refuse(values < 0, values, name, "a count of at least 0", where)
        _refuse(np.isinf(values), values, name, "a finite count", where)


def _two_by_two(
    measure: str,
    data: Mapping[str, Array],
    correction: float,
    double_zero: str,
    where: Where,
) -> Computed:
    a, c = _need(data, ("ai", "ci"), measure)
    b = _other_cell(data, "bi", "ai", "n1i", measure)
    d = _other_cell(data, "di", "ci", "n2i", measure)
    _check_counts({"ai": a, "ci": c}, where)
    fractional = _fractional(a, b, c, d)
    for rest, name, total, events in ((b, "bi", "n1i", "ai"), (d, "di", "n2i", "ci")):
        column = total if total in data else name
        _refuse(rest < 0, data.get(total, rest), column, f"a group size of at least {events}", where)
        if total in data and name in data:
            off = ~np.isnan(rest) & (data[events] + data[name] != data[total])
            _refuse(off, data[total], total, f"{events} + {name}", where)
    empty1, empty2 = a + b == 0, c + d == 0
    _refuse(empty1, a + b, "n1i", "a group of at least one person", where)
    _refuse(empty2, c + d, "n2i", "a group of at least one person", where)
    missing = np.isnan(a + b + c + d)
    both = ((a == 0) & (c == 0)) | ((b == 0) & (d == 0))
    both &= measure != "RD"
    dropped = both & (double_zero == "exclude")
    zero = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    add = np.where(zero, correction, 0.0)
    if correction == 0:
        _refuse(zero & ~dropped & ~missing, np.minimum.reduce([a, b, c, d]), "ai/bi/ci/di",
                "no empty cell when the continuity correction is 0", where)  # fmt: skip
    a, b, c, d = a + add, b + add, c + add, d + add
    n1, n2 = a + b, c + d
    if measure == "OR":
        yi, vi = np.log(_safe(a, dropped)) - np.log(_safe(b, dropped)), 1 / _safe(a, dropped)
        yi = yi - np.log(_safe(c, dropped)) + np.log(_safe(d, dropped))
        vi = vi + 1 / _safe(b, dropped) + 1 / _safe(c, dropped) + 1 / _safe(d, dropped)
    elif measure == "RR":
        a_, c_ = _safe(a, dropped), _safe(c, dropped)
        yi = np.log(a_ / n1) - np.log(c_ / n2)
        vi = 1 / a_ - 1 / n1 + 1 / c_ - 1 / n2
    else:
        p1, p2 = a / n1, c / n2
        yi, vi = p1 - p2, p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
    return Computed(yi, vi, missing, corrected=zero, double_zero=both, fractional=fractional,
                    dropped=double_zero == "exclude")  # fmt: skip


def _fractional(*counts: Array) -> Mask:
    """Return which rows hold a count that is not a whole number."""
    return np.asarray(np.logical_or.reduce([np.isfinite(c) & (c != np.round(c)) for c in counts]), dtype=bool)


def _safe(cell: Array, dropped: NDArray[np.bool_]) -> Array:
    """The cell, with 1 where the study is dropped anyway (only to keep the logarithm quiet)."""
    return np.where(dropped, 1.0, cell)


def _proportions(measure: str, data: Mapping[str, Array], correction: float, where: Where) -> Computed:
    (x,) = _need(data, ("xi",), measure)
    m = _other_cell(data, "mi", "xi", "ni", measure)
    _check_counts({"xi": x}, where)
    column = "ni" if "ni" in data else "mi"
    _refuse(m < 0, data[column], column, "a total of at least xi", where)
    n = x + m
    _refuse(n == 0, n, column, "at least one person", where)
    missing, fractional = np.isnan(n), _fractional(x, m)
    if measure == "PFT":
        yi = 0.5 * (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1))))
        return Computed(yi, 1 / (4 * n + 2), missing, fractional=fractional, events=x, totals=n)
    zero = (x == 0) | (m == 0)
    if correction == 0:
        # the exact model needs no correction; the approximate one refuses later on an infinite variance
        with np.errstate(divide="ignore"):
            return Computed(np.log(x / m), 1 / x + 1 / m, missing, fractional=fractional, events=x, totals=n)
    xc, mc = x + np.where(zero, correction, 0), m + np.where(zero, correction, 0)
    yi, vi = np.log(xc / mc), 1 / xc + 1 / mc
    return Computed(yi, vi, missing, corrected=zero, fractional=fractional, events=x, totals=n)


def _means(measure: str, data: Mapping[str, Array], where: Where) -> Computed:
    columns = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
    m1, s1, n1, m2, s2, n2 = _need(data, columns, measure)
    for column, values in zip(("sd1i", "sd2i"), (s1, s2), strict=True):
        _refuse(values < 0, values, column, "a standard deviation of at least 0", where)
    smallest = 2 if measure == "SMD" else 1
    for column, values in zip(("n1i", "n2i"), (n1, n2), strict=True):
        _refuse(values < smallest, values, column, f"a group of at least {smallest}", where)
    missing = np.isnan(m1 + s1 + n1 + m2 + s2 + n2)
    if measure == "MD":
        vi = s1**2 / n1 + s2**2 / n2
        _refuse(vi == 0, vi, "sd1i", "a spread above 0 in at least one arm", where)
        return Computed(m1 - m2, vi, missing)
    from scipy.special import gammaln

    df = n1 + n2 - 2
    pooled = np.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / df)
    _refuse(pooled == 0, pooled, "sd1i", "a spread above 0 in at least one arm", where)
    unbias = np.exp(gammaln(df / 2) - 0.5 * np.log(df / 2) - gammaln((df - 1) / 2))
    yi = unbias * (m1 - m2) / pooled
    vi = 1 / n1 + 1 / n2 + yi**2 / (2 * (n1 + n2))
    return Computed(yi, vi, missing)


def _hazard(data: Mapping[str, Array], where: Where) -> Computed:
    """Log hazard ratio; its standard error is a quarter-width of the 95 % interval over 1.96 on the log scale."""
    hr, low, high = _need(data, ("hr", "ci_low", "ci_high"), "HR")
    for column, values in zip(("hr", "ci_low", "ci_high"), (hr, low, high), strict=True):
        _refuse(values <= 0, values, column, "a ratio above 0", where)
    _refuse((low >= high) | (hr < low) | (hr > high), hr, "hr", "ci_low < hr < ci_high", where)
    missing = np.isnan(hr + low + high)
    se = (np.log(high) - np.log(low)) / (2 * NORMAL_95)
    return Computed(np.log(hr), se**2, missing)


def _generic(data: Mapping[str, Array], where: Where) -> Computed:
    (y,) = _need(data, ("yi",), "GEN")
    if "vi" in data:
        v, column, shown = data["vi"], "vi", data["vi"]
        if "sei" in data:
            se = data["sei"]
            _refuse(se <= 0, se, "sei", "a standard error above 0", where)
            off = np.abs(np.sqrt(np.maximum(v, 0)) - se) > VARIANCE_AGREEMENT * se
            _refuse(off & (v > 0), se, "sei", "the square root of vi", where)
            v = np.where(np.isnan(v), se**2, v)
    else:
        se = _need(data, ("yi", "sei"), "GEN")[1]
        _refuse(se <= 0, se, "sei", "a standard error above 0", where)
        v, column, shown = se**2, "sei", se
    _refuse(v <= 0, shown, column, "a sampling variance above 0", where)
    _refuse(np.isinf(v), shown, column, "a finite sampling variance", where)
    _refuse(np.isinf(y), y, "yi", "a finite effect", where)
    return Computed(y, v, np.isnan(y) | np.isnan(v))
