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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError
from aimss.evidence.synthesis.effect_formulas import Computed, Where, compute

Array = NDArray[np.floating[Any]]

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
    correction: float = 0.5
    notes: tuple[str, ...] = ()

    @property
    def k(self) -> int:
        """Number of studies."""
        return int(self.yi.size)

    def subset(self, keep: NDArray[np.bool_], reason: str = "") -> EffectSizes:
        """Return the studies where ``keep`` is true; the rest join ``excluded`` when a reason is given."""
        lost = [Excluded(label, reason) for label, k in zip(self.labels, keep, strict=True) if not k]
        return replace(
            self,
            yi=self.yi[keep],
            vi=self.vi[keep],
            labels=tuple(x for x, k in zip(self.labels, keep, strict=True) if k),
            source_rows=tuple(x for x, k in zip(self.source_rows, keep, strict=True) if k),
            excluded=self.excluded + (tuple(lost) if reason else ()),
            events=None if self.events is None else self.events[keep],
            totals=None if self.totals is None else self.totals[keep],
        )


def _where_plain(row: int, column: str) -> str:
    return f"study {row + 1}, column {column}"


def effect_sizes(
    measure: str,
    columns: Mapping[str, Sequence[float] | Array],
    labels: Sequence[str] | None = None,
    *,
    correction: float = 0.5,
    double_zero: str = "include",
    where: Where = _where_plain,
) -> EffectSizes:
    """Compute effect sizes and sampling variances from columns named as in metafor's ``escalc``.

    Parameters
    ----------
    columns : each of shape (k,); a NaN is a missing number, and its study is excluded and listed.
    labels : names of the studies; ``study 1`` ... when absent.
    correction : added to every cell of a study with an empty cell (OR, RR, RD; for PLO to events and
        non-events), as in ``escalc(add=1/2, to="only0")``.
    double_zero : OR and RR studies with no event, or only events, in both arms: ``include`` keeps them with the
        correction, as metafor does, and notes them; ``exclude`` drops and lists them (``escalc(drop00=TRUE)``).
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

    computed = compute(measure, data, correction, double_zero, where)
    return _finish(measure, computed, names, correction)


def _finish(measure: str, found: Computed, names: tuple[str, ...], correction: float) -> EffectSizes:
    excluded = [Excluded(n, "a number is missing") for n, m in zip(names, found.missing, strict=True) if m]
    dropped = found.double_zero & found.dropped & ~found.missing
    excluded += [
        Excluded(n, "no events, or only events, in both arms: carries no information on a ratio")
        for n, d in zip(names, dropped, strict=True)
        if d
    ]
    keep = ~found.missing & ~dropped
    if not keep.any():
        reasons = "; ".join(f"{e.study}: {e.reason}" for e in excluded[:5])
        raise EvidenceError("studies", "at least one study that can be analysed", f"none ({reasons})")
    rows = np.flatnonzero(keep)
    return EffectSizes(
        measure=measure,
        yi=found.yi[keep],
        vi=found.vi[keep],
        labels=tuple(names[i] for i in rows),
        source_rows=tuple(int(i) for i in rows),
        excluded=tuple(excluded),
        corrected=tuple(names[i] for i in np.flatnonzero(found.corrected & keep)),
        events=None if found.events is None else found.events[keep],
        totals=None if found.totals is None else found.totals[keep],
        correction=correction,
        notes=_notes([names[i] for i in np.flatnonzero(found.double_zero & keep)],
                     [names[i] for i in np.flatnonzero(found.fractional & keep)]),
    )  # fmt: skip


def _notes(double_zero: list[str], fractional: list[str]) -> tuple[str, ...]:
    notes = []
    if double_zero:
        notes.append(f"No events, or only events, in both arms of {', '.join(double_zero)}: kept with the continuity "
                     "correction, which pulls a ratio towards no effect (metafor's default).")  # fmt: skip
    if fractional:
        notes.append(f"Counts that are not whole numbers, used as given: {', '.join(fractional)}.")
    return tuple(notes)
