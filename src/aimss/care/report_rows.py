"""A rules report as rows for people and as plain data for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aimss.care.facts import fact_names
from aimss.care.findings import VERIFIED_WORDS, Finding, Option
from aimss.care.kleene import PartialSet
from aimss.care.rules import Rule
from aimss.care.rules_report import SCHEMA, RulesReport, SafetyFinding
from aimss.care.what_if import Change, what_would_change

VERDICT_WORDS = {
    "treat": "treat",
    "monitor": "monitor",
    "consider": "consider",
    "refer": "to a clinician first",
    "no_branch_fits": "no branch of the text fits",
    "unknown": "cannot answer yet",
    "not_available": "not available",
    "not_applicable": "not written for this situation",
}


def value_text(value: Any, unit: str) -> str:
    """A value with its unit, for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, PartialSet):
        return (", ".join(sorted(value.members)) or "none") + ("" if value.whole else " (list may have gaps)")
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}" if unit and unit != "0-10" else text


def shown(name: str, value: Any) -> str:
    """A fact and its value, for people."""
    fact = fact_names()[name]
    return f"{fact.label} {value_text(value, fact.unit)}"


def change_in_words(change: Change) -> str:
    """One change, as a sentence."""
    fact = fact_names()[change.fact]
    now = "unknown" if change.now is None else value_text(change.now, fact.unit)
    return f"{VERDICT_WORDS[change.verdict]} if {fact.label}: {change.values} (now {now})"


def row(finding: Finding) -> dict[str, str]:
    """One row of the table of disagreement."""
    status = [VERIFIED_WORDS[finding.verified], finding.currency, "provisional" if finding.provisional else ""]
    why = [shown(name, finding.facts[name]) for name in finding.inputs_used]
    missing = [fact_names()[name].question for name in finding.inputs_missing]
    return {
        "guideline": finding.guideline.id,
        "title": finding.guideline.title,
        "domain": finding.domain,
        "verdict": finding.verdict,
        "says": finding.action,
        "rules": ", ".join(finding.rule_ids),
        "why": "; ".join(why),
        "rescan": "" if finding.rescan is None else " to ".join(dict.fromkeys(str(day) for day in finding.rescan)),
        "caveat": finding.caveat,
        "missing": "; ".join(dict.fromkeys(missing)),
        "readings": "; ".join(f"{item.reading}: {VERDICT_WORDS[item.verdict]}" for item in finding.readings),
        "would_change": "; ".join(change_in_words(change) for change in what_would_change(finding)),
        "not_verified": "; ".join(f"{item.rule.id} ({item.rule.action})" for item in finding.not_verified),
        "also": "; ".join(
            f"{item.domain}: {VERDICT_WORDS[item.verdict]} ({item.action})"
            for item in finding.also
            if item.verdict not in {"not_applicable"}
        ),
        "status": ", ".join(part for part in status if part),
        "year": str(finding.guideline.year or ""),
    }


def report_json(report: RulesReport) -> dict[str, Any]:
    """The report as plain data, schema `aimss-rules/1`."""
    questions = report.next_questions()
    order = {question.fact: i for i, question in enumerate(questions)}
    names = fact_names()
    facts = {
        name: {
            "value": _plain(value),
            "unit": names[name].unit,
            "label": names[name].label,
            "fields": list(names[name].fields),
        }
        for name, value in sorted(report.facts.items())
    }
    facts.update(
        {
            question.fact: {"value": None, "unit": names[question.fact].unit, "label": names[question.fact].label,
                            "fields": list(names[question.fact].fields)}
            for question in questions
            if question.fact not in facts
        }
    )  # fmt: skip
    return {
        "schema": SCHEMA,
        "findings": [_finding_json(finding, order) for finding in report.findings],
        "safety": [_safety_json(item, report.facts) for item in report.safety],
        "red_flags": [item.rule.id for item in report.red_flags],
        "next_questions": [
            {"fact": q.fact, "question": q.question, "guidelines": list(q.guidelines), "text": q.text,
             "fields": list(names[q.fact].fields)}
            for q in questions
        ],
        "strategies": [
            {"name": name, "guidelines": list(guidelines)} for name, guidelines in report.strategies().items()
        ],
        "effects": [asdict(effect) for effect in report.effects()],
        "facts": facts,
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, PartialSet):
        return {"holds": sorted(value.members), "absent": sorted(value.absent), "whole": value.whole}
    return sorted(value) if isinstance(value, frozenset) else value


def _finding_json(finding: Finding, order: Mapping[str, int], *, with_also: bool = True) -> dict[str, Any]:
    guideline = finding.guideline
    ask = min(finding.inputs_missing, key=lambda name: order.get(name, len(order)), default=None)
    rules = finding.rules()
    made: dict[str, Any] = {
        "guideline": guideline.id,
        "domain": finding.domain,
        "verdict": finding.verdict,
        "action": finding.action,
        "rule_ids": list(finding.rule_ids),
        "inputs_used": list(finding.inputs_used),
        "inputs_missing": list(finding.inputs_missing),
        "verified": finding.verified,
        "readings": [
            {"reading": item.reading, "verdict": item.verdict, "rule_ids": list(item.rule_ids), "why": item.why}
            for item in finding.readings
        ],
        "provisional": finding.provisional,
        "next_question": fact_names()[ask].question if ask else None,
        "would_change": [
            {
                "fact": change.fact,
                "values": change.values,
                "now": change.now,
                "verdict": change.verdict,
                "text": change_in_words(change),
            }
            for change in what_would_change(finding)
        ],
        "options": [_option_json(option) for option in finding.options],
        "strategies": list(finding.strategies),
        "notes": [{"rule_id": rule.id, "text": rule.action, "verified": rule.verified} for rule in finding.notes],
        "not_verified": [
            {
                "rule_id": item.rule.id,
                "would_say": item.rule.action,
                "holds": item.holds,
                "inputs_missing": list(item.inputs_missing),
                "advice": "not verified, read the source",
            }
            for item in finding.not_verified
        ],
        "rescan": None if finding.rescan is None else [day.isoformat() for day in finding.rescan],
        "caveat": finding.caveat,
        "held_rule_ids": list(finding.guideline_rule_ids) if finding.held_by else [],
        "title": guideline.title,
        "year": guideline.year,
        "superseded_by": guideline.superseded_by,
        "currency": finding.currency,
        "source": {
            "pmid": guideline.pmid,
            "doi": guideline.doi,
            "how_far_verified": guideline.how_far_verified,
            "citations": [_source_json(rule) for rule in rules],
        },
    }
    if with_also:
        made["also"] = [_finding_json(item, order, with_also=False) for item in finding.also]
    return made


def _source_json(rule: Rule) -> dict[str, str]:
    return {
        "rule_id": rule.id,
        "citation": rule.citation,
        "url": rule.source_url,
        "strength": rule.strength,
        "verified": rule.verified,
        "verified_note": rule.verified_note,
    }


def _option_json(option: Option) -> dict[str, Any]:
    rule = option.rule
    return {
        "rule_id": rule.id,
        "action": rule.action,
        "preferred": option.preferred,
        "dose": rule.dose,
        "interval": rule.interval,
        "duration": rule.duration,
        "strength": rule.strength,
        "disagreement": list(rule.disagreement),
        "strategies": list(rule.strategies),
        "verified": rule.verified,
    }


def _safety_json(item: SafetyFinding, facts: Mapping[str, Any]) -> dict[str, Any]:
    rule = item.rule
    values = [
        shown(name, facts[name]) for name in item.inputs_used if not isinstance(facts[name], frozenset | PartialSet)
    ]
    return {
        "rule_id": rule.id,
        "severity": item.severity,
        "why": rule.why,
        "do": rule.do,
        "state": item.state,
        "because": item.because,
        "context": rule.context,
        "drugs": list(rule.drugs),
        "indicator": item.indicator,
        "red_flag": rule.red_flag,
        "seen": values,
        "inputs_used": list(item.inputs_used),
        "inputs_missing": list(item.inputs_missing),
        "verified": rule.verified,
        "status": "verified" if rule.verified == "yes" else VERIFIED_WORDS[rule.verified],
        "verified_note": rule.verified_note,
        "citation": rule.citation,
        "source_url": rule.source_url,
    }
