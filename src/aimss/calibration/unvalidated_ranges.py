"""How the model met published results in the ranges that a banner warns of: the figures beside the banner's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aimss.calibration.arms import Arm
from aimss.calibration.baselines import BONE_DRUGS, is_on_inhibitor, regimen
from aimss.care.cautions import VALIDATED_ANTIRESORPTIVE_YEARS_ON_AI
from aimss.forecast.plan_document import RangeError

if TYPE_CHECKING:
    from aimss.calibration.validation import Scored


def range_errors(scored: Sequence[Scored], arms: Mapping[str, Arm]) -> list[RangeError]:
    """Return one line a banner and kind of result, errors on the scale that its targets are scored on.

    T-scores, which have another scale, and targets of arms that are not among `arms` are left out.
    """
    found = []
    for banner, holds in _RANGES.items():
        by_kind: dict[str, list[Scored]] = {}
        for s in scored:
            if s.target.arm in arms and s.target.quantity != "t_score" and holds(s, arms):
                by_kind.setdefault(s.target.site or s.target.quantity, []).append(s)
        found += [_range(banner, kind, rows) for kind, rows in by_kind.items()]
    return found


def _range(banner: str, kind: str, rows: Sequence[Scored]) -> RangeError:
    errors = np.array([float(s.target.to_scale(s.median) - s.target.to_scale(s.target.observed)) for s in rows])
    return RangeError(
        banner=banner,
        what=kind,
        unit="percentage points of bone density" if rows[0].target.scale == "points" else "natural logarithm",
        n=len(rows),
        trials=len({s.target.study for s in rows}),
        inside=sum(s.inside for s in rows),
        middle=_rounded(np.median(errors)),
        lowest=_rounded(errors.min()),
        highest=_rounded(errors.max()),
    )


def _rounded(value: float) -> float:
    return round(float(value), 3)


def _after_denosumab(s: Scored, _: Mapping[str, Arm]) -> bool:
    return s.part == "stopping_denosumab"


def _suppression(s: Scored, arms: Mapping[str, Arm]) -> bool:
    return s.part == "bmd_premenopausal" and regimen(arms, s.target.arm).startswith("ovarian_suppression")


def _long_with_bone_drug(s: Scored, arms: Mapping[str, Arm]) -> bool:
    name = regimen(arms, s.target.arm)
    with_bone_drug = is_on_inhibitor(name) and (name == "ai_oral_bisphosphonate" or name.endswith(BONE_DRUGS))
    return s.part == "bmd_with_drug" and with_bone_drug and s.target.month >= 12 * VALIDATED_ANTIRESORPTIVE_YEARS_ON_AI


_RANGES: Mapping[str, Callable[[Scored, Mapping[str, Arm]], bool]] = {
    "after_denosumab": _after_denosumab,
    "premenopausal_suppression": _suppression,
    "antiresorptive_on_ai_over_3_years": _long_with_bone_drug,
}
