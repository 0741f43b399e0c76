"""Predictive intervals of targets: parameter draws, spread between trials, sampling error of what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aimss.calibration.between_trials import study_sd
from aimss.calibration.standard_errors import standard_error
from aimss.calibration.study_effects import of_one_result, student_t
from aimss.calibration.target import Target
from aimss.counter_random import normals

Array = NDArray[np.float64]
LOW, HIGH = 0.05, 0.95
REPEATS = 20  # study effects and sampling errors drawn beside each parameter draw


@dataclass(frozen=True, eq=False)
class Predictive:
    """Draws of what a new trial would have printed, on the scale of errors, (draws, targets); NaN without an answer."""

    targets: tuple[Target, ...]
    draws: Array

    def ranks(self) -> Array:
        """Return the share of draws below what was observed, (targets,); even over 0-1 where intervals are right."""
        observed = np.array([float(t.to_scale(t.observed)) for t in self.targets])
        return np.asarray((self.draws < observed).mean(axis=0))

    def quantiles(self, shares: Sequence[float]) -> Array:
        """Return quantiles as the targets are told, (shares, targets)."""
        found = np.quantile(self.draws, shares, axis=0)
        return np.stack([t.from_scale(found[:, i]) for i, t in enumerate(self.targets)], axis=-1)


def predictive(
    targets: Sequence[Target], predictions: Array, spread: Mapping[str, float], *, seed: int = 1
) -> Predictive:
    """Return predictive draws of targets from predictions under parameter draws, (p, t) in their own units."""
    on_scale = np.stack([t.to_scale(predictions[:, i]) for i, t in enumerate(targets)], axis=-1)
    rows, width = len(predictions) * REPEATS, len(targets)
    sampling = normals(seed, "validation/sampling", 0, rows, width) * [standard_error(t) for t in targets]
    shared, own = normals(seed, "validation/study", 0, rows, width), student_t(seed, "validation/own", 0, rows, width)
    effect = of_one_result(shared, own) * [study_sd(t, spread) for t in targets]
    return Predictive(tuple(targets), np.repeat(on_scale, REPEATS, axis=0) + sampling + effect)
