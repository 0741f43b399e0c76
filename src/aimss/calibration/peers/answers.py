"""What the published models say of targets that they can answer; None for every other.

Peterson-Riggs: spine and femoral neck, CTX, BSAP; estrogen loss, inhibitors, ovarian suppression, denosumab. Spine on
denosumab is its denosumab-calibrated observer. Joerg 2022: total hip, CTX, P1NP, BSAP; natural menopause, inhibitors,
denosumab, alendronate. Neither knows tamoxifen, raloxifene, zoledronate, risedronate or ibandronate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from aimss.calibration.arm_schedule import DAYS_PER_MONTH, dose_months
from aimss.calibration.arms import AROMATASE_INHIBITORS, OVARIAN, Arm, Treatment
from aimss.calibration.peers import joerg_2022, peterson_riggs
from aimss.calibration.predict import leaves, wanted_months
from aimss.calibration.target import MARKERS, Target

Array = NDArray[np.float64]
Course = dict[str, Array]
DAYS_PER_YEAR = 365.25
RESIDUAL_ESTROGEN = 0.05  # of a woman's own on an inhibitor: mean of the three (estradiol 3.3, 6.2, 5.0 %)
AFTER_OVARY = 0.15  # of the premenopausal level once the ovary is suppressed: the models' own level at 60 years
MENOPAUSE_YEARS = {"peterson_riggs": 51.0, "joerg_2022": 50.0}
HARMLESS = ("exercise", "vitamin_d", "calcium", "duloxetine", "acupuncture", "omega_3")
KNOWS: dict[str, tuple[str, ...]] = {
    "peterson_riggs": (*AROMATASE_INHIBITORS, *OVARIAN, "denosumab", *HARMLESS),
    "joerg_2022": (*AROMATASE_INHIBITORS, "denosumab", "alendronate", *HARMLESS),
}
ANSWERS = {
    "peterson_riggs": ("lumbar_spine", "femoral_neck", "ctx", "bsap"),
    "joerg_2022": ("total_hip", "ctx", "p1np", "bsap"),
}


def answers(arms: Mapping[str, Arm], targets: Sequence[Target]) -> list[dict[str, float]]:
    """Return for each target what each model predicts of it, in the target's units; a model that cannot is absent."""
    found: list[dict[str, float]] = [{} for _ in targets]
    for model, runner in (("peterson_riggs", _peterson_riggs), ("joerg_2022", _joerg)):
        mine = [t for t in targets if _can(model, arms, t)]
        months = wanted_months(arms, mine)
        courses = {leaf: (sorted(wanted), runner(arms[leaf], sorted(wanted))) for leaf, wanted in months.items()}
        for i, target in enumerate(targets):
            if target in mine:
                found[i][model] = _value(arms, courses, target)
    return found


def _can(model: str, arms: Mapping[str, Arm], target: Target) -> bool:
    what = target.site if target.quantity == "bmd" else target.quantity
    if what not in ANSWERS[model] or (target.quantity not in MARKERS and target.quantity != "bmd"):
        return False
    used = [leaf for a in (target.arm, target.comparator) if a for leaf, _ in leaves(arms, a)]
    plain = all(_estradiol_is_average(arms[leaf]) for leaf in used)
    return plain and all(t.drug in KNOWS[model] for leaf in used for t in arms[leaf].treatments)


def _estradiol_is_average(arm: Arm) -> bool:
    return arm.population is not None and arm.population.peripheral_estradiol_pmol_l is None


def _value(arms: Mapping[str, Arm], courses: Mapping[str, tuple[list[float], Course]], t: Target) -> float:
    what = (t.site or "") if t.quantity == "bmd" else t.quantity

    def of_leaf(leaf: str) -> float:
        months, course = courses[leaf]
        level, start = (course[what][months.index(m)] for m in (t.month, t.from_month))
        change = 100 * (level / start - 1)
        return float(12 * change / (t.month - t.from_month) if t.told_as == "percent_per_year" else change)

    def of_arm(arm: str) -> float:
        return sum(share * of_leaf(leaf) for leaf, share in leaves(arms, arm))

    own = of_arm(t.arm)
    if t.comparator is None:
        return own + (100 if t.told_as == "percent_of_baseline" else 0)
    other = of_arm(t.comparator)
    return 100 * ((100 + own) / (100 + other) - 1) if t.relative else own - other


def _on(treatments: Iterable[Treatment], drugs: Sequence[str], month: float) -> bool:
    return any(
        t.drug in drugs and t.from_month <= month < (t.to_month if t.to_month is not None else np.inf)
        for t in treatments
    )


def _estrogen(arm: Arm, natural: Callable[[float], float], month: float) -> float:
    level = natural(month)
    if _on(arm.treatments, OVARIAN, month):
        level = min(level, AFTER_OVARY)
    return level * (RESIDUAL_ESTROGEN if _on(arm.treatments, AROMATASE_INHIBITORS, month) else 1.0)


def _doses(arm: Arm) -> dict[float, float]:
    return {m: float(t.dose or 0) for t in arm.treatments if t.drug == "denosumab" for m in dose_months(t)}


def _age(model: str, arm: Arm) -> float:
    assert arm.population is not None
    return MENOPAUSE_YEARS[model] + arm.population.menopause_years


def _peterson_riggs(arm: Arm, months: Sequence[float]) -> Course:
    p = peterson_riggs.parameters()
    start_age = p["age_enter"] / peterson_riggs.HOURS_PER_YEAR_OF_AGE
    before = (_age("peterson_riggs", arm) - start_age) * 12  # months from the start of the model to month 0
    hour = DAYS_PER_MONTH * 24

    def natural(month: float) -> float:
        # estrogen turns over within a day, so that it stands where it neither rises nor falls
        age = p["age_enter"] + (month + before) * peterson_riggs.HOURS_PER_YEAR_OF_AGE / 12
        return peterson_riggs.natural_estrogen_rate(age, 0.0, p) / p["estrogen_loss_rate"]

    doses = _doses(arm)
    found = peterson_riggs.run(
        [max(m + before, 0.0) * hour for m in months],
        lambda t: _estrogen(arm, natural, t / hour - before),
        {(m + before) * hour: mg for m, mg in doses.items()},
    )
    spine = "bmd_lumbar_spine_denosumab" if doses else "bmd_lumbar_spine"
    start = peterson_riggs.states()
    cells = found["osteoblasts_fast"] + found["osteoblasts_slow"]
    return {
        "lumbar_spine": found[spine],
        "femoral_neck": found["bmd_femoral_neck"],
        "ctx": found["osteoclasts"] / start["osteoclasts"],
        "bsap": cells / p["osteoblast_baseline"],
    }


def _joerg(arm: Arm, months: Sequence[float]) -> Course:
    age = _age("joerg_2022", arm)
    first = min([0.0, *months, *_doses(arm), *(t.from_month for t in arm.treatments)]) * DAYS_PER_MONTH
    start = min(-(age - 45.0) * DAYS_PER_YEAR, first) - 1.0

    def natural(month: float) -> float:
        return joerg_2022.natural_estrogen(age + month / 12)

    def alendronate(day: float) -> float:
        month = day / DAYS_PER_MONTH
        return sum(t.mg_per_day for t in arm.treatments if t.drug == "alendronate" and _on([t], ["alendronate"], month))

    return joerg_2022.run(
        [m * DAYS_PER_MONTH for m in months],
        start,
        lambda day: _estrogen(arm, natural, day / DAYS_PER_MONTH),
        {m * DAYS_PER_MONTH: mg for m, mg in _doses(arm).items()},
        alendronate,
    )
