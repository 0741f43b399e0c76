"""Dates as they stand in clinical records: a day, a month or a year, with the precision kept."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
DATE_PATTERN = r"\d{4}(-\d{2}(-\d{2})?)?"
ACCEPTED = "a date as YYYY-MM-DD, YYYY-MM or YYYY"


class PartialDate(dt.date):
    """A date whose day, or day and month, may be unknown; the middle of the period then stands for it.

    Two are equal when day and precision are; a plain date equals only one that is known to the day.
    """

    precision: str = "day"

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read ``2026-03-14``, ``2026-03`` or ``2026``; ValueError for anything else."""
        stripped = text.strip()
        if re.fullmatch(DATE_PATTERN, stripped, re.ASCII) is None:
            raise ValueError(ACCEPTED)
        year, month, day = ([int(part) for part in stripped.split("-")] + [0, 0])[:3]
        try:
            made = cls(year, month or 7, day or (15 if month else 1))
        except ValueError:
            raise ValueError("a day that exists in the calendar") from None
        made.precision = "day" if day else "month" if month else "year"
        return made

    @classmethod
    def read(cls, value: Any) -> PartialDate:
        """A partial date from text, a date, or a year as a whole number; ValueError for anything else."""
        if isinstance(value, cls):
            return value
        if isinstance(value, dt.datetime):
            raise ValueError("a date without a time of day, as YYYY-MM-DD")
        if isinstance(value, dt.date):
            return cls(value.year, value.month, value.day)
        if isinstance(value, int) and not isinstance(value, bool):
            return cls.parse(str(value))
        if isinstance(value, str):
            return cls.parse(value)
        raise ValueError(ACCEPTED)

    @property
    def earliest(self) -> dt.date:
        """The first day that this date may stand for."""
        month = 1 if self.precision == "year" else self.month
        return dt.date(self.year, month, self.day if self.precision == "day" else 1)

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

    def __repr__(self) -> str:
        return f"PartialDate.parse({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, dt.date):
            return NotImplemented
        return dt.date.__eq__(self, other) and self.precision == getattr(other, "precision", "day")

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = dt.date.__hash__

    # datetime.date pickles its day only; copies go through text so that the precision survives
    def __reduce__(self) -> tuple[Any, ...]:
        return PartialDate.parse, (str(self),)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{DATE_PATTERN}$", "examples": ["2026-03-14", "2026-03", "2026"]}


RecordDate = PartialDate


def years_between(earlier: dt.date, later: dt.date) -> float:
    """Years from one date to another (negative if reversed), 365.25 days a year."""
    return (later - earlier).days / DAYS_PER_YEAR
