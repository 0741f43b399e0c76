"""Bayesian random effects by exact integration, for the few studies where a frequentist interval is not to be trusted.

y_i ~ Normal(mu, v_i + tau²), a flat or normal prior on mu, a half-normal prior on tau. Given tau the posterior of mu is
normal, so only tau is integrated, by Gauss-Legendre quadrature; no sampling. Reference: Röver (2020), R package
bayesmeta.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError
from aimss.evidence.synthesis.citations import citations_for
from aimss.evidence.synthesis.effect_sizes import MEASURE_NAMES, EffectSizes
from aimss.evidence.synthesis.scales import BACK_SCALES, back_transform
from aimss.evidence.synthesis.tables import Table

Array = NDArray[np.floating[Any]]

TAU_SCALES = {"OR": 0.5, "RR": 0.5, "HR": 0.5, "PLO": 1.0, "SMD": 0.5}
"""Half-normal scales for tau (Röver et al. 2021, Res Synth Methods 12:448-474): 0.5 on log ratios and standardised
differences; 1.0 on the logit of a proportion, where heterogeneity is larger. An assumption, shown with each result."""

_NODES = 400


@dataclass(frozen=True)
class BayesResult:
    """Posterior of the mean ``mu``, of ``tau`` and of the effect in a new study, on the analysis scale.

    ``estimate`` and ``tau`` are posterior medians, intervals are central at ``level``.
    """

    data: EffectSizes
    level: float
    tau_scale: float
    mean_prior_sd: float | None
    estimate: float
    sd: float
    ci_low: float
    ci_high: float
    tau: float
    tau_low: float
    tau_high: float
    prediction: tuple[float, float]

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.data.k

    def table(self) -> Table:
        """Return median and interval of mean, tau and a new study."""
        rows = (
            ("mean", self.estimate, self.ci_low, self.ci_high),
            ("tau", self.tau, self.tau_low, self.tau_high),
            ("new study", None, *self.prediction),
        )
        return Table(("quantity", "median", "low", "high"), rows, title=MEASURE_NAMES[self.data.measure])

    def back_transformed(self) -> dict[str, float | str | None]:
        """Return median and interval of the mean on the scale people read."""
        m, n = self.data.measure, self.data.totals
        values = {k: back_transform(m, getattr(self, k), n) for k in ("estimate", "ci_low", "ci_high")}
        return {"scale": BACK_SCALES[m], **values}

    def to_json(self) -> dict[str, Any]:
        """Return plain types for ``json.dumps``."""
        return {
            "measure": self.data.measure,
            "method": "Bayesian, exact integration over tau",
            "k": self.k,
            "level": self.level,
            "prior_tau": f"half-normal({self.tau_scale:g})",
            "prior_mean": "flat" if self.mean_prior_sd is None else f"normal(0, {self.mean_prior_sd:g})",
            "estimate": self.estimate,
            "se": self.sd,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "tau": self.tau,
            "tau_low": self.tau_low,
            "tau_high": self.tau_high,
            "prediction_low": self.prediction[0],
            "prediction_high": self.prediction[1],
            "back_transformed": self.back_transformed(),
            "citations": list(self.citations()),
        }

    def methods_text(self) -> str:
        """Return the sentences of a methods section that describe this analysis."""
        prior = "a flat prior" if self.mean_prior_sd is None else f"a normal(0, {self.mean_prior_sd:g}) prior"
        return (
            f"A Bayesian random-effects model of {self.k} studies was integrated exactly, with {prior} on the mean "
            f"and a half-normal({self.tau_scale:g}) prior on the between-study standard deviation."
        )

    def citations(self) -> tuple[str, ...]:
        """Return the reference of the method."""
        return citations_for(["bayes"])


def pool_bayes(
    data: EffectSizes,
    *,
    tau_scale: float | None = None,
    mean_prior_sd: float | None = None,
    level: float = 0.95,
) -> BayesResult:
    """Pool effect sizes with a half-normal prior on tau.

    Parameters
    ----------
    tau_scale : scale of the half-normal prior, in units of the effect; required where ``TAU_SCALES`` has none
        (mean differences, whose unit only the user knows).
    mean_prior_sd : standard deviation of a normal prior around 0 on the mean; flat when absent.

    Raises
    ------
    EvidenceError : no scale, one study under a flat prior with nothing else known, impossible numbers.
    """
    scale = tau_scale if tau_scale is not None else TAU_SCALES.get(data.measure)
    if scale is None or not (np.isfinite(scale) and scale > 0):
        raise EvidenceError("tau_scale", "the scale of the half-normal prior on tau, above 0", f"{scale}",
                            "Give it in the unit of the effect, for example 0.5.")  # fmt: skip
    if mean_prior_sd is not None and not mean_prior_sd > 0:
        raise EvidenceError("mean_prior_sd", "a number above 0", f"{mean_prior_sd}")
    if not 0 < level < 1:
        raise EvidenceError("level", "a coverage between 0 and 1", f"{level}")
    tau, weight, mean, variance = _posterior(data.yi, data.vi, scale, mean_prior_sd)
    tail = (1 - level) / 2
    total = np.sqrt(variance + tau**2)
    low, middle, high = (_mixture_quantile(p, weight, mean, np.sqrt(variance)) for p in (tail, 0.5, 1 - tail))
    first = float(weight @ mean)
    return BayesResult(
        data=data,
        level=level,
        tau_scale=scale,
        mean_prior_sd=mean_prior_sd,
        estimate=middle,
        sd=float(np.sqrt(weight @ (variance + (mean - first) ** 2))),
        ci_low=low,
        ci_high=high,
        tau=_tau_quantile(0.5, tau, weight),
        tau_low=_tau_quantile(tail, tau, weight),
        tau_high=_tau_quantile(1 - tail, tau, weight),
        prediction=(_mixture_quantile(tail, weight, mean, total), _mixture_quantile(1 - tail, weight, mean, total)),
    )


@cache
def _quadrature() -> tuple[Array, Array]:
    from scipy.special import roots_legendre

    node, width = roots_legendre(_NODES)
    return np.asarray(node), np.asarray(width)


def _posterior(y: Array, v: Array, scale: float, mean_sd: float | None) -> tuple[Array, Array, Array, Array]:
    """Return quadrature nodes of tau, their posterior weights, and mean and variance of mu given each tau."""
    node, width = _quadrature()
    upper = 9.0 * scale  # the prior mass beyond is 2e-19
    # squaring packs nodes near tau = 0, where most of the posterior lies with few studies
    unit = 0.5 * (node + 1)
    tau, jacobian = upper * unit**2, upper * unit * width
    spread = v[None, :] + tau[:, None] ** 2
    precision = (1 / spread).sum(axis=1) + (0.0 if mean_sd is None else 1 / mean_sd**2)
    mean = (y / spread).sum(axis=1) / precision
    fit = -0.5 * np.log(spread).sum(axis=1) - 0.5 * ((y - mean[:, None]) ** 2 / spread).sum(axis=1)
    log_density = fit - 0.5 * np.log(precision) - 0.5 * (tau / scale) ** 2
    if mean_sd is not None:
        log_density = log_density - 0.5 * (mean / mean_sd) ** 2
    density = np.exp(log_density - log_density.max()) * jacobian
    return tau, density / density.sum(), mean, 1 / precision


def _mixture_quantile(p: float, weight: Array, mean: Array, sd: Array) -> float:
    from scipy.optimize import brentq
    from scipy.special import ndtr

    low, high = float((mean - 40 * sd).min()), float((mean + 40 * sd).max())
    return float(brentq(lambda x: float(weight @ ndtr((x - mean) / sd)) - p, low, high, xtol=1e-12, rtol=1e-13))


def _tau_quantile(p: float, tau: Array, weight: Array) -> float:
    """Interpolate the distribution function, which at each node holds half of the node's own weight."""
    cumulative = np.cumsum(weight) - weight / 2
    return float(np.interp(p, np.concatenate(([0.0], cumulative, [1.0])), np.concatenate(([0.0], tau, [tau[-1]]))))
