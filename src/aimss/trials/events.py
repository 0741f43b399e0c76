"""When things happen to a virtual woman: fracture, death, dropout; times in months, from hazards on a grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.fracture import hazards
from aimss.body.mortality import death_hazard
from aimss.counter_random import uniforms
from aimss.patient.dates import DAYS_PER_MONTH, DAYS_PER_YEAR
from aimss.patient.densitometry import young_reference
from aimss.patient.observations import SITES

Array = NDArray[np.float64]
END, EVENT, DEATH, DROPOUT = 0, 1, 2, 3
CAUSES = ("end of the trial", "event", "death", "dropout")


def exponentials(seed: int, stream: str, first: int, count: int, width: int) -> Array:
    """Return standard exponential numbers, (count, width), of women from `first` on."""
    return np.asarray(-np.log(uniforms(seed, stream, first, count, width)))


def first_time(hazard_per_year: Array, days: Array, threshold: Array) -> Array:
    """Return the day on which the cumulative hazard reaches a threshold, (n,); infinity if it does not.

    hazard_per_year : (n, t) at days (t,), straight lines between them; threshold : (n,) standard exponential numbers.
    """
    step = np.diff(days) / DAYS_PER_YEAR
    cumulative = np.concatenate(
        [np.zeros((len(hazard_per_year), 1)),
         np.cumsum(0.5 * (hazard_per_year[:, 1:] + hazard_per_year[:, :-1]) * step, axis=1)], axis=1,
    )  # fmt: skip
    reached = (cumulative < threshold[:, None]).sum(axis=1)
    inside = reached < len(days)
    at = np.minimum(reached, len(days) - 1)
    rows = np.arange(len(at))
    before, after = cumulative[rows, at - 1], cumulative[rows, at]
    share = np.divide(threshold - before, after - before, out=np.zeros(len(at)), where=after > before)
    when = days[at - 1] + share * (days[at] - days[at - 1])
    return np.where(inside, when, np.inf)


def death_day(age_years: Array, days: Array, ratio: float, extra_per_year: float, threshold: Array) -> Array:
    """Return the day of death, (n,); infinity beyond the last day."""
    hazard = ratio * death_hazard(age_years[:, None] + days / DAYS_PER_YEAR) + extra_per_year
    return first_time(hazard, days, threshold)


def fracture_days(
    constants: Mapping[str, Any],
    age_years: Array,
    log_risk: Mapping[str, Array],
    days: Array,
    bmd: Array,
    formation: Array,
    signal: Array,
    thresholds: Array,
) -> dict[str, Array]:
    """Return the day of the first fracture of each kind and of any, (n,) each.

    bmd : (n, t, 3) g/cm2, true; formation, signal : (n, t); thresholds : (n, 3) standard exponential numbers.
    """
    columns = {name: v[:, None] if np.ndim(v) else v for name, v in constants.items()}
    t_scores = []
    for site in ("total_hip", "lumbar_spine"):
        reference = young_reference(site)
        t_scores.append((bmd[..., SITES.index(site)] - reference.mean) / reference.sd)
    ages = age_years[:, None] + days / DAYS_PER_YEAR
    found = hazards(columns, ages, t_scores[0], t_scores[1], formation, signal, log_risk)
    when = {kind: first_time(h, days, thresholds[:, i]) for i, (kind, h) in enumerate(found.items())}
    return {"any_clinical": np.minimum.reduce(list(when.values())), **when}


def censored(
    event: Array, death: Array, dropout: Array, last_day: float
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return months to the event or to what ended the watching, and which it was (`CAUSES`), (n,) each."""
    when = np.stack([event, death, dropout, np.full(len(event), last_day)])
    earliest = np.argmin(when, axis=0)  # the first of the list on a tie
    months = when[earliest, np.arange(len(event))] / DAYS_PER_MONTH
    return months.astype(np.float32), np.array([EVENT, DEATH, DROPOUT, END], dtype=np.uint8)[earliest]
