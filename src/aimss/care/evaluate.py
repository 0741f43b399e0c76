"""The evaluator: facts through rules to findings. It knows truth values and ranks, no medicine.

A finding never merges guidelines. Where a rule that could outrank the answer is unknown, the answer is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from aimss.care.compiled import (
    CompiledDecision,
    CompiledGuideline,
    CompiledReading,
    CompiledRule,
    CompiledSafety,
    compiled_library,
    compiled_safety,
)
from aimss.care.expression import NOTHING, Facts
from aimss.care.facts import facts_of
from aimss.care.findings import Finding, NotVerified, Option, RulesReport, SafetyFinding
from aimss.care.rules import Verdict, Verified
from aimss.patient.patient import Patient

ADVISES = frozenset({"treat", "consider"})
_WEAKEST: tuple[Verified, ...] = ("no", "secondary", "yes")
_SAFETY_ORDER = {"fires": 0, "open": 1, "standing": 2}
_INDICATOR_ORDER = {"critical": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class _Answer:
    verdict: Verdict
    rules: tuple[CompiledRule, ...] = ()
    missing: frozenset[str] = NOTHING


def evaluate(patient: Patient, guidelines: Sequence[CompiledGuideline] | None = None) -> RulesReport:
    """Evaluate every rule for one woman: one finding a guideline, safety first."""
    return evaluate_facts(facts_of(patient), guidelines)


def evaluate_facts(facts: Facts, guidelines: Sequence[CompiledGuideline] | None = None) -> RulesReport:
    """The same from named facts (`aimss.care.facts`)."""
    facts = {**facts, "drugs_offered": frozenset()}
    flags = [item for item in compiled_safety() if item.rule.red_flag and item.condition.evaluate(facts)]
    findings = tuple(
        finding_of(item, facts, flags) for item in (compiled_library() if guidelines is None else guidelines)
    )
    offered = frozenset(drug for finding in findings for part in finding.parts for drug in part.drugs)
    facts["drugs_offered"] = offered
    return RulesReport(facts, findings, tuple(_safety(compiled_safety(), facts, offered)))


def finding_of(item: CompiledGuideline, facts: Facts, flags: Sequence[CompiledSafety] = ()) -> Finding:
    """One guideline's finding: its headline decision, the other decisions under `also`."""
    guideline = item.guideline
    if guideline.not_available is not None:
        return Finding(guideline, guideline.scope, "not_available", guideline.not_available, verified="no")
    parts = [_held(_decide(guideline_part, item, facts), flags) for guideline_part in item.decisions]
    head = next((part for part in parts if part.domain == guideline.headline), None)
    if head is None:
        head = next((part for part in parts if part.verdict != "not_applicable"), parts[0])
    return replace(head, also=tuple(part for part in parts if part is not head))


def _held(finding: Finding, flags: Sequence[CompiledSafety]) -> Finding:
    """A red flag comes first: what a guideline would do in a domain that waits becomes a referral."""
    holding = [flag.rule for flag in flags if finding.domain in flag.rule.holds]
    if not holding or finding.verdict not in ADVISES:
        return finding
    return replace(
        finding,
        verdict="refer",
        action="; ".join(rule.do for rule in holding) + f" (before: {finding.action})",
        rule_ids=tuple(rule.id for rule in holding),
        held_rule_ids=finding.rule_ids,
        verified=_weakest(rule.verified for rule in holding),
        drugs=(),
        strategies=(),
        options=(),
    )


def _state(rule: CompiledRule, facts: Facts) -> bool | None:
    applies = rule.applies.evaluate(facts)
    if applies is False:
        return False
    condition: bool | None = rule.condition.evaluate(facts)
    return None if condition and applies is None else condition


def _missing(rule: CompiledRule, facts: Facts) -> frozenset[str]:
    return rule.applies.missing(facts) | rule.condition.missing(facts)


def _weakest(levels: Iterable[Verified]) -> Verified:
    given = set(levels)
    return next((level for level in _WEAKEST if level in given), "yes")


def answer(decision: CompiledDecision, reading: CompiledReading, facts: Facts) -> _Answer:
    """The verdict of one decision under one reading."""
    applies = decision.applies.evaluate(facts)
    if applies is False:
        return _Answer("not_applicable")
    if applies is None:
        return _Answer("unknown", missing=decision.applies.missing(facts))
    fired: list[CompiledRule] = []
    open_: list[CompiledRule] = []
    for rule in reading.rules:
        state = _state(rule, facts)
        if state is None:
            open_.append(rule)
        elif state:
            fired.append(rule)
    top = max((rule.rank for rule in fired), default=0)
    above = open_ if decision.decision.logic == "each" else [rule for rule in open_ if rule.rank > top]
    missing = NOTHING.union(*(_missing(rule, facts) for rule in above))
    if above and (decision.decision.logic == "ladder" or not fired):
        return _Answer("unknown", missing=missing)
    if fired:
        best = tuple(rule for rule in fired if rule.rank == top)
        assert best[0].rule.verdict is not None
        return _Answer(best[0].rule.verdict, best if decision.decision.logic == "ladder" else tuple(fired), missing)
    if reading.rules and all(rule.applies.evaluate(facts) is False for rule in reading.rules):
        return _Answer("not_applicable")
    if decision.decision.otherwise is not None:
        return _Answer(decision.decision.otherwise.verdict)
    return _Answer("no_branch_fits" if decision.decision.logic == "ladder" else "not_applicable")


def _decide(item: CompiledDecision, parent: CompiledGuideline, facts: Facts) -> Finding:
    main = item.readings[0]
    found = answer(item, main, facts)
    finding = Finding(
        parent.guideline,
        item.decision.domain,
        found.verdict,
        _action(item, found),
        rule_ids=_rule_ids(item, found),
        inputs_used=tuple(name for name in item.names if name in facts),
        inputs_missing=tuple(sorted(found.missing)),
        verified=_weakest(rule.rule.verified for rule in (found.rules or main.rules)),
        compiled=item,
        facts=facts,
    )
    if found.verdict == "not_applicable":
        return finding
    return replace(finding, **_beside(item, found, facts))


def _beside(item: CompiledDecision, found: _Answer, facts: Facts) -> dict[str, object]:
    """What stands beside a verdict: other readings, regimens, notes, and rules that were not verified."""
    beside: dict[str, object] = {"not_verified": tuple(_not_verified(item, facts))}
    if len(item.readings) > 1:
        others = [(reading, answer(item, reading, facts)) for reading in item.readings[1:]]
        if any(other.verdict != found.verdict for _, other in others):
            beside["readings"] = tuple(
                {"reading": r.name, "verdict": a.verdict, "rule_ids": [c.rule.id for c in a.rules], "why": r.why}
                for r, a in [(item.readings[0], found), *others]
            )
            pending = NOTHING.union(*(other.missing for _, other in others if other.verdict == "unknown"))
            if found.verdict != "unknown" and pending:
                beside["provisional"] = True
                beside["inputs_missing"] = tuple(sorted(found.missing | pending))
    beside["notes"] = tuple(c.rule for c in item.notes if _state(c, facts))
    if found.verdict in ADVISES:
        options = [Option(c.rule, state) for c in item.options if (state := _state(c, facts)) is not False]
        preferred = [option.rule.id for option in options if option.preferred]
        rules = [c.rule for c in found.rules] + [option.rule for option in options]
        beside["options"] = tuple(options)
        beside["rule_ids"] = (*_rule_ids(item, found), *preferred)
        beside["drugs"] = tuple(dict.fromkeys(drug for rule in rules for drug in rule.drugs))
        beside["strategies"] = tuple(dict.fromkeys(name for rule in rules for name in rule.strategies))
    return beside


def _not_verified(item: CompiledDecision, facts: Facts) -> Iterable[NotVerified]:
    for compiled in item.unverified:
        state = _state(compiled, facts)
        if state is not False:
            yield NotVerified(compiled.rule, state, tuple(sorted(_missing(compiled, facts))) if state is None else ())


def _rule_ids(item: CompiledDecision, found: _Answer) -> tuple[str, ...]:
    otherwise = item.decision.otherwise
    if found.rules:
        return tuple(rule.rule.id for rule in found.rules)
    if otherwise is not None and found.verdict == otherwise.verdict:
        return otherwise.rule_ids
    return ()


def _action(item: CompiledDecision, found: _Answer) -> str:
    if found.rules:
        return "; ".join(dict.fromkeys(rule.rule.action for rule in found.rules))
    if item.decision.otherwise is not None and found.verdict == item.decision.otherwise.verdict:
        return item.decision.otherwise.action
    if found.verdict == "not_applicable":
        return item.decision.not_for_her or "not written for her"
    return {
        "unknown": "cannot be answered from the record",
        "not_available": "the rules that would decide were not verified: read the source",
        "no_branch_fits": "no branch of the text fits her",
    }[found.verdict]


def _safety(rules: Iterable[CompiledSafety], facts: Facts, offered: frozenset[str]) -> list[SafetyFinding]:
    taken = facts.get("drugs_now", NOTHING)
    found: list[SafetyFinding] = []
    for item in rules:
        rule = item.rule
        names = set(rule.drugs)
        because = "taken" if names & taken else "offered" if names & offered else "" if names else "symptoms"
        state, expression, severity, indicator = item.condition.evaluate(facts), item.condition, rule.severity, rule.indicator
        if state is not True and item.milder is not None and rule.milder is not None and item.milder.evaluate(facts):
            state, expression = True, item.milder
            severity, indicator = rule.milder.severity, rule.milder.indicator  # type: ignore[assignment]
        if state is True:
            kind = "fires"
        elif not because:
            continue
        elif rule.standing:
            kind = "standing"
        elif state is None:
            kind = "open"
        else:
            continue
        found.append(
            SafetyFinding(
                rule,
                kind,
                severity,
                indicator,
                because or "if chosen",
                tuple(sorted(name for name in expression.names if name in facts)),
                tuple(sorted(item.condition.missing(facts))) if state is None else (),
            )
        )
    found.sort(key=lambda s: (not (s.rule.red_flag and s.state == "fires"), _SAFETY_ORDER[s.state], _INDICATOR_ORDER[s.indicator]))
    return found
