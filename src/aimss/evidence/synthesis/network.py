"""The whole network: components fitted apart, tested for consistency, joined only by named assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from aimss.errors import EvidenceError
from aimss.evidence.synthesis.citations import citations_for
from aimss.evidence.synthesis.inconsistency import DesignTest, NodeSplit, design_by_treatment, node_splits
from aimss.evidence.synthesis.network_data import NetworkStudy, components, joined, pairs
from aimss.evidence.synthesis.network_fit import Comparison, NetworkComponent, fit_component
from aimss.evidence.synthesis.tables import Table

if TYPE_CHECKING:
    from aimss.charting import Spec

NETWORK_METHODS = ("CE", "DL", "REML", "ML")


@dataclass(frozen=True)
class NetworkResult:
    """All components of a network, fitted apart, with the assumptions that joined any of them."""

    components: tuple[NetworkComponent, ...]
    method: str
    level: float
    assumptions: tuple[str, ...]
    smaller_is_better: bool
    designs: tuple[DesignTest | None, ...]
    splits: tuple[tuple[NodeSplit, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def k(self) -> int:
        """Number of studies."""
        return sum(c.k for c in self.components)

    def edge_counts(self) -> dict[tuple[str, str], int]:
        """Return how many studies compare each pair of treatments directly."""
        counts: dict[tuple[str, str], int] = {}
        for c in self.components:
            for s in c.studies:
                for pair in pairs(s.treatments):
                    counts[pair] = counts.get(pair, 0) + 1
        return counts

    def studies_of(self, treatment: str) -> int:
        """Return how many studies hold a treatment."""
        return sum(treatment in s.treatments for c in self.components for s in c.studies)

    def compare(self, treatment: str, comparator: str) -> Comparison:
        """Return the estimate of ``treatment`` minus ``comparator``.

        Raises
        ------
        EvidenceError : the two lie in components that no study joins, or one is unknown.
        """
        homes = [c for c in self.components if treatment in c.treatments]
        if not homes:
            raise EvidenceError("treatment", "a treatment of the network", repr(treatment))
        if comparator not in homes[0].treatments and any(comparator in c.treatments for c in self.components):
            raise EvidenceError(
                f"{treatment} vs {comparator}",
                "two treatments joined by a chain of trials",
                "treatments of separate components",
                "No trial evidence compares them; name an assumption that joins them (--join 'A=B').",
            )
        return homes[0].compare(treatment, comparator)

    def league_tables(self) -> tuple[Table, ...]:
        """Return one league table a component."""
        return tuple(c.league() for c in self.components)

    def table(self) -> Table:
        """Return each treatment against its component's reference, with its P-score within the component."""
        rows: list[tuple[str | float | int | None, ...]] = []
        for i, c in enumerate(self.components, start=1):
            scores = c.p_scores(smaller_is_better=self.smaller_is_better)
            for t in sorted(c.treatments, key=lambda t: -scores[t]):
                if t == c.reference:
                    rows.append((i, t, "reference", None, None, None, scores[t]))
                    continue
                r = c.compare(t, c.reference)
                rows.append((i, t, f"vs {c.reference}", r.estimate, r.ci_low, r.ci_high, scores[t]))
        return Table(("component", "treatment", "against", "estimate", "ci low", "ci high", "P-score"), tuple(rows))

    def plot(self) -> Spec:
        """Return a Vega-Lite spec of the network graph."""
        from aimss.evidence.synthesis import charts

        return charts.network_graph(self)

    def citations(self) -> tuple[str, ...]:
        """Return the references of the methods that were used."""
        return citations_for(["network", self.method, "pscore", "design", "split"])

    def methods_text(self) -> str:
        """Return the sentences of a methods section that describe this analysis."""
        parts = [
            f"A contrast-based network meta-analysis of {self.k} studies was fitted ("
            + ("common effect" if self.method == "CE" else f"random effects, {self.method}")
            + "), with the correlation of multi-arm contrasts.",
        ]
        if len(self.components) > 1:
            parts.append(
                f"The network falls into {len(self.components)} components that share no treatment; "
                "they were analysed apart and treatments were ranked only within a component."
            )
        parts += [f"Assumption that joins parts of the network: {a}." for a in self.assumptions]
        parts += [*self.notes, *(n for c in self.components for n in c.notes)]
        return " ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Return plain types for ``json.dumps``."""
        return {
            "method": self.method,
            "level": self.level,
            "k": self.k,
            "assumptions": list(self.assumptions),
            "notes": list(self.notes),
            "components": [
                {
                    "treatments": list(c.treatments),
                    "reference": c.reference,
                    "studies": [s.name for s in c.studies],
                    "k": c.k,
                    "tau2": c.tau2,
                    "Q": c.Q,
                    "Q_df": c.Q_df,
                    "Q_p": c.Q_p,
                    "comparisons": [vars(c.compare(a, b)) for a, b in pairs(c.treatments)],
                    "p_scores": c.p_scores(smaller_is_better=self.smaller_is_better),
                    "design_by_treatment": None if d is None else vars(d),
                    "node_splits": [vars(s) for s in splits],
                    "notes": list(c.notes),
                }
                for c, d, splits in zip(self.components, self.designs, self.splits, strict=True)
            ],
            "citations": list(self.citations()),
        }

    def summary(self) -> str:
        """Return the result for the terminal: components apart, assumptions first."""
        lines = [f"assumption: {a}" for a in self.assumptions] + [f"note: {n}" for n in self.notes]
        lines.append(f"{self.k} studies, {len(self.components)} component(s), method {self.method}")
        if len(self.components) > 1:
            lines.append("Components share no treatment: nothing below compares one with another.")
        lines += ["", str(self.table())]
        for i, (c, design, splits) in enumerate(zip(self.components, self.designs, self.splits, strict=True), start=1):
            lines += ["", f"component {i}: {c.k} studies, tau² = {c.tau2:.4f}, Q = {c.Q:.3f} on {c.Q_df} df"]
            lines.append(str(c.league()))
            if design is not None:
                lines.append(
                    f"inconsistency between designs: Q = {design.Q_between:.3f} on {design.df_between} df, "
                    f"p = {design.p_between:.4g}"
                )
            lines += [
                f"direct vs indirect {s.treatment} - {s.comparator}: {s.direct:.3f} vs {s.indirect:.3f}, "
                f"difference {s.difference:.3f} (se {s.difference_se:.3f}, p = {s.p_value:.3g})"
                + ("; multi-arm studies count as direct only" if s.multi_arm else "")
                for s in splits
            ]
            lines += [f"note: {n}" for n in c.notes]
        return "\n".join(lines)


def network_meta_analysis(
    studies: Sequence[NetworkStudy],
    method: str = "REML",
    *,
    level: float = 0.95,
    joins: Sequence[tuple[str, str]] = (),
    reference: str | None = None,
    smaller_is_better: bool = True,
) -> NetworkResult:
    """Fit every connected component of a network and test its consistency.

    Parameters
    ----------
    joins : pairs of treatments assumed to act alike; each is printed with the result.
    reference : treatment against which its own component is reported; elsewhere the most studied one.

    Raises
    ------
    EvidenceError : no study, an unknown method or reference, a join that a trial contradicts.
    """
    if not studies:
        raise EvidenceError("network", "at least one study", "none")
    if method not in NETWORK_METHODS:
        raise EvidenceError("--method", "one of " + ", ".join(NETWORK_METHODS), method)
    if not 0 < level < 1:
        raise EvidenceError("level", "a coverage between 0 and 1", f"{level}")
    names = [s.name for s in studies]
    if len(set(names)) < len(names):
        raise EvidenceError("study", "each study once", next(n for n in names if names.count(n) > 1))
    merged = joined(studies, joins)
    if reference is not None and all(reference not in s.treatments for s in merged):
        raise EvidenceError("--reference", "a treatment of the network", repr(reference))
    fitted = tuple(fit_component(part, method, level, reference) for part in components(merged))
    return NetworkResult(
        components=fitted,
        method=method,
        level=level,
        assumptions=tuple(f"{a} = {b} (treated as one comparator)" for a, b in joins),
        smaller_is_better=smaller_is_better,
        designs=tuple(design_by_treatment(c, method) for c in fitted),
        splits=tuple(node_splits(c) for c in fitted),
        notes=_notes(merged),
    )


def _notes(studies: Sequence[NetworkStudy]) -> tuple[str, ...]:
    """Say which studies were corrected for an empty cell and which names look like one treatment spelt twice."""
    corrected = [s.name for s in studies if s.corrected]
    notes = []
    if corrected:
        notes.append(f"One half was added to every count of studies with an empty cell: {', '.join(corrected)}.")
    notes += [
        f"Nearly the same name, taken as two treatments: {a!r} and {b!r}."
        for a, b in pairs({t for s in studies for t in s.treatments})
        if _alike(a, b)
    ]
    return tuple(notes)


def _alike(a: str, b: str) -> bool:
    """Return whether two names differ by a slip of the pen, not by a dose."""
    if [c for c in a if c.isdigit()] != [c for c in b if c.isdigit()]:
        return False
    return SequenceMatcher(None, a.casefold(), b.casefold()).ratio() >= 0.9
