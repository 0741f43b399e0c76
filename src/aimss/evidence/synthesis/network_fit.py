"""Network meta-analysis: contrast-based random effects with multi-arm correlation, one fit a connected component.

Model of a component: y ~ Normal(X d, V + tau² Z), where d holds the effects of its treatments against one, V the
sampling covariance within studies and Z, with 1 on the diagonal and 1/2 between contrasts of one study, says that
all comparisons are equally heterogeneous. metafor's ``rma.mv(..., random = ~ contrast | study, rho = 1/2)``
is the same model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError
from aimss.evidence.synthesis.distributions import chi2_tail, two_sided_quantile
from aimss.evidence.synthesis.heterogeneity import fisher_scoring
from aimss.evidence.synthesis.network_data import NetworkStudy
from aimss.evidence.synthesis.tables import Table

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Comparison:
    """Effect of ``treatment`` minus ``comparator`` with interval on the analysis scale."""

    treatment: str
    comparator: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class NetworkComponent:
    """One connected part: effects against ``reference`` with their covariance, over ``treatments`` (sorted)."""

    studies: tuple[NetworkStudy, ...]
    treatments: tuple[str, ...]
    reference: str
    effects: Array
    covariance: Array
    tau2: float
    Q: float
    Q_df: int
    Q_p: float
    level: float
    notes: tuple[str, ...]

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.studies)

    def compare(self, treatment: str, comparator: str) -> Comparison:
        """Return the network estimate of ``treatment`` minus ``comparator``.

        Raises
        ------
        EvidenceError : a treatment that is not in this component.
        """
        for t in (treatment, comparator):
            if t not in self.treatments:
                raise EvidenceError("treatment", "one of " + ", ".join(self.treatments), repr(t))
        w = np.zeros(len(self.treatments))
        w[self.treatments.index(treatment)] += 1
        w[self.treatments.index(comparator)] -= 1
        estimate, se = float(w @ self.effects), float(np.sqrt(max(0.0, float(w @ self.covariance @ w))))
        half = two_sided_quantile(self.level) * se
        return Comparison(treatment, comparator, estimate, se, estimate - half, estimate + half)

    def league(self) -> Table:
        """Return the league table: row treatment minus column treatment, with interval."""
        names = self.treatments
        rows = []
        for a in names:
            cells = []
            for b in names:
                if a == b:
                    cells.append("·")
                    continue
                c = self.compare(a, b)
                cells.append(f"{c.estimate:.2f} ({c.ci_low:.2f} to {c.ci_high:.2f})")
            rows.append((a, *cells))
        return Table(("row minus column", *names), tuple(rows))

    def p_scores(self, *, smaller_is_better: bool = True) -> dict[str, float]:
        """Return the P-score of each treatment: mean certainty (0 to 1) of being better than each other one."""
        from scipy.stats import norm

        scores = {}
        for a in self.treatments:
            others = [self.compare(a, b) for b in self.treatments if b != a]
            sign = -1.0 if smaller_is_better else 1.0
            scores[a] = float(np.mean(norm.cdf(sign * np.array([c.estimate / c.se for c in others]))))
        return scores


@dataclass(frozen=True)
class Stacked:
    """Contrasts of all studies stacked: effects (n,), design (n, treatments - 1), V and Z (n, n)."""

    y: Array
    x: Array
    v: Array
    z: Array


def stack(studies: Sequence[NetworkStudy], treatments: Sequence[str], reference: str) -> Stacked:
    """Build the model matrices; ``treatments`` includes the reference, whose column is left out."""
    place = {t: i for i, t in enumerate(t for t in treatments if t != reference)}
    n = sum(len(s.effects) for s in studies)
    y, x = np.zeros(n), np.zeros((n, len(place)))
    v, z = np.zeros((n, n)), np.zeros((n, n))
    row = 0
    for s in studies:
        m = len(s.effects)
        block = slice(row, row + m)
        y[block], v[block, block] = s.effects, s.covariance
        z[block, block] = 0.5 * (np.eye(m) + np.ones((m, m)))
        for j, t in enumerate(s.treatments[1:]):
            if t != reference:
                x[row + j, place[t]] += 1
            if s.treatments[0] != reference:
                x[row + j, place[s.treatments[0]]] -= 1
        row += m
    return Stacked(y, x, v, z)


def generalised_q(data: Stacked, tau2: float) -> float:
    """Return the weighted residual sum of squares at tau²."""
    return float(data.y @ _projection(data, tau2)[0] @ data.y)


def _projection(data: Stacked, tau2: float) -> tuple[Array, Array]:
    weight = np.linalg.inv(data.v + tau2 * data.z)
    wx = weight @ data.x
    return weight - wx @ np.linalg.solve(data.x.T @ wx, wx.T), weight


def network_tau2(data: Stacked, method: str) -> float:
    """Estimate the common heterogeneity variance of a component.

    Raises
    ------
    EvidenceError : the likelihood could not be maximised.
    """
    df = data.y.size - data.x.shape[1]
    if method == "CE" or df <= 0:
        return 0.0
    p0, _ = _projection(data, 0.0)
    moment: float = max(0.0, (float(data.y @ p0 @ data.y) - df) / float(np.sum(p0 * data.z)))
    if method == "DL":
        return moment

    def score(tau2: float) -> tuple[float, float]:
        p, weight = _projection(data, tau2)
        py = p @ data.y
        cz = (p if method == "REML" else weight) @ data.z
        return float(py @ data.z @ py) - float(np.trace(cz)), float(np.sum(cz * cz.T))

    found = fisher_scoring(score, moment, float(np.diag(data.v).min()), most=500)
    if found is not None:
        return found
    raise EvidenceError("network", "a maximum of the likelihood for tau²", "no convergence", "Use --method DL.")


def fit_component(
    studies: tuple[NetworkStudy, ...],
    method: str,
    level: float,
    reference: str | None = None,
    tau2: float | None = None,
) -> NetworkComponent:
    """Fit one connected component at its own tau², or at a given one; see the module for the model."""
    treatments = tuple(sorted({t for s in studies for t in s.treatments}))
    if reference not in treatments:
        reference = max(treatments, key=lambda t: (sum(t in s.treatments for s in studies), t))
    data = stack(studies, treatments, reference)
    tau2 = network_tau2(data, method) if tau2 is None else tau2
    _, weight = _projection(data, tau2)
    inner = np.linalg.inv(data.x.T @ weight @ data.x)
    estimate = inner @ (data.x.T @ weight @ data.y)
    others = [i for i, t in enumerate(treatments) if t != reference]
    effects, covariance = np.zeros(len(treatments)), np.zeros((len(treatments), len(treatments)))
    effects[others] = estimate
    covariance[np.ix_(others, others)] = inner
    df = data.y.size - data.x.shape[1]
    q = max(0.0, generalised_q(data, 0.0)) if df > 0 else 0.0
    notes = []
    if df == 0 and method != "CE":
        size = "1 study" if len(studies) == 1 else f"{len(studies)} studies"
        notes.append(
            f"{', '.join(treatments)} ({size}): as many contrasts as effects, so heterogeneity cannot be estimated "
            "and intervals are those of a common effect."
        )
    return NetworkComponent(
        studies=studies,
        treatments=treatments,
        reference=reference,
        effects=effects,
        covariance=covariance,
        tau2=tau2,
        Q=q,
        Q_df=df,
        Q_p=chi2_tail(q, df) if df > 0 else 1.0,
        level=level,
        notes=tuple(notes),
    )
