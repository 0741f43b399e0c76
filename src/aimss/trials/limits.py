"""Where a trial's numbers are not validated: said in every result."""

from __future__ import annotations

from aimss.care.cautions import BANNERS, STRUCTURAL_ERROR_PERCENT, STRUCTURAL_ERROR_UNVALIDATED_PERCENT
from aimss.trials.document import Limit
from aimss.trials.job import Job

_BONE = (
    "Intervals and p values are of sampling women alone. The bone model itself errs by about"
    f" {STRUCTURAL_ERROR_PERCENT:g} percentage points (1 SD) in the mean BMD change of an arm, and by"
    f" {STRUCTURAL_ERROR_UNVALIDATED_PERCENT:g} where it is not validated; more women do not make that smaller."
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


def limits(job: Job) -> list[Limit]:
    """Return what has to be said beside the result of a design."""
    design = job.design
    found = [Limit(id="virtual_women", text=_POPULATION)]
    if design.needs_bone:
        found.append(Limit(id="structural_error", text=_BONE))
    if design.needs_joints:
        found.append(Limit(id="pain", text=_PAIN))
    named: dict[str, set[str]] = {}
    for which, arm in enumerate(design.arms):
        for of_class in range(min(len(job.source.classes), 64)):
            compiled = job.compiled(which, of_class)
            variants = [compiled, *(compiled.with_triggers({t.name: t.check_days[0]}) for t in compiled.triggers)]
            for variant in variants:
                for banner in variant.banners:
                    named.setdefault(banner.key, set()).add(arm.name)
                for flag in variant.flags:
                    if flag == "denosumab_stop_without_follow_on":
                        named.setdefault("after_denosumab", set()).add(arm.name)
    order = [arm.name for arm in design.arms]
    found += [
        Limit(id=key, text=BANNERS[key], arms=[a for a in order if a in arms]) for key, arms in sorted(named.items())
    ]
    return found
