"""Study-level effect sizes and their sampling variances, in the conventions of metafor's ``escalc``.

| measure | columns                              | analysis scale                     |
|---------|--------------------------------------|------------------------------------|
| OR      | ai, n1i (or bi), ci, n2i (or di)     | log odds ratio                     |
| RR      | same                                 | log risk ratio                     |
| RD      | same                                 | risk difference                    |
| MD      | m1i, sd1i, n1i, m2i, sd2i, n2i       | mean difference                    |
| SMD     | same                                 | standardised mean difference (Hedges' g, exact correction) |
| PLO     | xi, ni (or mi)                       | log odds of a proportion           |
| PFT     | xi, ni (or mi)                       | Freeman-Tukey double arcsine       |
| HR      | hr, ci_low, ci_high                  | log hazard ratio                   |
| GEN     | yi, vi (or sei)                      | as given                           |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError

Array = NDArray[np.floating[Any]]

TWO_BY_TWO = ("OR", "RR", "RD")
PROPORTIONS = ("PLO", "PFT")
MEASURES = ("OR", "RR", "RD", "MD", "SMD", "PLO", "PFT", "HR", "GEN")

MEASURE_NAMES = {
    "OR": "log odds ratio",
    "RR": "log risk ratio",
    "RD": "risk difference",
    "MD": "mean difference",
    "SMD": "standardised mean difference (Hedges' g)",
    "PLO": "log odds of a proportion",
    "PFT": "Freeman-Tukey double arcsine of a proportion",
    "HR": "log hazard ratio",
    "GEN": "effect as given",
}


@dataclass(frozen=True)
class Excluded:
    """A study that was left out of an analysis, and why."""

    study: str
    reason: str


@dataclass(frozen=True)
class EffectSizes:
    """Effect sizes ``yi`` with sampling variances ``vi`` (both shape (k,)) on the analysis scale.

    ``source_rows`` points back into the input columns (0-based), ``events`` and ``totals`` are kept for
    proportions, which the exact binomial-normal model needs.
    """

    measure: str
    yi: Array
    vi: Array
    labels: tuple[str, ...]
    source_rows: tuple[int, ...]
    excluded: tuple[Excluded, ...] = ()
    corrected: tuple[str, ...] = ()
    events: Array | None = None
    totals: Array | None = None
    columns: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def k(self) -> int:
        """Number of studies."""
        return int(self.yi.size)

    def subset(self, keep: NDArray[np.bool_], reason: str = "") -> EffectSizes:
        """Return the studies where ``keep`` is true; the rest join ``excluded`` when a reason is given."""
        lost = [Excluded(label, reason) for label, k in zip(self.labels, keep, strict=True) if not k]
        return EffectSizes(
            measure=self.measure,
            yi=self.yi[keep],
            vi=self.vi[keep],
            labels=tuple(x for x, k in zip(self.labels, keep, strict=True) if k),
            source_rows=tuple(x for x, k in zip(self.source_rows, keep, strict=True) if k),
            excluded=self.excluded + (tuple(lost) if reason else ()),
            corrected=self.corrected,
            events=None if self.events is None else self.events[keep],
            totals=None if self.totals is None else self.totals[keep],
            columns=self.columns,
        )


Where = Callable[[int, str], str]


def _where_plain(row: int, column: str) -> str:
    return f"study {row + 1}, column {column}"


def effect_sizes(
    measure: str,
    columns: Mapping[str, Sequence[float] | Array],
    labels: Sequence[str] | None = None,
    *,
    correction: float = 0.5,
    double_zero: str = "exclude",
    where: Where = _where_plain,
) -> EffectSizes:
    """Compute effect sizes and sampling variances from columns named as in metafor's ``escalc``.

    Parameters
    ----------
    columns : each of shape (k,); a NaN is a missing number, and its study is excluded and listed.
    labels : names of the studies; ``study 1`` ... when absent.
    correction : added to every cell of a study with an empty cell (OR, RR, RD; for PLO to events and
        non-events), as in ``escalc(add=1/2, to="only0")``.
    double_zero : ``exclude`` drops OR and RR studies with no event, or only events, in both arms
        (``escalc(drop00=TRUE)``); ``include`` keeps them with the correction.
    where : names a cell in an error (row, column).

    Raises
    ------
    EvidenceError : unknown measure, missing column, impossible number.
    """
    if measure not in MEASURES:
        raise EvidenceError("measure", "one of " + ", ".join(MEASURES), measure)
    if double_zero not in ("exclude", "include"):
        raise EvidenceError("double_zero", "exclude or include", double_zero)
    if not (np.isfinite(correction) and correction >= 0):
        raise EvidenceError("correction", "a number of at least 0", str(correction))
    data = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
    sizes = {v.size for v in data.values()}
    if len(sizes) != 1 or not sizes or min(sizes) == 0:
        raise EvidenceError("columns", "columns of one length with at least one study", f"lengths {sizes}")
    k = sizes.pop()
    names = tuple(labels) if labels is not None else tuple(f"study {i + 1}" for i in range(k))
    if len(names) != k:
        raise EvidenceError("labels", f"{k} names", f"{len(names)}")

    if measure in TWO_BY_TWO:
        return _two_by_two(measure, data, names, correction, double_zero, where)
    if measure in PROPORTIONS:
        return _proportions(measure, data, names, correction, where)
    if measure in ("MD", "SMD"):
        return _means(measure, data, names, where)
    return _hazard(data, names, where) if measure == "HR" else _generic(data, names, where)


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


def _finish(
    measure: str,
    yi: Array,
    vi: Array,
    names: tuple[str, ...],
    missing: NDArray[np.bool_],
    dropped: NDArray[np.bool_],
    corrected: NDArray[np.bool_],
    events: Array | None = None,
    totals: Array | None = None,
    columns: Mapping[str, Any] | None = None,
) -> EffectSizes:
    excluded = [Excluded(n, "a number is missing") for n, m in zip(names, missing, strict=True) if m]
    excluded += [
        Excluded(n, "no events, or only events, in both arms: carries no information on a ratio")
        for n, d in zip(names, dropped & ~missing, strict=True)
        if d
    ]
    keep = ~missing & ~dropped
    if not keep.any():
        reasons = "; ".join(f"{e.study}: {e.reason}" for e in excluded[:5])
        raise EvidenceError("studies", "at least one study that can be analysed", f"none ({reasons})")
    rows = np.flatnonzero(keep)
    return EffectSizes(
        measure=measure,
        yi=yi[keep],
        vi=vi[keep],
        labels=tuple(names[i] for i in rows),
        source_rows=tuple(int(i) for i in rows),
        excluded=tuple(excluded),
        corrected=tuple(names[i] for i in np.flatnonzero(corrected & keep)),
        events=None if events is None else events[keep],
        totals=None if totals is None else totals[keep],
        columns=columns or {},
    )


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
    names: tuple[str, ...],
    correction: float,
    double_zero: str,
    where: Where,
) -> EffectSizes:
    a, c = _need(data, ("ai", "ci"), measure)
    b = _other_cell(data, "bi", "ai", "n1i", measure)
    d = _other_cell(data, "di", "ci", "n2i", measure)
    _check_counts({"ai": a, "ci": c}, where)
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
    dropped = both if (double_zero == "exclude" and measure != "RD") else np.zeros_like(both)
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
    return _finish(measure, yi, vi, names, missing, dropped, zero, columns=data)


def _safe(cell: Array, dropped: NDArray[np.bool_]) -> Array:
    """The cell, with 1 where the study is dropped anyway (only to keep the logarithm quiet)."""
    return np.where(dropped, 1.0, cell)


def _proportions(
    measure: str, data: Mapping[str, Array], names: tuple[str, ...], correction: float, where: Where
) -> EffectSizes:
    (x,) = _need(data, ("xi",), measure)
    m = _other_cell(data, "mi", "xi", "ni", measure)
    _check_counts({"xi": x}, where)
    column = "ni" if "ni" in data else "mi"
    _refuse(m < 0, data[column], column, "a total of at least xi", where)
    n = x + m
    _refuse(n == 0, n, column, "at least one person", where)
    missing = np.isnan(n)
    none = np.zeros_like(missing)
    if measure == "PFT":
        yi = 0.5 * (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1))))
        return _finish(measure, yi, 1 / (4 * n + 2), names, missing, none, none, x, n, data)
    zero = (x == 0) | (m == 0)
    if correction == 0:
        # the exact model needs no correction; the approximate one refuses later on an infinite variance
        with np.errstate(divide="ignore"):
            return _finish(measure, np.log(x / m), 1 / x + 1 / m, names, missing, none, none, x, n, data)
    xc, mc = x + np.where(zero, correction, 0), m + np.where(zero, correction, 0)
    yi, vi = np.log(xc / mc), 1 / xc + 1 / mc
    return _finish(measure, yi, vi, names, missing, none, zero, x, n, data)


def _means(measure: str, data: Mapping[str, Array], names: tuple[str, ...], where: Where) -> EffectSizes:
    columns = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
    m1, s1, n1, m2, s2, n2 = _need(data, columns, measure)
    for column, values in zip(("sd1i", "sd2i"), (s1, s2), strict=True):
        _refuse(values < 0, values, column, "a standard deviation of at least 0", where)
    smallest = 2 if measure == "SMD" else 1
    for column, values in zip(("n1i", "n2i"), (n1, n2), strict=True):
        _refuse(values < smallest, values, column, f"a group of at least {smallest}", where)
    missing = np.isnan(m1 + s1 + n1 + m2 + s2 + n2)
    none = np.zeros_like(missing)
    if measure == "MD":
        vi = s1**2 / n1 + s2**2 / n2
        _refuse(vi == 0, vi, "sd1i", "a spread above 0 in at least one arm", where)
        return _finish(measure, m1 - m2, vi, names, missing, none, none, columns=data)
    from scipy.special import gammaln

    df = n1 + n2 - 2
    pooled = np.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / df)
    _refuse(pooled == 0, pooled, "sd1i", "a spread above 0 in at least one arm", where)
    unbias = np.exp(gammaln(df / 2) - 0.5 * np.log(df / 2) - gammaln((df - 1) / 2))
    yi = unbias * (m1 - m2) / pooled
    vi = 1 / n1 + 1 / n2 + yi**2 / (2 * (n1 + n2))
    return _finish(measure, yi, vi, names, missing, none, none, columns=data)


def _hazard(data: Mapping[str, Array], names: tuple[str, ...], where: Where) -> EffectSizes:
    """Log hazard ratio; its standard error is a quarter-width of the 95 % interval over 1.96 on the log scale."""
    hr, low, high = _need(data, ("hr", "ci_low", "ci_high"), "HR")
    for column, values in zip(("hr", "ci_low", "ci_high"), (hr, low, high), strict=True):
        _refuse(values <= 0, values, column, "a ratio above 0", where)
    _refuse((low >= high) | (hr < low) | (hr > high), hr, "hr", "ci_low < hr < ci_high", where)
    missing = np.isnan(hr + low + high)
    none = np.zeros_like(missing)
    se = (np.log(high) - np.log(low)) / (2 * 1.959963984540054)
    return _finish("HR", np.log(hr), se**2, names, missing, none, none, columns=data)


def _generic(data: Mapping[str, Array], names: tuple[str, ...], where: Where) -> EffectSizes:
    (y,) = _need(data, ("yi",), "GEN")
    if "vi" in data:
        v, column, shown = data["vi"], "vi", data["vi"]
    else:
        se = _need(data, ("yi", "sei"), "GEN")[1]
        _refuse(se <= 0, se, "sei", "a standard error above 0", where)
        v, column, shown = se**2, "sei", se
    _refuse(v <= 0, shown, column, "a sampling variance above 0", where)
    _refuse(np.isinf(v), shown, column, "a finite sampling variance", where)
    _refuse(np.isinf(y), y, "yi", "a finite effect", where)
    missing = np.isnan(y) | np.isnan(v)
    none = np.zeros_like(missing)
    return _finish("GEN", y, v, names, missing, none, none, columns=data)
