"""How far trials of one regimen lie apart beyond their sampling errors: the shape of study effects (decision 0191).

Every arm of a trial has an effect on the change of each site; arms of one trial share half of its variance, spine and
hip are correlated as structural errors of the forecast are, and it grows with the time from the start of the change as
those do: as a random walk over the first year, constant after it. Markers and fracture ratios have one of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from aimss.calibration.target import FRACTURES, MARKERS, Target
from aimss.forecast.structural_error import SITE_CORRELATION

Array = NDArray[np.float64]
GROUPS = ("spine", "hip", "marker", "fracture", "estradiol")
ARM_CORRELATION = 0.5  # of two arms of one trial; assumed: a randomised difference then has the spread of one arm
GROWTH_MONTHS = 12.0
# ln SD between trials before the data: centre and spread (structural error of the first model; markers assumed)
PRIOR = {"spine": (1.5, 0.5), "hip": (1.0, 0.5), "marker": (0.25, 0.5), "fracture": (0.2, 0.5), "estradiol": (0.4, 0.5)}
WIDE_PRIOR = (1.67, 0.3)  # how much wider outside the validated range: 2.5 against 1.5 points
WIDE_PARTS = ("bmd_premenopausal", "stopping_denosumab")


def group_of(target: Target) -> str:
    """Return the group of targets that share a spread between trials; '' for the joint half."""
    if target.quantity in ("bmd", "t_score"):
        return "spine" if target.site == "lumbar_spine" else "hip"
    if target.quantity in MARKERS:
        return "marker"
    if target.quantity in FRACTURES:
        return "fracture"
    return "estradiol" if target.quantity == "estradiol" else ""


def is_wide(target: Target) -> bool:
    """Return whether a target lies outside the validated range, where the spread is a multiple."""
    return target.part in WIDE_PARTS


def size(target: Target) -> float:
    """Return the spread of a target as a share of its group's, by the time over which the change is counted."""
    if target.quantity not in ("bmd", "t_score"):
        # a marker in points instead of on the logarithm
        return abs(100 + target.observed) if target.quantity in MARKERS and target.scale == "points" else 1.0
    months = target.month - target.from_month
    grown = math.sqrt(min(months / GROWTH_MONTHS, 1.0))
    if target.quantity == "t_score":
        return grown * t_score_per_point(target)
    return grown * (12 / months if target.told_as == "percent_per_year" else 1.0)


def t_score_per_point(target: Target) -> float:
    """Return how much of a T-score one percent of density is, at the level that was observed."""
    from aimss.patient.densitometry import young_reference

    assert target.site is not None
    young = young_reference(target.site)
    return (young.mean + young.sd * target.observed) / (100 * young.sd)


def correlation(one: Target, other: Target) -> float:
    """Return the correlation of the study effects of two targets; 0 between trials and between groups of outcomes."""
    if one.study != other.study:
        return 0.0
    a, b = group_of(one), group_of(other)
    if {a, b} <= {"spine", "hip"}:
        of_sites = 1.0 if one.site == other.site else SITE_CORRELATION
    elif a == b:
        of_sites = 1.0 if one.quantity == other.quantity else SITE_CORRELATION
    else:
        return 0.0
    return of_sites * _of_arms(one, other)


def _of_arms(one: Target, other: Target) -> float:
    def pair(a: str, b: str) -> float:
        return 1.0 if a == b else ARM_CORRELATION

    total = pair(one.arm, other.arm)
    if one.comparator:
        total -= pair(one.comparator, other.arm)
    if other.comparator:
        total -= pair(one.arm, other.comparator)
    if one.comparator and other.comparator:
        total += pair(one.comparator, other.comparator)
    return total


def covariance(targets: Sequence[Target], spread: Mapping[str, float]) -> Array:
    """Return the covariance of the study effects of targets, (t, t), on their scales of errors."""
    n = len(targets)
    sd = np.array([study_sd(t, spread) for t in targets])
    shared = np.zeros((n, n))
    for i, one in enumerate(targets):
        for j in range(i, n):
            shared[i, j] = shared[j, i] = correlation(one, targets[j])
    own = np.sqrt(np.maximum(np.diag(shared), 1e-12))
    # two windows of one course overlap only in part, so that their effects are not one and the same
    overlap = np.array([[_overlap(a, b) for b in targets] for a in targets])
    result = shared / own[:, None] / own[None, :] * overlap * np.outer(sd, sd)
    np.fill_diagonal(result, sd**2)
    return np.asarray(result)


def _overlap(a: Target, b: Target) -> float:
    """Return the correlation of a random walk over two windows of months."""
    if a.study != b.study or a.quantity != "bmd" or b.quantity != "bmd":
        return 1.0
    common = min(a.month, b.month) - max(a.from_month, b.from_month)
    lengths = (a.month - a.from_month) * (b.month - b.from_month)
    return max(common, 0.0) / math.sqrt(lengths)


def study_sd(target: Target, spread: Mapping[str, float]) -> float:
    """Return the SD of the study effect of one target on its scale of errors."""
    group = group_of(target)
    if not group:
        return 0.0
    wide = spread["wide"] if is_wide(target) else 1.0
    return spread[group] * wide * size(target)


def by_study(targets: Sequence[Target]) -> list[NDArray[np.int64]]:
    """Return the indices of the targets of each trial."""
    studies = np.array([t.study for t in targets])
    return [np.flatnonzero(studies == s) for s in dict.fromkeys(studies)]
