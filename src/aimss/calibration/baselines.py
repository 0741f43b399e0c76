"""What a forecast has to beat: a constant yearly change, pooled by regimen and site from other trials."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from aimss.calibration.arms import AROMATASE_INHIBITORS, RECEPTOR_DRUGS, Arm
from aimss.calibration.target import Target

BONE_DRUGS = ("zoledronate", "denosumab", "alendronate", "risedronate", "ibandronate")
# how much weaker than one trial a regimen is drawn to its pool; 0.01 hardly moves a regimen that any trial reports
RIDGE = 0.01


def regimen(arms: Mapping[str, Arm], name: str) -> str:
    """Return the class of regimen of an arm; arms of a user's file without one are classed by their drugs.

    A mixture has the class that most of its women have, of classes with as many women the one named first.
    """
    arm = arms[name]
    if arm.regimen:
        return arm.regimen
    if arm.parts:
        women: dict[str, float] = {}
        for part in arm.parts:
            of_part = regimen(arms, part.arm)
            women[of_part] = women.get(of_part, 0.0) + part.share
        return max(women, key=lambda given: round(women[given], 9))
    assert arm.population is not None
    drugs = {t.drug for t in arm.treatments if t.to_month is None or t.to_month > 0}
    ended = {t.drug for t in arm.treatments} - drugs
    if arm.population.menopause_years < 0:
        return _before_menopause(drugs)
    bone = next((d for d in BONE_DRUGS if d in drugs), "")
    if drugs & set(AROMATASE_INHIBITORS):
        return f"ai_{bone}" if bone else "ai_after_tamoxifen" if "tamoxifen" in ended else "ai"
    single = bone or next((d for d in RECEPTOR_DRUGS if d in drugs), "")
    return single or ("after_tamoxifen" if "tamoxifen" in ended else "untreated")


def _before_menopause(drugs: Collection[str]) -> str:
    if "ovarian_suppression" in drugs:
        with_ai = any(d in drugs for d in AROMATASE_INHIBITORS)
        return "ovarian_suppression_ai" if with_ai else "ovarian_suppression_tamoxifen"
    if "ovarian_failure" in drugs:
        return "ovarian_failure_zoledronate" if "zoledronate" in drugs else "ovarian_failure"
    return "tamoxifen_premenopausal" if "tamoxifen" in drugs else "untreated_premenopausal"


def is_on_inhibitor(name: str) -> bool:
    """Return whether a class of regimen holds an aromatase inhibitor."""
    return name == "ai" or name.startswith("ai_")


def seen(arms: Mapping[str, Arm], target: Target, others: Iterable[Target]) -> bool:
    """Return whether another trial reports the regimen of a target (and that of its comparator)."""
    known = {regimen(arms, a) for t in others if t.study != target.study for a in (t.arm, t.comparator) if a}
    return all(regimen(arms, a) in known for a in (target.arm, target.comparator) if a)


def constant_change(
    arms: Mapping[str, Arm], targets: Sequence[Target], training: Sequence[Target]
) -> list[float | None]:
    """Return for each BMD target the constant yearly change of its regimen times the years; None for other targets.

    Rates are fitted to the BMD results of all other trials of `training`, by regimen and site; a regimen that no other
    trial reports has the rate of AI alone if it holds an inhibitor, else that of no treatment.
    """
    rates: dict[str, dict[tuple[str, str], float]] = {}
    result: list[float | None] = []
    for target in targets:
        if target.quantity != "bmd":
            result.append(None)
            continue
        if target.study not in rates:
            rates[target.study] = _rates(arms, [t for t in training if t.study != target.study])
        known = rates[target.study]
        change = _rate(arms, target.arm, target, known)
        if target.comparator:
            change -= _rate(arms, target.comparator, target, known)
        result.append(change * _years(target))
    return result


def _years(target: Target) -> float:
    return 1.0 if target.told_as == "percent_per_year" else (target.month - target.from_month) / 12


def _rate(arms: Mapping[str, Arm], arm: str, target: Target, known: Mapping[tuple[str, str], float]) -> float:
    name, site = regimen(arms, arm), target.site or ""
    pool = "ai" if is_on_inhibitor(name) else "untreated"
    for key in ((name, site), (name, ""), (pool, site), (pool, "")):
        if key in known:
            return known[key]
    return 0.0


def _rates(arms: Mapping[str, Arm], training: Sequence[Target]) -> dict[tuple[str, str], float]:
    rows = [t for t in training if t.quantity == "bmd"]
    keys = sorted({(regimen(arms, a), t.site or "") for t in rows for a in (t.arm, t.comparator) if a})
    if not keys:
        return {}
    column = {key: i for i, key in enumerate(keys)}
    design, observed = np.zeros((len(rows), len(keys))), np.zeros(len(rows))
    for i, t in enumerate(rows):
        years = _years(t)

        design[i, column[regimen(arms, t.arm), t.site or ""]] += 1.0
        if t.comparator:
            design[i, column[regimen(arms, t.comparator), t.site or ""]] -= 1.0
        observed[i] = t.observed / years
    system = design.T @ design + RIDGE * np.eye(len(keys))
    return dict(zip(keys, map(float, np.linalg.solve(system, design.T @ observed)), strict=True))
