"""Her past, simulated and not assumed to be steady: from before the menopause, over all dated drugs, to today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.schedule import Schedule
from aimss.forecast.courses import Courses, simulate
from aimss.patient.dates import DAYS_PER_YEAR

Array = NDArray[np.float64]
YEARS_BEFORE_MENOPAUSE = 6.0  # bone-model: the ovary begins to fade well after this


def past_start_days(constants: Mapping[str, Any], first_event_day: float) -> Array:
    """Day on which each twin's run-in starts, (n,): six years before her final period, or before the first drug."""
    years = np.asarray(constants["years_since_final_menstrual_period"], dtype=np.float64)
    return np.minimum(-DAYS_PER_YEAR * (years + YEARS_BEFORE_MENOPAUSE), min(first_event_day, 0.0) - 1.0)


def simulate_past(
    constants: Mapping[str, Any], history: Schedule, days: Array, start_days: Array, workers: int = 1
) -> Courses:
    """Run every twin up to today (day 0) over her dated drugs; courses at `days` (ascending, the last is 0)."""
    index = np.zeros(len(start_days), dtype=np.int64)
    return simulate(constants, None, [history], index, start_days, days, workers=workers)
