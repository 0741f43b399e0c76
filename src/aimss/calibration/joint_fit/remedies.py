"""Stage C: what trials of remedies say of specific effects, of responses to being treated and of the natural course.

    change of an arm = natural course of the trial + response to its kind of treatment + effect of the remedy

each with a spread between trials, which are integrated out (all is normal). A difference without arms tells of the
effect alone. Results from other painful conditions carry a further spread. Import only after `extra.require_bayes`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist

from aimss.calibration.joint_fit.likelihood import Array, Theta
from aimss.calibration.joint_fit.priors import priors

ORAL = ("omega_3", "herbal_blue_citrus", "nanoemulsion_curcumin", "testosterone", "topical_emu_oil", "vitamin_d")
RESPONSES = {
    "pill": "pill_placebo_response_points",
    "sham": "sham_response_points",
    "open": "open_label_response_points",
}
EXTERNAL_SD_POINTS = 0.3  # assumed: how far an effect in osteoarthritis or chronic pain may lie from that on an AI


@dataclass(frozen=True)
class RemedyResult:
    """Change of an arm, or a difference of arms (no response), in points; `share` of its women took the remedy."""

    trial: str
    arm: str
    remedy: str
    share: float
    response: str
    change: float
    se: float
    external: bool
    rows: str
    basis: str

    @property
    def error(self) -> float:
        """SD of the result around what its trial would find without end, points."""
        return float(np.hypot(self.se, EXTERNAL_SD_POINTS if self.external else 0.0))


@cache
def remedy_results() -> tuple[RemedyResult, ...]:
    """Return the results that stage C is fitted to; each names its evidence rows and where its error comes from."""
    text = (files("aimss.calibration.joint_fit") / "remedy_results.csv").read_text(encoding="utf-8")
    return tuple(
        RemedyResult(
            r["trial"], r["arm"], r["remedy"], float(r["share"] or 0), r["response"], float(r["change"]),
            float(r["se"]), bool(r["external"]), r["rows"], r["basis"],
        )
        for r in csv.DictReader(io.StringIO(text))
    )  # fmt: skip


def remedy_model(published: Array | None = None) -> None:
    """Run as a numpyro model of stage C, of the published changes or of simulated ones in their place, (results,)."""
    results = remedy_results()
    theta: Theta = {name: numpyro.sample(name, p.as_distribution) for name, p in priors("remedy").items()}
    for name in ORAL:
        apart = numpyro.sample(f"{name}_apart", dist.Normal(0.0, 1.0))
        mean, sd = theta["oral_class_mean_points"], theta["oral_class_sd_points"]
        theta[name] = numpyro.deterministic(name, mean + sd * apart)
    expected = jnp.stack(
        [
            theta["natural_course_points"] * bool(r.response)
            + (theta[RESPONSES[r.response]] if r.response in RESPONSES else 0.0)
            + (r.share * theta[r.remedy] if r.remedy else 0.0)
            for r in results
        ]
    )
    own = np.diag([r.error**2 for r in results])
    spread = {
        "natural_course_between_trial_sd_points": np.array([float(bool(r.response)) for r in results]),
        "response_between_trial_sd_points": np.array([float(r.response in RESPONSES) for r in results]),
        "between_trial_sd_points": np.array([r.share for r in results]),
    }
    trials = np.array([r.trial for r in results])
    same = (trials[:, None] == trials).astype(float)
    covariance = own + sum(theta[name] ** 2 * same * np.outer(z, z) for name, z in spread.items())
    observed = np.array([r.change for r in results]) if published is None else published
    numpyro.sample("published", dist.MultivariateNormal(expected, covariance_matrix=covariance), obs=observed)
