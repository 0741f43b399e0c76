"""The women of an arm: a few nodes that stand for all of them, so that what is fitted to a mean is a mean.

A published mean is one over women who differ; on an inhibitor it lies below the change of the typical woman, because
bone answers estradiol on a curve. The nodes are a two-level design, 12 runs of Plackett and Burman 1946 (doi
10.1093/biomet/33.4.305) and their mirror images: every difference has its mean and variance, no two are correlated and
no third moment is left, so that the mean over the nodes is right to the third order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aimss.body.parameters import Parameters
from aimss.counter_random import normals
from aimss.forecast.unknowns import ESTRADIOL_LN_SD, RESORPTION_LN_SD

Array = NDArray[np.float64]
_GENERATOR = (1, 1, -1, 1, 1, 1, -1, -1, -1, 1, -1)


@dataclass(frozen=True, eq=False)
class Women:
    """Women of one arm: name of a constant -> factor of each, (w,); the first is the typical woman, without weight."""

    factors: Mapping[str, Array] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many women there are, with the typical one."""
        return len(next(iter(self.factors.values()))) if self.factors else 1

    def mean(self, values: Array) -> Array:
        """Return the mean over women of values (p, w), (p,)."""
        return values[:, 0] if self.count == 1 else np.asarray(values[:, 1:].mean(axis=1))

    def median(self, values: Array) -> Array:
        """Return the value of the typical woman, (p,), for what rises and falls with what women differ in."""
        return values[:, 0]


TYPICAL = Women()


def two_level_design() -> NDArray[np.int64]:
    """Return 24 runs of up to 11 factors at -1 and +1, (24, 11)."""
    runs = [np.roll(_GENERATOR, i) for i in range(len(_GENERATOR))]
    half = np.array([*runs, -np.ones(len(_GENERATOR), dtype=np.int64)])
    return np.concatenate([half, -half])


def _differences(parameters: Parameters) -> list[list[tuple[str, float]]]:
    """What differs between women about a mean of 1: groups of constants with their ln SD, one column each."""
    sds = parameters.between_women
    of_bone = [[(name, sds[name]) for name in group] for group in parameters.differences_between_women.values()]
    return [*of_bone, [("resorption_multiplier", RESORPTION_LN_SD)]]


def drawn_women(parameters: Parameters, count: int, seed: int = 1) -> Women:
    """Return women drawn at random, after the typical one, for what a few nodes cannot give: a spread."""
    groups = _differences(parameters)
    z = np.zeros((count + 1, len(groups) + 1))
    z[1:] = normals(seed, "women-of-arms", 0, count, len(groups) + 1)
    factors = {
        name: np.exp(sd * z[:, column] - sd**2 / 2) for column, members in enumerate(groups) for name, sd in members
    }
    factors["peripheral_estradiol_pmol_l"] = np.exp(ESTRADIOL_LN_SD * z[:, -1])
    return Women(factors)


def women_of_arms(parameters: Parameters) -> Women:
    """Return the nodes: 24 women who differ as virtual women do, after the typical one."""
    groups = _differences(parameters)
    design = np.concatenate([np.zeros((1, len(_GENERATOR))), two_level_design()])
    factors: dict[str, Array] = {}
    for column, members in enumerate(groups):
        for name, sd in members:
            # the mean is 1, as for virtual women
            factors[name] = np.exp(sd * design[:, column]) / np.cosh(sd)
            factors[name][0] = np.exp(-(sd**2) / 2)
    factors["peripheral_estradiol_pmol_l"] = np.exp(ESTRADIOL_LN_SD * design[:, len(groups)])
    return Women(factors)
