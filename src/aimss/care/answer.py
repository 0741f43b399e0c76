"""How one decision is answered: truth values and ranks, no medicine.

Where a rule that could outrank the answer is unknown, the answer is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

from aimss.care.compiled import CompiledDecision, CompiledReading, CompiledRule
from aimss.care.kleene import NOTHING, Facts
from aimss.care.rules import Verdict

ADVISES = frozenset({"treat", "consider"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict with the rules that gave it and the rules that were unknown and could have changed it."""

    verdict: Verdict
    rules: tuple[CompiledRule, ...] = ()
    waiting: tuple[CompiledRule, ...] = ()

    def missing(self, decision: CompiledDecision, facts: Facts) -> frozenset[str]:
        """The facts that were missing for the verdict."""
        if decision.applies.evaluate(facts) is None:
            return decision.applies.missing(facts)
        return NOTHING.union(*(missing_of(rule, facts) for rule in self.waiting))


NOT_APPLICABLE = Answer("not_applicable")
NOT_AVAILABLE = Answer("not_available")


def state_of(rule: CompiledRule, facts: Facts) -> bool | None:
    """Whether a rule holds: its population and its condition, three-valued."""
    if rule.rule.applies_when is None:
        return rule.condition.evaluate(facts)  # type: ignore[no-any-return]
    applies = rule.applies.evaluate(facts)
    if applies is False:
        return False
    condition: bool | None = rule.condition.evaluate(facts)
    return None if condition and applies is None else condition


def missing_of(rule: CompiledRule, facts: Facts) -> frozenset[str]:
    """The facts that keep a rule unknown."""
    parts = (part for part in (rule.applies, rule.condition) if part.evaluate(facts) is None)
    return NOTHING.union(*(part.missing(facts) for part in parts))


def answer(decision: CompiledDecision, reading: CompiledReading, facts: Facts) -> Answer:
    """The verdict of one decision under one reading."""
    applies = decision.applies.evaluate(facts)
    if applies is False:
        return NOT_APPLICABLE
    if applies is None:
        return Answer("unknown")
    fired: list[CompiledRule] = []
    open_: list[CompiledRule] = []
    for rule in reading.rules:
        state = state_of(rule, facts)
        if state is None:
            open_.append(rule)
        elif state:
            fired.append(rule)
    if fired or open_:
        return _of_branches(decision, fired, open_)
    return _of_none(decision, reading, facts)


def _of_branches(decision: CompiledDecision, fired: list[CompiledRule], open_: list[CompiledRule]) -> Answer:
    """In a ladder the highest branch that holds, unless an unknown one stands above it; else all that hold."""
    top = max((rule.rank for rule in fired), default=0)
    ladder = decision.decision.logic == "ladder"
    above = tuple(rule for rule in open_ if rule.rank > top or not ladder)
    if above and (ladder or not fired):
        return Answer("unknown", waiting=above)
    best = [rule for rule in fired if rule.rank == top]
    verdict = best[0].rule.verdict
    assert verdict is not None
    return Answer(verdict, tuple(best if ladder else fired), above)


def _of_none(decision: CompiledDecision, reading: CompiledReading, facts: Facts) -> Answer:
    """No branch holds: she is outside every branch's population, or the text says what then, or it has a hole."""
    if reading.rules and all(rule.applies.evaluate(facts) is False for rule in reading.rules):
        return NOT_APPLICABLE
    if decision.decision.otherwise is not None:
        return Answer(decision.decision.otherwise.verdict)
    return Answer("no_branch_fits") if decision.decision.logic == "ladder" else NOT_APPLICABLE
