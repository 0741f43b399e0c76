"""Priors of the joint fit, one line each in priors.csv; every one is an assumption with its reason in `basis`."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Prior:
    """A prior: `location` is the median of a lognormal, the first shape of a beta; `scale` the (log) SD or second."""

    name: str
    stage: str
    distribution: str
    location: float
    scale: float
    unit: str
    basis: str

    @property
    def as_distribution(self) -> Any:
        """Return it as a numpyro distribution."""
        import numpyro.distributions as dist

        return {
            "normal": lambda: dist.Normal(self.location, self.scale),
            "lognormal": lambda: dist.LogNormal(np.log(self.location), self.scale),
            "halfnormal": lambda: dist.HalfNormal(self.scale),
            "beta": lambda: dist.Beta(self.location, self.scale),
        }[self.distribution]()

    def sd(self, values: np.ndarray[Any, np.dtype[np.float64]] | None = None) -> float:
        """Return the prior's SD, or that of `values`, on the scale on which the prior is narrow (log for lognormal)."""
        if values is not None:
            return float(np.std(np.log(values) if self.distribution == "lognormal" else values, ddof=1))
        if self.distribution == "halfnormal":
            return self.scale * float(np.sqrt(1 - 2 / np.pi))
        if self.distribution == "beta":
            a, b = self.location, self.scale
            return float(np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1))))
        return self.scale


@cache
def priors(stage: str) -> dict[str, Prior]:
    """Return the priors of a stage (latent, remedy, persistence) by the parameter's name."""
    text = (files("aimss.calibration.joint_fit") / "priors.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text))
    return {
        r["name"]: Prior(
            r["name"], r["stage"], r["distribution"], float(r["location"]), float(r["scale"]), r["unit"], r["basis"]
        )
        for r in rows
        if r["stage"] == stage
    }
