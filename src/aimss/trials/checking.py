"""What can be known of a design before it runs: strategies fit the women, studies exist, the tools are installed."""

from __future__ import annotations

from aimss.care.condition import Condition
from aimss.errors import AimssError, DesignError
from aimss.trials.columns import fracture_kinds
from aimss.trials.design import TrialDesign
from aimss.trials.job import Job
from aimss.trials.published import check_published


def check_design(design: TrialDesign) -> None:
    """Raise DesignError, StrategyError, OutOfScopeError or RunError for a design that could not be carried out."""
    job = Job(design, seed=1)
    check_published(design)
    if fracture_kinds(design):
        from aimss.trials import survival

        survival.require()
    for which, arm in enumerate(design.arms):
        for course in job.strategy(which).courses:
            for edge, condition in course.conditions.items():
                _check_condition(condition, f"arms[{which}].strategy ({arm.name}), {course.id}.{edge}", design)
        _compiles(job, which, f"arms[{which}] ({arm.name})")
    if design.adherence.never_start or design.adherence.stop_per_year:
        _compiles(job, -1, "adherence.then")
    job.women(0, min(design.total, 200))


def _check_condition(condition: Condition, where: str, design: TrialDesign) -> None:
    if condition.when == "pain":
        raise DesignError(where, "a condition on a T-score or on yearly loss", "one on pain",
                          "Give the course a date, or choose women by worst_pain in eligibility.")  # fmt: skip
    if not design.needs_bone:
        raise DesignError(
            where, "a bone endpoint beside a condition on bone", "none", "Add a bmd_percent_change endpoint."
        )


def _compiles(job: Job, which: int, where: str) -> None:
    for of_class in range(len(job.source.classes)):
        try:
            job.compiled(which, of_class)
        except AimssError as error:
            raise type(error)(f"{where}: {error.field}", error.expected, error.found, error.mend) from None
