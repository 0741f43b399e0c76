"""Calendar months between two days, so that six months from 15 March end on 15 September, not a day early."""

from __future__ import annotations

import calendar
import datetime as dt


def months_between(earlier: dt.date, later: dt.date) -> float:
    """Months from one day to another: whole calendar months plus the rest as a share of 30.4375 days."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    days = later.day - earlier.day
    return months + days / 30.4375 if days else float(months)


def plus_months(date: dt.date, months: int) -> dt.date:
    """The same day some calendar months later; the last day of a shorter month."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(date.day, last))


def time_order(date: dt.date | None) -> dt.date:
    """A key that sorts undated entries before dated ones."""
    return date or dt.date.min
