"""`Course`: one drug or remedy, how it is given, from when to when."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from aimss.care.condition import Condition
from aimss.care.drugs import AROMATASE_INHIBITORS, DRUGS, HER_AI, OTHER_NAMES, Drug, did_you_mean
from aimss.care.gaps import GAPPED_SLOTS
from aimss.care.timing import DoseField, DurationField, Moment, MomentField, refuse
from aimss.patient.parts import Part


def _moment_or_condition(value: Any) -> str:
    return "condition" if isinstance(value, dict | Condition) else "moment"


When = Annotated[
    Annotated[MomentField, Tag("moment")] | Annotated[Condition, Tag("condition")],
    Discriminator(_moment_or_condition),
]


class Pause(Part):
    """A break in a course."""

    start: MomentField
    lasts: DurationField


class Pattern(Part):
    """Cycles of treatment and rest, such as 9 months on and 3 off; after `cycles` of them it runs on without rest."""

    taken: DurationField
    rest: DurationField
    cycles: Annotated[int, Field(ge=1, le=100)] | None = None


class Step(Part):
    """A dose for a while at the beginning or the end of a course (lead-in, taper), within its time."""

    dose: DoseField
    lasts: DurationField


class Course(Part):
    """A drug or remedy over time.

    A course without `stop`, `lasts` or `number_of_doses` runs to its planned end (endocrine drugs, ovarian
    suppression) or to the horizon (all others).
    """

    drug: Annotated[str, Field(json_schema_extra={"enum": sorted(DRUGS)})]
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)] = Field(
        default="unnamed", description="how other courses refer to it; the drug's name if left out"
    )
    dose: DoseField | None = None
    route: Literal["oral", "intravenous", "subcutaneous", "intramuscular", "topical", "surgical"] | None = None
    every: DurationField | None = None
    start: When | None = Field(default=None, description="now if left out; her_ai: at ai_start")
    stop: When | None = None
    lasts: DurationField | None = Field(default=None, description="from its own start; instead of stop")
    number_of_doses: Annotated[int, Field(ge=1, le=200)] | None = None
    late_by_months: dict[Annotated[int, Field(ge=1)], Annotated[float, Field(gt=0, le=60)]] = Field(
        default={}, description="numbered doses that come late; those after follow at the usual interval"
    )
    missed: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(), description="numbered doses that are not given")
    pattern: Pattern | None = None
    pauses: tuple[Pause, ...] = ()
    adherence: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="share of the days it is taken: lowers an oral rate, puts gaps into a switch"
    )
    gap: DurationField | None = Field(default=None, description="length of one gap where adherence makes gaps")
    lead_in: Step | None = None
    taper: Step | None = None

    @field_validator("drug")
    @classmethod
    def _known_drug(cls, value: str) -> str:
        if value not in DRUGS:
            raise refuse("one of " + ", ".join(DRUGS), did_you_mean(value, list(DRUGS), OTHER_NAMES))
        return value

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if isinstance(value, dict) and "id" not in value and value.get("drug") in list(DRUGS):
            return {**value, "id": value["drug"]}
        return value

    @model_validator(mode="after")
    def _sound(self) -> Course:
        for check in (_check_dose, _check_interval, _check_ends, _check_numbering, _check_gaps):
            check(self)
        return self

    @property
    def entry(self) -> Drug:
        """What the table of drugs says of it."""
        return DRUGS[self.drug]

    @property
    def is_ai(self) -> bool:
        """Whether it is an aromatase inhibitor, hers or a named one."""
        return self.drug == HER_AI or self.drug in AROMATASE_INHIBITORS

    @property
    def dose_amount(self) -> float | None:
        """Dose at one time in the drug's unit, as written or standard."""
        return self.dose.amount if self.dose is not None else self.entry.standard_dose

    @property
    def every_days(self) -> float | None:
        """Days between doses, as written or standard."""
        return self.every.days if self.every is not None else self.entry.standard_every_days

    @property
    def conditions(self) -> dict[str, Condition]:
        """Conditions by the edge that they govern (start, stop)."""
        edges = {"start": self.start, "stop": self.stop}
        return {edge: when for edge, when in edges.items() if isinstance(when, Condition)}

    @property
    def references(self) -> tuple[tuple[str, Moment], ...]:
        """Moments that it is written in, each with its field."""
        pauses = [(f"pauses[{i}].start", p.start) for i, p in enumerate(self.pauses)]
        moments = [("start", self.start), ("stop", self.stop), *pauses]
        return tuple((field, m) for field, m in moments if isinstance(m, Moment))


def _check_dose(course: Course) -> None:
    drug = course.entry
    if course.route is not None and course.route not in drug.routes:
        expected = " or ".join(drug.routes) if drug.routes else "no route"
        raise refuse(f"{expected} for {drug.name}", field="route", found=course.route)
    if course.dose is None and (drug.given == "injection" or (drug.given == "rate" and course.every is not None)):
        example = f"{drug.standard_dose or drug.dose_range[1]:g} {drug.unit}"
        raise refuse(f"a dose of {drug.name}, such as {example}", field="dose", found="nothing")
    steps = {"lead_in.dose": course.lead_in, "taper.dose": course.taper}
    doses = {"dose": course.dose, **{name: step.dose for name, step in steps.items() if step is not None}}
    for field, dose in doses.items():
        if dose is None:
            continue
        if drug.unit is None:
            raise refuse(f"no dose beside {drug.name}: it is that of the drug she takes", field=field, found=dose)
        if dose.unit != drug.unit:
            raise refuse(f"{drug.name} in {drug.unit}", "Check the unit.", field=field, found=dose)
        low, high = drug.dose_range
        if not low <= dose.amount <= high:
            accepted = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            raise refuse(
                f"{accepted} {drug.unit} of {drug.name} at one time", "Check the dose.", field=field, found=dose
            )


def _check_interval(course: Course) -> None:
    drug = course.entry
    if course.every is None:
        if drug.given == "injection" and course.number_of_doses != 1:
            expected = f"the interval of {drug.name}, such as 6 months (or number_of_doses: 1)"
            raise refuse(expected, field="every", found="nothing")
        return
    if drug.unit is None:
        raise refuse(f"no interval beside {drug.name}", field="every", found=course.every)
    low, high = drug.every_days_range
    if not low <= course.every.days <= high:
        accepted = f"{low:g} day" if low == high else f"{low:g} to {high:g} days"
        raise refuse(f"an interval of {accepted} for {drug.name}", field="every", found=course.every)


def _check_ends(course: Course) -> None:
    if course.stop is not None and course.lasts is not None:
        raise refuse("stop or lasts, not both", field="lasts", found=course.lasts)
    if course.number_of_doses is not None and course.entry.given != "injection":
        expected = f"number_of_doses beside injections only; {course.drug} runs until stop or for lasts"
        raise refuse(expected, field="number_of_doses", found=course.number_of_doses)
    start, stop = course.start, course.stop
    if (
        isinstance(start, Moment)
        and isinstance(stop, Moment)
        and (start.anchor, start.edge) == (stop.anchor, stop.edge)
    ):
        not_later = stop.offset_days <= start.offset_days
        if start.date is not None and stop.date is not None:
            not_later = stop.date <= start.date
        if not_later:
            raise refuse(f"a stop after the start ({start})", field="stop", found=stop)
    for field, step in (("lead_in", course.lead_in), ("taper", course.taper)):
        if step is not None and course.lasts is not None and step.lasts.days >= course.lasts.days:
            raise refuse(
                f"a {field} shorter than the course ({course.lasts})", field=f"{field}.lasts", found=step.lasts
            )


def _check_numbering(course: Course) -> None:
    for field in ("late_by_months", "missed"):
        if getattr(course, field) and course.entry.given != "injection":
            expected = f"{field} beside injections only"
            raise refuse(expected, "Use pauses or adherence.", field=field, found=getattr(course, field))
    if len(set(course.missed)) != len(course.missed):
        raise refuse("every missed dose once", field="missed", found=course.missed)
    if course.number_of_doses is not None:
        for field in ("late_by_months", "missed"):
            for number in getattr(course, field):
                if number > course.number_of_doses:
                    expected = f"dose numbers up to number_of_doses ({course.number_of_doses})"
                    raise refuse(expected, field=field, found=number)


def _check_gaps(course: Course) -> None:
    if course.entry.given == "injection":
        for field in ("pattern", "pauses", "adherence"):
            if getattr(course, field):
                raise refuse(
                    f"no {field} beside an injection", "Use late_by_months or missed.", field=field, found="one"
                )
    if course.gap is not None and (course.adherence is None or course.entry.slot not in GAPPED_SLOTS):
        raise refuse("gap beside adherence of an endocrine drug", field="gap", found=course.gap)
    lengths = {"gap": course.gap}
    if course.pattern is not None:
        lengths |= {"pattern.taken": course.pattern.taken, "pattern.rest": course.pattern.rest}
    for field, length in lengths.items():
        if length is not None and length.days < 1:
            raise refuse("at least 1 day", field=field, found=length)
