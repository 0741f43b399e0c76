"""From what a user gives (a path, names, numbers) to a plan: reading, choosing strategies, checking the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from aimss.care.library import default_strategies, find_strategy
from aimss.care.strategy import Strategy
from aimss.errors import AimssError
from aimss.patient.patient import Patient

if TYPE_CHECKING:
    from aimss.forecast.forecast import Forecast
    from aimss.forecast.plan import Progress
    from aimss.forecast.plan_document import PlanDocument

YEARS = (0.5, 20.0)
TWINS = (50, 100_000)
WORKERS = (1, 256)


PLAN_DEFAULTS: Mapping[str, Any] = {
    "years": 10.0, "twins": 400, "seed": 1, "workers": 2, "t_score_reference": "nhanes3_manufacturer",
    "parameters": None, "explain": False, "export_draws": None, "command": "", "progress": None,
}  # fmt: skip


class SettingError(AimssError):
    """A setting of the run is outside what is accepted."""

    kind = "setting"
    exit_code = 2


def plan_for(
    record: Patient | str | Path | Mapping[str, Any],
    strategies: Sequence[str | Strategy] | None,
    *,
    years: float,
    twins: int,
    seed: int,
    workers: int,
    t_score_reference: str,
    parameters: Path | None,
    explain: bool,
    export_draws: Path | None,
    command: str,
    progress: Progress | None,
) -> tuple[PlanDocument, Forecast]:
    """Make a plan, and keep the twins it was made of; see `aimss.plan`."""
    patient = read_patient(record)
    _within("years", years, *YEARS)
    _within("twins", twins, *TWINS)
    _within("seed", seed, 0, 2**31 - 1)
    _within("workers", workers, *WORKERS)
    chosen = chosen_strategies(patient, strategies)

    from aimss.body.parameter_files import read_parameter_file, write_draws
    from aimss.body.parameters import default
    from aimss.forecast.forecast import Settings
    from aimss.forecast.plan import make_plan
    from aimss.patient.densitometry import ReferenceSet

    if t_score_reference not in get_args(ReferenceSet):
        raise SettingError("t_score_reference", " or ".join(get_args(ReferenceSet)), repr(t_score_reference))
    shipped = default()
    draws = read_parameter_file(parameters, shipped) if parameters else None
    settings = Settings(years, twins, seed, workers, t_score_reference, draws=draws)  # type: ignore[arg-type]
    document, made = make_plan(
        patient, chosen, shipped, settings, command=command, explained=explain, progress=progress or (lambda _: None)
    )
    if export_draws is not None:
        write_draws(export_draws, made.twins.drawn)
    return document, made


def read_patient(record: Patient | str | Path | Mapping[str, Any]) -> Patient:
    """Return the record as a Patient, reading it if it is a path or a mapping."""
    if isinstance(record, Patient):
        return record
    from aimss.patient.reading import read_record

    return read_record(record)


def chosen_strategies(patient: Patient, strategies: Sequence[str | Strategy] | None) -> list[Strategy]:
    """Return the strategies: names of the library, paths to files of one's own, objects; None chooses for her."""
    from aimss.care.strategy import read_strategy

    if not strategies:
        return [find_strategy(name) for name in default_strategies(patient)]
    chosen: list[Strategy] = []
    for one in strategies:
        if isinstance(one, Strategy):
            chosen.append(one)
        elif one.endswith((".yaml", ".yml", ".json")):
            chosen.append(read_strategy(Path(one)))
        else:
            chosen.append(find_strategy(one))
    names = [s.name for s in chosen]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingError("strategies", "each strategy once", f"{twice[0]} twice")
    return chosen


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingError(name, f"{low:g} to {high:g}", f"{value:g}")
