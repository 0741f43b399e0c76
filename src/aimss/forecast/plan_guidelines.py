"""What following each guideline would do to her: every bone regimen that one names, for the same twins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aimss.care.compile import compile_strategy
from aimss.care.drugs import BONE_DRUGS, EXERCISE
from aimss.care.library import strategy_library
from aimss.errors import AimssError
from aimss.forecast.forecast import Forecast, StrategyCourse, forecast
from aimss.forecast.summaries import QUANTILES
from aimss.patient.observations import SITES

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.patient.patient import Patient

BONE_MEANS = {*BONE_DRUGS, *EXERCISE, "calcium", "vitamin_d"}
MONTHS = (60, 120)


def plan_guidelines(
    patient: Patient, named: Mapping[str, Sequence[str]], made: Forecast, parameters: Parameters
) -> list[dict[str, Any]]:
    """Return one entry a regimen: strategy, label, the guidelines that name it, T-score and fracture with intervals.

    named : strategy -> guidelines, as the rules report gives it. A regimen that cannot be hers says why.
    """
    courses = {course.compiled.name: course for course in made.strategies}
    compiled, entries = [], []
    for name in named:
        strategy = strategy_library()[name]
        if not any(course.drug in BONE_MEANS for course in strategy.courses):
            continue
        entry: dict[str, Any] = {"strategy": name, "label": strategy.label, "guidelines": list(named[name])}
        entries.append(entry)
        if name in courses:
            continue
        try:
            compiled.append(compile_strategy(strategy, patient, made.settings.years))
        except AimssError as error:
            entry["not_forecast"] = str(error)
    if compiled:
        more = forecast(patient, compiled, parameters, made.settings, conditioned=made.conditioned)
        courses |= {course.compiled.name: course for course in more.strategies}
    for entry in entries:
        if entry["strategy"] in courses:
            entry.update(_outcome(courses[entry["strategy"]], made))
    return entries


def _outcome(course: StrategyCourse, made: Forecast) -> dict[str, Any]:
    months = [m for m in MONTHS if m <= made.months[-1] + 1e-6]
    return {
        "t_score": {str(m): {site: _estimate(course.t_score[:, m, i]) for i, site in enumerate(SITES)} for m in months},
        "any_clinical_fracture": {str(m): _estimate(course.fracture["any_clinical"][:, m]) for m in months},
        "banners": [banner.key for banner in course.compiled.banners],
    }


def _estimate(values: np.ndarray) -> dict[str, float]:
    keys = ("median", "low90", "high90")
    return {key: round(float(np.quantile(values, QUANTILES[key])), 4) for key in keys}
