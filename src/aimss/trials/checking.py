"""What can be known of a design before it runs: strategies fit the women, studies exist, the tools are installed."""

from __future__ import annotations

from aimss.care.strategy import Strategy
from aimss.errors import AimssError, DesignError
from aimss.trials.columns import fracture_kinds
from aimss.trials.design import AimssEndpoint, TrialDesign
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
        _check_conditions(job.strategy(which), f"arms[{which}].strategy ({arm.name})", design)
        _compiles(job, which, f"arms[{which}] ({arm.name})")
    if design.adherence.never_start or design.adherence.stop_per_year:
        _compiles(job, -1, "adherence.then")
    _check_definitions(job)
    job.women(0, min(design.total, 200))


def _check_conditions(strategy: Strategy, where: str, design: TrialDesign) -> None:
    conditions = [(c.id, edge, when) for c in strategy.courses for edge, when in c.conditions.items()]
    kinds = {"pain" if when.when == "pain" else "bone" for _, _, when in conditions}
    if len(kinds) > 1:
        raise DesignError(where, "conditions on bone or on pain", "both in one strategy", "Make two arms of it.")
    if "bone" in kinds and not design.needs_bone:
        course, edge, _ = conditions[0]
        mend = "Add a bmd_percent_change endpoint."
        raise DesignError(f"{where}.{course}.{edge}", "a bone endpoint beside a condition on bone", "none", mend)


def _check_definitions(job: Job) -> None:
    """Definitions that count a rise since the start of the drug need women who start it in the trial."""
    started_before = any(c.years_on_aromatase_inhibitor > 0 for c in job.source.classes)
    for i, endpoint in enumerate(job.design.endpoints):
        if isinstance(endpoint, AimssEndpoint) and endpoint.definition not in {"ANY", "GE4"} and started_before:
            raise DesignError(
                f"endpoints[{i}].definition",
                "ANY or GE4 for women who are on the drug when the trial begins",
                endpoint.definition,
                "The other definitions count from the start of the drug.",
            )


def _compiles(job: Job, which: int, where: str) -> None:
    for of_class in range(len(job.source.classes)):
        try:
            job.compiled(which, of_class)
        except AimssError as error:
            raise type(error)(f"{where}: {error.field}", error.expected, error.found, error.mend) from None
