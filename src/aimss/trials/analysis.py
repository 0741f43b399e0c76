"""Numbers from endpoint columns: what an arm shows, and how far two arms differ; least squares of our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.normal import wilson

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """Mean, SD and standard error over women; median and the middle 90 % of them; None where it has no meaning."""

    n: int
    mean: float
    sd: float | None
    se: float | None
    median: float | None
    low90: float | None
    high90: float | None


@dataclass(frozen=True)
class Difference:
    """An estimate with its 95 % interval and two-sided p; `method` says how."""

    estimate: float
    low95: float
    high95: float
    p: float
    method: str
    n: int


def summarise(values: NDArray[Any], share: bool) -> Summary:
    """Summarise one column of one arm; missing values (NaN) are left out and lower n."""
    kept = values[~np.isnan(values)].astype(np.float64)
    n = len(kept)
    if n == 0:
        return Summary(0, float("nan"), None, None, None, None, None)
    mean = float(kept.mean())
    sd = float(kept.std(ddof=1)) if n > 1 else None
    se = sd / np.sqrt(n) if sd is not None else None
    if share:
        return Summary(n, mean, sd, None if se is None else float(se), None, None, None)
    low, median, high = (float(q) for q in np.quantile(kept, [0.05, 0.5, 0.95]))
    return Summary(n, mean, sd, None if se is None else float(se), median, low, high)


def difference(
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    share: bool = False,
    paired: bool = False,
    baselines: tuple[NDArray[Any], NDArray[Any]] | None = None,
) -> Difference:
    """Return first minus second.

    paired : the same women in both. baselines : adjust for a first measurement (ANCOVA). share : columns of 0 and 1,
    compared by Newcombe's interval of the difference of two proportions.
    """
    if paired:
        change = (first - second).astype(np.float64)
        change = change[~np.isnan(change)]
        return _normal(
            float(_mean(change)), _se(change), "mean of differences within women", len(change), len(change) - 1
        )
    if baselines is not None:
        return _ancova(first, second, *baselines)
    a, b = (v[~np.isnan(v)].astype(np.float64) for v in (first, second))
    if share:
        return _newcombe(a, b)
    se = float(np.hypot(_se(a), _se(b)))
    parts = [_se(v) ** 2 for v in (a, b)]
    free = sum(parts) ** 2 / max(sum(p**2 / max(len(v) - 1, 1) for p, v in zip(parts, (a, b), strict=True)), 1e-300)
    return _normal(_mean(a) - _mean(b), se, "difference of means (Welch)", len(a) + len(b), free)


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _se(values: Array) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def _normal(estimate: float, se: float, method: str, n: int, degrees: float) -> Difference:
    from scipy.stats import t

    if not np.isfinite(se):
        return Difference(estimate, float("nan"), float("nan"), float("nan"), method, n)
    wide = float(t.ppf(0.975, degrees)) * se
    p = float(2 * t.sf(abs(estimate) / se, degrees)) if se > 0 else float(estimate == 0)
    return Difference(estimate, estimate - wide, estimate + wide, p, method, n)


def _newcombe(a: Array, b: Array) -> Difference:
    """Newcombe 1998 (Stat Med 17:873), method 10: Wilson limits squared and added."""
    if not (len(a) and len(b)):
        return Difference(float("nan"), float("nan"), float("nan"), float("nan"), "difference of shares (Newcombe)", 0)
    p1, p2 = _mean(a), _mean(b)
    (l1, u1), (l2, u2) = (wilson(float(v.sum()), len(v)) for v in (a, b))
    d = p1 - p2
    pooled = (a.sum() + b.sum()) / (len(a) + len(b))
    se = float(np.sqrt(pooled * (1 - pooled) * (1 / len(a) + 1 / len(b))))
    from scipy.special import ndtr

    p = float(2 * ndtr(-abs(d) / se)) if se > 0 else 1.0
    low = d - float(np.hypot(p1 - l1, u2 - p2))
    high = d + float(np.hypot(u1 - p1, p2 - l2))
    return Difference(d, low, high, p, "difference of shares (Newcombe)", len(a) + len(b))


def _ancova(first: NDArray[Any], second: NDArray[Any], base_a: NDArray[Any], base_b: NDArray[Any]) -> Difference:
    """Difference between two arms at the same first measurement, by least squares: value = a + b arm + c baseline."""
    method = "difference adjusted for the first measurement (ANCOVA)"
    value = np.concatenate([first, second]).astype(np.float64)
    base = np.concatenate([base_a, base_b]).astype(np.float64)
    arm = np.repeat([1.0, 0.0], [len(first), len(second)])
    seen = ~(np.isnan(value) | np.isnan(base))
    value, base, arm = value[seen], base[seen], arm[seen]
    if not (arm.any() and (1 - arm).any()) or len(value) < 4:
        return Difference(float("nan"), float("nan"), float("nan"), float("nan"), method, len(value))
    design = np.column_stack([np.ones_like(arm), arm, base - base.mean()])
    gram = design.T @ design
    solved = np.linalg.solve(gram, design.T @ value)
    residual = value - design @ solved
    degrees = len(value) - 3
    variance = float(residual @ residual) / degrees * float(np.linalg.inv(gram)[1, 1])
    return _normal(float(solved[1]), float(np.sqrt(variance)), method, len(value), degrees)


def women_per_arm(effect: float, sd: float, power: float, alpha: float) -> int | None:
    """Return the women an arm needs for a power, two arms of one size and a normal outcome; None without an effect."""
    from scipy.special import ndtri

    if not (np.isfinite(effect) and np.isfinite(sd)) or effect == 0:
        return None
    return int(np.ceil(2 * ((ndtri(1 - alpha / 2) + ndtri(power)) * sd / effect) ** 2))
