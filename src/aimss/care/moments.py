"""The days that a strategy refers to: starts, stops and doses of courses, and of her AI; circles refused."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from aimss.care.condition import Condition
from aimss.care.course import Course
from aimss.care.drugs import BONE_DRUGS, HER_AI
from aimss.care.history import STANDARD_AI_YEARS, History
from aimss.care.span import Note, Span, merge
from aimss.care.timing import DAYS_PER_UNIT, Moment
from aimss.errors import StrategyError
from aimss.patient.dates import DAYS_PER_YEAR

if TYPE_CHECKING:
    from aimss.care.strategy import Strategy

MAX_DOSES = 600
EVER = math.inf


class Moments:
    """Days of everything that a strategy refers to, for one woman.

    Parameters
    ----------
    triggered : day on which a conditional edge (`<course id>.start`, `<course id>.stop`) came about; absent = never.
    nominal : places the strategy on an invented woman, to check a file: her present treatment is then what the
        strategy says it is.
    """

    def __init__(
        self,
        strategy: Strategy,
        history: History,
        record_date: dt.date,
        horizon_days: float,
        triggered: Mapping[str, float] | None = None,
        *,
        nominal: bool = False,
        where: str = "",
    ) -> None:
        self.strategy, self.history = strategy, history
        self.record_date, self.horizon_days = record_date, horizon_days
        self.triggered = dict(triggered or {})
        self.nominal = nominal
        self.where = where or strategy.name
        self.notes: list[Note] = []
        self._index = {course.id: i for i, course in enumerate(strategy.courses)}
        self._open: list[str] = []
        self._known: dict[str, float] = {}
        self._check_ends_now()
        self.present = {} if strategy.continues == "none" else self._going_on()

    def start_day(self, course: Course) -> float:
        """First day of a course, not before today; infinity if its condition never comes about."""
        return self._once(f"{course.id} start", lambda: self._start_day(course))

    def stop_day(self, course: Course) -> float:
        """Day from which a course is no longer given; may lie beyond the horizon."""
        return self._once(f"{course.id} stop", lambda: self._stop_day(course))

    def dose_days(self, course: Course) -> tuple[float, ...]:
        """Days of the doses of an injection course, up to its end or to the first one beyond the horizon."""
        first, stop = self.start_day(course), self.stop_day(course)
        if not math.isfinite(first):
            return ()
        every = course.every_days or 0.0
        given = [s for s in self.history.spans if s.drug == course.drug and s.dose_days]
        if given:
            # the same drug given lately: the rhythm goes on, no dose comes early
            last = max(given, key=lambda s: s.dose_days[-1])
            first = max(first, last.dose_days[-1] + (every or last.every_days or 0.0))
        days: list[float] = []
        day = first
        for number in range(1, (course.number_of_doses or MAX_DOSES) + 1):
            day += course.late_by_months.get(number, 0.0) * DAYS_PER_UNIT["month"]
            if day >= stop:
                break
            if number not in course.missed:
                days.append(day)
            if day >= self.horizon_days and course.number_of_doses is None and math.isinf(stop):
                break
            day += every
        return tuple(days)

    def ai_start_day(self) -> float:
        """First day of her AI: of the record if she takes or took one, else of the strategy or the plan."""
        return self._once("ai_start", self._ai_start_day)

    def ai_stop_day(self) -> float:
        """Last day of any AI in the strategy."""
        return self._once("ai_stop", self._ai_stop_day)

    def at(self, moment: Moment, field: str) -> float:
        """Day of a moment."""
        if moment.anchor == "date":
            assert moment.date is not None
            return float((moment.date - self.record_date).days)
        if moment.course is not None:
            return self._edge(moment, field) + moment.offset_days
        if moment.anchor == "now":
            return moment.offset_days
        day = self.ai_start_day() if moment.anchor == "ai_start" else self.ai_stop_day()
        if math.isnan(day):
            raise StrategyError(field, "an aromatase inhibitor in her record or the strategy", f"{moment} and none")
        return day + moment.offset_days

    def _going_on(self) -> dict[str, Span]:
        strategy = self.strategy
        ended = set(strategy.ends_now)
        kept: dict[str, Span] = {}
        for drug, span in self.history.present.items():
            is_ai = span.is_ai
            endocrine = is_ai or drug in {"tamoxifen", "ovarian_suppression"}
            if (is_ai and (strategy.counterfactual == "never_ai" or "ai" in ended)) or drug in ended:
                continue
            if ("bone_drugs" in ended and drug in BONE_DRUGS) or (strategy.continues == "ai" and not endocrine):
                continue
            kept[drug] = span
        return kept

    def _check_ends_now(self) -> None:
        if self.nominal:
            return
        for name in self.strategy.ends_now:
            has = any(s.is_ai for s in self.history.present.values()) if name == "ai" else name in self.history.present
            if name != "bone_drugs" and not has:
                taken = ", ".join(sorted(self.history.present)) or "nothing"
                raise StrategyError(f"{self.where}.ends_now", f"a treatment that she takes now ({taken})", name)

    def _takeover_day(self, slot: str) -> float:
        """Day on which the strategy takes the place of what she takes now in a slot; infinity if it does not.

        A course that starts at ai_stop follows her AI, so it does not cut it short.
        """
        courses = [c for c in self.strategy.courses if c.entry.slot == slot]
        follows = [c for c in courses if isinstance(c.start, Moment) and c.start.anchor == "ai_stop"]
        starts = [self.start_day(c) for c in courses if c not in follows]
        return min(starts, default=EVER)

    def _present_end(self, drug: str, span: Span) -> float:
        planned = self.history.ai_planned_stop_day
        if span.is_ai:
            return EVER if planned is None else planned
        if drug == "ovarian_suppression":
            return self._endocrine_end()
        if drug == "tamoxifen":
            if planned is not None and self._planned_ai():
                return max(0.0, self.ai_start_day())
            for years in (STANDARD_AI_YEARS[0], STANDARD_AI_YEARS[-1]):
                if span.start_day + years * DAYS_PER_YEAR > 0:
                    self._note("tamoxifen", f"end not stated: {years:g} years in all")
                    return span.start_day + years * DAYS_PER_YEAR
        return EVER

    def _planned_ai(self) -> list[Span]:
        """Her planned AI, which starts as planned unless the strategy takes its place."""
        strategy, history = self.strategy, self.history
        planned = history.ai_planned_stop_day
        current = any(s.is_ai for s in history.present.values())
        if planned is None or current or strategy.continues == "none" or strategy.counterfactual == "never_ai":
            return []
        assert history.ai_start_day is not None
        stop = min(planned, self._takeover_day("endocrine"))
        periods = merge([(history.ai_start_day, min(stop, self.horizon_days))])
        return [Span(history.ai_drug, periods, course=HER_AI)] if periods else []

    def _start_day(self, course: Course) -> float:
        field = self._field(course, "start")
        when = course.start
        if isinstance(when, Condition):
            return self.triggered.get(f"{course.id}.start", EVER)
        if when is None:
            day = self.ai_start_day() if course.drug == HER_AI and self.history.ai_start_day is not None else 0.0
        else:
            day = self.at(when, field)
        if day < 0 and when is not None and when.anchor == "date":
            raise StrategyError(field, "a date from the day of the record on", str(when), "The past is in her record.")
        if day < 0 and course.drug != HER_AI:
            self._note(course.id, f"{when} lies in the past: starts today")
        return max(0.0, day)

    def _stop_day(self, course: Course) -> float:
        field = self._field(course, "stop")
        start = self.start_day(course)
        if course.lasts is not None:
            return start + course.lasts.days
        if isinstance(course.stop, Condition):
            day = self.triggered.get(f"{course.id}.stop")
            return self._usual_end(course) if day is None else day
        if course.stop is None:
            return self._usual_end(course)
        stop = self.at(course.stop, field)
        if math.isinf(stop) and course.stop.course is not None:
            # until something that never comes about
            return self._usual_end(course)
        if stop <= start and math.isfinite(start):
            if isinstance(course.start, Condition):
                return start
            when = f"{course.stop} (day {stop:.0f}, start on day {start:.0f})"
            raise StrategyError(field, "a stop after the start", when)
        return stop

    def _usual_end(self, course: Course) -> float:
        slot = course.entry.slot
        if slot == "ovary":
            return self._endocrine_end()
        if slot != "endocrine":
            return EVER
        planned = self.history.ai_planned_stop_day
        start = self.start_day(course)
        if planned is not None and planned > start:
            return planned
        return start + STANDARD_AI_YEARS[0] * DAYS_PER_YEAR

    def _endocrine_end(self) -> float:
        """Planned end of endocrine treatment, or its last course if later: ovarian suppression runs as long."""
        stops = [self.stop_day(c) for c in self.strategy.courses if c.entry.slot == "endocrine" and self._begins(c)]
        stops += [] if self.history.ai_planned_stop_day is None else [self.history.ai_planned_stop_day]
        if "tamoxifen" in self.present:
            stops.append(self._present_end("tamoxifen", self.present["tamoxifen"]))
        return max(stops, default=EVER)

    def _ai_courses(self) -> list[Course]:
        return [c for c in self.strategy.courses if c.is_ai]

    def _begins(self, course: Course) -> bool:
        return math.isfinite(self.start_day(course))

    def _ai_start_day(self) -> float:
        recorded = self.history.ai_start_day
        if recorded is not None and recorded <= 0 and any(s.is_ai for s in self.history.spans):
            return recorded
        anchored = [c for c in self._ai_courses() if isinstance(c.start, Moment) and c.start.anchor != "ai_start"]
        bare = [c for c in self._ai_courses() if c.start is None and (c.drug != HER_AI or recorded is None)]
        starts = [self.start_day(c) for c in (*anchored, *bare)]
        if starts:
            return min(starts)
        return math.nan if recorded is None else recorded

    def _ai_stop_day(self) -> float:
        stops = [self.stop_day(c) for c in self._ai_courses() if self._begins(c)]
        for drug, span in self.present.items():
            if span.is_ai:
                stops.append(min(self._takeover_day("endocrine"), self._present_end(drug, span)))
        if self._planned_ai():
            assert self.history.ai_planned_stop_day is not None
            stops.append(min(self.history.ai_planned_stop_day, self._takeover_day("endocrine")))
        if not stops:
            # taken until today or before: its end is where the record, or ends_now, puts it
            stops = [s.stop_day for s in self.history.spans if s.is_ai]
        return max(stops, default=math.nan)

    def _edge(self, moment: Moment, field: str) -> float:
        name = str(moment.course)
        if name in self._index:
            course = self.strategy.courses[self._index[name]]
            if moment.edge == "start":
                return self.start_day(course)
            if moment.edge == "stop" and not (course.number_of_doses and course.stop is None):
                return self.stop_day(course)
            if course.entry.given != "injection":
                raise StrategyError(field, f"{name} start or {name} stop", str(moment), "It has no single doses.")
            days = self._once(f"{name} last_dose", lambda: self._last_dose_day(course))
            return days + (course.every_days or 0.0) * (moment.edge == "stop")
        return self._recorded_edge(name, moment, field)

    def _last_dose_day(self, course: Course) -> float:
        """Day of the last dose of a course; that of her record where it ends before its first dose falls due."""
        days = self.dose_days(course)
        if not days and self._begins(course) and course.drug in self.present:
            days = tuple(self.present[course.drug].dose_days)
        return last_day(days)

    def _recorded_edge(self, name: str, moment: Moment, field: str) -> float:
        """Day of a moment of a treatment in her record, which has to end or have ended."""
        if self.nominal:
            return {"start": -365.0, "last_dose": -60.0, "stop": 0.0}[moment.edge]
        if name in self.present:
            mend = f"End it with ends_now: [{name}], or write it as a course."
            raise StrategyError(
                field, "a course of the strategy, or a treatment that ends", f"{moment}, which goes on", mend
            )
        spans = [s for s in self.history.spans if s.drug == name]
        if not spans:
            raise StrategyError(field, f"{name} in her record or the strategy", f"{moment} and none")
        last = max(spans, key=lambda s: s.stop_day)
        if moment.edge == "start":
            return last.start_day
        if moment.edge == "last_dose":
            if not last.dose_days:
                raise StrategyError(field, f"{name} start or {name} stop", str(moment), "It has no single doses.")
            return last.dose_days[-1]
        return min(0.0, last.stop_day)

    def _once(self, key: str, compute: Callable[[], float]) -> float:
        if key in self._known:
            return self._known[key]
        if key in self._open:
            circle = " -> ".join([*self._open[self._open.index(key) :], key])
            raise StrategyError(f"{self.where}.courses", "references without a circle", circle)
        self._open.append(key)
        try:
            self._known[key] = compute()
        finally:
            self._open.pop()
        return self._known[key]

    def _field(self, course: Course, name: str) -> str:
        return f"{self.where}.courses[{self._index[course.id]}].{name}"

    def _note(self, field: str, text: str) -> None:
        note = Note(field, text)
        if note not in self.notes:
            self.notes.append(note)


def last_day(days: tuple[float, ...]) -> float:
    """The last of some days; infinity if there are none."""
    return days[-1] if days else EVER
