"""How much one study moves the pooled result: leave-one-out, influence diagnostics, cumulative pooling.

Definitions are those of Viechtbauer and Cheung (2010), as in metafor's ``influence`` and ``leave1out``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aimss.errors import EvidenceError
from aimss.evidence.synthesis.random_effects import pool
from aimss.evidence.synthesis.results import MetaResult
from aimss.evidence.synthesis.tables import Table


@dataclass(frozen=True)
class Influence:
    """Diagnostics of one study.

    ``rstudent``: studentised deleted residual; ``dffits``, ``dfbetas``: shift of the mean in standard errors;
    ``cook_distance``; ``covariance_ratio``; ``tau2_without`` and ``Q_without``: refitted without the study;
    ``hat``: leverage; ``influential``: any of metafor's thresholds is passed.
    """

    study: str
    rstudent: float
    dffits: float
    dfbetas: float
    cook_distance: float
    covariance_ratio: float
    tau2_without: float
    Q_without: float
    hat: float
    influential: bool


def _pooled(result: MetaResult) -> None:
    if result.has_moderators or result.method == "GLMM":
        raise EvidenceError("influence", "a pooled mean by inverse variance", f"method {result.method}"
                            + (" with moderators" if result.has_moderators else ""))  # fmt: skip
    if result.k < 2:
        raise EvidenceError("influence", "at least two studies", f"{result.k}")


def leave_one_out(result: MetaResult) -> tuple[MetaResult, ...]:
    """Refit without each study in turn, in the order of the studies.

    Raises
    ------
    EvidenceError : fewer than two studies, moderators, or the exact model.
    """
    _pooled(result)
    if result.knha and result.k == 2:
        raise EvidenceError("leave-one-out", "three studies or more after Hartung-Knapp", "2")
    return tuple(
        pool(result.data.subset(np.arange(result.k) != i), result.method, knha=result.knha, level=result.level)
        for i in range(result.k)
    )


def leave_one_out_table(result: MetaResult) -> Table:
    """Return the refits of ``leave_one_out`` as a table on the analysis scale."""
    rows = tuple(
        (f"without {name}", r.estimate, r.ci_low, r.ci_high, r.tau2, r.I2, r.Q)
        for name, r in zip(result.data.labels, leave_one_out(result), strict=True)
    )
    return Table(("studies", "estimate", "ci low", "ci high", "tau2", "I2 %", "Q"), rows)


def influence(result: MetaResult) -> tuple[Influence, ...]:
    """Return the influence diagnostics of each study.

    Raises
    ------
    EvidenceError : as ``leave_one_out``.
    """
    from scipy.stats import chi2

    y, v, k = result.data.yi, result.data.vi, result.k
    variance = result.se**2
    weights = np.array(result.weights) / 100
    rows = []
    for i, without in enumerate(leave_one_out(result)):
        keep = np.arange(k) != i
        scale = 1.0
        if result.knha:
            w = 1 / (v[keep] + without.tau2)
            scale = float(w @ (y[keep] - without.estimate) ** 2) / (k - 2)
        shift = result.estimate - without.estimate
        spread = float(v[i]) + without.tau2
        rstudent = (float(y[i]) - without.estimate) / np.sqrt(scale * spread + without.se**2)
        dffits = shift / np.sqrt(scale * weights[i] * spread)
        dfbetas = shift * np.sqrt(float(np.sum(1 / (v + without.tau2))) / scale)
        cook = shift**2 / variance
        rows.append(
            Influence(
                study=result.data.labels[i],
                rstudent=float(rstudent),
                dffits=float(dffits),
                dfbetas=float(dfbetas),
                cook_distance=float(cook),
                covariance_ratio=without.se**2 / variance,
                tau2_without=without.tau2,
                Q_without=without.Q,
                hat=float(weights[i]),
                influential=bool(
                    abs(dffits) > 3 * np.sqrt(1 / (k - 1))
                    or chi2.cdf(cook, 1) > 0.5
                    or weights[i] > 3 / k
                    or abs(dfbetas) > 1
                ),
            )
        )
    return tuple(rows)


def cumulative(result: MetaResult, order: Sequence[float] | None = None) -> tuple[MetaResult, ...]:
    """Pool the first study, the first two, and so on, sorted by ``order`` (for example the year).

    Raises
    ------
    EvidenceError : ``order`` has not one value a study, Hartung-Knapp (a single study has no such interval).
    """
    _pooled(result)
    if result.knha:
        raise EvidenceError("cumulative", "a fit without Hartung-Knapp", "one with it")
    if order is not None and len(order) != result.k:
        raise EvidenceError("order", f"{result.k} values", f"{len(order)}")
    rank = np.argsort(np.asarray(order), kind="stable") if order is not None else np.arange(result.k)
    results = []
    for n in range(1, result.k + 1):
        keep = np.zeros(result.k, dtype=bool)
        keep[rank[:n]] = True
        results.append(pool(result.data.subset(keep), result.method, level=result.level))
    return tuple(results)
