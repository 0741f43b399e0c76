"""Courses of a strategy placed in time for one woman, with what goes on of her present treatment; overlaps refused."""

from __future__ import annotations

import math
from itertools import combinations

from aimss.care.course import Course
from aimss.care.drugs import DRUGS, HER_AI
from aimss.care.gaps import GAPPED_SLOTS, missed_gaps, rests
from aimss.care.moments import Moments, last_day
from aimss.care.span import Span, merge, subtract
from aimss.errors import StrategyError
from aimss.patient.dates import DAYS_PER_YEAR


class Placement(Moments):
    """One strategy on one woman's calendar."""

    def spans(self) -> tuple[Span, ...]:
        """Everything given from today on: her present treatment as far as it goes on, and the courses."""
        explicit = [self._span(course) for course in self.strategy.courses]
        self._refuse_overlaps(explicit)
        going_on = [self._continued(drug, span) for drug, span in self.present.items()]
        return tuple(s for s in (*going_on, *self._planned_ai(), *explicit) if s.periods or s.dose_days)

    def _span(self, course: Course) -> Span:
        start, stop = self.start_day(course), self.stop_day(course)
        drug = self.history.ai_drug if course.drug == HER_AI else course.drug
        if course.entry.given == "injection":
            days = self.dose_days(course)
            every = course.every_days or self._usual_interval(course)
            return Span(drug, (), days, course.dose_amount, every, course=course.id)
        periods = merge([(start, min(stop, self.horizon_days))]) if math.isfinite(start) else ()
        periods = subtract(periods, self._gaps(course, start, stop))
        gapped = course.entry.slot in GAPPED_SLOTS
        intensity = 1.0 if gapped or course.adherence is None else course.adherence
        return Span(drug, periods, (), course.dose_amount, course.every_days, intensity, course.id)

    def _usual_interval(self, course: Course) -> float:
        """How long a single dose is counted as treatment: a year for 5 mg zoledronate, else six months."""
        return DAYS_PER_YEAR if (course.dose_amount or 0.0) >= 5 and course.drug == "zoledronate" else DAYS_PER_YEAR / 2

    def _gaps(self, course: Course, start: float, stop: float) -> list[tuple[float, float]]:
        end = min(stop, self.horizon_days)
        if not math.isfinite(start) or start >= end:
            return []
        field = self._field(course, "pauses")
        days = [max(start, self.at(pause.start, field)) for pause in course.pauses]
        pauses = [(day, day + p.lasts.days) for day, p in zip(days, course.pauses, strict=True)]
        missed = missed_gaps(course, start, end, f"{self.strategy.name}/{course.id}")
        return [*pauses, *rests(course, start, end), *missed]

    def _continued(self, drug: str, span: Span) -> Span:
        name = HER_AI if span.is_ai else drug
        stop = min(self._takeover_day(DRUGS[name].slot), self._present_end(drug, span))
        if DRUGS[name].given == "injection":
            every = span.every_days or DAYS_PER_YEAR / 2
            day = span.dose_days[-1] + every
            if day < 0:
                self._note(drug, f"next dose was due {-day:.0f} days ago: given today")
                day = 0.0
            end = min(stop, self.horizon_days + every)
            days = [day + k * every for k in range(max(0, math.ceil((end - day) / every - 1e-9)))]
            return Span(drug, (), tuple(days), span.amount, every, course=drug)
        periods = merge([(0.0, min(stop, self.horizon_days))])
        return Span(drug, periods, (), span.amount, span.every_days, course=drug)

    def _refuse_overlaps(self, spans: list[Span]) -> None:
        courses = self.strategy.courses
        for (i, a), (j, b) in combinations(enumerate(spans), 2):
            slot = courses[i].entry.slot
            if slot != courses[j].entry.slot or slot not in {"endocrine", "bone"}:
                continue
            a_from, a_to, b_from, b_to = a.start_day, _end(a), b.start_day, _end(b)
            if a_from < b_to - 1e-3 and b_from < a_to - 1e-3:
                what = "one endocrine drug at a time" if slot == "endocrine" else "one bone drug at a time"
                found = f"{courses[i].drug} to day {a_to:.0f} and {courses[j].drug} from day {b_from:.0f}"
                raise StrategyError(
                    f"{self.where}.courses[{j}].start", what, found, "Stop one before the other starts."
                )


def _end(span: Span) -> float:
    return span.periods[-1][1] if span.periods else last_day(span.dose_days)
