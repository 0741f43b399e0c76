"""Scores of predictions against published results: error, coverage, and how wide an interval was needed for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
COVERED = 0.9


def rmse(predicted: Sequence[float] | Array, observed: Sequence[float] | Array) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.mean((np.asarray(predicted) - np.asarray(observed)) ** 2)))


def coverage(observed: Array, low: Array, high: Array) -> float:
    """Return the share of observations within their intervals."""
    return float(np.mean((observed >= low) & (observed <= high)))


def interval_score(observed: Array, low: Array, high: Array, covered: float = COVERED) -> Array:
    """Return the interval score of Gneiting and Raftery 2007 (doi 10.1198/016214506000001437); smaller is better."""
    penalty = 2 / (1 - covered)
    below, above = np.maximum(low - observed, 0.0), np.maximum(observed - high, 0.0)
    return np.asarray(high - low + penalty * (below + above))


def reliability(ranks: Array, shares: Array) -> Array:
    """Return how often observations lie below each predicted quantile, (q,), from their ranks (n,) in 0-1."""
    return np.asarray((ranks[:, None] <= shares[None, :]).mean(axis=0))


def by_chance(n: int, shares: Array, covered: float = COVERED) -> tuple[Array, Array]:
    """Return between what counts below each quantile lie by chance alone of n independent observations, as shares."""
    from scipy.stats import binom

    tail = (1 - covered) / 2
    return np.asarray(binom.ppf(tail, n, shares) / n), np.asarray(binom.ppf(1 - tail, n, shares) / n)
