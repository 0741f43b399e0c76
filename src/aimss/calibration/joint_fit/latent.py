"""Stage A: priors, study effects and likelihood of the latent course and of how pain is reported.

Shares count as binomial with an effective number of women: the printed one, at most 800 in a trial's adverse events,
whose definitions differ by more than that many women could tell. Scores are normal with the error stated in their
target. Import only after `extra.require_bayes`.
"""

from __future__ import annotations

from statistics import NormalDist

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist

from aimss.body.joint_targets import Target
from aimss.calibration.joint_fit.likelihood import Array, Courses, LatentPredictor, Theta
from aimss.calibration.joint_fit.priors import priors
from aimss.calibration.joint_fit.untreated import UNTREATED

MOST_WOMEN = 800.0
EFFECTS = ("survey_threshold_effect", "survey_amplitude_effect", "trial_amplitude_effect")
SINGLE_EFFECTS = ("prietoalhambra2011_amplitude_effect", "castel2013_amplitude_effect")


def effective_women(target: Target) -> float:
    """Return the number of women that a share counts for in the likelihood."""
    if target.part == "adverse event":
        return min(float(target.n or MOST_WOMEN), MOST_WOMEN)
    if target.n is None:
        raise ValueError(f"{target.study}: a share without a number of women")
    return float(target.n)


class LatentModel:
    """The numpyro model of stage A over a fixed sample of women."""

    def __init__(self, predictor: LatentPredictor | None = None) -> None:
        self.predictor = predictor or LatentPredictor()
        targets = self.predictor.targets
        self.observed = np.array([t.observed for t in targets])
        self.is_score = np.array([t.part == "score" for t in targets])
        self.is_ratio = np.array(["ratio" in t.definition for t in targets])
        self.women = np.array([1.0 if t.part == "score" else effective_women(t) for t in targets])
        self.error = np.array([0.25 if "log SE" in t.definition else 0.2 for t in targets])
        controls = {t.study: t.observed for t in targets if t.part == "adverse event" and t.arm == t.control}
        self.report_probit = np.array([NormalDist().inv_cdf(controls[study]) for study in self.predictor.trials])
        self.untreated = np.array([u.observed for u in UNTREATED])
        self.untreated_se = np.array([u.se for u in UNTREATED])

    def parameters(self) -> Theta:
        """Draw every parameter and study effect from its prior, but for the trials' intercepts (in a numpyro model)."""
        theta: Theta = {name: numpyro.sample(name, p.as_distribution) for name, p in priors("latent").items()}
        widths = dict.fromkeys(EFFECTS, len(self.predictor.surveys))
        widths["trial_amplitude_effect"] = len(self.predictor.trials)
        for name, width in widths.items():
            theta[name] = numpyro.sample(name, dist.Normal(0.0, 1.0).expand([width]).to_event(1))
        for name in SINGLE_EFFECTS:
            theta[name] = numpyro.sample(name, dist.Normal(0.0, 1.0))
        return theta

    def report_probit_of(self, theta: Theta) -> Array:
        """Return the coordinates in which the trials' intercepts of `theta` are sampled, (trials,)."""
        mean, scale = Courses(self.predictor, theta).intercepts(jnp.zeros(len(self.predictor.trials)))
        return (mean - theta["trial_adverse_event_intercept"]) / scale

    def of_targets(self, predicted: Array, published: Array | None = None) -> Array:
        """Return the log likelihood of each target from its prediction; of `published` instead of the real results."""
        observed = self.observed if published is None else published
        p = jnp.where(self.is_score, 0.5, predicted)
        share = self.women * (observed * jnp.log(p) + (1.0 - observed) * jnp.log1p(-p))
        value = jnp.where(self.is_score, predicted, 1.0)
        miss = (
            jnp.where(self.is_ratio, jnp.log(jnp.where(self.is_ratio, observed, 1.0) / value), observed - value)
            / self.error
        )
        return jnp.where(self.is_score, -0.5 * miss**2, share)

    def of_untreated(self, predicted: Array, published: Array | None = None) -> Array:
        """Return the log likelihood of each untreated arm."""
        observed = self.untreated if published is None else published
        return -0.5 * ((observed - predicted) / self.untreated_se) ** 2

    def __call__(self, published: Array | None = None, untreated: Array | None = None) -> None:
        """Run as a numpyro model of the published results, or of simulated ones in their place."""
        theta = self.parameters()
        wide = dist.Normal(self.report_probit, 0.5)  # where chains start; it does not count (mask)
        probit = numpyro.sample("trial_report_probit", wide.to_event(1).mask(False))
        courses = Courses(self.predictor, theta)
        intercept, scale = courses.intercepts(probit)
        theta["trial_adverse_event_intercept"] = numpyro.deterministic("trial_adverse_event_intercept", intercept)
        between = dist.Normal(theta["adverse_event_intercept"], theta["adverse_event_intercept_sd"])
        numpyro.factor("between trials", (between.log_prob(intercept) + jnp.log(scale)).sum())
        predicted, change = courses.everything()
        found = self.of_targets(predicted, published).sum() + self.of_untreated(change, untreated).sum()
        numpyro.factor("published", found)
