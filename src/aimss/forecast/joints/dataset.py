"""The joint forecast as one Dataset: pain, how studies would count it, attributable share, onset, easing, stopping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aimss.body import joint_observation as see
from aimss.body.joint_draws import FloatArray, joint_parameters
from aimss.body.persistence import WEEKS_PER_MONTH
from aimss.body.susceptibility import shift_probability
from aimss.forecast.joints.calendar import JointCalendar
from aimss.forecast.joints.scores import JointRecord
from aimss.forecast.joints.strategy import JointOptions, StrategyJoints
from aimss.forecast.joints.summary import interval, ratio_interval
from aimss.forecast.joints.twins import JointTwins

if TYPE_CHECKING:
    import xarray as xr

MONTHS: tuple[int, ...] = (3, 6, 12, 24)
WEEK_OF_MONTH: Mapping[int, int] = {3: 13, 6: 26, 12: 52, 24: 104}
SHOWN: tuple[str, ...] = ("S-CUM", "S-CUR", "AE", "ANY", "GE4", "HAQ")
ONSET_WEEKS: tuple[int, ...] = (6, 13, 26, 39, 52)


def _carriers() -> str:
    fitted = joint_parameters()["susceptible_logit"]
    assert fitted.ci95_low is not None
    assert fitted.ci95_high is not None
    middle, low, high = (100 / (1 + np.exp(-v)) for v in (fitted.value, fitted.ci95_low, fitted.ci95_high))
    return f"About {middle:.0f} % of women ({low:.0f}-{high:.0f} %)"


CAVEATS: tuple[str, ...] = (
    "Each percentage belongs to its definition: the same women give a higher one in a survey than in a trial report.",
    "Whether one woman's pain is due to the drug cannot be known; the share is of women, and a range.",
    f"{_carriers()} carry most of the pain that the drug adds, so the mean misleads.",
    "Pain of starting treatment knowingly cannot be told apart from the drug's effect by any one study.",
    "All three aromatase inhibitors are the same to the model: no randomised difference in pain exists.",
    "How fast pain eases off the drug is an assumption: no serial score after stopping could be read.",
    "Pain is no sign that the drug works, and its absence none that it does not.",
    "A risk of stopping holds for its setting: settings differ more than women do.",
)


def _probability(
    code: str, x: FloatArray, twins: JointTwins, weeks: JointCalendar, since: FloatArray, week: int
) -> FloatArray:
    """Probability of a report `week` weeks after today (or the start, if later), (n,)."""
    after = max(0, -weeks.start_week) + week if weeks.any_ai else week
    p = see.probability(code, x, since, twins.theta, twins.reporting, week=float(after))
    if code in {"S-CUM", "S-CUR", "AE"}:
        return shift_probability(p, twins.risk.reporting)
    return p


def joint_dataset(
    run: Sequence[StrategyJoints],
    twins: JointTwins,
    weeks: JointCalendar,
    record: JointRecord,
    options: JointOptions,
    seed: int,
) -> xr.Dataset:
    """Return the summary of a joint forecast, every variable with units, every percentage with its definition."""
    import xarray as xr

    months = np.arange(0, int(weeks.last_week / WEEKS_PER_MONTH) + 1)
    at = np.array([weeks.index(round(m * WEEKS_PER_MONTH)) for m in months])
    since = weeks.since_start
    shown_months = [m for m in MONTHS if max(0, weeks.start_week) + WEEK_OF_MONTH[m] <= weeks.last_week]
    shape = (len(run), len(SHOWN), len(shown_months), 3)
    with_drug, without, share = (np.full(shape, np.nan) for _ in range(3))
    for s, strategy in enumerate(run):
        for d, code in enumerate(SHOWN):
            for m, month in enumerate(shown_months):
                week = WEEK_OF_MONTH[month]
                p = _probability(code, strategy.pain, twins, weeks, since, week)
                p1 = _probability(code, strategy.with_drug, twins, weeks, since, week)
                p0 = _probability(code, strategy.without_drug, twins, weeks, since, week)
                with_drug[s, d, m] = interval(p, twins.draw, twins.causes)
                without[s, d, m] = interval(p0, twins.draw, twins.causes)
                share[s, d, m] = ratio_interval(p1 - p0, p1, twins.draw)
    stopped_at = np.array([max(0, i - weeks.index(max(0, weeks.start_week))) for i in at])

    def stacked(pick: Any) -> FloatArray:
        return np.stack([pick(s) for s in run]).astype(np.float32)

    points = {"units": "points 0-10, worst joint pain in 24 hours", "sources": "joint_parameters.csv"}
    chance = {"units": "probability", "sources": "joint_parameters.csv"}
    dims = ("strategy", "twin", "time")
    return xr.Dataset(
        {
            "pain": (dims, stacked(lambda s: s.pain[:, at]), {**points, "long_name": "pain with the strategy"}),
            "pain_without_ai": (
                dims, stacked(lambda s: s.without_drug[:, at]), {**points, "long_name": "pain without the drug"},
            ),
            "pain_attributable": (
                dims, stacked(lambda s: (s.with_drug - s.without_drug)[:, at]),
                {**points, "long_name": "what the drug adds, before any remedy"},
            ),
            "stopped_for_pain": (
                dims, stacked(lambda s: s.stopped.for_pain[:, stopped_at]),
                {**chance, "long_name": "stopped for pain, if on the drug today", "setting": options.setting},
            ),
            "stopped_for_other_reasons": (
                dims, stacked(lambda s: s.stopped.for_other_reasons[:, stopped_at]),
                {**chance, "long_name": "stopped for other reasons, if on the drug today", "setting": options.setting},
            ),
            "probability": (
                ("strategy", "definition", "month", "interval"), with_drug,
                {**chance, "long_name": "of women like her, reported under the definition, with the strategy"},
            ),
            "probability_without_ai": (
                ("strategy", "definition", "month", "interval"), without,
                {**chance, "long_name": "the same without the drug"},
            ),
            "attributable_share": (
                ("strategy", "definition", "month", "interval"), share,
                {**chance, "long_name": "share of reports due to the drug by this model; one reading of several"},
            ),
            "onset_half_weeks": (
                ("twin",), np.where(twins.susceptible > 0, twins.rise_weeks * np.log(2), np.nan),
                {"units": "weeks", "long_name": "half of the drug's effect built up, susceptible women"},
            ),
            "easing_half_weeks": (
                ("strategy", "twin"), stacked(lambda s: _easing(s, twins, weeks)),
                {"units": "weeks", "long_name": "half of the drug's effect gone after it ends; a prior, not a finding"},
            ),
            "onset_share": (
                ("strategy", "onset_week", "interval"), np.stack([_onset(s, twins, weeks) for s in run]),
                {**chance, "long_name": "of women who report by week 52 (S-CUM), share who did so by the week"},
            ),
        },
        coords={
            "strategy": [s.exposure.name for s in run],
            "label": ("strategy", [s.exposure.label for s in run]),
            "time": ("time", months, {"units": "months from the day of the forecast"}),
            "definition": list(SHOWN),
            "words": ("definition", [see.DEFINITIONS[code].words for code in SHOWN]),
            "counted": ("definition", [see.DEFINITIONS[code].counted for code in SHOWN]),
            "month": ("month", shown_months, {"units": "months from today, or from the start of the drug if later"}),
            "interval": ["median", "low90", "high90"],
            "onset_week": list(ONSET_WEEKS),
        },
        attrs={
            "effective_sample_size": twins.effective_sample_size,
            "candidates": twins.candidates,
            "seed": seed,
            "variant": options.variant,
            "setting": options.setting,
            "missing": "; ".join((*record.missing, *twins.risk.missing)),
            "caveats": "\n".join(CAVEATS),
        },
    )  # fmt: skip


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
