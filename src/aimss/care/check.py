"""Whether a strategy can be carried out at all, tried on invented women before any record is at hand."""

from __future__ import annotations

import datetime as dt

from aimss.care.history import History
from aimss.care.resolve import Placement
from aimss.care.span import Span, merge
from aimss.care.strategy import Strategy
from aimss.errors import StrategyError
from aimss.patient.dates import DAYS_PER_YEAR


def check_resolvable(strategy: Strategy, where: str) -> None:
    """Refuse what no woman could be given: circles, overlaps, a stop before the start.

    Tried on two invented women, one two years into letrozole and one who is to start it; sound if it fits either.
    """
    errors: list[StrategyError] = []
    dates = [m.date for c in strategy.courses for _, m in c.references if m.date is not None]
    today = min(dates, default=dt.date(2026, 1, 1)) - dt.timedelta(days=1)
    for start in (-2 * DAYS_PER_YEAR, 0.0):
        span = Span("letrozole", merge([(start, 0.0)]), given_before=True)
        present = {"letrozole": span} if start < 0 else {}
        spans = (span,) if start < 0 else ()
        history = History(spans, present, "letrozole", start, start + 5 * DAYS_PER_YEAR, ())
        edges = {f"{c.id}.{edge}": 400.0 for c in strategy.courses for edge in c.conditions}
        try:
            for triggered in ({}, edges) if edges else ({},):
                Placement(strategy, history, today, 40 * DAYS_PER_YEAR, triggered, nominal=True, where=where).spans()
        except StrategyError as error:
            errors.append(error)
    if len(errors) > 1:
        raise errors[0]
