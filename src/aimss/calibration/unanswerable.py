"""What the model must not answer, whatever a targets file asks: an inhibitor before menopause over working ovaries."""

from __future__ import annotations

from collections.abc import Mapping

from aimss.calibration.arm_schedule import DAYS_PER_MONTH
from aimss.calibration.arms import AROMATASE_INHIBITORS, OVARIAN, Arm, Treatment
from aimss.calibration.predict import leaves
from aimss.calibration.target import Target
from aimss.care.span import subtract

_ONE_DAY = 1 / DAYS_PER_MONTH  # in months; what starts on the same day may be told a day apart


def no_answer(arms: Mapping[str, Arm], target: Target) -> str:
    """Return why the model has no answer to a target; empty where it has one."""
    for name in (target.arm, target.comparator):
        for leaf, _ in leaves(arms, name) if name else ():
            bare = unsuppressed_months(arms[leaf], target.month)
            if bare is not None:
                return (
                    f"arm {leaf} gives an aromatase inhibitor before menopause without ovarian suppression (months "
                    f"{bare[0]:g} to {bare[1]:g}): contraindicated, and the model does not hold how the ovaries answer "
                    "to it. Add ovarian_suppression (or ovarian_failure), or years_since_final_menstrual_period of "
                    "women who are past it"
                )
    return ""


def unsuppressed_months(arm: Arm, until_month: float) -> tuple[float, float] | None:
    """Return the first months up to one in which an inhibitor acts on ovaries that work; None where there are none."""
    assert arm.population is not None
    last_period = -12 * arm.population.menopause_years
    end = min(until_month, last_period)
    on_inhibitor = [(a, min(b, end)) for a, b in _months(arm, AROMATASE_INHIBITORS) if a < end]
    suppressed = _months(arm, OVARIAN)
    return next(((a, b) for a, b in subtract(on_inhibitor, suppressed) if b - a > _ONE_DAY), None)


def _months(arm: Arm, drugs: tuple[str, ...]) -> list[tuple[float, float]]:
    return [(t.from_month, t.end_month) for t in arm.treatments if t.drug in drugs and _acts(t)]


def _acts(treatment: Treatment) -> bool:
    # suppression of nothing is none
    return treatment.drug not in OVARIAN or treatment.suppressed_share > 0
