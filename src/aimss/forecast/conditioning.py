"""Twins given her data: importance weights, Pareto-smoothed; where too few twins fit, tempered ensemble moves.

Twins live in rows of standard normal numbers, so a preconditioned Crank-Nicolson step leaves the prior as it is and is
accepted by the likelihood alone (Cotter, Roberts, Stuart, White. Stat Sci 2013;28:424-446, doi 10.1214/13-STS421).
If the weights are worth too few twins, the likelihood is brought in by degrees: reweight so far that half remain,
resample, move, repeat (Del Moral, Doucet, Jasra 2006, doi 10.1111/j.1467-9868.2006.00553.x).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aimss.counter_random import normals as standard_normals
from aimss.counter_random import uniforms
from aimss.forecast.pareto_smoothing import effective_sample_size, smoothed_weights, systematic_resample

Array = NDArray[np.float64]
LogLikelihood = Callable[[Array], Array]

TRUSTED_PARETO_K = 0.7
WANTED_SHARE = 0.1  # plain weights suffice if they are worth a tenth of the pool ...
STEP = 0.35  # share of a move that is new: b in sqrt(1 - b^2) z + b xi; about a third of the moves are accepted
MOVES_PER_TEMPERATURE = 3
LAST_MOVES = 6
MAX_TEMPERATURES = 25


@dataclass(frozen=True, eq=False)
class ConditionedRows:
    """Rows of the twins given her data, equally weighted.

    rows : (n, width).
    effective_sample_size : what the final weights are worth, before resampling.
    pareto_k : of the plain importance weights; None without data.
    moves : how many ensemble moves were made (0: plain weights sufficed).
    acceptance : share of moves accepted.
    """

    rows: Array
    effective_sample_size: float
    pareto_k: float | None
    moves: int
    acceptance: float


def condition(pool: Array, log_likelihood: LogLikelihood, n: int, seed: int) -> ConditionedRows:
    """Choose n rows that represent her given her data, from a pool of rows (m, width) of the prior.

    log_likelihood : rows (k, width) -> (k,); minus infinity for a twin that failed.
    """
    level = log_likelihood(pool)
    weights, pareto_k = smoothed_weights(np.where(np.isfinite(level), level, -1e300))
    size = effective_sample_size(weights)
    if size >= WANTED_SHARE * len(pool) and size >= n / 2 and pareto_k < TRUSTED_PARETO_K:
        chosen = systematic_resample(weights, n, float(uniforms(seed, "resample", 0, 1, 1)[0, 0]))
        return ConditionedRows(pool[chosen], size, pareto_k, 0, float("nan"))
    return _tempered(pool, level, log_likelihood, n, seed, pareto_k)


def _tempered(
    rows: Array, level: Array, log_likelihood: LogLikelihood, n: int, seed: int, pareto_k: float
) -> ConditionedRows:
    temperature, moves, accepted, tried = 0.0, 0, 0, 0
    size = 0.0
    for stage in range(MAX_TEMPERATURES):
        step = _next_step(level, 1.0 - temperature)
        temperature = min(1.0, temperature + step)
        weights = _weights(step * level)
        size = effective_sample_size(weights)
        offset = float(uniforms(seed, "temper", stage, 1, 1)[0, 0])
        chosen = systematic_resample(weights, len(rows), offset)
        rows, level = rows[chosen], level[chosen]
        for _ in range(LAST_MOVES if temperature == 1.0 else MOVES_PER_TEMPERATURE):
            proposal = np.sqrt(1 - STEP**2) * rows + STEP * standard_normals(seed, f"move-{moves}", 0, *rows.shape)
            proposed = log_likelihood(proposal)
            coin = uniforms(seed, f"coin-{moves}", 0, len(rows), 1)[:, 0]
            with np.errstate(invalid="ignore"):
                better = np.log(coin) < temperature * (proposed - level)
            rows = np.where(better[:, None], proposal, rows)
            level = np.where(better, proposed, level)
            moves, accepted, tried = moves + 1, accepted + int(better.sum()), tried + len(rows)
        if temperature == 1.0:
            break
    keep = systematic_resample(np.full(len(rows), 1 / len(rows)), n, 0.5)
    distinct = len(np.unique(level))
    return ConditionedRows(rows[keep], float(min(size, distinct)), pareto_k, moves, accepted / tried)


def _weights(log_weights: Array) -> Array:
    finite = np.where(np.isfinite(log_weights), log_weights, -np.inf)
    weights = np.exp(finite - finite.max())
    return np.asarray(weights / weights.sum())


def _next_step(level: Array, most: float) -> float:
    """Return the largest rise of temperature that leaves weights worth half of the rows."""
    if effective_sample_size(_weights(most * level)) >= len(level) / 2:
        return most
    low, high = 0.0, most
    for _ in range(40):
        middle = (low + high) / 2
        if effective_sample_size(_weights(middle * level)) >= len(level) / 2:
            low = middle
        else:
            high = middle
    return max(low, 1e-4)
