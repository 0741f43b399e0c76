"""How well trials predict each other: what other trials of the same regimen printed stands for a trial's result.

Nothing that knows only regimen, site and month comes much closer than this; what is left is the women, the scanners
and chance (decision 0144).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from aimss.calibration.arms import Arm
from aimss.calibration.baselines import regimen
from aimss.calibration.target import Target

NAME = "another_trial"
WITHIN_MONTHS = 6.0


def another_trial(
    arms: Mapping[str, Arm], targets: Sequence[Target], published: Sequence[Target]
) -> list[float | None]:
    """Return for each BMD target the mean of other trials' results of its kind, in its units; None without any.

    Of its kind: same class of regimen (and of the comparator), site, start of the change and measure, its end within 6
    months. A trial with several such results counts once, with their mean.
    """
    pool = [(_kind(arms, t), t) for t in published if t.quantity == "bmd"]
    return [_mean_of_others(target, _kind(arms, target), pool) for target in targets]


def _kind(arms: Mapping[str, Arm], target: Target) -> tuple[object, ...]:
    against = regimen(arms, target.comparator) if target.comparator else None
    return (target.quantity, regimen(arms, target.arm), against, target.site, target.from_month, target.told_as)


def _mean_of_others(
    target: Target, kind: tuple[object, ...], pool: Sequence[tuple[tuple[object, ...], Target]]
) -> float | None:
    if target.quantity != "bmd":
        return None
    by_trial: dict[str, list[float]] = {}
    for other_kind, other in pool:
        near = abs(other.month - target.month) <= WITHIN_MONTHS
        if other.study != target.study and other_kind == kind and near:
            by_trial.setdefault(other.study, []).append(other.observed)
    return fmean(map(fmean, by_trial.values())) if by_trial else None
