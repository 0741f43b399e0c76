"""All rules for one woman: red flags first, one finding a guideline, never merged, then what is unsafe for her."""

from __future__ import annotations

from collections.abc import Sequence

from aimss.care.answer import ADVISES, Answer, answer
from aimss.care.compiled import (
    CompiledDecision,
    CompiledGuideline,
    CompiledSafety,
    compiled_library,
    compiled_red_flags,
    compiled_safety,
)
from aimss.care.drug_facts import with_classes
from aimss.care.facts import facts_of
from aimss.care.findings import Finding
from aimss.care.kleene import Facts
from aimss.care.rules import Guideline, SafetyRule
from aimss.care.rules_report import RulesReport, SafetyFinding
from aimss.patient.patient import Patient

_STATES = ("fires", "open", "standing")
_INDICATORS = ("critical", "warning", "info")


def evaluate(patient: Patient, guidelines: Sequence[CompiledGuideline] | None = None) -> RulesReport:
    """Evaluate every rule for one woman: one finding a guideline, safety first."""
    return evaluate_facts(facts_of(patient), guidelines)


def evaluate_facts(facts: Facts, guidelines: Sequence[CompiledGuideline] | None = None) -> RulesReport:
    """The same from named facts (`aimss.care.facts`)."""
    known = {**facts, "drugs_offered": frozenset()}
    flags = [item.rule for item in compiled_red_flags() if item.condition.evaluate(known)]
    library = compiled_library() if guidelines is None else guidelines
    findings = tuple(finding_of(item, known, flags) for item in library)
    advising = (part for finding in findings for part in finding.parts if part.verdict in ADVISES)
    offered = with_classes(drug for part in advising for drug in part.drugs)
    known["drugs_offered"] = offered
    safety = [found for item in compiled_safety() if (found := safety_of(item, known, offered)) is not None]
    safety.sort(key=_urgency)
    return RulesReport(known, findings, tuple(safety))


def finding_of(item: CompiledGuideline, facts: Facts, flags: Sequence[SafetyRule] = ()) -> Finding:
    """One guideline's finding: its headline decision, the other decisions under `also`."""
    guideline = item.guideline
    if guideline.not_available is not None:
        return Finding(guideline, facts)
    answers = [answer(decision, decision.readings[0], facts) for decision in item.decisions]
    head = _headline(item, answers)
    parts = [
        _part(guideline, decision, found, facts, flags)
        for i, (decision, found) in enumerate(zip(item.decisions, answers, strict=True))
        if i != head
    ]
    return _part(guideline, item.decisions[head], answers[head], facts, flags, tuple(parts))


def _headline(item: CompiledGuideline, answers: Sequence[Answer]) -> int:
    """The decision that its row shows: the one the file names, else the first that is for her, else the first."""
    if item.headline is not None:
        return item.headline
    for i, found in enumerate(answers):
        if found.verdict != "not_applicable":
            return i
    return 0


def _part(
    guideline: Guideline,
    decision: CompiledDecision,
    found: Answer,
    facts: Facts,
    flags: Sequence[SafetyRule],
    also: tuple[Finding, ...] = (),
) -> Finding:
    holding: tuple[SafetyRule, ...] = ()
    if flags and found.verdict in ADVISES:
        # what a guideline would do in a domain that waits becomes a referral while a red flag fires
        holding = tuple(rule for rule in flags if decision.decision.domain in rule.holds)
    return Finding(guideline, facts, decision, found, holding, also)


def safety_of(item: CompiledSafety, facts: Facts, offered: frozenset[str]) -> SafetyFinding | None:
    """A safety rule against her facts: fires whatever she takes, open or standing only with a drug taken or offered."""
    rule, milder = item.rule, item.rule.milder
    state, expression = item.condition.evaluate(facts), item.condition
    severity, indicator = rule.severity, rule.indicator
    if milder is not None and item.milder is not None and not state and item.milder.evaluate(facts):
        state, expression = True, item.milder
        severity, indicator = milder.severity, milder.indicator
    if state is False and not rule.standing:
        return None
    relevance = _relevance(rule, facts, offered)
    if state:
        before = not facts["drugs_ever"].members.isdisjoint(rule.drugs)
        kind, relevance = "fires", relevance or ("taken before" if before else "if chosen")
    elif relevance:
        kind = "standing" if rule.standing else "open"
    else:
        return None
    used = tuple(sorted(name for name in expression.names if name in facts))
    missing = tuple(sorted(expression.missing(facts))) if state is None else ()
    return SafetyFinding(rule, kind, severity, indicator, relevance, used, missing)


def _relevance(rule: SafetyRule, facts: Facts, offered: frozenset[str]) -> str:
    """Why a rule is about her: she takes a drug of it, a guideline offers one, or it is about no drug at all."""
    if not rule.drugs:
        return "her record"
    if not facts["drugs_now"].members.isdisjoint(rule.drugs):
        return "taken"
    return "" if offered.isdisjoint(rule.drugs) else "offered"


def _urgency(item: SafetyFinding) -> tuple[int, bool, int]:
    return (_STATES.index(item.state), not item.rule.red_flag, _INDICATORS.index(item.indicator))
