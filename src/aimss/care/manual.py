"""The manual page of the rules: each rule with the cases that specify it, which are run as tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from aimss.care.rules import Decision, Guideline, Rule, SafetyRule, guideline_library, safety_library

VERIFIED = {"yes": "read", "secondary": "from a secondary source", "no": "not verified: never advises"}
_HEAD = """# The rules

Every guideline rule and safety rule with its condition, its source and the cases that specify it.
`python -m tests.care.rules.make_manual` writes this page from `care/guidelines`, `care/safety` and the test cases (each
lays a change over one record, `tests/care/rules/cases/base.yaml`; null takes a field away); do not edit it.

A condition is true, false or unknown. A fact that the record does not settle makes it unknown, unless the rest decides.
A rule *fires*, *does not*, or is *unknown*. A safety rule *fires*, is *open* (cannot be ruled out), is *standing*
(an instruction that goes with a drug) or *absent*. `aimss rules facts` lists the facts.
"""


def manual_page(cases: Mapping[str, Iterable[Mapping[str, Any]]] | None = None) -> str:
    """The page in Markdown; `cases` maps the id of a rule to the cases that specify it (name, change, expect)."""
    known = cases or {}
    parts = [_HEAD, "## Guidelines\n"]
    parts += [_guideline(guideline, known) for guideline in guideline_library().values()]
    parts.append("## Safety rules\n")
    parts += [_safety(rule, known.get(rule.id, ())) for rule in safety_library().values()]
    return "\n".join(parts)


def _guideline(guideline: Guideline, cases: Mapping[str, Iterable[Mapping[str, Any]]]) -> str:
    year = f" ({guideline.year})" if guideline.year else ""
    lines = [f"### {guideline.id}: {guideline.title}{year}\n", f"{guideline.body}. Read: {guideline.how_far_verified}."]
    if guideline.superseded_by:
        lines.append(f"Superseded by {guideline.superseded_by}.")
    if guideline.not_available:
        lines.append(f"**Not available.** {guideline.not_available}")
    for name, conditions in guideline.definitions.items():
        lines.append(f"\n`{name}`: " + "; ".join(f"`{condition}`" for condition in conditions))
    lines += [_decision(decision, cases) for decision in guideline.decisions if not guideline.not_available]
    return "\n".join(lines) + "\n"


def _decision(decision: Decision, cases: Mapping[str, Iterable[Mapping[str, Any]]]) -> str:
    kind = "branches exclude each other" if decision.logic == "ladder" else "recommendations stand alone"
    lines = [f"\n**{decision.domain}** for `{decision.applies_when}` ({kind})."]
    if decision.caveat:
        lines.append(decision.caveat)
    if decision.readings:
        lines.append("Readings: " + "; ".join(reading.name for reading in decision.readings) + ".")
    lines += [_rule(rule, cases.get(rule.id, ())) for rule in decision.rules]
    return "\n".join(lines)


def _rule(rule: Rule, cases: Iterable[Mapping[str, Any]]) -> str:
    verdict = rule.verdict or rule.role
    population = f" for `{rule.applies_when}`" if rule.applies_when else ""
    lines = [
        f"\n#### {rule.id}\n",
        f"{verdict}{population} if `{rule.condition}`: {rule.action}. {_extras(rule)}({VERIFIED[rule.verified]}"
        + (f"; {rule.verified_note})" if rule.verified_note else ")"),
    ]
    if rule.interpretation:
        lines.append(f"Our reading: {rule.interpretation}.")
    return "\n".join([*lines, *_cases(rule.id, cases)])


def _extras(rule: Rule) -> str:
    parts = [rule.dose, rule.interval, rule.duration, rule.strength, rule.citation]
    text = "; ".join(part for part in parts if part)
    return f"{text} " if text else ""


def _safety(rule: SafetyRule, cases: Iterable[Mapping[str, Any]]) -> str:
    status = "not verified: it warns all the same" if rule.verified == "no" else VERIFIED[rule.verified]
    milder = f"; {rule.milder.severity} if `{rule.milder.condition}`" if rule.milder else ""
    lines = [
        f"### {rule.id}: {rule.context}\n",
        f"{rule.severity} if `{rule.condition}`{milder}: {rule.do}. {rule.why} ({status})",
    ]
    if rule.interpretation:
        lines.append(f"Our reading: {rule.interpretation}.")
    return "\n".join([*lines, *_cases(rule.id, cases)]) + "\n"


def _cases(subject: str, cases: Iterable[Mapping[str, Any]]) -> list[str]:
    found = list(cases)
    if not found:
        return []
    lines = ["", "| her record | the rule |", "|---|---|"]
    for case in found:
        text = yaml.safe_dump(case.get("change") or {}, default_flow_style=True, sort_keys=False, width=1000).strip()
        lines.append(f"| {case['name']}: `{text}` | {case['expect'][subject]} |")
    return lines
