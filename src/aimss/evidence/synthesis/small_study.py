"""Do small studies report larger effects? Egger's regression and trim-and-fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError
from aimss.evidence.synthesis.citations import citations_for
from aimss.evidence.synthesis.distributions import two_sided_p
from aimss.evidence.synthesis.effect_sizes import EffectSizes
from aimss.evidence.synthesis.random_effects import fit, pool
from aimss.evidence.synthesis.results import MetaResult

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class EggerTest:
    """Slope of the effect on its standard error; ``limit`` is the effect expected at a standard error of zero."""

    model: str
    slope: float
    slope_se: float
    statistic: float
    df: int | None
    p_value: float
    limit: float

    def citations(self) -> tuple[str, ...]:
        """Return the reference of the test."""
        return citations_for(["egger"])


def egger(result: MetaResult, model: str = "lm") -> EggerTest:
    """Test funnel-plot asymmetry (metafor's ``regtest``).

    Parameters
    ----------
    model : ``lm`` is Egger's weighted regression with multiplicative dispersion (t, k - 2 degrees of freedom);
        ``rma`` is a meta-regression on the standard error by the method of ``result`` (z).

    Raises
    ------
    EvidenceError : fewer than three studies, all standard errors equal, unknown model.
    """
    if result.has_moderators:
        raise EvidenceError("Egger's test", "a pooled mean", "a model with moderators")
    y, v, k = result.data.yi, result.data.vi, result.k
    se = np.sqrt(v)
    if k < 3 or np.ptp(se) < 1e-12 * se.max():
        raise EvidenceError("Egger's test", "three studies or more of different precision", f"{k} studies")
    x = np.column_stack([np.ones(k), se])
    if model == "rma":
        if result.method == "GLMM":
            raise EvidenceError("Egger's test", "a method by inverse variance", "GLMM")
        fitted = fit(result.data, x, ("intercept", "standard error"), result.method, knha=result.knha,
                     level=result.level)  # fmt: skip
        limit, slope = fitted.coefficients
        return EggerTest("rma", slope.estimate, slope.se, slope.statistic, k - 2 if result.knha else None,
                         slope.p_value, limit.estimate)  # fmt: skip
    if model != "lm":
        raise EvidenceError("model", "lm or rma", repr(model))
    root = 1 / se
    inverse = np.linalg.inv((root[:, None] * x).T @ (root[:, None] * x))
    beta = inverse @ (x.T @ (y / v))
    dispersion = float(np.sum((root * (y - x @ beta)) ** 2)) / (k - 2)
    slope_se = float(np.sqrt(dispersion * inverse[1, 1]))
    statistic = float(beta[1]) / slope_se
    return EggerTest("lm", float(beta[1]), slope_se, statistic, k - 2, two_sided_p(statistic, k - 2), float(beta[0]))


@dataclass(frozen=True)
class TrimFill:
    """Number of studies estimated missing on ``side``, and the pooled result with their mirror images added."""

    missing: int
    missing_se: float
    side: str
    estimator: str
    adjusted: MetaResult

    def citations(self) -> tuple[str, ...]:
        """Return the reference of the method."""
        return citations_for(["trimfill"])


def trim_and_fill(result: MetaResult, estimator: str = "L0", side: str | None = None) -> TrimFill:
    """Estimate the studies missing from one side of the funnel and pool with their mirror images.

    Parameters
    ----------
    estimator : L0, R0 or Q0 of Duval and Tweedie (2000).
    side : ``left`` or ``right``; when absent, the side opposite to the slope of the effect on its standard error.

    Raises
    ------
    EvidenceError : fewer than three studies, moderators, the exact model, no convergence.
    """
    if result.has_moderators or result.method == "GLMM" or result.k < 3:
        raise EvidenceError("trim and fill", "a pooled mean of three studies or more by inverse variance",
                            f"{result.k} studies, method {result.method}")  # fmt: skip
    if estimator not in ("L0", "R0", "Q0"):
        raise EvidenceError("estimator", "L0, R0 or Q0", repr(estimator))
    data = result.data
    if side is None:
        side = "right" if egger(result, "rma").slope < 0 else "left"
    if side not in ("left", "right"):
        raise EvidenceError("side", "left or right", repr(side))
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * data.yi, kind="stable")
    y, v = sign * data.yi[order], data.vi[order]
    missing, error, centre = _iterate(y, v, result.method, estimator)
    if missing == 0:
        return TrimFill(0, error, side, estimator, result)
    filled_y = sign * (2 * centre - y[-missing:])
    filled = EffectSizes(
        measure=data.measure if data.totals is None else "GEN",
        yi=np.concatenate([data.yi, filled_y]),
        vi=np.concatenate([data.vi, v[-missing:]]),
        labels=(*data.labels, *(f"filled {i + 1}" for i in range(missing))),
        source_rows=tuple(range(data.k + missing)),
    )
    adjusted = pool(filled, result.method, knha=result.knha, level=result.level)
    return TrimFill(missing, error, side, estimator, adjusted)


def _iterate(y: Array, v: Array, method: str, estimator: str) -> tuple[int, float, float]:
    """Alternate between trimming the k0 most extreme studies and re-estimating k0 until it stays."""
    k, missing = y.size, 0
    for _ in range(100):
        kept = EffectSizes("GEN", y[: k - missing], v[: k - missing], ("",) * (k - missing), tuple(range(k - missing)))
        centre = pool(kept, method).estimate
        centred = y - centre
        ranks = np.empty(k)
        ranks[np.argsort(np.abs(centred), kind="stable")] = np.arange(1, k + 1)
        estimate, error = _count(np.sign(centred) * ranks, k, estimator)
        new = max(0, round(estimate))
        if new == missing:
            return missing, max(0.0, error), centre
        if new > k - 1:
            break
        missing = new
    raise EvidenceError("trim and fill", "convergence", "a count that keeps changing")


def _count(signed: Array, k: int, estimator: str) -> tuple[float, float]:
    """Return the estimated number of missing studies and its standard error, from signed ranks (k,)."""
    positive = float(signed[signed > 0].sum())
    if estimator == "R0":
        negative = -signed[signed < 0]
        count = k - (float(negative.max()) if negative.size else 0.0) - 1
        return count, float(np.sqrt(2 * max(0.0, count) + 2))
    if estimator == "L0":
        count = (4 * positive - k * (k + 1)) / (2 * k - 1)
    else:
        inside = 2 * k**2 - 4 * positive + 0.25
        if inside < 0:
            raise EvidenceError("trim and fill", "estimator L0 or R0 for these data", "Q0, which is not defined")
        count = k - 0.5 - float(np.sqrt(inside))
    rank_variance = (
        k * (k + 1) * (2 * k + 1) + 10 * count**3 + 27 * count**2 + 17 * count
        - 18 * k * count**2 - 18 * k * count + 6 * k**2 * count
    ) / 24  # fmt: skip
    spread = float(np.sqrt(max(0.0, rank_variance)))
    if estimator == "L0":
        return count, 4 * spread / (2 * k - 1)
    return count, 2 * spread / float(np.sqrt(max(1e-12, (k - 0.5) ** 2 - count * (2 * k - count - 1))))
