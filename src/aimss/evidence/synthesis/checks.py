"""How far to trust a pooled mean: every check that its number of studies allows, in one object."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from aimss.errors import EvidenceError
from aimss.evidence.synthesis.bayesian import TAU_SCALES, BayesResult, pool_bayes
from aimss.evidence.synthesis.influence import Influence, influence, leave_one_out_table
from aimss.evidence.synthesis.random_effects import SMALL_K
from aimss.evidence.synthesis.results import MetaResult
from aimss.evidence.synthesis.small_study import EggerTest, TrimFill, egger, trim_and_fill
from aimss.evidence.synthesis.tables import Table


@dataclass(frozen=True)
class Checks:
    """Leave-one-out, influence, small-study effects and, for four studies or fewer, the Bayesian interval.

    A check that the data do not allow is None or empty, with the reason in ``left_out``.
    """

    without: Table | None
    influence: tuple[Influence, ...]
    egger: EggerTest | None
    trim_fill: TrimFill | None
    bayes: BayesResult | None
    left_out: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain types for ``json.dumps``."""
        fill = self.trim_fill
        return {
            "leave_one_out": [] if self.without is None else self.without.records(),
            "influence": [asdict(i) for i in self.influence],
            "egger": None if self.egger is None else asdict(self.egger),
            "trim_and_fill": None
            if fill is None
            else {
                "missing": fill.missing,
                "side": fill.side,
                "estimator": fill.estimator,
                "estimate": fill.adjusted.estimate,
                "ci_low": fill.adjusted.ci_low,
                "ci_high": fill.adjusted.ci_high,
            },
            "bayesian": None if self.bayes is None else self.bayes.to_json(),
            "left_out": list(self.left_out),
        }

    def summary(self) -> str:
        """Return the checks for the terminal, on the analysis scale."""
        lines = [] if self.without is None else [str(self.without)]
        lines += [f"influential: {i.study}" for i in self.influence if i.influential]
        if self.egger is not None:
            lines.append(
                f"Egger: slope {self.egger.slope:.3f} (se {self.egger.slope_se:.3f}), p = {self.egger.p_value:.3g}"
            )
        if self.trim_fill is not None:
            a = self.trim_fill.adjusted
            lines.append(
                f"trim and fill: {self.trim_fill.missing} studies missing on the {self.trim_fill.side}; "
                f"with them {a.estimate:.4f} ({a.ci_low:.4f} to {a.ci_high:.4f})"
            )
        if self.bayes is not None:
            b = self.bayes
            lines.append(
                f"Bayesian: {b.estimate:.4f} ({b.ci_low:.4f} to {b.ci_high:.4f}), half-normal({b.tau_scale:g}) on tau"
            )
        return "\n".join(lines + [f"left out: {text}" for text in self.left_out])


def check(result: MetaResult, *, tau_scale: float | None = None) -> Checks:
    """Run every check that applies to a pooled mean; ``tau_scale`` as in ``pool_bayes``."""
    left_out: list[str] = []
    without, slope, fill, bayes = None, None, None, None
    diagnostics: tuple[Influence, ...] = ()
    try:
        without, diagnostics = leave_one_out_table(result), influence(result)
    except EvidenceError as error:
        left_out.append(f"influence needs {error.expected}; found {error.found}")
    try:
        slope, fill = egger(result), trim_and_fill(result)
    except EvidenceError as error:
        left_out.append(f"small-study effects need {error.expected}; found {error.found}")
    if not result.has_moderators and result.method != "CE" and (result.k <= SMALL_K or tau_scale is not None):
        if tau_scale is None and result.data.measure not in TAU_SCALES:
            left_out.append("the Bayesian interval needs the scale of a prior on tau (--tau-scale)")
        else:
            bayes = pool_bayes(result.data, tau_scale=tau_scale, level=result.level)
    return Checks(without, diagnostics, slope, fill, bayes, tuple(left_out))
