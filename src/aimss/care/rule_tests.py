"""Specification tests of rules: a woman's record in, what each rule or guideline should say of her out.

The cases of the project and those that users write for their own guideline have one form:

    base: {sex: female, ...}                 # a record
    cases:
    - name: spine T-score of -2.1
      change: {dxa: [...]}                   # over the base; null takes a field away
      expect: {JPS2017-03: fires, JPS2017: treat}

A subject is a rule, a rule under another reading of the text (`JPS2017-03@3`), a guideline or one of its questions
(`JPS2017:adjuvant`), a safety rule, or its severity (`SAF-NSAID-01:severity`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from aimss.care.answer import state_of
from aimss.care.compiled import CompiledGuideline, CompiledRule, compiled_library
from aimss.care.evaluate import evaluate
from aimss.care.rules import Verdict, safety_library
from aimss.care.rules_report import RulesReport
from aimss.errors import AimssError, RuleError
from aimss.patient.reading import read_record

STATES = {True: "fires", False: "does_not", None: "unknown"}
SAFETY_STATES = ("fires", "open", "standing", "absent")
SEVERITIES = ("contraindicated", "avoid", "caution", "action", "monitor", "absent")


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One expectation of one case and what was found."""

    case: str
    subject: str
    expected: str
    found: str

    @property
    def passed(self) -> bool:
        """Whether the two agree."""
        return self.expected == self.found


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A record with changes laid over it, maps merged, null taking a field away."""
    made = dict(base)
    for key, value in change.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(made.get(key), Mapping):
            made[key] = merged(made[key], value)
        else:
            made[key] = value
    return made


def run_cases(
    data: Any, guidelines: Sequence[CompiledGuideline] | None = None, where: str = "cases"
) -> list[CaseResult]:
    """Run the cases of one file; raises RuleError for a file of another form or an unknown subject."""
    library = compiled_library() if guidelines is None else guidelines
    if not isinstance(data, Mapping) or not isinstance(data.get("cases"), list):
        raise RuleError(where, "a map with base and cases", type(data).__name__)
    results: list[CaseResult] = []
    for number, case in enumerate(data["cases"]):
        place = f"{where}: cases[{number}]"
        if not isinstance(case, Mapping) or not isinstance(case.get("expect"), Mapping):
            raise RuleError(place, "name, change and expect", type(case).__name__)
        record = case.get("record") or merged(data.get("base") or {}, case.get("change") or {})
        name = str(case.get("name") or number)
        try:
            report = evaluate(read_record(record), library)
        except AimssError as error:
            raise RuleError(f"{place} ({name})", "a sound record", str(error)) from None
        for subject, expected in case["expect"].items():
            found = outcome(report, library, subject)
            allowed = _allowed(subject, library)
            if expected not in allowed:
                raise RuleError(f"{place}.expect.{subject}", ", ".join(allowed), str(expected))
            results.append(CaseResult(name, subject, expected, found))
    return results


def _allowed(subject: str, library: Sequence[CompiledGuideline]) -> tuple[str, ...]:
    if subject.partition(":")[0] in safety_library():
        return SEVERITIES if ":" in subject else SAFETY_STATES
    if any(item.guideline.id == subject.partition(":")[0] for item in library):
        return get_args(Verdict)
    return tuple(STATES.values())


def outcome(report: RulesReport, library: Sequence[CompiledGuideline], subject: str) -> str:
    """What a report says of a rule (fires, does_not, unknown), a guideline, `GUIDELINE:domain`, or a safety rule."""
    guideline, _, domain = subject.partition(":")
    if guideline in safety_library():
        item = next((found for found in report.safety if found.rule.id == guideline), None)
        return "absent" if item is None else item.severity if domain == "severity" else item.state
    for finding in report.findings:
        if finding.guideline.id == guideline:
            parts = [part for part in finding.parts if part.domain == domain] if domain else [finding]
            if parts:
                return parts[0].verdict
    name, _, reading = subject.partition("@")
    rule = _rule(library, name, int(reading) - 1 if reading.isdigit() else 0)
    if rule is None:
        raise RuleError("expect", "ids of rules, guidelines or safety rules", subject, "`aimss rules list` shows them.")
    return STATES[rule_state(rule, report.facts)]


def rule_state(rule: tuple[CompiledRule, Any], facts: Any) -> bool | None:
    """A rule within its decision: the population of the decision counts."""
    within = rule[1].evaluate(facts)
    state = state_of(rule[0], facts)
    if within is False or state is False:
        return False
    return None if within is None or state is None else True


def _rule(library: Sequence[CompiledGuideline], name: str, reading: int) -> tuple[CompiledRule, Any] | None:
    for item in library:
        for decision in item.decisions:
            read = decision.readings[min(reading, len(decision.readings) - 1)].rules
            for rule in (*read, *decision.options, *decision.notes, *decision.unverified):
                if rule.rule.id == name:
                    return rule, decision.applies
    return None
