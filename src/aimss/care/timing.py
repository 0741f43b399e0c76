"""Doses, durations and moments as a strategy writes them: `70 mg`, `6 months`, `at ai_stop + 6 months`."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from aimss.patient.dates import DAYS_PER_MONTH, DAYS_PER_YEAR, PartialDate

DAYS_PER_UNIT = {"day": 1.0, "week": 7.0, "month": DAYS_PER_MONTH, "year": DAYS_PER_YEAR}
MAX_DAYS = 100 * DAYS_PER_YEAR
_NUMBER = r"\d+(?:\.\d+)?"
_DURATION = rf"(?P<amount>{_NUMBER})\s*(?P<unit>day|week|month|year)s?"
_REFERENCE = r"at\s+(?:(?P<ai>ai_start|ai_stop)|(?P<course>[a-z][a-z0-9_]*)\s+(?P<edge>start|stop|last_dose))"
_DATE = r"\d{4}(?:-\d{2}(?:-\d{2})?)?"

DOSE_PATTERN = rf"^{_NUMBER}\s*[A-Za-z]+$"
DURATION_PATTERN = rf"^{_NUMBER}\s*(day|week|month|year)s?$"


def refuse(expected: str, mend: str = "", *, field: str = "", found: object = None) -> PydanticCustomError:
    """An error that says what would have been accepted.

    field and found are needed where several fields are checked together; otherwise the reader of the file adds them.
    """
    context = {"expected": expected, "mend": mend, "field": field, "found": "" if found is None else str(found)}
    return PydanticCustomError("aimss", "{expected}", context)


@dataclass(frozen=True)
class Dose:
    """An amount with its unit."""

    amount: float
    unit: str

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit}"


@dataclass(frozen=True)
class Duration:
    """A length of time in the unit it was written in; a month is 30.4375 days, a year 365.25."""

    amount: float
    unit: str

    @property
    def days(self) -> float:
        """Length in days."""
        return self.amount * DAYS_PER_UNIT[self.unit]

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit}{'' if self.amount == 1 else 's'}"


@dataclass(frozen=True)
class Moment:
    """A point in time: today, an anchor with an offset, or a date.

    anchor : now, ai_start, ai_stop, date, or the id of a course.
    edge : start, stop or last_dose of that course; empty otherwise.
    """

    text: str
    anchor: str
    edge: str = ""
    offset_days: float = 0.0
    date: dt.date | None = None

    @property
    def course(self) -> str | None:
        """Id of the course that it refers to, if any."""
        return self.anchor if self.edge else None

    def __str__(self) -> str:
        return self.text


def parse_dose(value: Any) -> Dose:
    """Read `70 mg`; a bare number has no unit and is refused."""
    if isinstance(value, Dose):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise refuse("a dose with its unit, such as 70 mg", "Write the unit behind the number.")
    match = re.fullmatch(rf"({_NUMBER})\s*([A-Za-z]+)", value.strip()) if isinstance(value, str) else None
    if match is None:
        raise refuse("a dose as a positive number and a unit, such as 70 mg or 800 IU")
    if float(match[1]) <= 0:
        raise refuse("a dose above zero")
    return Dose(float(match[1]), "sessions" if match[2] == "session" else match[2])


def parse_duration(value: Any) -> Duration:
    """Read `6 months`; a length of zero is refused."""
    if isinstance(value, Duration):
        return value
    match = re.fullmatch(_DURATION, value.strip()) if isinstance(value, str) else None
    if match is None:
        raise refuse("a length of time in days, weeks, months or years, such as 6 months")
    if float(match["amount"]) <= 0:
        raise refuse("a length of time above zero")
    if float(match["amount"]) * DAYS_PER_UNIT[match["unit"]] > MAX_DAYS:
        raise refuse("a length of time of at most 100 years")
    return Duration(float(match["amount"]), match["unit"])


MOMENT_FORMS = (
    "now, +6 months, at ai_start, at ai_stop + 6 months, at denosumab last_dose + 6 months, a date,"
    " or a condition ({when: t_score, ...})"
)


def parse_moment(value: Any) -> Moment:
    """Read one of the forms in MOMENT_FORMS, except a condition."""
    if isinstance(value, Moment):
        return value
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return Moment(value.isoformat(), "date", date=value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if text == "now":
        return Moment(text, "now")
    if match := re.fullmatch(rf"\+\s*{_DURATION}", text):
        return Moment(text, "now", offset_days=float(match["amount"]) * DAYS_PER_UNIT[match["unit"]])
    if match := re.fullmatch(rf"{_REFERENCE}(?:\s*(?P<sign>[+-])\s*{_DURATION})?", text):
        offset = float(match["amount"]) * DAYS_PER_UNIT[match["unit"]] if match["amount"] else 0.0
        offset = -offset if match["sign"] == "-" else offset
        return Moment(text, match["ai"] or match["course"], match["edge"] or "", offset)
    if re.fullmatch(_DATE, text):
        try:
            return Moment(text, "date", date=PartialDate.parse(text))
        except ValueError:
            pass
    raise refuse(MOMENT_FORMS)


_MOMENT_PATTERN = (
    rf"^(now|\+ *{DURATION_PATTERN[1:-1]}|at +(ai_start|ai_stop|[a-z][a-z0-9_]* +(start|stop|last_dose))"
    rf"( *[+-] *{DURATION_PATTERN[1:-1]})?|{_DATE})$"
)
DoseField = Annotated[
    InstanceOf[Dose],
    BeforeValidator(parse_dose),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DOSE_PATTERN, "examples": ["70 mg", "800 IU"]}),
]
DurationField = Annotated[
    InstanceOf[Duration],
    BeforeValidator(parse_duration),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["6 months", "12 weeks"]}),
]
MomentField = Annotated[
    InstanceOf[Moment],
    BeforeValidator(parse_moment),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": _MOMENT_PATTERN, "examples": ["now", "+6 months", "at ai_stop + 6 months"]}
    ),
]
