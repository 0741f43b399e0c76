"""What has to be said beside a compiled strategy: flags, banners for unvalidated ranges, the denosumab exit plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from aimss.care.drugs import BISPHOSPHONATES, BONE_DRUGS
from aimss.care.span import Span, intersect, merge
from aimss.patient.dates import DAYS_PER_MONTH, DAYS_PER_YEAR

if TYPE_CHECKING:
    from aimss.care.strategy import Strategy

DUE_MONTHS = 6.0  # ECTS20-01: another antiresorptive 6 months after the last injection (verified)
LATEST_MONTHS = 7.0  # SAF-DEN-06: the window of 7 months (not verified)
EARLIEST_FOLLOW_ON_MONTHS = 5.0  # assumed: earlier, the follow-on lies under the last dose
VALIDATED_ANTIRESORPTIVE_YEARS_ON_AI = 3.0

BANNERS = {
    "premenopausal_suppression": (
        "Ovarian suppression before menopause: trials differ here by more than anywhere else, and the model is not"
        " validated for it: it loses too little at the spine against the largest of them."
    ),
    # SAF-AI-01 (not verified) asks for it before menopause; the model's ovary fades within a year (estrogen_fall_scale)
    "suppression_after_menopause": (
        "Ovarian suppression after menopause (stated in the record, or assumed from age): the ovaries no longer make"
        " estradiol, so that it changes nothing in the model, and its own side effects are not counted. The rules ask"
        " for it before menopause only (SAF-AI-01, not verified)."
    ),
    "after_denosumab": (
        "After denosumab: few trials say what follows it, and the model is not validated for that. Spine fractures"
        " after stopping are under-stated, most of all after long treatment. Do not rank the timing of what follows by"
        " this forecast."
    ),
    "antiresorptive_on_ai_over_3_years": (
        f"More than {VALIDATED_ANTIRESORPTIVE_YEARS_ON_AI:g} years of a bone medicine on an aromatase inhibitor: few"
        " trials are as long, the spine gains less in them than the model says, and it is not validated for it."
    ),
}


@dataclass(frozen=True)
class Banner:
    """A time, from `from_day` on, that the forecast is not validated for; it `widens` its error or only says so."""

    key: str
    text: str
    from_day: float
    widens: bool = True


@dataclass(frozen=True)
class ExitPlan:
    """How denosumab ends; every day counts from the day of the forecast.

    status : planned (follow-on in its window), late, early, missing, or open (goes on past the horizon).
    next_due_day, latest_day : 6 and 7 months after the last dose.
    sources : rule ids, with the 7-month window marked as not verified.
    """

    first_dose_day: float
    last_dose_day: float | None
    last_dose_date: dt.date | None
    doses: int
    next_due_day: float | None
    latest_day: float | None
    follow_on: str | None
    follow_on_day: float | None
    status: str
    sources: tuple[str, ...] = ("ECTS20-01", "SAF-DEN-06 (7-month window: not verified)")

    @property
    def treated_months(self) -> float | None:
        """Months from the first dose to six months after the last; None while it goes on."""
        return None if self.next_due_day is None else (self.next_due_day - self.first_dose_day) / DAYS_PER_MONTH


def exit_plan(spans: Sequence[Span], horizon_days: float, record_date: dt.date) -> ExitPlan | None:
    """The exit plan of the last denosumab treatment in past or future; None if she is never given any."""
    days = sorted(day for s in spans if s.drug == "denosumab" for day in s.dose_days)
    if not days:
        return None
    due = days[-1] + DUE_MONTHS * DAYS_PER_MONTH
    latest = days[-1] + LATEST_MONTHS * DAYS_PER_MONTH
    if due >= horizon_days:
        given = sum(day < horizon_days for day in days)
        return ExitPlan(days[0], None, None, given, None, None, None, None, "open")
    earliest = days[-1] + EARLIEST_FOLLOW_ON_MONTHS * DAYS_PER_MONTH
    # a follow-on counts if it is given, or still taken, after the last dose
    after: list[tuple[float, str]] = []
    for span in spans:
        if span.drug in BISPHOSPHONATES:
            after += [(day, span.drug) for day in span.dose_days if day > days[-1]]
            after += [(max(a, days[-1]), span.drug) for a, b in span.periods if b > earliest]
    in_window = sorted((day, drug) for day, drug in after if day >= earliest - 1.0)
    early = sorted(after)
    follow_day, follow_on, status = None, None, "missing"
    if in_window:
        follow_day, follow_on = in_window[0]
        status = "planned" if follow_day <= latest + 1.0 else "late"
    if status != "planned" and early and early[0][0] < earliest - 1.0:
        follow_day, follow_on = early[0]
        status = "early"
    last_date = record_date + dt.timedelta(days=round(days[-1]))
    return ExitPlan(days[0], days[-1], last_date, len(days), due, latest, follow_on, follow_day, status)


def denosumab_ends(spans: Sequence[Span], horizon_days: float) -> list[float]:
    """Days on which the last denosumab dose wears off (7 months after it) without another, before the horizon."""
    days = sorted(day for s in spans if s.drug == "denosumab" for day in s.dose_days)
    ends: list[float] = []
    for i, day in enumerate(days):
        worn_off = day + LATEST_MONTHS * DAYS_PER_MONTH
        if (i + 1 == len(days) or days[i + 1] > worn_off + 1.0) and worn_off < horizon_days:
            ends.append(worn_off)
    return ends


def banners(spans: Sequence[Span], horizon_days: float, premenopausal: bool) -> tuple[Banner, ...]:
    """The unvalidated ranges that a schedule enters before the horizon, each from its first day in the forecast."""
    found: list[Banner] = []
    suppressed = merge(p for s in spans if s.drug == "ovarian_suppression" for p in s.periods)
    if premenopausal and suppressed and suppressed[0][0] < horizon_days:
        found.append(_banner("premenopausal_suppression", suppressed[0][0]))
    ahead = [a for a, b in suppressed if b > 0 and a < horizon_days]
    if ahead and not premenopausal:
        key = "suppression_after_menopause"
        found.append(Banner(key, BANNERS[key], max(0.0, ahead[0]), widens=False))
    ends = denosumab_ends(spans, horizon_days)
    if ends:
        found.append(_banner("after_denosumab", ends[0]))
    day = _day_of_years_together(spans, VALIDATED_ANTIRESORPTIVE_YEARS_ON_AI)
    if day is not None and day < horizon_days:
        found.append(_banner("antiresorptive_on_ai_over_3_years", day))
    return tuple(found)


def _banner(key: str, day: float) -> Banner:
    return Banner(key, BANNERS[key], max(0.0, day))


def _day_of_years_together(spans: Sequence[Span], years: float) -> float | None:
    """Day on which bone drug and AI have been taken together for so many years in all; None if never."""
    on_ai = merge(p for s in spans if s.is_ai for p in s.periods)
    on_bone_drug = merge(p for s in spans if s.drug in BONE_DRUGS for p in s.cover)
    left = years * DAYS_PER_YEAR
    for start, stop in intersect(on_ai, on_bone_drug):
        if stop - start > left + 1.0:
            return start + left
        left -= stop - start
    return None


def flags(
    strategy: Strategy,
    spans: Sequence[Span],
    found: Sequence[Banner],
    plan: ExitPlan | None,
    *,
    horizon_days: float,
    planned_ai_stop_day: float | None,
) -> tuple[str, ...]:
    """Short names of everything that a reader of this strategy has to be told, sorted."""
    names = {banner.key for banner in found}
    if strategy.counterfactual is not None:
        names.add("counterfactual")
    elif planned_ai_stop_day is not None:
        names |= _ai_flags(spans, min(planned_ai_stop_day, horizon_days))
    if plan is not None:
        if plan.status == "missing":
            names.add("denosumab_stop_without_follow_on")
        elif plan.status in {"late", "early"}:
            names.add(f"denosumab_follow_on_{plan.status}")
        doses = sorted(d for s in spans if s.drug == "denosumab" for d in s.dose_days if d < horizon_days)
        gaps = [b - a for a, b in pairwise(doses) if b >= 0]
        if any(gap > LATEST_MONTHS * DAYS_PER_MONTH + 1.0 for gap in gaps):
            names.add("denosumab_dose_late")
    together = {
        "duloxetine_with_tamoxifen": ("duloxetine", "tamoxifen"),
        "raloxifene_with_tamoxifen": ("raloxifene", "tamoxifen"),
    }
    for name, (first, second) in together.items():
        if intersect(_future(spans, first), _future(spans, second)):
            names.add(name)
    if intersect(_future(spans, "raloxifene"), (p for s in spans if s.is_ai for p in s.periods)):
        names.add("raloxifene_with_ai")
    return tuple(sorted(names))


def _ai_flags(spans: Sequence[Span], planned_stop: float) -> set[str]:
    names: set[str] = set()
    future = [(max(a, 0.0), b) for s in spans if s.is_ai for a, b in s.periods if b > 0]
    on = merge(future)
    last = max((b for _, b in on), default=0.0)
    begun = bool(on) or any(s.is_ai and s.given_before for s in spans)
    if last < planned_stop - DAYS_PER_MONTH:
        names.add("stops_ai_early" if begun else "leaves_out_ai")
    if on and (len(on) > 1 or (on[0][0] > 1.0 and any(s.is_ai and s.given_before and s.stop_day >= 0 for s in spans))):
        names.add("pauses_ai")
    drugs = [s.drug for s in sorted((s for s in spans if s.is_ai and s.periods), key=lambda s: s.start_day)]
    if on and any(a != b for a, b in pairwise(drugs)):
        names.add("switches_ai")
    return names


def _future(spans: Sequence[Span], drug: str) -> tuple[tuple[float, float], ...]:
    return merge((max(a, 0.0), b) for s in spans if s.drug == drug for a, b in s.periods if b > 0)
