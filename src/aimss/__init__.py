"""aimss: one woman on an aromatase inhibitor, one page, a source behind every number.

In a notebook: ``plan = aimss.plan("record.yaml")``, then ``plan.strategies[0].bmd["lumbar_spine"].t_score.median`` or
``aimss.write_page(plan, "plan.html")``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr

    from aimss.care.strategy import Strategy
    from aimss.forecast.plan_document import PlanDocument
    from aimss.patient.patient import Patient
    from aimss.trials.design import TrialDesign
    from aimss.trials.result import TrialResult

__version__ = "0.1.0"
__all__ = ["plan", "trial", "twins", "write_page"]


def plan(
    record: Patient | str | Path | Mapping[str, Any],
    strategies: Sequence[str | Strategy] | None = None,
    *,
    years: float = 10.0,
    twins: int = 400,
    seed: int = 1,
    workers: int = 2,
    t_score_reference: str = "nhanes3_manufacturer",
    parameters: str | Path | None = None,
    explain: bool = False,
    export_draws: str | Path | None = None,
    command: str = "",
    progress: Any = None,
) -> PlanDocument:
    """Return her plan: the document that the page and plan.json are made of.

    record : a path to a YAML or JSON record, a mapping, or a `Patient`.
    strategies : names of the library, paths to strategy files, or `Strategy` objects; None: the four that suit her.
    years : 0.5 to 20; twins : 50 to 100,000.
    parameters : a file with one set of parameters or draws of them, in place of the shipped ones.
    explain : fill `explain`: what drives the width of her interval, and which test would narrow it most.
    export_draws : a CSV to write the parameters of every twin to; `parameters` reads it back.
    Raises RecordError, StrategyError, OutOfScopeError, EngineError (`aimss.errors`), each saying how to mend it.
    """
    from aimss.forecast.planning import plan_for

    made, _ = plan_for(
        record, strategies, years=years, twins=twins, seed=seed, workers=workers,
        t_score_reference=t_score_reference, parameters=Path(parameters) if parameters else None, explain=explain,
        export_draws=Path(export_draws) if export_draws else None, command=command, progress=progress,
    )  # fmt: skip
    from aimss.calibration.validation_summary import shipped_summary
    from aimss.report.answer import short_answer

    return made.model_copy(update={"short_answer": short_answer(made), "validation": shipped_summary()})


def twins(
    record: Patient | str | Path | Mapping[str, Any],
    strategies: Sequence[str | Strategy] | None = None,
    **settings: Any,
) -> xr.Dataset:
    """Return every virtual twin of a plan as a Dataset with dims (strategy, draw, time); settings as in `plan`."""
    from aimss.forecast.dataset import to_dataset
    from aimss.forecast.planning import PLAN_DEFAULTS, plan_for

    _, made = plan_for(record, strategies, **{**PLAN_DEFAULTS, **settings})
    return to_dataset(made)


def write_page(document: PlanDocument, path: str | Path) -> Path:
    """Write her page, one self-contained HTML file, and return its path."""
    from aimss.report.page import write_page as write

    return write(document, Path(path))


def trial(
    design: TrialDesign | str | Path | Mapping[str, Any],
    *,
    seed: int = 1,
    workers: int | None = None,
    scheduler: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Any = None,
) -> TrialResult:
    """Run an in-silico trial: strategies as arms over virtual women.

    design : a path to a YAML or JSON design, a mapping, or a `TrialDesign`.
    workers : processes, None for all cores; scheduler : address of a Dask cluster. Neither changes the numbers.
    out : folder for chunks, tables, charts and the result; with `resume` a run in it goes on.
    Raises DesignError, StrategyError, OutOfScopeError, RunError, EngineError (`aimss.errors`).
    """
    from aimss.trials.quiet import no_progress
    from aimss.trials.result import run_design

    return run_design(
        design, seed=seed, workers=workers, scheduler=scheduler, out=out, resume=resume,
        progress=progress or no_progress,
    )  # fmt: skip
