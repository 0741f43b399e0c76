"""Which part of the table a target is filed under; one of a mixture of arms where most of its women belong."""

from __future__ import annotations

from collections.abc import Mapping

from aimss.calibration.arms import AROMATASE_INHIBITORS, Arm
from aimss.calibration.baselines import is_on_inhibitor, regimen
from aimss.calibration.predict import leaves
from aimss.calibration.target import MARKERS, PARTS, Target

PART_NAMES = {
    "estradiol": "Estradiol",
    "bmd_on_ai": "Bone density on an aromatase inhibitor alone",
    "bmd_with_drug": "Bone density with a bone drug (with or without an inhibitor)",
    "bmd_without_ai": "Bone density without an inhibitor (menopause, tamoxifen, no drug)",
    "bmd_premenopausal": "Bone density before menopause (suppression, chemotherapy, tamoxifen)",
    "stopping_ai": "After stopping an inhibitor",
    "stopping_denosumab": "After stopping denosumab",
    "stopping_bisphosphonate": "After stopping a bisphosphonate",
    "markers": "Markers of turnover",
    "fractures": "Fractures",
    "prevalence": "Joint symptoms, by definition",
    "onset": "Onset and severity of joint symptoms",
    "pain": "Pain scores",
    "discontinuation": "Stopping the inhibitor",
}
_BY_QUANTITY = {
    "estradiol": "estradiol",
    "joint_symptoms": "prevalence",
    "pain_change": "pain",
    "discontinuation": "discontinuation",
    **dict.fromkeys(MARKERS, "markers"),
}
_BONE_DRUGS = ("zoledronate", "denosumab", "dronate", "raloxifene")


def part_of(target: Target, arms: Mapping[str, Arm]) -> str:
    """Return the part of the table that a target belongs to; from its arm where the target does not say."""
    if target.part is not None:
        return target.part
    if target.quantity in _BY_QUANTITY:
        return _BY_QUANTITY[target.quantity]
    if target.quantity not in ("bmd", "t_score"):
        return "fractures"
    return next(iter(women_by_part(target, arms)))


def women_by_part(target: Target, arms: Mapping[str, Arm]) -> dict[str, float]:
    """Return the share of the women of an arm that each part of bone density holds, the largest first.

    Of parts that hold as many women the first in the order of the table is first.
    """
    shares: dict[str, float] = {}
    for leaf, share in leaves(arms, target.arm):
        part = _part_of_arm(target, arms, leaf)
        shares[part] = shares.get(part, 0.0) + share
    # shares are rounded as they add up: 0.1 three times and 0.3 are as many
    return dict(sorted(shares.items(), key=lambda item: (-round(item[1], 9), PARTS.index(item[0]))))


def mixture_in_words(target: Target, arms: Mapping[str, Arm]) -> str:
    """Return of which kinds the women of an arm are, where they are of more than one; empty otherwise."""
    if target.quantity not in ("bmd", "t_score"):
        return ""
    shares = women_by_part(target, arms)
    if len(shares) == 1:
        return ""
    return "women of " + ", ".join(f"{PART_NAMES[part].split(' (')[0]}: {100 * s:.0f} %" for part, s in shares.items())


def _part_of_arm(target: Target, arms: Mapping[str, Arm], name: str) -> str:
    arm = arms[name]
    assert arm.population is not None
    if arm.population.menopause_years < 0 and arm.regimen != "natural_menopause":
        return "bmd_premenopausal"
    stopped = {t.drug for t in arm.treatments if t.to_month is not None and t.to_month <= target.from_month}
    last = max(
        (
            m
            for t in arm.treatments
            if t.drug == "denosumab"
            for m in ([*t.at_months] or [t.from_month + (t.doses or 1000) * (t.interval_months or 6) - 6])
        ),
        default=1e9,
    )
    if last + 6 < target.month - 1e-6:
        return "stopping_denosumab"
    if stopped & set(AROMATASE_INHIBITORS):
        return "stopping_ai"
    given = regimen(arms, name)
    if given in ("ai", "ai_after_tamoxifen"):
        return "bmd_on_ai"
    if is_on_inhibitor(given) or any(d in given for d in _BONE_DRUGS):
        return "bmd_with_drug"
    return "bmd_without_ai"
