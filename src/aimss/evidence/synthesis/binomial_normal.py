"""The exact binomial-normal model for proportions: x_i ~ Binomial(n_i, expit(mu + tau u_i)), u_i ~ Normal(0, 1).

Maximum likelihood; the integral over u_i is taken by adaptive Gauss-Hermite quadrature around each study's own
mode, so that studies without an event, or with nothing but events, need no correction. With ``nodes=7`` this is
the objective that metafor's ``rma.glmm(measure="PLO")`` maximises (through lme4); more nodes come closer to
the exact integral. Reference: Stijnen, Hamza and Ozdemir (2010).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError
from aimss.evidence.synthesis.distributions import chi2_tail, two_sided_p, two_sided_quantile
from aimss.evidence.synthesis.effect_sizes import EffectSizes
from aimss.evidence.synthesis.heterogeneity import typical_variance
from aimss.evidence.synthesis.random_effects import SMALL_K
from aimss.evidence.synthesis.results import Coefficient, MetaResult

Array = NDArray[np.floating[Any]]

NODES = 101
"""Quadrature points by default: the log-likelihood is then exact to 1e-10 up to tau = 3.5 on the logit scale, to
about 1e-6 at tau = 7 (heterogeneity from almost no events to almost nothing but events)."""
METAFOR_NODES = 7
"""Quadrature points of ``rma.glmm``, whose values a user's own table is compared with."""

_SEARCH_NODES = 25
_LARGEST_TAU = 15.0  # on the logit scale; the likelihood then still rises towards "all or none"


def pool_exact(data: EffectSizes, *, level: float = 0.95, nodes: int = NODES, knha: bool = False) -> MetaResult:
    """Pool proportions (measure PLO) by the binomial-normal model.

    ``weights`` are those of the approximate model. ``Q`` is the likelihood-ratio test of equal proportions;
    I² and H² use tau² and the typical sampling variance
    of corrected logits, as ``rma.glmm`` does. With ``knha`` the interval uses t with k - 1 degrees of freedom
    (``test="t"`` there). Fewer ``nodes`` than the default add a note where they move the result.

    Raises
    ------
    EvidenceError : another measure, no event in any study, or events in all persons of all studies.
    """
    if data.measure != "PLO" or data.events is None or data.totals is None:
        raise EvidenceError("method GLMM", "measure PLO (events xi of ni)", f"measure {data.measure}",
                            "Use DL, PM, REML or ML for this measure.")  # fmt: skip
    x, n = data.events, data.totals
    if x.sum() == 0 or x.sum() == n.sum():
        what = "no event in any study" if x.sum() == 0 else "nothing but events in every study"
        raise EvidenceError("events", "some events and some non-events overall", what,
                            "The pooled log odds is infinite; give the exact interval of the sum.")  # fmt: skip
    if knha and data.k < 2:
        raise EvidenceError("knha", "at least two studies", "1")
    if nodes < 1:
        raise EvidenceError("--nodes", "a number of quadrature points, at least 1", f"{nodes}")
    k = data.k
    mean0 = float(np.log(x.sum() / (n - x).sum()))
    if k == 1:
        mu, tau, log_lik = mean0, 0.0, _log_likelihood(mean0, 0.0, x, n, nodes)
    else:
        mu, tau, log_lik = _maximise(x, n, mean0, nodes)
    se, tau2_se = _standard_errors(mu, tau, x, n, nodes)
    common, saturated = _log_likelihood(mean0, 0.0, x, n, nodes), _saturated(x, n)
    q = max(0.0, 2 * (saturated - common))
    ones = np.ones((k, 1))
    corrected = _corrected_variance(x, n)
    typical = typical_variance(corrected, ones) if k > 1 else 0.0
    df = k - 1 if knha else None
    quantile = two_sided_quantile(level, df)
    half = quantile * float(np.sqrt(tau**2 + se**2))
    weights = 1 / (corrected + tau**2)
    notes = [] if k > SMALL_K else [f"Only {k} studies: tau² is hardly known and the interval is too narrow."]
    if tau == 0.0 and k > 1:
        notes.append("tau² is estimated as 0: this is the common-effect logistic model.")
    notes += _coarse(mu, se, tau**2, pool_exact(data, level=level)) if nodes < NODES and tau > 0 else []
    return MetaResult(
        data=data,
        method="GLMM",
        knha=knha,
        level=level,
        coefficients=(
            Coefficient(
                "intercept", mu, se, mu / se, two_sided_p(mu / se, df), mu - quantile * se, mu + quantile * se, df
            ),
        ),
        covariance=((se**2,),),
        tau2=tau**2,
        tau2_se=tau2_se,
        tau2_ci=None,
        Q=q,
        Q_df=k - 1,
        Q_p=chi2_tail(q, k - 1) if k > 1 else 1.0,
        I2=100 * tau**2 / (typical + tau**2) if k > 1 else 0.0,
        H2=tau**2 / typical + 1 if k > 1 else 1.0,
        weights=tuple(float(w) for w in weights / weights.sum() * 100),
        prediction=(mu - half, mu + half) if k > 1 else None,
        prediction_quantile="" if k == 1 else ("normal" if df is None else f"t ({df} df)"),
        log_likelihood=log_lik,
        notes=(*data.notes, *notes),
    )


def _coarse(mu: float, se: float, tau2: float, exact: MetaResult) -> list[str]:
    """Say what the exact integral gives where a few quadrature points miss it by a hundredth of its uncertainty."""
    if abs(mu - exact.estimate) < 0.01 * exact.se and max(abs(tau2 / exact.tau2 - 1), abs(se / exact.se - 1)) < 0.01:
        return []
    return [f"The quadrature is too coarse for these data: the exact integral (--nodes {NODES}) gives "
            f"{exact.estimate:.4f} (se {exact.se:.4f}), tau² {exact.tau2:.4f}."]  # fmt: skip


def _corrected_variance(x: Array, n: Array) -> Array:
    add = np.where((x == 0) | (x == n), 0.5, 0.0)
    return 1 / (x + add) + 1 / (n - x + add)


def _log_choose(x: Array, n: Array) -> Array:
    from scipy.special import gammaln

    return np.asarray(gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1))


def _saturated(x: Array, n: Array) -> float:
    from scipy.special import xlogy

    return float(np.sum(_log_choose(x, n) + xlogy(x, x / n) + xlogy(n - x, 1 - x / n)))


def _modes(mu: float, tau: float, x: Array, n: Array) -> tuple[Array, Array]:
    """Return the mode (k,) of each study's integrand in u and its curvature, by damped Newton steps."""
    from scipy.special import expit

    u, reach, last = np.zeros_like(x), np.full_like(x, 2.0), np.zeros_like(x)
    for _ in range(200):
        p = expit(mu + tau * u)
        gradient = tau * (x - n * p) - u
        curvature = tau**2 * n * p * (1 - p) + 1
        step = gradient / curvature
        # the log-density is concave, with a nearly flat tail: a step back over the mode halves the reach
        reach = np.where(step * last < 0, reach / 2, reach)
        last = step
        u = u + np.clip(step, -reach, reach)
        if np.max(np.abs(step)) < 1e-10:
            break
    p = expit(mu + tau * u)
    return u, tau**2 * n * p * (1 - p) + 1


@cache
def _hermite(nodes: int) -> tuple[Array, Array]:
    """Return nodes and weights of Gauss-Hermite quadrature."""
    z, w = np.polynomial.hermite.hermgauss(nodes)
    return z, w


def _log_likelihood(mu: float, tau: float, x: Array, n: Array, nodes: int) -> float:
    """Return the marginal log-likelihood."""
    from scipy.special import logsumexp

    def log_binomial(eta: Array, x: Array, n: Array) -> Array:
        return np.asarray(x * eta - n * np.logaddexp(0.0, eta))

    constant = float(_log_choose(x, n).sum())
    if tau == 0.0:
        return constant + float(log_binomial(np.full_like(x, mu), x, n).sum())
    z, w = _hermite(nodes)
    mode, curvature = _modes(mu, tau, x, n)
    sd = np.sqrt(2 / curvature)
    u = mode[:, None] + sd[:, None] * z
    log_f = log_binomial(mu + tau * u, x[:, None], n[:, None]) - 0.5 * u**2 - 0.5 * np.log(2 * np.pi)
    positive = w > 0
    terms = log_f[:, positive] + z[positive] ** 2 + np.log(w[positive])
    return constant + float(np.sum(logsumexp(terms, axis=1) + np.log(sd)))


def _maximise(x: Array, n: Array, mean0: float, nodes: int) -> tuple[float, float, float]:
    """Maximise over mu and tau >= 0: simplex search with few nodes from three starts, Newton steps with all nodes."""
    from scipy.optimize import minimize

    best: tuple[float, float, float] = (mean0, 0.0, _log_likelihood(mean0, 0.0, x, n, nodes))
    corrected = np.log((x + 0.5) / (n - x + 0.5))
    spread = float(np.std(corrected)) or 0.1
    rough = min(nodes, _SEARCH_NODES)

    def objective(t: Array) -> float:
        return -_log_likelihood(float(t[0]), abs(float(t[1])), x, n, rough)

    for start in (0.1, 0.5 * spread + 1e-3, spread + 1e-3):
        found = minimize(
            objective,
            np.array([float(np.mean(corrected)), start]),
            method="Nelder-Mead",
            options={"xatol": 1e-4, "fatol": 1e-8, "maxiter": 1000},
        )
        mu, tau, value = float(found.x[0]), abs(float(found.x[1])), -float(found.fun)
        if value > best[2] + 1e-9:
            best = (mu, tau, value)
    if best[1] > _LARGEST_TAU:
        raise _ridge()
    if best[1] == 0.0 or best[1] < 1e-4 * spread:
        return mean0, 0.0, _log_likelihood(mean0, 0.0, x, n, nodes)
    mu, tau = best[0], best[1]
    for _ in range(20):
        gradient, hessian = _derivatives(mu, tau, x, n, nodes)
        step = np.linalg.solve(hessian, gradient)
        mu, tau = mu - float(step[0]), tau - float(step[1])
        if tau <= 0 or not np.isfinite(mu):
            return best
        if np.max(np.abs(step)) < 1e-8 * (1 + abs(mu) + tau):
            break
    return mu, tau, _log_likelihood(mu, tau, x, n, nodes)


def _ridge() -> EvidenceError:
    return EvidenceError(
        "method GLMM",
        "studies whose proportions do not fall apart into almost none and almost all",
        "a likelihood that rises without end as tau grows",
        "Use REML on PLO, or pool the two kinds of studies apart.",
    )


def _derivatives(mu: float, tau: float, x: Array, n: Array, nodes: int) -> tuple[Array, Array]:
    """Gradient and Hessian of the log-likelihood in (mu, tau) by fourth-order central differences."""
    h = np.array([1e-3, 1e-3 * max(tau, 0.05)])
    coefficient = {-2: 1 / 12, -1: -8 / 12, 1: 8 / 12, 2: -1 / 12}

    def f(a: float, b: float) -> float:
        return _log_likelihood(mu + a, abs(tau + b), x, n, nodes)

    gradient = np.zeros(2)
    hessian = np.zeros((2, 2))
    centre = f(0.0, 0.0)
    for i in range(2):
        unit = h * (np.arange(2) == i)
        line = {s: f(*(s * unit)) for s in (-2, -1, 1, 2)}
        gradient[i] = sum(coefficient[s] * line[s] for s in line) / h[i]
        hessian[i, i] = (16 * (line[1] + line[-1]) - (line[2] + line[-2]) - 30 * centre) / (12 * h[i] ** 2)
    cross = sum(coefficient[s] * coefficient[t] * f(s * h[0], t * h[1]) for s in coefficient for t in coefficient)
    hessian[0, 1] = hessian[1, 0] = cross / (h[0] * h[1])
    return gradient, hessian


def _standard_errors(mu: float, tau: float, x: Array, n: Array, nodes: int) -> tuple[float, float | None]:
    """Return standard errors of mu and tau² from the observed information (of mu alone when tau = 0)."""
    from scipy.special import expit

    if tau == 0.0:
        p = expit(mu)
        return float(1 / np.sqrt(n.sum() * p * (1 - p))), None
    _, hessian = _derivatives(mu, tau, x, n, nodes)
    covariance = np.linalg.inv(-hessian)
    if not (covariance[0, 0] > 0 and covariance[1, 1] > 0):
        raise _ridge()
    return float(np.sqrt(covariance[0, 0])), float(2 * tau * np.sqrt(covariance[1, 1]))
