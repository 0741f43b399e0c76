"""Meta-regression: numeric moderators as they are, text moderators as categories against the first level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError
from aimss.evidence.synthesis.effect_sizes import EffectSizes
from aimss.evidence.synthesis.random_effects import fit, pool
from aimss.evidence.synthesis.results import MetaResult

Array = NDArray[np.floating[Any]]
Moderator = Sequence[float] | Sequence[str] | Array


def regress(
    data: EffectSizes,
    moderators: Mapping[str, Moderator],
    method: str = "REML",
    *,
    knha: bool = False,
    level: float = 0.95,
) -> MetaResult:
    """Regress effect sizes on moderators (each of the length of the input table, before exclusions).

    A study with a missing moderator (NaN or an empty text) is excluded and listed.

    Raises
    ------
    EvidenceError : moderators that are collinear or too many for the number of studies.
    """
    if not moderators:
        raise EvidenceError("moderators", "at least one moderator", "none")
    rows = list(data.source_rows)
    picked = {name: _at(name, values, rows) for name, values in moderators.items()}
    present = np.ones(data.k, dtype=bool)
    for values in picked.values():
        present &= ~_missing(values)
    if not present.any():
        raise EvidenceError("moderators", "a study with every moderator known", "none")
    kept = data.subset(present, "a moderator is missing")
    columns, names = [np.ones(kept.k)], ["intercept"]
    for name, values in picked.items():
        here = values[present]
        if here.dtype.kind == "f":
            columns.append(here.astype(np.float64))
            names.append(name)
            continue
        levels = sorted({str(h) for h in here})
        for level_name in levels[1:]:
            columns.append((here == level_name).astype(np.float64))
            names.append(f"{name}: {level_name} vs {levels[0]}")
        if len(levels) < 2:
            raise EvidenceError(f"moderator {name}", "at least two different values", f"only {levels[0]!r}")
    return fit(kept, np.column_stack(columns), tuple(names), method, knha=knha, level=level)


def _at(name: str, values: Moderator, rows: list[int]) -> NDArray[np.generic]:
    whole = np.asarray(values)
    if whole.dtype.kind in "iub":
        whole = whole.astype(np.float64)
    if whole.size <= max(rows):
        raise EvidenceError(f"moderator {name}", "one value for each row of the table", f"{whole.size}")
    return whole[rows]


def _missing(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    if values.dtype.kind == "f":
        return np.isnan(values.astype(np.float64))
    return np.array([str(v).strip() in ("", "NA") for v in values])


def subgroups(
    data: EffectSizes,
    by: Sequence[str],
    method: str = "REML",
    *,
    knha: bool = False,
    level: float = 0.95,
) -> tuple[dict[str, MetaResult], float, int, float]:
    """Pool each subgroup with its own tau² and test their difference.

    Returns
    -------
    results by subgroup, and Q between subgroups with its degrees of freedom and p-value.
    """
    from scipy.stats import chi2

    where = np.array([str(by[i]) for i in data.source_rows])
    results = {
        group: pool(data.subset(where == group), method, knha=knha, level=level)
        for group in sorted(set(where.tolist()))
    }
    means = np.array([r.estimate for r in results.values()])
    weights = np.array([1 / r.se**2 for r in results.values()])
    between = float(weights @ (means - weights @ means / weights.sum()) ** 2)
    df = len(results) - 1
    return results, between, df, float(chi2.sf(between, df)) if df else 1.0
