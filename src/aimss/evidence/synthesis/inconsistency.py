"""Do direct and indirect evidence agree? Design-by-treatment decomposition and node splitting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aimss.evidence.synthesis.distributions import chi2_tail, two_sided_p
from aimss.evidence.synthesis.network_data import components, pairs
from aimss.evidence.synthesis.network_fit import (
    NetworkComponent,
    Stacked,
    fit_component,
    generalised_q,
    network_tau2,
    stack,
)


@dataclass(frozen=True)
class DesignTest:
    """Cochran's Q split into heterogeneity within designs and inconsistency between them (common effect).

    ``Q_random`` is the Wald test of the design-by-treatment interactions with tau² of the interaction model
    (Higgins 2012).
    """

    Q_within: float
    df_within: int
    p_within: float
    Q_between: float
    df_between: int
    p_between: float
    Q_random: float
    tau2_random: float
    p_random: float


@dataclass(frozen=True)
class NodeSplit:
    """Direct against indirect evidence on ``treatment`` minus ``comparator``, at the network's tau²."""

    treatment: str
    comparator: str
    studies: int
    direct: float
    direct_se: float
    indirect: float
    indirect_se: float
    difference: float
    difference_se: float
    p_value: float
    multi_arm: bool


def design_by_treatment(component: NetworkComponent, method: str) -> DesignTest | None:
    """Return the test, or None when no loop of different designs exists to disagree."""
    data = stack(component.studies, component.treatments, component.reference)
    designs = sorted({s.design for s in component.studies})
    blocks = []
    order = []
    for design in designs:
        members = [s for s in component.studies if s.design == design]
        order += members
        blocks.append(stack(members, design, design[0]).x)
    n, p = sum(b.shape[0] for b in blocks), sum(b.shape[1] for b in blocks)
    df_between = p - data.x.shape[1]
    if df_between <= 0:
        return None
    full = np.zeros((n, p))
    row = col = 0
    for b in blocks:
        full[row : row + b.shape[0], col : col + b.shape[1]] = b
        row, col = row + b.shape[0], col + b.shape[1]
    base = stack(order, component.treatments, component.reference)
    wide = Stacked(base.y, full, base.v, base.z)
    within = generalised_q(wide, 0.0) if n > p else 0.0
    between = max(0.0, generalised_q(base, 0.0) - within)
    tau2 = network_tau2(wide, method)
    random = max(0.0, _difference(base, wide, tau2))
    return DesignTest(
        Q_within=within,
        df_within=n - p,
        p_within=chi2_tail(within, n - p) if n > p else 1.0,
        Q_between=between,
        df_between=df_between,
        p_between=chi2_tail(between, df_between),
        Q_random=random,
        tau2_random=tau2,
        p_random=chi2_tail(random, df_between),
    )


def _difference(narrow: Stacked, wide: Stacked, tau2: float) -> float:
    return generalised_q(narrow, tau2) - generalised_q(wide, tau2)


def node_splits(component: NetworkComponent) -> tuple[NodeSplit, ...]:
    """Split every comparison for which studies that hold both treatments and the other studies each have an answer.

    Direct: the studies that hold both, inverse variance. Indirect: the network of all other studies. Both at the
    network's tau²; no study counts on both sides, so the two are independent (a multi-arm study that holds
    both is on the direct side only, ``multi_arm``).
    """
    result = []
    for a, b in pairs(component.treatments):
        direct = [s for s in component.studies if a in s.treatments and b in s.treatments]
        rest = [s for s in component.studies if s not in direct]
        home = [part for part in components(rest) if {a, b} <= {t for s in part for t in s.treatments}]
        if not direct or not home:
            continue
        contrasts = np.array([s.contrast(a, b) for s in direct])
        weight = 1 / (contrasts[:, 1] + component.tau2)
        mean, se = float(weight @ contrasts[:, 0] / weight.sum()), float(np.sqrt(1 / weight.sum()))
        indirect = fit_component(home[0], "CE", component.level, tau2=component.tau2).compare(a, b)
        difference, spread = mean - indirect.estimate, float(np.hypot(se, indirect.se))
        result.append(
            NodeSplit(
                treatment=a,
                comparator=b,
                studies=len(direct),
                direct=mean,
                direct_se=se,
                indirect=indirect.estimate,
                indirect_se=indirect.se,
                difference=difference,
                difference_se=spread,
                p_value=two_sided_p(difference / spread),
                multi_arm=any(len(s.treatments) > 2 for s in direct),
            )
        )
    return tuple(result)
