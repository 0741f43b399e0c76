"""Who leaves a trial when, and who stops taking what her arm gives: deaths, dropout, lapses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aimss.counter_random import uniforms
from aimss.patient.dates import DAYS_PER_YEAR
from aimss.trials.events import death_day, exponentials, first_time
from aimss.trials.job import Job
from aimss.trials.population import Women

Array = NDArray[np.float64]


def death_days(job: Job, women: Women) -> Array:
    """Day of each woman's death, (n,); infinity beyond the trial."""
    design = job.design
    days = np.unique(np.append(np.arange(0.0, design.horizon_years, 0.25), design.horizon_years)) * DAYS_PER_YEAR
    threshold = exponentials(job.seed, "trial/death", women.first, len(women), 1)[:, 0]
    death = design.death
    return death_day(women.fields["age_years"], days, death.life_table_ratio, death.breast_cancer_per_year, threshold)


def dropout_days(job: Job, first: int, count: int) -> Array:
    """Day of a dropout that depends on nothing, (n,); where it is informative it is drawn with what it depends on."""
    dropout = job.design.dropout
    if dropout.per_year == 0 or dropout.rises_with is not None:
        return np.full(count, np.inf)
    return exponentials(job.seed, "trial/dropout", first, count, 1)[:, 0] / dropout.per_year * DAYS_PER_YEAR


def informative_dropout(job: Job, women: Women, members: NDArray[np.int64], days: Array, units: Array) -> Array:
    """Day of a dropout whose hazard rises with units (n, t), such as points of pain; infinity if she stays."""
    dropout = job.design.dropout
    threshold = exponentials(job.seed, "trial/dropout", women.first, len(women), 1)[members, 0]
    return first_time(dropout.per_year * dropout.hazard_ratio_per_unit**units, days, threshold)


def lapse_months(job: Job, which: int, first: int, count: int) -> Array:
    """Month from which each woman goes over to `adherence.then`, (n,); infinity if she does not."""
    adherence = job.design.adherence
    held = not adherence.arms or job.design.arms[which].name in adherence.arms
    if not held or (adherence.never_start == 0 and adherence.stop_per_year == 0):
        return np.full(count, np.inf)
    never = uniforms(job.seed, "trial/never-starts", first, count, 1)[:, 0] < adherence.never_start
    when = exponentials(job.seed, "trial/lapse", first, count, 1)[:, 0]
    months = np.ceil(when * 12 / adherence.stop_per_year) if adherence.stop_per_year else np.full(count, np.inf)
    months = np.where(months < job.design.horizon_years * 12, months, np.inf)
    return np.where(never, 0.0, months)
