"""Do direct and indirect evidence agree? Design-by-treatment decomposition and node splitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aimss.evidence.synthesis.distributions import chi2_tail, two_sided_p
from aimss.evidence.synthesis.network_data import NetworkStudy, components, pairs

if TYPE_CHECKING:
    from aimss.evidence.synthesis.network import NetworkComponent, Stacked


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
    from aimss.evidence.synthesis.network import Stacked, generalised_q, network_tau2, stack

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
    from aimss.evidence.synthesis.network import generalised_q

    return generalised_q(narrow, tau2) - generalised_q(wide, tau2)


def node_splits(component: NetworkComponent) -> tuple[NodeSplit, ...]:
    """Split every comparison that has both direct and indirect evidence (back-calculation).

    Direct: studies that hold both treatments, inverse variance at the network's tau². Indirect: what is left
    of the network estimate when the direct part is taken out; exact for two-arm studies, approximate when a
    multi-arm study contributes to both sides (``multi_arm``).
    """
    result = []
    for a, b in pairs(component.treatments):
        direct = [s for s in component.studies if a in s.treatments and b in s.treatments]
        if not direct or not _connected_without(component.studies, a, b):
            continue
        contrasts = np.array([s.contrast(a, b) for s in direct])
        weight = 1 / (contrasts[:, 1] + component.tau2)
        mean, variance = float(weight @ contrasts[:, 0] / weight.sum()), float(1 / weight.sum())
        network = component.compare(a, b)
        precision = 1 / network.se**2 - 1 / variance
        if precision <= 1e-9 / variance:
            continue
        indirect_variance = 1 / precision
        indirect = (network.estimate / network.se**2 - mean / variance) * indirect_variance
        difference = mean - indirect
        se = float(np.sqrt(variance + indirect_variance))
        result.append(
            NodeSplit(a, b, len(direct), mean, float(np.sqrt(variance)), indirect, float(np.sqrt(indirect_variance)),
                      difference, se, two_sided_p(difference / se),
                      any(len(s.treatments) > 2 for s in direct))
        )  # fmt: skip
    return tuple(result)


def _connected_without(studies: tuple[NetworkStudy, ...], a: str, b: str) -> bool:
    """Whether a path from a to b remains when their direct comparison is taken away."""
    rest = []
    for s in studies:
        if a not in s.treatments or b not in s.treatments:
            rest.append(s)
            continue
        if len(s.treatments) > 2:
            kept = tuple(t for t in s.treatments if t != b)
            rest.append(NetworkStudy(s.name, kept, np.zeros(len(kept) - 1), np.eye(len(kept) - 1)))
    return any({a, b} <= {t for s in part for t in s.treatments} for part in components(rest))
