"""Percentages over women like her, with the interval that comes from not knowing the parameters.

Twins differ because women differ and because parameters are uncertain. A percentage is a mean over women; its interval
is the spread of that mean between parameter draws, freed of the noise of having few twins a draw.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aimss.body.joint_draws import FloatArray

SHARES = (0.5, 0.05, 0.95)


def by_draw(values: FloatArray, draw: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Return the mean of twins' values in each parameter draw that occurs, freed of sampling noise, and its weight.

    values : (n, ...); draw : (n,). Shrinking keeps the overall mean and takes the within-draw variance out of the
    between-draw variance.
    """
    occurring, place, count = np.unique(draw, return_inverse=True, return_counts=True)
    shape = (len(occurring), *values.shape[1:])
    total, square = np.zeros(shape), np.zeros(shape)
    np.add.at(total, place, values)
    np.add.at(square, place, values**2)
    size = count.reshape((-1,) + (1,) * (values.ndim - 1))
    mean = total / size
    weight = count / count.sum()
    w = weight.reshape(size.shape)
    centre = (w * mean).sum(axis=0)
    between = (w * (mean - centre) ** 2).sum(axis=0)
    # pooled variance within draws, so that a draw with a single twin is counted with its noise
    within = (square - size * mean**2).sum(axis=0) / max(1, len(draw) - len(occurring))
    noise = (w / size).sum(axis=0) * within
    keep = np.sqrt(np.clip(1.0 - noise / np.where(between > 0, between, 1.0), 0.0, 1.0))
    return centre + keep * (mean - centre), weight


def weighted_quantile(values: FloatArray, weight: FloatArray, share: float) -> FloatArray:
    """Quantile along the first axis; values (k, ...), weight (k,)."""
    order = np.argsort(values, axis=0)
    ranked = np.take_along_axis(values, order, axis=0)
    cumulative = np.cumsum(weight[order], axis=0)
    cumulative = cumulative / cumulative[-1]
    at = np.argmax(cumulative >= share, axis=0)
    return np.asarray(np.take_along_axis(ranked, at[None], axis=0)[0])


def interval(values: FloatArray, draw: NDArray[np.int64]) -> FloatArray:
    """Median, 5 % and 95 % of the mean over women, (3, ...)."""
    means, weight = by_draw(values, draw)
    return np.stack([weighted_quantile(means, weight, share) for share in SHARES])


def ratio_interval(part: FloatArray, whole: FloatArray, draw: NDArray[np.int64]) -> FloatArray:
    """Median, 5 % and 95 % of mean(part) / mean(whole) over draws, (3, ...); 0 where the whole is 0."""
    top, weight = by_draw(part, draw)
    bottom, _ = by_draw(whole, draw)
    share = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 1e-12)
    return np.stack([weighted_quantile(np.clip(share, 0.0, 1.0), weight, s) for s in SHARES])
