"""How a woman's density scales the relative change of her bone.

Thin bone has more surface for its volume, and the same grams are a larger share of it: the yearly percentages of one
site rise with `exp(exponent x thinness)`. An exponent of 0 means the same percentage at every density (the first fit),
1 the same grams.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# what a yearly percentage is made of; drifts by exercise and vitamin D were measured as percentages and stay
SCALED = ("turnover", "log_turnover_drift", "ageing_loss")
IN_WORDS = (
    f"Before a run, {', '.join(SCALED[:-1])} and {SCALED[-1]} of each site are multiplied by"
    " (density of the mean woman of 62 years / her density) ^ density_exponent."
)


def scaled_by_density(constants: Mapping[str, Any], thinness: Mapping[str, Any]) -> dict[str, Any]:
    """Return the constants of the engine with those of each site scaled by its density.

    thinness : site -> number or array that fits the constants, ln(density of the reference woman / hers).
    """
    scaled = dict(constants)
    for site, of_site in thinness.items():
        factor = np.exp(constants["density_exponent"] * of_site)
        scaled |= {f"{name}_{site}": constants[f"{name}_{site}"] * factor for name in SCALED}
    return scaled
