"""The joint forecast as one Dataset: pain, how studies would count it, attributable share, onset, easing, stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aimss.body import joint_observation as see
from aimss.body.joint_draws import joint_parameters
from aimss.forecast.joints.findings import ONSET_WEEKS, SHOWN

if TYPE_CHECKING:
    import xarray as xr

    from aimss.forecast.joints.forecast import JointForecast


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


def joint_dataset(made: JointForecast) -> xr.Dataset:
    """Return the summary of a joint forecast, every variable with units, every percentage with its definition."""
    import xarray as xr

    found, twins, options = made.findings, made.twins, made.options
    points = {"units": "points 0-10, worst joint pain in 24 hours", "sources": "joint_parameters.csv"}
    chance = {"units": "probability", "sources": "joint_parameters.csv"}
    dims = ("strategy", "twin", "time")
    return xr.Dataset(
        {
            "pain": (dims, found.pain, {**points, "long_name": "pain with the strategy"}),
            "pain_without_ai": (
                dims, found.pain_without_ai, {**points, "long_name": "pain without the drug"},
            ),
            "pain_attributable": (
                dims, found.pain_attributable,
                {**points, "long_name": "what the drug adds, before any remedy"},
            ),
            "stopped_for_pain": (
                dims, found.stopped_for_pain,
                {**chance, "long_name": "stopped for pain, if on the drug today", "setting": options.setting},
            ),
            "stopped_for_other_reasons": (
                dims, found.stopped_for_other_reasons,
                {**chance, "long_name": "stopped for other reasons, if on the drug today", "setting": options.setting},
            ),
            "probability": (
                ("strategy", "definition", "month", "interval"), found.probability,
                {**chance, "long_name": "of women like her, reported under the definition, with the strategy"},
            ),
            "probability_without_ai": (
                ("strategy", "definition", "month", "interval"), found.probability_without_ai,
                {**chance, "long_name": "the same without the drug"},
            ),
            "attributable_share": (
                ("strategy", "definition", "month", "interval"), found.attributable_share,
                {**chance, "long_name": "share of reports due to the drug by this model; one reading of several"},
            ),
            "onset_half_weeks": (
                ("twin",), found.onset_half_weeks,
                {"units": "weeks", "long_name": "half of the drug's effect built up, susceptible women"},
            ),
            "easing_half_weeks": (
                ("strategy", "twin"), found.easing_half_weeks,
                {"units": "weeks", "long_name": "half of the drug's effect gone after it ends; a prior, not a finding"},
            ),
            "onset_share": (
                ("strategy", "onset_week", "interval"), found.onset_share,
                {**chance, "long_name": "of women who report by week 52 (S-CUM), share who did so by the week"},
            ),
        },
        coords={
            "strategy": list(found.strategies),
            "label": ("strategy", [s.exposure.label for s in made.strategies]),
            "time": ("time", found.times_months, {"units": "months from the day of the forecast"}),
            "definition": list(SHOWN),
            "words": ("definition", [see.DEFINITIONS[code].words for code in SHOWN]),
            "counted": ("definition", [see.DEFINITIONS[code].counted for code in SHOWN]),
            "month": (
                "month", list(found.months), {"units": "months from today, or from the start of the drug if later"},
            ),
            "interval": ["median", "low90", "high90"],
            "onset_week": list(ONSET_WEEKS),
        },
        attrs={
            "effective_sample_size": twins.effective_sample_size,
            "candidates": twins.candidates,
            "seed": made.seed,
            "variant": options.variant,
            "setting": options.setting,
            "missing": "; ".join((*made.record.missing, *twins.risk.missing)),
            "caveats": "\n".join(CAVEATS),
        },
    )  # fmt: skip
