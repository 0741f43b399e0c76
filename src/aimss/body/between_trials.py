"""How far trials of one regimen lie apart beyond their sampling errors, as the fit of the bone half found it.

What the model gets wrong of a trial that it has not seen, it may get wrong of her as well: the forecast carries it.
"""

from __future__ import annotations

import csv
import math
from functools import cache
from importlib.resources import files

SHARED = 0.5  # of the variance of a study effect, by all results of an arm; the rest is each result's own (assumed)
TAIL_DEGREES_OF_FREEDOM = 4.0  # of the Student t of a result's own effect: one in many lies far off (assumed)


@cache
def between_trial_scales() -> dict[str, float]:
    """Return the scale of study effects by group of outcomes, and the factor `wide` outside the validated range.

    spine, hip : percentage points of a BMD change over a year or more; marker, fracture, estradiol : logarithm.
    """
    text = (files("aimss.body") / "between_trials.csv").read_text(encoding="utf-8")
    return {row["group"]: float(row["value"]) for row in csv.DictReader(text.splitlines())}


def between_trial_sd_percent(site: str) -> float:
    """Return the SD in percent of BMD of what trials of one regimen differ by at a site after a year or more."""
    scale = between_trial_scales()["spine" if site == "lumbar_spine" else "hip"]
    return scale * math.sqrt(SHARED + (1 - SHARED) * TAIL_DEGREES_OF_FREEDOM / (TAIL_DEGREES_OF_FREEDOM - 2))


def unvalidated_factor() -> float:
    """Return how many times wider it is before menopause and after denosumab."""
    return between_trial_scales()["wide"]
