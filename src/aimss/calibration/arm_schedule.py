"""An arm as the engine takes it: schedule, the woman's constants and the day on which her run-in begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aimss.body.declaration import DAYS_PER_YEAR
from aimss.body.parameters import Parameters
from aimss.body.schedule import Schedule
from aimss.calibration.arms import (
    AROMATASE_INHIBITORS,
    FURTHEST_MONTH,
    INJECTIONS,
    ORAL_BONE_DRUGS,
    OVARIAN,
    RECEPTOR_DRUGS,
    Population,
    Treatment,
)

DAYS_PER_MONTH = 30.4375
RUN_IN_YEARS = 6.0  # before the final menstrual period, bone-model section 7
FITTED_ESTRADIOL_PMOL_L = 18.0  # the average woman of the fit, bone-model section 2
VITAMIN_D_SUFFICIENT_NG_ML = 30.0
LONG_BEFORE_DAYS = -36525.0


def woman_constants(population: Population, parameters: Parameters) -> dict[str, float]:
    """Return the woman's own constants of the engine for the typical woman of a population."""
    estradiol = population.peripheral_estradiol_pmol_l
    if estradiol is None:
        estradiol = _estradiol_of(population.bmi_kg_m2, parameters)
    lack = 0.0
    if population.vitamin_d_ng_ml is not None:
        lack = max(VITAMIN_D_SUFFICIENT_NG_ML - population.vitamin_d_ng_ml, 0.0)
    return {
        "years_since_final_menstrual_period": population.menopause_years,
        "peripheral_estradiol_pmol_l": estradiol,
        "resorption_multiplier": population.resorption_multiplier,
        "vitamin_d_deficit_ng_ml": lack,
    }


def _estradiol_of(bmi: float | None, parameters: Parameters) -> float:
    if bmi is None:
        return FITTED_ESTRADIOL_PMOL_L
    if bmi < 25:
        return parameters["peripheral_estradiol_bmi_below_25"]
    return parameters["peripheral_estradiol_bmi_25_to_30" if bmi < 30 else "peripheral_estradiol_bmi_30_and_over"]


def start_day(population: Population, treatments: Iterable[Treatment]) -> float:
    """Return the day on which the run-in begins: 6 years before the final period, and before the first drug."""
    menopause = -(population.menopause_years + RUN_IN_YEARS) * DAYS_PER_YEAR
    first = min((_first_month(t) for t in treatments), default=0.0)
    return min(menopause, first * DAYS_PER_MONTH, 0.0) - 1.0


def _first_month(treatment: Treatment) -> float:
    return min(treatment.at_months) if treatment.at_months else treatment.from_month


def schedule_of(treatments: Iterable[Treatment], parameters: Parameters) -> Schedule:
    """Return the schedule of an arm; drugs that bone does not know (calcium, remedies of pain) leave it unchanged."""
    kept = list(treatments)
    spans = [t for t in kept if t.drug not in INJECTIONS]
    edges = sorted({m for t in spans for m in (t.from_month, t.end_month)})
    changes: list[tuple[float, Mapping[str, float]]] = [(LONG_BEFORE_DAYS, {})]
    for month in edges:
        inputs: dict[str, float] = dict.fromkeys(
            ("ai_on", "serm_on", "ovarian_suppression", "exercise_on", "vitamin_d_replaced"), 0.0
        )
        inputs |= {f"{drug}_mg_per_day": 0.0 for drug in ORAL_BONE_DRUGS}
        for t in spans:
            if t.from_month <= month < t.end_month:
                _add(inputs, t, parameters)
        changes.append((month * DAYS_PER_MONTH, inputs))
    doses = [
        (month * DAYS_PER_MONTH, f"{t.drug}_mg", float(t.dose or 0.0))
        for t in kept
        if t.drug in INJECTIONS
        for month in dose_months(t)
    ]
    return Schedule.build(changes, doses)


def _add(inputs: dict[str, float], t: Treatment, p: Parameters) -> None:
    if t.drug in AROMATASE_INHIBITORS:
        name = t.drug.removesuffix("_aromatase_inhibitor")
        inputs |= {
            "ai_on": 1.0,
            "ai_elimination_rate_per_day": p[f"ai_{name}_elimination_rate"],
            "ai_half_inhibition": p[f"ai_{name}_half_inhibition"],
            "ai_max_inhibition": p[f"ai_{name}_max_inhibition"],
            "ai_residual_floor": p[f"ai_{name}_residual_floor"],
        }
    elif t.drug in RECEPTOR_DRUGS:
        inputs |= {"serm_on": 1.0, "serm_is_raloxifene": float(t.drug == "raloxifene")}
    elif t.drug in OVARIAN:
        inputs["ovarian_suppression"] = max(inputs["ovarian_suppression"], t.suppressed_share)
    elif t.drug in ORAL_BONE_DRUGS:
        inputs[f"{t.drug}_mg_per_day"] += t.mg_per_day
    elif t.drug == "exercise":
        inputs["exercise_on"] = 1.0
    elif t.drug == "vitamin_d":
        inputs["vitamin_d_replaced"] = 1.0


def dose_months(treatment: Treatment) -> tuple[float, ...]:
    """Return the months of single doses: as listed, or from `from_month` at the interval, before `to_month`."""
    if treatment.at_months:
        return treatment.at_months
    interval = treatment.interval_months
    if treatment.doses is not None:
        return tuple(treatment.from_month + i * (interval or 0.0) for i in range(treatment.doses))
    if interval is None:
        return (treatment.from_month,)
    count, months = 0, list[float]()
    while (month := treatment.from_month + count * interval) < min(treatment.end_month, FURTHEST_MONTH) - 1e-9:
        months.append(month)
        count += 1
    return tuple(months)
