"""A finding: what one guideline says of her on one question, with the rules, inputs and readings behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from aimss.care.answer import ADVISES, NOT_AVAILABLE, Answer, answer, missing_of, state_of
from aimss.care.compiled import CompiledDecision, CompiledRule
from aimss.care.facts import fact_names
from aimss.care.kleene import NOTHING, Facts
from aimss.care.rules import Guideline, Rule, SafetyRule, Verdict, Verified, guideline_library
from aimss.care.timespan import plus_months

VERIFIED_WORDS = {"yes": "", "secondary": "secondary source", "no": "not verified"}
_WEAKEST: tuple[Verified, ...] = ("no", "secondary", "yes")


def weakest(levels: Iterable[Verified]) -> Verified:
    """The lowest verification status among those given."""
    given = set(levels)
    return next((level for level in _WEAKEST if level in given), "yes")


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
class ReadingAnswer:
    """What a guideline says under one reading of an ambiguous text."""

    reading: str
    verdict: Verdict
    rule_ids: tuple[str, ...]
    why: str
    missing: frozenset[str]


@dataclass(frozen=True)
class Finding:
    """What one guideline says of her on one question, with the rules and inputs behind it.

    `held_by` are the red flags that come first: the verdict is then `refer`.
    """

    guideline: Guideline
    facts: Facts
    compiled: CompiledDecision | None = None
    found: Answer = NOT_AVAILABLE
    held_by: tuple[SafetyRule, ...] = ()
    also: tuple[Finding, ...] = ()

    @property
    def domain(self) -> str:
        """The question: bone, adjuvant, joint ..."""
        return self.guideline.scope if self.compiled is None else self.compiled.decision.domain

    @property
    def verdict(self) -> Verdict:
        """One of the eight verdicts."""
        return "refer" if self.held_by else self.found.verdict

    @property
    def parts(self) -> tuple[Finding, ...]:
        """This finding and those under `also`."""
        return (self, *self.also)

    @cached_property
    def action(self) -> str:
        """What the guideline says to do, or why it says nothing."""
        said = self._said()
        return "; ".join(rule.do for rule in self.held_by) + f" (before: {said})" if self.held_by else said

    def _said(self) -> str:
        if self.compiled is None:
            return self.guideline.not_available or "no rule was read"
        if self.found.rules:
            return "; ".join(dict.fromkeys(rule.rule.action for rule in self.found.rules))
        decision = self.compiled.decision
        if self._otherwise:
            assert decision.otherwise is not None
            return decision.otherwise.action
        return {
            "unknown": "cannot be answered from the record",
            "not_available": "the rules that would decide were not verified: read the source",
            "no_branch_fits": "no branch of the text fits",
            "not_applicable": decision.not_for_her or "not written for this situation",
        }[self.found.verdict]

    @property
    def _otherwise(self) -> bool:
        assert self.compiled is not None
        otherwise = self.compiled.decision.otherwise
        outside = self.compiled.applies.evaluate(self.facts) is False
        return otherwise is not None and not outside and self.found.verdict == otherwise.verdict

    @cached_property
    def guideline_rule_ids(self) -> tuple[str, ...]:
        """Rules of the guideline behind its own answer: those that fired, then the preferred regimens."""
        if self.compiled is None:
            return ()
        if self.found.rules:
            preferred = [option.rule.id for option in self.options if option.preferred]
            return (*(rule.rule.id for rule in self.found.rules), *preferred)
        otherwise = self.compiled.decision.otherwise
        return otherwise.rule_ids if otherwise is not None and self._otherwise else ()

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """Rules behind the verdict; the red flags where they hold it back."""
        return tuple(rule.id for rule in self.held_by) if self.held_by else self.guideline_rule_ids

    @cached_property
    def inputs_used(self) -> tuple[str, ...]:
        """Known facts that the decision looked at."""
        return () if self.compiled is None else tuple(name for name in self.compiled.names if name in self.facts)

    @cached_property
    def inputs_missing(self) -> tuple[str, ...]:
        """Facts that are missing for the verdict, or for another reading of the text."""
        return tuple(sorted(self._missing | self._pending))

    @property
    def _missing(self) -> frozenset[str]:
        return NOTHING if self.compiled is None else self.found.missing(self.compiled, self.facts)

    @cached_property
    def _pending(self) -> frozenset[str]:
        if self.compiled is None or self.found.verdict == "unknown":
            return NOTHING
        needed = NOTHING.union(*(item.missing for item in self.all_readings if item.verdict == "unknown"))
        return needed & self.compiled.left_out

    @property
    def provisional(self) -> bool:
        """Whether the verdict stands only as long as an input that was not given is left out."""
        return bool(self._pending)

    @property
    def next_question(self) -> str | None:
        """What to ask next for this finding; None if nothing is missing (`RulesReport.next_questions` ranks them)."""
        return fact_names()[self.inputs_missing[0]].question if self.inputs_missing else None

    @cached_property
    def verified(self) -> Verified:
        """The weakest status among the rules behind the verdict."""
        if self.compiled is None or self.found.verdict == "not_available":
            return "no"
        if self.held_by:
            return weakest(rule.verified for rule in self.held_by)
        return weakest(rule.rule.verified for rule in self.found.rules or self.compiled.readings[0].rules)

    @cached_property
    def all_readings(self) -> tuple[ReadingAnswer, ...]:
        """The answer under each reading of the text, the default first; empty where the text has one reading."""
        if self.compiled is None or len(self.compiled.readings) == 1 or self.found.verdict == "not_applicable":
            return ()
        decision, facts = self.compiled, self.facts
        answers = [(reading, answer(decision, reading, facts)) for reading in decision.readings]
        return tuple(
            ReadingAnswer(r.name, a.verdict, tuple(c.rule.id for c in a.rules), r.why, a.missing(decision, facts))
            for r, a in answers
        )

    @property
    def readings(self) -> tuple[ReadingAnswer, ...]:
        """The readings side by side where they disagree; empty where they do not."""
        return self.all_readings if len({item.verdict for item in self.all_readings}) > 1 else ()

    @property
    def caveat(self) -> str:
        """What must be said beside the verdict: of the text, and of women like her; empty outside its population."""
        if self.compiled is None or self.found.verdict == "not_applicable":
            return ""
        hers = (text for holds, text in self.compiled.cautions if holds.evaluate(self.facts))
        return " ".join(part for part in (self.compiled.decision.caveat, *hers) if part)

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """Regimens the guideline names; a regimen without a condition is a choice, not a preference."""
        if self.compiled is None or self.verdict not in ADVISES:
            return ()
        return tuple(
            Option(c.rule, state if c.condition.names else None)
            for c in self.compiled.options
            if (state := state_of(c, self.facts)) is not False
        )

    @cached_property
    def notes(self) -> tuple[Rule, ...]:
        """Rules of the guideline that say something beside the verdict."""
        if self.compiled is None or self.found.verdict == "not_applicable":
            return ()
        return tuple(c.rule for c in self.compiled.notes if state_of(c, self.facts))

    @cached_property
    def not_verified(self) -> tuple[NotVerified, ...]:
        """Rules that hold or may hold, but whose text was not verified: read the source."""
        if self.compiled is None or self.found.verdict == "not_applicable":
            return ()
        states = [(c, state_of(c, self.facts)) for c in self.compiled.unverified]
        return tuple(
            NotVerified(c.rule, state, () if state else tuple(sorted(missing_of(c, self.facts))))
            for c, state in states
            if state is not False
        )

    def _advised(self) -> list[CompiledRule]:
        if self.compiled is None or self.verdict not in ADVISES:
            return []
        return [*self.found.rules, *(c for c in self.compiled.options if state_of(c, self.facts) is not False)]

    @property
    def drugs(self) -> tuple[str, ...]:
        """Drugs (and remedies) that the guideline offers her."""
        return tuple(dict.fromkeys(drug for rule in self._advised() for drug in rule.rule.drugs))

    @property
    def strategies(self) -> tuple[str, ...]:
        """Strategies of the library that carry out what it says, of those that can be hers."""
        named = (entry for rule in self._advised() for entry in rule.strategies)
        return tuple(dict.fromkeys(name for name, hers in named if hers.evaluate(self.facts)))

    @property
    def rescan(self) -> tuple[dt.date, dt.date] | None:
        """First and last day of the next bone scan by the rules behind the verdict; None without rule or last scan."""
        last = self.facts.get("last_scan_date")
        spans = [rule.rescan_months for rule in self.rules() if rule.rescan_months is not None]
        if last is None or not spans:
            return None
        day = dt.date.fromisoformat(last)
        return plus_months(day, min(span[0] for span in spans)), plus_months(day, max(span[1] for span in spans))

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
        """The rules of the guideline named in `guideline_rule_ids`, in order."""
        if self.compiled is None:
            return []
        by_id = {rule.id: rule for rule in self.compiled.decision.rules}
        return [by_id[name] for name in self.guideline_rule_ids]
