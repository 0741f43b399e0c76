"""Conditions that start or stop a course: a T-score, a yearly loss or a pain score at dated checks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from aimss.care.timing import DAYS_PER_UNIT, DurationField, refuse
from aimss.patient.observations import SITES
from aimss.patient.parts import Part

ScanSite = Literal["any", "lumbar_spine", "total_hip", "femoral_neck"]


class Condition(Part):
    """What must hold at a check for a course to start or stop; unknown values never meet it.

    T-score: `at_or_below` or `at_or_above`, with the site (any = the lowest of the sites known).
    Annual loss: per cent of BMD lost a year since the check before, with the site (any = the largest).
    Pain: 0-10 worst joint pain at every check of the last `for_weeks` weeks.
    """

    when: Literal["t_score", "annual_loss_percent", "pain"]
    site: ScanSite | None = None
    at_or_below: Annotated[float, Field(ge=-8, le=10)] | None = None
    at_least: Annotated[float, Field(ge=-8, le=20)] | None = None
    for_weeks: Annotated[float, Field(gt=0, le=104)] | None = None
    checked_every_months: Annotated[float, Field(ge=1, le=60)] | None = None
    checked_every_weeks: Annotated[float, Field(ge=1, le=260)] | None = None
    first_check_after: DurationField | None = Field(default=None, description="from today; without it, at once")

    @model_validator(mode="after")
    def _sound(self) -> Condition:
        if (self.at_or_below is None) == (self.at_least is None):
            raise refuse("one threshold, at_or_below or at_least")
        if self.checked_every_months is not None and self.checked_every_weeks is not None:
            raise refuse("checked_every_months or checked_every_weeks, not both")
        if self.when == "pain":
            if self.site is not None:
                raise refuse("no site beside pain")
            if self.at_least is None or not 0 <= self.at_least <= 10:
                raise refuse("pain with at_least from 0 to 10")
            if self.for_weeks is not None and self.every_days > 7 * self.for_weeks:
                raise refuse("for_weeks at least as long as the time between checks")
            return self
        if self.site is None:
            raise refuse("a site beside it: any, " + ", ".join(SITES), "A T-score or a loss means nothing without one.")
        if self.for_weeks is not None:
            raise refuse("for_weeks beside pain only")
        if self.when == "annual_loss_percent" and (self.at_least is None or self.at_least <= 0):
            raise refuse("annual_loss_percent with at_least above 0")
        return self

    @property
    def every_days(self) -> float:
        """Days between checks: as written, else 12 months for scans and 4 weeks for pain."""
        if self.checked_every_weeks is not None:
            return self.checked_every_weeks * 7.0
        if self.checked_every_months is not None:
            return self.checked_every_months * DAYS_PER_UNIT["month"]
        return 28.0 if self.when == "pain" else DAYS_PER_UNIT["year"]

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites to look at; empty for pain."""
        if self.when == "pain":
            return ()
        return tuple(SITES) if self.site == "any" else (str(self.site),)

    def check_days(self, from_day: float, before_day: float) -> tuple[float, ...]:
        """Days of the checks from one day (included) to another (excluded)."""
        first = self.first_check_after.days if self.first_check_after is not None else 0.0
        days: list[float] = []
        k = 0
        while (day := first + k * self.every_days) < before_day:
            if day >= from_day:
                days.append(day)
            k += 1
        return tuple(days)

    def __str__(self) -> str:
        what = {"t_score": "T-score", "annual_loss_percent": "yearly loss in %", "pain": "worst joint pain"}[self.when]
        where = "" if self.site is None else f" ({'any site' if self.site == 'any' else self.site.replace('_', ' ')})"
        limit = f"<= {self.at_or_below:g}" if self.at_or_below is not None else f">= {self.at_least:g}"
        lasting = f" for {self.for_weeks:g} weeks" if self.for_weeks else ""
        return f"{what}{where} {limit}{lasting}, checked every {self.every_days / DAYS_PER_UNIT['month']:.3g} months"
