"""The rule for a target's standard error, fixed before the fit (decision 0190).

Printed SE or interval; else the published SD of change over the root of n. A median's error is 1.253 times a mean's.
The spread between trials of one regimen is not in it: it is fitted and added by the fit and by the intervals.
"""

from __future__ import annotations

import math

import numpy as np

from aimss.calibration.target import FRACTURES, MARKERS, Target

MEDIAN_FACTOR = 1.253
ASSUMED_N = 50.0  # an arm whose size is not recorded
# SD of a change of one woman in percentage points at 12, 24 and 60 months: bone-model section 9 (published, derived
# from intervals of trials); the femoral neck as its noise beside that of the total hip (3.5 against 2.6)
MONTHS = (12.0, 24.0, 60.0)
SPINE_SD, HIP_SD, NECK_OVER_HIP = (4.0, 4.4, 6.7), (3.0, 2.9, 4.3), 1.35
MARKER_LN_SD = 0.4  # of ln(marker / baseline) of one woman; assumed
ESTRADIOL_LN_SD = 0.7  # ES062
PAIN_SD = 2.66  # prietoalhambra2011, prevalence/time_course
T_SCORE_SD = 1.0


def standard_error(target: Target) -> float:
    """Return the standard error of a target on its scale of errors."""
    printed = target.printed_se
    if printed is not None:
        # the SE or interval printed beside a median is its own; an SD is one of single women
        return printed * (MEDIAN_FACTOR if target.statistic == "median" and target.sd is not None else 1.0)
    n = target.n or ASSUMED_N
    variance = _variance_of_one(target, n)
    if target.comparator is not None and target.told_as != "hazard_ratio":
        variance += _variance_of_one(target, target.n_comparator or n)
    return math.sqrt(variance) * (MEDIAN_FACTOR if target.statistic == "median" else 1.0)


def is_printed(target: Target) -> bool:
    """Return whether the source gives the error, so that no published SD stands in."""
    return target.printed_se is not None


def _variance_of_one(t: Target, n: float) -> float:
    if t.quantity == "bmd":
        sd = change_sd(t.site or "lumbar_spine", t.month - t.from_month)
        if t.told_as == "percent_per_year":
            sd *= 12 / (t.month - t.from_month)
        return sd**2 / n
    if t.quantity in MARKERS:
        points = t.scale == "points"
        return (MARKER_LN_SD * (100 + t.observed if points else 1.0)) ** 2 / n
    if t.quantity == "estradiol":
        return ESTRADIOL_LN_SD**2 / n
    if t.quantity in FRACTURES or t.told_as == "cumulative_percent":
        # a binomial share, on the logarithm; of a ratio, as if a tenth had an event in each arm
        share = 0.1 if t.told_as == "hazard_ratio" else min(max(t.observed / 100, 1 / (2 * n)), 1 - 1 / (2 * n))
        return (1 - share) / (share * n) * (2 if t.told_as == "hazard_ratio" else 1)
    return (T_SCORE_SD if t.quantity == "t_score" else PAIN_SD) ** 2 / n


def change_sd(site: str, months: float) -> float:
    """Return the SD between women of a measured change of BMD in percentage points after some months."""
    if site == "lumbar_spine":
        return float(np.interp(months, MONTHS, SPINE_SD))
    hip = float(np.interp(months, MONTHS, HIP_SD))
    return hip * NECK_OVER_HIP if site == "femoral_neck" else hip
