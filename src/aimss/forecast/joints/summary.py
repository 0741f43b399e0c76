"""Percentages over women like her, with the interval that comes from not knowing the parameters.

Twins differ because women differ and because parameters are uncertain. A percentage is a mean over women; its interval
is the spread of that mean between parameter draws, freed of the noise of having few twins a draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aimss.body.joint_draws import FloatArray

SHARES = (0.5, 0.05, 0.95)


@dataclass(frozen=True, eq=False)
class Causes:
    """What can make parameter draws differ: an orthonormal basis (k, r) of their parameters."""

    basis: FloatArray

    @classmethod
    def of(cls, draw: NDArray[np.int64], parameters: FloatArray) -> Causes:
        """Make the basis once for many intervals; draw (n,), parameters (n, p), alike within a draw."""
        _, first, count = np.unique(draw, return_index=True, return_counts=True)
        weight = (count / count.sum())[:, None]
        centred = parameters[first] - (weight * parameters[first]).sum(axis=0)
        basis, length, _ = np.linalg.svd(np.sqrt(weight) * centred, full_matrices=False)
        return cls(np.asarray(basis[:, length > 1e-9 * max(length.max(initial=0.0), 1e-300)]))


def by_draw(
    values: NDArray[np.floating], draw: NDArray[np.int64], causes: Causes | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return the mean of twins' values in each parameter draw that occurs, freed of sampling noise, and its weight.

    values : (n, ...); draw : (n,). Shrinking keeps the overall mean and takes the within-draw variance out of the
    between-draw variance. With few twins a draw that difference may come out at nothing by chance, so that what the
    parameters explain linearly is its lower bound.
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
    shrunk = centre + keep * (mean - centre)
    if causes is None:
        return shrunk, weight
    explained, rank = _explained(mean - centre, causes, weight), causes.basis.shape[1]
    seen = (w * explained**2).sum(axis=0)
    hold = np.sqrt(np.clip(1.0 - rank * within / len(draw) / np.where(seen > 0, seen, 1.0), 0.0, 1.0))
    wider = hold**2 * seen > keep**2 * between
    return np.where(wider, np.clip(centre + hold * explained, 0.0, 1.0), shrunk), weight


def _explained(mean: FloatArray, causes: Causes, weight: FloatArray) -> FloatArray:
    """Weighted least squares of the draws' centred means (k, ...) on their parameters."""
    root = np.sqrt(weight)[:, None]
    flat = root * mean.reshape(len(mean), -1)
    return np.asarray((causes.basis @ (causes.basis.T @ flat) / root).reshape(mean.shape))


def weighted_quantile(values: FloatArray, weight: FloatArray, share: float) -> FloatArray:
    """Quantile along the first axis; values (k, ...), weight (k,)."""
    order = np.argsort(values, axis=0)
    ranked = np.take_along_axis(values, order, axis=0)
    cumulative = np.cumsum(weight[order], axis=0)
    cumulative = cumulative / cumulative[-1]
    at = np.argmax(cumulative >= share, axis=0)
    return np.asarray(np.take_along_axis(ranked, at[None], axis=0)[0])


def interval(values: NDArray[np.floating], draw: NDArray[np.int64], causes: Causes | None = None) -> FloatArray:
    """Median, 5 % and 95 % of the mean over women, (3, ...); causes as in `by_draw`, for probabilities only."""
    means, weight = by_draw(values, draw, causes)
    return np.stack([weighted_quantile(means, weight, share) for share in SHARES])


def ratio_interval(part: FloatArray, whole: FloatArray, draw: NDArray[np.int64]) -> FloatArray:
    """Median, 5 % and 95 % of mean(part) / mean(whole) over draws, (3, ...); 0 where the whole is 0."""
    top, weight = by_draw(part, draw)
    bottom, _ = by_draw(whole, draw)
    share = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 1e-12)
    return np.stack([weighted_quantile(np.clip(share, 0.0, 1.0), weight, s) for s in SHARES])
