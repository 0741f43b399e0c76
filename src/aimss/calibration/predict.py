"""What the model says of each target, for any number of parameter sets at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from aimss.body.parameters import Parameters
from aimss.calibration.arm_courses import ArmCourses, Sets, hazard_months
from aimss.calibration.arms import Arm
from aimss.calibration.entry_density import with_own_density
from aimss.calibration.target import FRACTURES, JOINT, MARKERS, Target
from aimss.calibration.women_of_arms import TYPICAL, Women

Array = NDArray[np.float64]
START = 0.0  # the month that estradiol and hazards are counted from


def leaves(arms: Mapping[str, Arm], name: str) -> list[tuple[str, float]]:
    """Return the simple arms that an arm is made of, with their shares."""
    arm = arms[name]
    return [(p.arm, p.share) for p in arm.parts] if arm.parts else [(name, 1.0)]


def is_bone(target: Target) -> bool:
    """Return whether the bone half answers a target (the joint half has its own predictions)."""
    return target.quantity not in JOINT


def wanted_months(arms: Mapping[str, Arm], targets: Iterable[Target]) -> dict[str, set[float]]:
    """Return the months at which every simple arm has to be known."""
    wanted: dict[str, set[float]] = {}
    for target in targets:
        months = {START, target.from_month, target.month}
        if target.quantity in FRACTURES:
            months |= set(hazard_months(target.from_month, target.month))
        for arm in (target.arm, target.comparator):
            for leaf, _ in leaves(arms, arm) if arm else ():
                wanted.setdefault(leaf, set()).update(months)
    return wanted


def predict(
    arms: Mapping[str, Arm],
    targets: Sequence[Target],
    sets: Sets | None = None,
    *,
    parameters: Parameters | None = None,
    women: Women = TYPICAL,
    relative_tolerance: float = 1e-5,
) -> Array:
    """Return the prediction of every bone target in its own units, (p, targets): the mean over the women of its arm.

    sets : name -> (p,), parameters that differ; None for the shipped values, p = 1.
    Raises ValueError for a target of the joint half, EngineError where an arm cannot be integrated.
    """
    if joint := [t.id for t in targets if not is_bone(t)]:
        raise ValueError(f"targets of the joint half: {joint[:3]}")
    arms, targets = with_own_density(arms, targets)
    courses = ArmCourses(
        arms,
        wanted_months(arms, targets),
        sets,
        parameters=parameters,
        women=women,
        relative_tolerance=relative_tolerance,
    )
    if not targets:
        return np.zeros((courses.count, 0))
    return np.stack([_predicted(courses, arms, target) for target in targets], axis=-1)


def _predicted(courses: ArmCourses, arms: Mapping[str, Arm], target: Target) -> Array:
    own = _of_arm(courses, arms, target, target.arm)
    if target.comparator is None:
        return own
    other = _of_arm(courses, arms, target, target.comparator)
    if target.told_as == "hazard_ratio":
        return own / other
    if target.relative:
        return 100 * ((100 + own) / (100 + other) - 1)
    return own - other


def _of_arm(courses: ArmCourses, arms: Mapping[str, Arm], target: Target, arm: str) -> Array:
    # a median of measured density lies near the mean: noise larger than what women differ by has evened out the skew
    typical = target.statistic == "median" and target.quantity not in ("bmd", "t_score")
    summary = courses.women.median if typical else courses.women.mean
    parts = [share * summary(_of_leaf(courses, target, leaf)) for leaf, share in leaves(arms, arm)]
    return np.asarray(np.sum(parts, axis=0))


def _of_leaf(courses: ArmCourses, t: Target, arm: str) -> Array:
    if t.quantity in FRACTURES:
        hazard = courses.cumulative_hazard(arm, t.quantity, t.from_month, t.month)
        return hazard if t.told_as == "hazard_ratio" else -100 * np.expm1(-hazard)
    if t.quantity == "t_score":
        assert t.site is not None
        return courses.t_score(arm, t.site, [t.month])[..., 0]
    if t.quantity == "bmd":
        assert t.site is not None
        rise = courses.log_bmd(arm, t.site, t.month) - courses.log_bmd(arm, t.site, t.from_month)
        change = 100 * np.expm1(rise)
        return change if t.told_as == "percent_change" else 12 * change / (t.month - t.from_month)
    if t.quantity in MARKERS:
        ratio = courses.marker(arm, t.quantity, t.month) / courses.marker(arm, t.quantity, t.from_month)
    else:
        level = courses.estradiol(arm, t.month)
        if t.told_as == "value":
            return level
        ratio = level / courses.estradiol(arm, t.from_month)
    return 100 * ratio if t.told_as == "percent_of_baseline" else 100 * (ratio - 1)
