"""A GRADE-style certainty line with its reasons, from what the evidence tables carry; never a bare star.

Randomised evidence starts high and falls one level for each ground below; the rules are mechanical (decision 0107), so
that anyone can see why a line says what it says. It is not a GRADE assessment by people who read the trials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEVELS = ("very low", "low", "moderate", "high")
WORTHWHILE_POINTS = 1.0
"""Smallest change on a 0-10 pain scale that patients call slightly better: population/pain_measurement:PM012."""
ENOUGH_PEOPLE = 400
"""Optimal information size for a continuous outcome by GRADE's rule of thumb (J Clin Epidemiol 2011;64:1283)."""
OPEN_COMPARATORS = ("waitlist", "usual care", "enhanced usual care", "historical control", "no diuretic")


@dataclass(frozen=True)
class Certainty:
    """``level`` is high, moderate, low or very low; ``reasons`` say what lowered it, ``remarks`` what else to know."""

    level: str
    reasons: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.level} certainty"
        if self.reasons:
            text += ": " + "; ".join(self.reasons)
        return text + (f" ({'; '.join(self.remarks)})" if self.remarks else "")


def remedy_certainty(
    *,
    comparator: str,
    ci_low: float,
    ci_high: float,
    people: float | None,
    k: int,
    i2_percent: float | None,
    indirect: Sequence[str],
    remarks: Sequence[str],
) -> Certainty:
    """Grade a mean difference on 0-10 pain (negative is better) from randomised trials.

    Parameters
    ----------
    people : women analysed, None where a trial does not say.
    i2_percent : heterogeneity, None with one trial.
    indirect : why the trials' women or outcome are not those asked about.
    """
    reasons = []
    if comparator in OPEN_COMPARATORS:
        reasons.append(f"risk of bias: women knew that they were on {comparator}, and pain is self-reported")
    if ci_low <= 0 <= ci_high:
        reasons.append("imprecision: the interval includes no effect")
    elif ci_low < -WORTHWHILE_POINTS < ci_high:
        reasons.append(f"imprecision: the interval includes effects smaller than {WORTHWHILE_POINTS:g} point")
    if people is None or people < ENOUGH_PEOPLE:
        found = "an unknown number of" if people is None else f"{people:g}"
        reasons.append(f"imprecision: {found} women, fewer than {ENOUGH_PEOPLE} are known")
    if i2_percent is not None and i2_percent > 50:
        reasons.append(f"inconsistency: I² = {i2_percent:.0f} %")
    reasons += [f"indirectness: {text}" for text in dict.fromkeys(indirect)]
    own = ["one trial: consistency unknown"] if k == 1 else []
    return Certainty(LEVELS[max(0, 3 - len(reasons))], tuple(reasons), (*own, *dict.fromkeys(remarks)))
