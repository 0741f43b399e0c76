"""Dates as they stand in clinical records: a day, a month or a year, with the precision kept."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12


class PartialDate(dt.date):
    """A date whose day, or day and month, may be unknown; the middle of the period then stands for it."""

    precision: str

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read ``2026-03-14``, ``2026-03`` or ``2026``; ValueError for anything else."""
        match = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text.strip())
        if match is None:
            raise ValueError("a date as YYYY-MM-DD, YYYY-MM or YYYY")
        year, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None
        made = cls(year, month or 7, day or (15 if month else 1))
        made.precision = "day" if day else "month" if month else "year"
        return made

    @property
    def latest(self) -> dt.date:
        """The last day that this date may stand for."""
        if self.precision == "year":
            return dt.date(self.year, 12, 31)
        if self.precision == "month":
            return dt.date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])
        return dt.date(self.year, self.month, self.day)

    def __str__(self) -> str:
        return self.isoformat()[: {"day": 10, "month": 7, "year": 4}[self.precision]]


def _read(value: Any) -> PartialDate:
    if isinstance(value, PartialDate):
        return value
    if isinstance(value, dt.datetime):
        raise ValueError("a date without a time of day")
    if isinstance(value, dt.date):
        return PartialDate.parse(value.isoformat())
    if isinstance(value, int) and not isinstance(value, bool):
        return PartialDate.parse(str(value))
    if isinstance(value, str):
        return PartialDate.parse(value)
    raise ValueError("a date as YYYY-MM-DD, YYYY-MM or YYYY")


RecordDate = Annotated[dt.date, BeforeValidator(_read), PlainSerializer(str, return_type=str)]


def years_between(earlier: dt.date, later: dt.date) -> float:
    """Years from one date to another (negative if reversed), 365.25 days a year."""
    return (later - earlier).days / DAYS_PER_YEAR
