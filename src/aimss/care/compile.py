"""`compile_strategy`: a strategy for one woman as the engine's arrays, with what has to be said beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aimss.body.schedule import Schedule
from aimss.care.arrays import Change, DoseEvent, changes_and_doses, replaces_vitamin_d, to_schedule, unfitted_doses
from aimss.care.cautions import Banner, ExitPlan, banners, exit_plan, flags
from aimss.care.drugs import REMEDIES
from aimss.care.history import History, read_history
from aimss.care.resolve import Placement
from aimss.care.span import Note, Span, subtract
from aimss.care.strategy import Strategy
from aimss.care.triggers import Trigger, find_triggers
from aimss.errors import OutOfScopeError, StrategyError
from aimss.patient.dates import DAYS_PER_YEAR

if TYPE_CHECKING:
    from aimss.patient.patient import Patient

ASSUMED_MENOPAUSE_AGE_YEARS = 50.5  # bone model section 7: an unknown final menstrual period (assumption)
MAX_HORIZON_YEARS = 40.0


@dataclass(frozen=True, eq=False)
class CompiledStrategy:
    """A strategy on one woman's calendar, in days from the day of the forecast.

    schedule : past and future, with no condition met.
    spans : everything given, past (`given_before`) and future.
    joint : remedies for pain and stiffness, past and future.
    triggers : conditional edges with the days on which they are checked.
    shares_past : whether the schedule before day 0 is her record's; a counterfactual may change it.
    """

    strategy: Strategy
    patient: Patient
    horizon_years: float
    schedule: Schedule
    spans: tuple[Span, ...]
    triggers: tuple[Trigger, ...]
    notes: tuple[Note, ...]
    flags: tuple[str, ...]
    banners: tuple[Banner, ...]
    exit_plan: ExitPlan | None
    shares_past: bool
    ai_drug: str
    ai_planned_stop_day: float | None
    triggered: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the strategy."""
        return self.strategy.name

    @property
    def joint(self) -> tuple[Span, ...]:
        """Courses of remedies that the joint model knows, past and future."""
        return tuple(s for s in self.spans if s.drug in REMEDIES)

    def with_triggers(self, days: float | Mapping[str, float | None] | None) -> CompiledStrategy:
        """The same strategy once conditions came about on these days (a day alone if there is one trigger)."""
        if not isinstance(days, Mapping):
            if days is not None and len(self.triggers) != 1:
                raise ValueError(f"{self.name} has {len(self.triggers)} triggers: give a mapping of trigger to day")
            days = {self.triggers[0].name: days} if days is not None else {}
        met = {name: float(day) for name, day in days.items() if day is not None}
        return _compile(self.strategy, self.patient, self.horizon_years, read_history(self.patient), met)

    def variant(self, trigger_day: float | Mapping[str, float | None] | None) -> Schedule:
        """The schedule once a condition came about on a day; None = never."""
        return self.schedule if trigger_day is None else self.with_triggers(trigger_day).schedule


def history_schedule(patient: Patient) -> tuple[list[Change], list[DoseEvent]]:
    """Changes of inputs and doses until today, as `Schedule.build` takes them."""
    return changes_and_doses(read_history(patient).spans, 1e-9)


def compile_strategy(strategy: Strategy, patient: Patient, horizon_years: float) -> CompiledStrategy:
    """Place a strategy on her calendar and turn it into the engine's arrays.

    Raises StrategyError if it cannot be carried out for her, OutOfScopeError for an AI before menopause without
    ovarian suppression.
    """
    if not 0 < horizon_years <= MAX_HORIZON_YEARS:
        raise StrategyError("horizon_years", f"above 0 and at most {MAX_HORIZON_YEARS:g}", f"{horizon_years:g}")
    return _compile(strategy, patient, horizon_years, read_history(patient), {})


def _compile(
    strategy: Strategy, patient: Patient, horizon_years: float, history: History, triggered: Mapping[str, float]
) -> CompiledStrategy:
    horizon = horizon_years * DAYS_PER_YEAR
    placed = Placement(strategy, history, patient.record_date, horizon, triggered)
    past, shares_past = _past(strategy, history)
    spans = (*past, *placed.spans())
    _refuse_unsuppressed(strategy, patient, spans)
    notes = [*history.notes, *placed.notes, *unfitted_doses(spans)]
    for span in spans:
        if span.drug == "vitamin_d" and not span.given_before and not replaces_vitamin_d(span):
            notes.append(
                Note(span.course, "vitamin D below the dose taken to replace a deficit: no effect in the model")
            )
    plan = exit_plan(spans, horizon, patient.record_date)
    found = banners(spans, horizon, before_menopause(patient))
    return CompiledStrategy(
        strategy=strategy,
        patient=patient,
        horizon_years=horizon_years,
        schedule=to_schedule(spans, horizon),
        spans=spans,
        triggers=find_triggers(placed, strategy, horizon),
        notes=tuple(notes),
        flags=flags(
            strategy, spans, found, plan, horizon_days=horizon, planned_ai_stop_day=history.ai_planned_stop_day
        ),
        banners=found,
        exit_plan=plan,
        shares_past=shares_past,
        ai_drug=history.ai_drug,
        ai_planned_stop_day=history.ai_planned_stop_day,
        triggered=dict(triggered),
    )


def _past(strategy: Strategy, history: History) -> tuple[tuple[Span, ...], bool]:
    if strategy.counterfactual != "never_ai":
        return history.spans, True
    kept = tuple(s for s in history.spans if not s.is_ai)
    return kept, len(kept) == len(history.spans)


def before_menopause(patient: Patient) -> bool:
    """Whether her ovaries would work without suppression: stated, or to be assumed from her age."""
    if patient.menopause is None:
        return patient.age < ASSUMED_MENOPAUSE_AGE_YEARS
    if patient.menopause.cause == "ovarian_suppression":
        return True
    return patient.menopause.status in {"premenopausal", "perimenopausal"}


def _refuse_unsuppressed(strategy: Strategy, patient: Patient, spans: tuple[Span, ...]) -> None:
    """An AI does not lower ovarian estradiol: before menopause every day on it has to lie under suppression."""
    if not before_menopause(patient):
        return
    on_ai = [(max(0.0, a), b) for s in spans if s.is_ai for a, b in s.periods if b > 0]
    suppressed = [p for s in spans if s.drug == "ovarian_suppression" for p in s.periods]
    bare = [(a, b) for a, b in subtract(on_ai, suppressed) if b - a > 1.0]
    if not bare:
        return
    status = "unknown" if patient.menopause is None else patient.menopause.status
    raise OutOfScopeError(
        f"{strategy.name}.courses",
        "ovarian suppression on every day of an aromatase inhibitor before menopause",
        f"menopause {status}, none from day {bare[0][0]:.0f} to day {bare[0][1]:.0f}",
        "Add an ovarian_suppression course, or state in the record that she is postmenopausal or takes it.",
    )
