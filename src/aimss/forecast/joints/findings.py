"""What a joint forecast finds of each strategy: pain by month, how studies would count it, onset, easing, stopping."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aimss.body import joint_observation as see
from aimss.body.joint_draws import FloatArray
from aimss.body.susceptibility import shift_probability
from aimss.forecast.joints.calendar import JointCalendar
from aimss.forecast.joints.strategy import StrategyJoints
from aimss.forecast.joints.summary import interval, ratio_interval
from aimss.forecast.joints.twins import JointTwins

MONTHS: tuple[int, ...] = (3, 6, 12, 24)
WEEK_OF_MONTH: Mapping[int, int] = {3: 13, 6: 26, 12: 52, 24: 104}
SHOWN: tuple[str, ...] = ("S-CUM", "S-CUR", "AE", "ANY", "GE4", "HAQ")
ONSET_WEEKS: tuple[int, ...] = (6, 13, 26, 39, 52)


@dataclass(frozen=True, eq=False)
class JointFindings:
    """Of s strategies and n twins, over t months from today and m of MONTHS from today (or the start, if later).

    pain, pain_without_ai, pain_attributable (points, the last before any remedy), stopped_for_pain,
    stopped_for_other_reasons (probability, if on the drug today) : (s, n, t).
    probability, probability_without_ai, attributable_share : (s, SHOWN, m, 3), median, 5 % and 95 %.
    onset_half_weeks : (n,), NaN where the drug adds nothing; easing_half_weeks : (s, n).
    onset_share : (s, ONSET_WEEKS, 3), of women who report by week 52 (S-CUM) those who did by the week.
    """

    strategies: tuple[str, ...]
    times_months: NDArray[np.int64]
    months: tuple[int, ...]
    pain: NDArray[np.float32]
    pain_without_ai: NDArray[np.float32]
    pain_attributable: NDArray[np.float32]
    stopped_for_pain: NDArray[np.float32]
    stopped_for_other_reasons: NDArray[np.float32]
    probability: FloatArray
    probability_without_ai: FloatArray
    attributable_share: FloatArray
    onset_half_weeks: FloatArray
    easing_half_weeks: NDArray[np.float32]
    onset_share: FloatArray


def reports(x: FloatArray, code: str, month: int, twins: JointTwins, weeks: JointCalendar) -> FloatArray:
    """Return the probability of a report by pain x some MONTHS after today (or the start, if later), (n,)."""
    week = WEEK_OF_MONTH[month]
    after = max(0, -weeks.start_week) + week if weeks.any_ai else week
    p = see.probability(code, x, weeks.since_start, twins.theta, twins.reporting, week=float(after))
    if code in {"S-CUM", "S-CUR", "AE"}:
        return shift_probability(p, twins.risk.reporting)
    return p


def months_reached(weeks: JointCalendar) -> tuple[int, ...]:
    """Return those of MONTHS that the forecast reaches."""
    return tuple(m for m in MONTHS if max(0, weeks.start_week) + WEEK_OF_MONTH[m] <= weeks.last_week)


def joint_findings(run: Sequence[StrategyJoints], twins: JointTwins, weeks: JointCalendar) -> JointFindings:
    """Return what the strategies say."""
    at = weeks.positions_of_months
    months = months_reached(weeks)
    shape = (len(run), len(SHOWN), len(months), 3)
    with_drug, without, share = (np.full(shape, np.nan) for _ in range(3))
    # strategies share their pain without the drug, and most have no remedy: each course of pain is read once
    read: dict[tuple[int, str, int], tuple[FloatArray, FloatArray]] = {}

    def reading(x: FloatArray, code: str, month: int) -> tuple[FloatArray, FloatArray]:
        key = id(x), code, month
        if key not in read:
            p = reports(x, code, month, twins, weeks)
            read[key] = p, interval(p, twins.draw, twins.causes)
        return read[key]

    for s, strategy in enumerate(run):
        for d, code in enumerate(SHOWN):
            for m, month in enumerate(months):
                with_drug[s, d, m] = reading(strategy.pain, code, month)[1]
                p1 = reading(strategy.with_drug, code, month)[0]
                p0, without[s, d, m] = reading(strategy.without_drug, code, month)
                share[s, d, m] = ratio_interval(p1 - p0, p1, twins.draw)

    def stacked(pick: Callable[[StrategyJoints], FloatArray]) -> NDArray[np.float32]:
        return np.stack([pick(s) for s in run]).astype(np.float32)

    return JointFindings(
        strategies=tuple(s.exposure.name for s in run),
        times_months=weeks.months,
        months=months,
        pain=stacked(lambda s: s.pain[:, at]),
        pain_without_ai=stacked(lambda s: s.without_drug[:, at]),
        pain_attributable=stacked(lambda s: s.with_drug[:, at] - s.without_drug[:, at]),
        stopped_for_pain=stacked(lambda s: s.stopped.for_pain),
        stopped_for_other_reasons=stacked(lambda s: s.stopped.for_other_reasons),
        probability=with_drug,
        probability_without_ai=without,
        attributable_share=share,
        onset_half_weeks=np.where(twins.susceptible > 0, twins.rise_weeks * np.log(2), np.nan),
        easing_half_weeks=stacked(lambda s: _easing(s, twins, weeks)),
        onset_share=np.stack([_onset(s, twins, weeks) for s in run]),
    )


def _easing(strategy: StrategyJoints, twins: JointTwins, weeks: JointCalendar) -> FloatArray:
    """Weeks from the end of the drug until half of what it added is gone, (n,); NaN where it goes on or added none."""
    stop = strategy.exposure.stop_week
    out = np.full(len(twins), np.nan)
    if stop is None:
        return out
    added = twins.effect(strategy.exposure)[:, weeks.index(stop) :]
    gone = added <= 0.5 * added[:, :1]
    women = (twins.susceptible > 0) & gone.any(axis=1)
    out[women] = gone[women].argmax(axis=1)
    return out


def _onset(strategy: StrategyJoints, twins: JointTwins, weeks: JointCalendar) -> FloatArray:
    """Share of 52-week reporters who had reported by each of ONSET_WEEKS, (weeks, 3)."""
    if weeks.start_week + ONSET_WEEKS[-1] > weeks.last_week:
        return np.full((len(ONSET_WEEKS), 3), np.nan)
    p = [
        see.probability("S-CUM", strategy.with_drug, weeks.since_start, twins.theta, twins.reporting, week=float(w))
        for w in ONSET_WEEKS
    ]
    return np.stack([ratio_interval(early, p[-1], twins.draw) for early in p])
