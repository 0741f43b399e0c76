"""Death from any cause: the hazard of women by age, from the life table in the evidence."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.evidence.tables import load_table

Array = NDArray[np.float64]


@cache
def life_table() -> tuple[Array, Array]:
    """Return ages (the middle of each year of life) and hazards of death per year: population/mortality, rows qx.

    US women, derived from printed life expectancies (status secondary); ages 50 to 90.
    """
    ages, hazards = [], []
    for row in load_table("population/mortality"):
        value = row["value"]
        if row.text("topic") == "qx" and isinstance(value, float | int):
            ages.append(float(row.text("subgroup").removeprefix("age ")) + 0.5)
            hazards.append(-np.log1p(-float(value)))
    return np.array(ages), np.array(hazards)


def death_hazard(age_years: Any) -> Array:
    """Return the hazard of death per year at an age, straight in its logarithm between the ages of the table.

    Below 50 and above 90 the line of the nearest two ages goes on (an assumption).
    """
    ages, hazards = life_table()
    age = np.asarray(age_years, dtype=np.float64)
    at = np.clip(np.searchsorted(ages, age) - 1, 0, len(ages) - 2)
    log_hazard = np.log(hazards)
    slope = (log_hazard[at + 1] - log_hazard[at]) / (ages[at + 1] - ages[at])
    return np.asarray(np.exp(log_hazard[at] + slope * (age - ages[at])))
