"""What the evaluator returns: findings with their rules, inputs and readings; safety findings; the report of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aimss.care.expression import Facts
from aimss.care.facts import fact_names
from aimss.care.rules import Guideline, Rule, SafetyRule, Verdict, Verified, guideline_library

if TYPE_CHECKING:
    from aimss.care.compiled import CompiledDecision

SCHEMA = "aimss-rules/1"
VERIFIED_WORDS = {"yes": "", "secondary": "secondary source", "no": "not verified"}


@dataclass(frozen=True, slots=True)
class Option:
    """A regimen that a guideline names once it treats; `preferred` is None where the record does not settle it."""

    rule: Rule
    preferred: bool | None


@dataclass(frozen=True, slots=True)
class NotVerified:
    """A rule that holds (or may hold) but whose text was not verified: shown, never advice."""

    rule: Rule
    holds: bool | None
    inputs_missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one guideline says of her on one question, with the rules and inputs behind it."""

    guideline: Guideline
    domain: str
    verdict: Verdict
    action: str
    rule_ids: tuple[str, ...] = ()
    inputs_used: tuple[str, ...] = ()
    inputs_missing: tuple[str, ...] = ()
    verified: Verified = "yes"
    readings: tuple[Mapping[str, Any], ...] = ()
    provisional: bool = False
    options: tuple[Option, ...] = ()
    notes: tuple[Rule, ...] = ()
    not_verified: tuple[NotVerified, ...] = ()
    drugs: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    held_rule_ids: tuple[str, ...] = ()
    also: tuple[Finding, ...] = ()
    compiled: CompiledDecision | None = None
    facts: Facts | None = None

    @property
    def parts(self) -> tuple[Finding, ...]:
        """This finding and those under `also`."""
        return (self, *self.also)

    @property
    def currency(self) -> str:
        """Whether the guideline still stands: empty, or what replaced it and when."""
        newer = self.guideline.superseded_by
        if newer is None:
            return ""
        when = f" in {self.guideline.superseded}" if self.guideline.superseded else ""
        unread = newer in guideline_library() and guideline_library()[newer].not_available is not None
        return f"superseded by {newer}{when}" + (", which was not read" if unread else "")

    def rules(self) -> list[Rule]:
        """The rules named in `rule_ids`, in order (none for a referral by a red flag)."""
        if self.compiled is None:
            return []
        by_id = {rule.id: rule for rule in self.compiled.decision.rules}
        return [by_id[name] for name in self.rule_ids if name in by_id]


@dataclass(frozen=True, slots=True)
class SafetyFinding:
    """A safety rule that fires, stays open for want of an input, or stands as an instruction with a drug."""

    rule: SafetyRule
    state: str
    severity: str
    indicator: str
    because: str
    inputs_used: tuple[str, ...]
    inputs_missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A missing fact, the guidelines that wait for it, and those that wait for nothing else."""

    fact: str
    question: str
    guidelines: tuple[str, ...]
    alone: tuple[str, ...]

    @property
    def text(self) -> str:
        """The question in a sentence."""
        n = len(self.guidelines)
        could = f"{n} guideline{'s' if n > 1 else ''} could answer"
        rest = "" if len(self.alone) == n else f" ({len(self.alone)} with nothing else)"
        return f"with {self.question}, {could}{rest}: {', '.join(self.guidelines)}"


@dataclass(frozen=True, slots=True)
class RulesReport:
    """All findings for one woman: `table()` for people, `to_json()` for machines."""

    facts: Facts
    findings: tuple[Finding, ...]
    safety: tuple[SafetyFinding, ...]

    def finding(self, guideline: str) -> Finding:
        """The finding of one guideline by its id; KeyError if there is none."""
        return {item.guideline.id: item for item in self.findings}[guideline]

    @property
    def red_flags(self) -> tuple[SafetyFinding, ...]:
        """Red flags that fire: they come before everything else."""
        return tuple(item for item in self.safety if item.rule.red_flag and item.state == "fires")

    def next_questions(self) -> list[Question]:
        """What to ask next: the missing facts, those that most guidelines wait for first."""
        waiting: dict[str, list[Finding]] = {}
        for finding in self.findings:
            for name in finding.inputs_missing:
                waiting.setdefault(name, []).append(finding)
        questions = [
            Question(
                name,
                fact_names()[name].question,
                tuple(item.guideline.id for item in items),
                tuple(item.guideline.id for item in items if item.inputs_missing == (name,)),
            )
            for name, items in waiting.items()
        ]
        return sorted(questions, key=lambda q: (-len(q.guidelines), -len(q.alone), q.fact))

    def table(self) -> list[dict[str, str]]:
        """One row a guideline, in words: verdict, why, what would change it, status; in the order of the findings."""
        from aimss.care.report_rows import row

        return [row(finding) for finding in self.findings]

    def to_json(self) -> dict[str, Any]:
        """The report as plain data in the shape `aimss-rules/1`."""
        from aimss.care.report_rows import report_json

        return report_json(self)
