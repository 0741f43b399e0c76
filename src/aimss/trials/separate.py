"""Which arms may not be compared for pain: remedies of different kinds were never compared in one trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aimss.forecast.joints.remedies import MERGE_ASSUMPTION, remedies

if TYPE_CHECKING:
    from aimss.trials.job import Job

_EXERCISE = {"aerobic_exercise": "exercise", "resistance_exercise": "exercise"}


def components(job: Job, arm: str) -> frozenset[str]:
    """Return the kinds of comparator (pill, sham, open care) that the remedies of an arm were tried against."""
    which = [a.name for a in job.design.arms].index(arm)
    drugs = {_EXERCISE.get(c.drug, c.drug) for c in job.strategy(which).courses}
    return frozenset(remedies()[d].component for d in drugs if d in remedies())


def why_separate(job: Job, a: str, b: str) -> str | None:
    """Return why a difference in pain between two arms is not shown; None if it may be."""
    if job.design.analysis.merge_remedies:
        return None
    one, other = components(job, a), components(job, b)
    if not one or not other or one == other:
        return None
    return (
        "their remedies were tried against different comparators and never against each other; each arm stands against"
        f" an arm without a remedy. With analysis.merge_remedies they are joined by the assumption that"
        f" {MERGE_ASSUMPTION}."
    )
