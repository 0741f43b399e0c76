"""Where a trial's numbers are not validated: said in every result."""

from __future__ import annotations

from aimss.body.between_trials import between_trial_sd_percent, unvalidated_factor
from aimss.care.cautions import BANNERS
from aimss.trials.document import Limit
from aimss.trials.job import Job

_BONE = (
    "Intervals and p values are of sampling women alone. The bone model itself errs by about"
    " {spine:.1f} percentage points (1 SD) in the mean BMD change of an arm at the spine and {hip:.1f} at the hip,"
    " and by {factor:.1f} times as much where it is not validated; more women do not make that smaller."
    " Differences below 0.001 points are the solver's."
)
_PAIN = (
    "Pain: only the effect beyond a remedy's own comparator is counted; onset and fading times are mostly assumed,"
    " and relief after stopping an aromatase inhibitor is a prior, not a finding."
)
_POPULATION = (
    "The women are drawn from published margins; where a margin or a correlation was not published it is assumed"
    " (see the population's file), above all the share with a taxane, the SD of age"
    " at menopause and how hip and neck agree."
)

MOST_CLASSES = 64  # of a table of women the first: the text is the same


def _bone() -> str:
    spine, hip = (between_trial_sd_percent(site) for site in ("lumbar_spine", "total_hip"))
    return _BONE.format(spine=spine, hip=hip, factor=unvalidated_factor())


def limits(job: Job) -> list[Limit]:
    """Return what has to be said beside the result of a design."""
    design = job.design
    found = [Limit(id="virtual_women", text=_POPULATION)]
    if design.needs_bone:
        found.append(Limit(id="structural_error", text=_bone()))
    if design.needs_joints:
        found.append(Limit(id="pain", text=_PAIN))
    entered = unvalidated(job)
    keys = sorted({key for days in entered.values() for key in days})
    return found + [
        Limit(id=key, text=BANNERS[key], arms=[arm for arm, days in entered.items() if key in days]) for key in keys
    ]


def unvalidated(job: Job) -> dict[str, dict[str, float]]:
    """Return, arm by arm, the ranges that the model is not validated in, with the first day on which a woman enters."""
    entered: dict[str, dict[str, float]] = {}
    for which, arm in enumerate(job.design.arms):
        days = entered.setdefault(arm.name, {})
        for of_class in range(min(len(job.source.classes), MOST_CLASSES)):
            compiled = job.compiled(which, of_class)
            for variant in (compiled, *(compiled.with_triggers({t.name: t.check_days[0]}) for t in compiled.triggers)):
                for banner in variant.banners:
                    days[banner.key] = min(banner.from_day, days.get(banner.key, banner.from_day))
    return entered
