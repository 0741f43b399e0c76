"""The spread between trials that aimss ships: fitted to what the shipped parameters leave of the targets."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def shipped_spread() -> dict[str, float]:
    """Return the SD between trials of each group of targets and the factor of the wide ones."""
    text = (files("aimss.calibration") / "spread.csv").read_text(encoding="utf-8")
    return {row["group"]: float(row["value"]) for row in csv.DictReader(text.splitlines())}


def spread_of(draws: int = 200, seed: int = 1) -> Mapping[str, float]:
    """Return the spread fitted to the residuals of the shipped parameters over all calibration targets.

    Their own uncertainty is given back to the residuals, which would else look too small where the fit followed them.
    """
    import numpy as np

    from aimss.body.parameters import default
    from aimss.calibration.between_trials import fit_spread, group_of
    from aimss.calibration.predict import predict
    from aimss.calibration.standard_errors import standard_error
    from aimss.calibration.targets_shipped import bone_arms, bone_targets

    targets = [t for t in bone_targets() if t.role == "calibrate" and group_of(t)]
    arms, parameters = bone_arms(), default()

    def on_scale(told: np.ndarray) -> np.ndarray:
        return np.stack([t.to_scale(told[:, i]) for i, t in enumerate(targets)], axis=-1)

    centre = on_scale(predict(arms, targets))[0]
    drawn = on_scale(predict(arms, targets, parameters.draws(draws, seed), relative_tolerance=1e-4))
    observed = np.array([float(t.to_scale(t.observed)) for t in targets])
    errors = np.array([standard_error(t) for t in targets])
    return fit_spread(targets, observed - centre, errors, np.cov(drawn, rowvar=False))
