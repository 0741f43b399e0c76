"""`RulesReport`: all findings and safety findings for one woman, what to ask next, and what its drugs do elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aimss.care.facts import fact_names
from aimss.care.findings import Finding
from aimss.care.kleene import Facts
from aimss.care.rules import SafetyRule

if TYPE_CHECKING:
    from aimss.care.harms import PublishedEffect

SCHEMA = "aimss-rules/1"


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

    def strategies(self) -> dict[str, tuple[str, ...]]:
        """Strategies that would carry out what guidelines say of her, each with the guidelines that name it."""
        named: dict[str, dict[str, None]] = {}
        for finding in self.findings:
            for part in finding.parts:
                for name in part.strategies:
                    named.setdefault(name, {})[finding.guideline.id] = None
        return {name: tuple(guidelines) for name, guidelines in named.items()}

    def effects(self) -> list[PublishedEffect]:
        """Published harms and benefits of the drugs that she takes or that a guideline offers her."""
        from aimss.care.harms import effects_of

        return effects_of(self.facts["drugs_now"].members | self.facts["drugs_offered"], self.facts)

    def table(self) -> list[dict[str, str]]:
        """One row a guideline, in words: verdict, why, what would change it, status; in the order of the findings."""
        from aimss.care.report_rows import row

        return [row(finding) for finding in self.findings]

    def to_json(self) -> dict[str, Any]:
        """The report as plain data in the shape `aimss-rules/1`."""
        from aimss.care.report_rows import report_json

        return report_json(self)
