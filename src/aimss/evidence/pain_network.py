"""Our own trials of remedies as a network on 0-10 pain: parts apart, beside what reviews published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aimss.evidence.effects import RemedyEffect, remedy_effects
from aimss.evidence.pain_contrasts import contrast, flags, treatment, usable_contrasts
from aimss.evidence.synthesis.effect_sizes import Excluded
from aimss.evidence.synthesis.network import NetworkResult, network_meta_analysis
from aimss.evidence.synthesis.network_data import NetworkStudy, studies_from_contrasts
from aimss.evidence.synthesis.tables import Table
from aimss.evidence.tables import Row, load_table


@dataclass(frozen=True)
class PainNetwork:
    """The network with the rows that it rests on, their flags, and the published pooled estimates beside it."""

    result: NetworkResult
    rows: tuple[Row, ...]
    set_aside: tuple[Excluded, ...]
    effects: tuple[RemedyEffect, ...]

    def used_table(self) -> Table:
        """Return the contrasts used: trial, arms, outcome, week, difference, standard error, flags."""
        rows = tuple(
            (r.text("trial_id"), f"{treatment(r.text('arm_a'))} - {treatment(r.text('arm_b'))}", r.text("outcome"),
             r.number("time_weeks"), r.number("mean_difference"), r.number("se"), "; ".join(flags(r)))
            for r in self.rows
        )  # fmt: skip
        return Table(("trial", "contrast", "outcome", "week", "difference", "se", "flags"), rows, digits=2)

    def published_table(self) -> Table:
        """Return the published pooled differences on 0-10 pain in this disease."""
        rows = []
        for r in load_table("joint/network_meta"):
            if r.verified == "no" or "0-10" not in r.text("measure") or r.text("kind").startswith("external"):
                continue
            if r.number("estimate") is not None:
                rows.append((f"{r.text('first_author')} {r.text('year')}", r.text("comparison"), r.text("outcome"),
                             r.number("estimate"), r.number("ci_low"), r.number("ci_high"), r.text("pmid") or "-",
                             r.text("note")))  # fmt: skip
        columns = ("review", "comparison", "outcome", "estimate", "ci low", "ci high", "PMID", "note")
        return Table(columns, tuple(rows), title="published pooled estimates, points on 0-10", digits=2)

    def why_different(self) -> tuple[str, ...]:
        """Return why ours and the published estimates need not agree."""
        return (
            "reviews pool sham, waitlist and usual care as one control; here each comparator is its own treatment",
            "here one contrast a comparison and trial, at the trial's own end point; outcomes are worst or average "
            "pain or severity",
            "the note beside each review says what else it pools or predates",
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain types for ``json.dumps``."""
        return {
            "unit": "points on a 0-10 pain scale; negative is less pain",
            "network": self.result.to_json(),
            "contrasts": [{"row": r.id, "flags": list(flags(r)), **vars(contrast(r))} for r in self.rows],
            "effects": [
                {
                    **vars(e),
                    "certainty": {
                        "level": e.certainty.level,
                        "reasons": list(e.certainty.reasons),
                        "remarks": list(e.certainty.remarks),
                    },
                }
                for e in self.effects
            ],
            "set_aside": [vars(e) for e in self.set_aside],
            "published": self.published_table().records(),
            "why_different": list(self.why_different()),
        }

    def summary(self) -> str:
        """Return the result for the terminal."""
        lines = ["points on a 0-10 pain scale; negative is less pain", self.result.summary(), ""]
        lines += [str(self.used_table()), "", "what trials compared directly:"]
        lines += [_line(e) for e in self.effects]
        lines += ["", str(self.published_table())]
        lines += [f"differs: {text}" for text in self.why_different()]
        lines += ["", f"{len(self.set_aside)} further contrasts of the library were set aside (--json lists them)"]
        return "\n".join(lines)


def pain_studies() -> tuple[NetworkStudy, ...]:
    """Return the trials of the library that enter the network."""
    return studies_from_contrasts(contrast(r) for r in usable_contrasts()[0])


def pain_network(
    *,
    joins: Sequence[tuple[str, str]] = (),
    method: str = "REML",
    level: float = 0.95,
    reference: str | None = None,
) -> PainNetwork:
    """Fit the network of our own trials; ``joins`` as in ``network_meta_analysis``.

    Raises
    ------
    EvidenceError : an unknown treatment, or a join that a trial contradicts.
    """
    rows, aside = usable_contrasts()
    result = network_meta_analysis(pain_studies(), method, level=level, joins=joins, reference=reference)
    return PainNetwork(result, rows, aside, remedy_effects())


def _line(effect: RemedyEffect) -> str:
    text = (
        f"{effect.remedy} vs {effect.comparator}: {effect.estimate:.2f} ({effect.ci_low:.2f} to {effect.ci_high:.2f})"
    )
    if effect.k > 1 and effect.bayes_low is not None and effect.bayes_high is not None:
        text += f", Bayesian {effect.bayes_low:.2f} to {effect.bayes_high:.2f}"
    return f"{text}, {effect.k} trial(s); {effect.certainty}"
