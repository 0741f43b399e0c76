"""Common-effect and random-effects models by inverse variance, with or without moderators.

Estimates are those of metafor's ``rma.uni``: weights 1 / (v + tau²), z or (Hartung-Knapp) t intervals, Q from
common-effect weights, I² and H² from tau² and the typical sampling variance, Q-profile interval of tau².
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError
from aimss.evidence.synthesis.distributions import chi2_tail, two_sided_p, two_sided_quantile
from aimss.evidence.synthesis.effect_sizes import EffectSizes
from aimss.evidence.synthesis.heterogeneity import (
    cochran_q,
    estimate_tau2,
    log_likelihood,
    tau2_interval,
    typical_variance,
)
from aimss.evidence.synthesis.results import Coefficient, MetaResult

Array = NDArray[np.floating[Any]]

SMALL_K = 4
"""Up to this many studies a normal random-effects interval is too narrow to trust (decision 0105)."""

ALONE = "Hartung-Knapp needs two studies or more: the normal interval of the one study is given, as metafor does."

PREDICTION_QUANTILES = ("metafor", "t")


def pool(
    data: EffectSizes,
    method: str = "REML",
    *,
    knha: bool = False,
    level: float = 0.95,
    prediction: str = "metafor",
    tau2: float | None = None,
) -> MetaResult:
    """Pool effect sizes to one mean.

    Parameters
    ----------
    method : CE, DL, PM, REML or ML (the exact binomial-normal model is ``binomial_normal.pool_exact``).
    knha : Hartung-Knapp-Sidik-Jonkman standard error and t quantile with k - 1 degrees of freedom; a single
        study keeps the normal interval, with a note.
    level : coverage of all intervals, between 0 and 1.
    prediction : ``metafor`` takes the quantile of the confidence interval (normal, or t with k - 1 degrees of
        freedom after Hartung-Knapp); ``t`` takes t with k - 2 (Higgins 2009).
    tau2 : a known between-study variance, instead of estimating it.

    Raises
    ------
    EvidenceError : unknown method, impossible level, Hartung-Knapp with identical effects.
    """
    return fit(data, np.ones((data.k, 1)), ("intercept",), method, knha=knha, level=level,
               prediction=prediction, tau2=tau2)  # fmt: skip


def fit(
    data: EffectSizes,
    x: Array,
    names: tuple[str, ...],
    method: str,
    *,
    knha: bool,
    level: float,
    prediction: str = "metafor",
    tau2: float | None = None,
) -> MetaResult:
    """Fit the (mixed-effects) model with model matrix ``x`` (k, p); see ``pool``."""
    y, v = data.yi, data.vi
    k, p = x.shape
    alone = knha and k == 1
    knha = knha and not alone
    _check(data, x, method, knha, level, prediction)
    with_mods = p > 1
    if tau2 is None:
        tau2, tau2_se = estimate_tau2(y, v, x, method)
    else:
        tau2_se = None
    w = 1 / (v + tau2)
    covariance = np.linalg.inv(x.T @ (w[:, None] * x))
    beta = covariance @ (x.T @ (w * y))
    residual = y - x @ beta
    if knha:
        scale = float(w @ residual**2) / (k - p)
        if scale <= 0:
            raise EvidenceError("knha", "studies that differ", f"{k} identical effects",
                                "The Hartung-Knapp interval would have no width; fit without it.")  # fmt: skip
        covariance = covariance * scale
    df = k - p if knha else None
    se = np.sqrt(np.diag(covariance))
    quantile = two_sided_quantile(level, df)
    statistic = beta / se
    coefficients = tuple(
        Coefficient(n, float(b), float(s), float(t), two_sided_p(t, df), float(b - quantile * s),
                    float(b + quantile * s), df)
        for n, b, s, t in zip(names, beta, se, statistic, strict=True)
    )  # fmt: skip

    q = max(0.0, cochran_q(y, v, x)) if k > p else 0.0
    i2, h2 = _i2_h2(method, q, k, p, tau2, v, x)
    qm, qm_df, qm_p = _moderator_test(beta, covariance, names, df)
    interval, label = (None, "")
    if method != "CE" and not with_mods and k > 1:
        interval, label = _prediction(float(beta[0]), float(se[0]), tau2, k, level, df, prediction)
    weights = w / w.sum() * 100
    return MetaResult(
        data=data,
        method=method,
        knha=knha,
        level=level,
        coefficients=coefficients,
        covariance=tuple(tuple(float(c) for c in row) for row in covariance),
        tau2=tau2,
        tau2_se=tau2_se,
        tau2_ci=None if method == "CE" else tau2_interval(y, v, x, level),
        Q=q,
        Q_df=k - p,
        Q_p=chi2_tail(q, k - p) if k > p else 1.0,
        I2=i2,
        H2=h2,
        weights=tuple(float(x) for x in weights),
        prediction=interval,
        prediction_quantile=label,
        QM=qm,
        QM_df=qm_df,
        QM_p=qm_p,
        R2=_explained(data, method, tau2) if with_mods and k > p else None,
        log_likelihood=log_likelihood(y, v, x, tau2, restricted=method == "REML") if k > p else None,
        notes=(*data.notes, *_notes(k, p, method, knha, alone, weights)),
    )


def _check(data: EffectSizes, x: Array, method: str, knha: bool, level: float, prediction: str) -> None:
    k, p = x.shape
    if not 0 < level < 1:
        raise EvidenceError("level", "a coverage between 0 and 1", f"{level}")
    if prediction not in PREDICTION_QUANTILES:
        raise EvidenceError("prediction", " or ".join(PREDICTION_QUANTILES), prediction)
    infinite = ~np.isfinite(data.vi) | ~np.isfinite(data.yi)
    if infinite.any():
        label = data.labels[int(np.flatnonzero(infinite)[0])]
        raise EvidenceError(f"study {label}", "a finite effect and variance", "an infinite one",
                            "Use a continuity correction or the exact model (GLMM).")  # fmt: skip
    if p > k or np.linalg.matrix_rank(x) < p:
        raise EvidenceError("moderators", f"independent moderators, fewer than the {k} studies",
                            f"{p} coefficients", "Leave out a moderator.")  # fmt: skip
    if knha and k - p < 1:
        raise EvidenceError("knha", f"more than {p} studies for a Hartung-Knapp interval", f"{k}",
                            "Fit without Hartung-Knapp.")  # fmt: skip
    if p > 1 and k == p and method != "CE":
        raise EvidenceError("moderators", f"fewer coefficients than the {k} studies", f"{p}")


def _i2_h2(method: str, q: float, k: int, p: int, tau2: float, v: Array, x: Array) -> tuple[float, float]:
    if k <= p:
        return 0.0, 1.0
    if method == "CE":
        return (max(0.0, 100 * (q - (k - p)) / q) if q > 0 else 0.0), q / (k - p)
    typical = typical_variance(v, x)
    return 100 * tau2 / (typical + tau2), tau2 / typical + 1


def _moderator_test(
    beta: Array, covariance: Array, names: tuple[str, ...], df: int | None
) -> tuple[float | None, tuple[int, int | None] | None, float | None]:
    """Wald test of all coefficients but the intercept: chi-square, or F when ``df`` is given."""
    pick = [i for i, n in enumerate(names) if n != "intercept"]
    if not pick:
        return None, None, None
    b = beta[pick]
    wald = float(b @ np.linalg.solve(covariance[np.ix_(pick, pick)], b))
    if df is None:
        return wald, (len(pick), None), chi2_tail(wald, len(pick))
    from scipy.stats import f

    value = wald / len(pick)
    return value, (len(pick), df), float(f.sf(value, len(pick), df))


def _prediction(
    mean: float, se: float, tau2: float, k: int, level: float, df: int | None, kind: str
) -> tuple[tuple[float, float] | None, str]:
    if kind == "t":
        if k < 3:
            return None, ""
        quantile, label = two_sided_quantile(level, k - 2), f"t ({k - 2} df)"
    else:
        quantile, label = two_sided_quantile(level, df), "normal" if df is None else f"t ({df} df)"
    half = quantile * float(np.sqrt(tau2 + se**2))
    return (mean - half, mean + half), label


def _explained(data: EffectSizes, method: str, tau2: float) -> float | None:
    """Share of between-study variance that the moderators explain, in per cent (Raudenbush 2009)."""
    if method == "CE":
        return None
    without = estimate_tau2(data.yi, data.vi, np.ones((data.k, 1)), method)[0]
    return max(0.0, 100 * (without - tau2) / without) if without > 0 else None


def _notes(k: int, p: int, method: str, knha: bool, alone: bool, weights: Array) -> tuple[str, ...]:
    notes = []
    if k == 1:
        notes.append("One study: its own estimate is repeated; heterogeneity cannot be estimated.")
        if alone:
            notes.append(ALONE)
    elif k <= SMALL_K and method != "CE":
        advice = "the Hartung-Knapp interval is wide by right" if knha else "the normal interval is too narrow"
        notes.append(f"Only {k} studies: tau² is hardly known and {advice}; see the Bayesian interval (exact grid).")
    if k > 1 and p == 1 and weights.max() > 90:
        notes.append(f"One study carries {weights.max():.0f} % of the weight.")
    return tuple(notes)
