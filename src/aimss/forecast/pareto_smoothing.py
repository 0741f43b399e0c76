"""Pareto-smoothed importance weights: the largest weights are replaced by quantiles of a fitted tail.

Source: Vehtari, Simpson, Gelman, Yao, Gabry. Pareto smoothed importance sampling. J Mach Learn Res 2024;25(72):1-58.
The tail fit is that of Zhang and Stephens, Technometrics 2009;51:316-325, with the weak prior k ~ 0.5 of the former.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def generalised_pareto_fit(exceedances: Array) -> tuple[float, float]:
    """Shape k and scale sigma of a generalised Pareto distribution from ascending positive exceedances."""
    n = len(exceedances)
    grid = 30 + int(np.sqrt(n))
    quartile = exceedances[int(n / 4 + 0.5) - 1]
    theta = 1 / exceedances[-1] + (1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (3 * quartile)
    shape = np.log1p(-theta[:, None] * exceedances).mean(axis=1)
    profile = n * (np.log(-theta / shape) - shape - 1)
    posterior = np.exp(profile - profile.max())
    posterior /= posterior.sum()
    theta_mean = float((theta * posterior).sum())
    k = float(np.log1p(-theta_mean * exceedances).mean())
    sigma = -k / theta_mean
    # ten prior observations at k = 0.5 steady the fit of a short tail
    return k * n / (n + 10) + 5 / (n + 10), sigma


def smoothed_weights(log_weights: Array) -> tuple[Array, float]:
    """Normalised, Pareto-smoothed weights (n,) and the tail shape k; k above 0.7 means they cannot be trusted.

    A tail of one to four weights is left as it is, with k = infinity; equal weights have no tail, k = 0.
    """
    log_w = log_weights - log_weights.max()
    n = len(log_w)
    tail = int(np.ceil(min(0.2 * n, 3 * np.sqrt(n))))
    order = np.argsort(log_w, kind="stable")
    cut = max(log_w[order[-tail - 1]] if tail < n else -np.inf, np.log(np.finfo(float).tiny))
    in_tail = order[-tail:][log_w[order[-tail:]] > cut]
    # no weight above the cut: equal weights, no tail at all
    k = np.inf if len(in_tail) else 0.0
    if len(in_tail) > 4:
        excess = np.exp(log_w[in_tail]) - np.exp(cut)
        k, sigma = generalised_pareto_fit(excess)
        if np.isfinite(k):
            p = (np.arange(len(in_tail)) + 0.5) / len(in_tail)
            with np.errstate(over="ignore"):  # a quantile beyond the largest weight is cut to it in the next line
                quantile = sigma * np.expm1(-k * np.log1p(-p)) / k if abs(k) > 1e-12 else -sigma * np.log1p(-p)
            log_w[in_tail] = np.minimum(np.log(quantile + np.exp(cut)), 0.0)
    weights = np.exp(log_w - log_w.max())
    return weights / weights.sum(), float(k)


def effective_sample_size(weights: Array) -> float:
    """Kish's effective number of draws of normalised weights."""
    return float(1 / np.sum(weights**2))


def systematic_resample(weights: Array, n: int, offset: float) -> NDArray[np.int64]:
    """Indices (n,) drawn in proportion to the weights with one uniform number `offset` in (0, 1)."""
    cumulative = np.cumsum(weights)
    points = (np.arange(n) + offset) / n * cumulative[-1]
    return np.asarray(np.searchsorted(cumulative, points), dtype=np.int64)
