"""Spans in time to the inputs and doses of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from aimss.body.parameters import default as default_parameters
from aimss.body.schedule import Schedule
from aimss.care.drugs import EXERCISE, INJECTIONS
from aimss.care.span import Note, Span, merge

OVARIAN_SUPPRESSION = 0.98  # share of ovarian estradiol removed; derived, bone model section 2
VITAMIN_D_REPLACING_IU_PER_DAY = 800.0  # assumed: the lower dose that JPS2017-02 and ASCO2019-06 name

Change = tuple[float, Mapping[str, float]]
DoseEvent = tuple[float, str, float]


# input of the engine: ending of the parameter's name
_AI_INPUTS = {
    "ai_elimination_rate_per_day": "elimination_rate",
    "ai_half_inhibition": "half_inhibition",
    "ai_max_inhibition": "max_inhibition",
    "ai_residual_floor": "residual_floor",
}


@cache
def ai_constants(drug: str) -> Mapping[str, float]:
    """Constants of one AI (or the mean of the three, `any`) under the names of the engine's inputs."""
    parameters = default_parameters()
    return MappingProxyType({name: parameters[f"ai_{drug}_{ending}"] for name, ending in _AI_INPUTS.items()})


def changes_and_doses(spans: Sequence[Span], horizon_days: float) -> tuple[list[Change], list[DoseEvent]]:
    """Changes of inputs and doses before the horizon, for `Schedule.build`.

    The constants of an AI hold from its start until another starts: it washes out by its own kinetics.
    """
    changes: list[Change] = []
    doses: list[DoseEvent] = []
    changes += _ai(spans)
    changes += _serm(spans)
    changes += _switched("ovarian_suppression", spans, ("ovarian_suppression",), OVARIAN_SUPPRESSION)
    for drug in ("alendronate", "risedronate", "ibandronate"):
        changes += _rates(drug, spans)
    changes += _exercise(spans)
    replacing = [s for s in spans if s.drug == "vitamin_d" and replaces_vitamin_d(s) and not s.given_before]
    changes += _switched("vitamin_d_replaced", replacing, ("vitamin_d",), 1.0)
    for span in spans:
        if span.drug in INJECTIONS:
            doses += [(day, f"{span.drug}_mg", span.amount or 0.0) for day in span.dose_days if day < horizon_days]
    kept = [(day, values) for day, values in changes if day < horizon_days]
    return kept, doses


def to_schedule(spans: Sequence[Span], horizon_days: float) -> Schedule:
    """The schedule of all spans, past and future; its first row is the time before any of them."""
    changes, doses = changes_and_doses(spans, horizon_days)
    first = min([0.0, *(day for day, _ in changes), *(day for day, _, _ in doses)])
    # an AI has constants even before the first one is taken (inhibition would be 0/0 without), the same for every
    # strategy, so that strategies share their past to the last bit
    before = (first - 1.0, ai_constants("any"))
    return Schedule.build([before, (0.0, {}), *changes], doses)


def _ai(spans: Sequence[Span]) -> list[Change]:
    changes: list[Change] = []
    periods = sorted((a, b, s.drug) for s in spans if s.is_ai for a, b in s.periods)
    on = merge((a, b) for a, b, _ in periods)
    for start, stop in on:
        changes += [(start, {"ai_on": 1.0}), (stop, {"ai_on": 0.0})]
    drug = ""
    for start, _, name in periods:
        if name != drug:
            changes.append((start, ai_constants(name)))
        drug = name
    return changes


def _serm(spans: Sequence[Span]) -> list[Change]:
    changes: list[Change] = []
    periods = sorted((a, b, s.drug) for s in spans if s.drug in {"tamoxifen", "raloxifene"} for a, b in s.periods)
    for start, stop in merge((a, b) for a, b, _ in periods):
        changes += [(start, {"serm_on": 1.0}), (stop, {"serm_on": 0.0})]
    return changes + [(start, {"serm_is_raloxifene": float(drug == "raloxifene")}) for start, _, drug in periods]


def _switched(name: str, spans: Iterable[Span], drugs: tuple[str, ...], value: float) -> list[Change]:
    changes: list[Change] = []
    for start, stop in merge(p for s in spans if s.drug in drugs for p in s.periods):
        changes += [(start, {name: value}), (stop, {name: 0.0})]
    return changes


def _rates(drug: str, spans: Sequence[Span]) -> list[Change]:
    changes: list[Change] = []
    # sorted so that on one day an end comes before a start
    edges = [
        (day, on, s.units_per_day)
        for s in spans
        if s.drug == drug
        for a, b in s.periods
        for day, on in ((b, 0), (a, 1))
    ]
    for day, on, rate in sorted(edges):
        changes.append((day, {f"{drug}_mg_per_day": rate * on}))
    return changes


def _exercise(spans: Sequence[Span]) -> list[Change]:
    courses = [s for s in spans if s.drug in EXERCISE]
    edges = sorted({day for s in courses for period in s.periods for day in period})
    changes: list[Change] = []
    for day in edges:
        held = [s.intensity for s in courses if any(a <= day < b for a, b in s.periods)]
        changes.append((day, {"exercise_on": max(held, default=0.0)}))
    return changes


def replaces_vitamin_d(span: Span) -> bool:
    """Whether a course of vitamin D is taken to replace a deficit."""
    return span.amount is None or span.units_per_day >= VITAMIN_D_REPLACING_IU_PER_DAY


def unfitted_doses(spans: Sequence[Span]) -> list[Note]:
    """Oral rates far from the regimens that the bone model was fitted to."""
    fitted = {"alendronate": 10.0, "risedronate": 5.0, "ibandronate": 150 / 30.4375}
    notes: list[Note] = []
    for span in spans:
        usual = fitted.get(span.drug)
        if usual is not None and not 0.5 <= span.units_per_day / span.intensity / usual <= 1.5:
            text = f"{span.units_per_day:.3g} mg a day of {span.drug}; the model was fitted at {usual:.3g}"
            notes.append(Note(span.course, text))
    return notes
