"""A rules report for the terminal: red flags, safety, the table of disagreement, what to ask next."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from aimss.care.facts import fact_names
from aimss.care.findings import VERIFIED_WORDS
from aimss.care.report_rows import VERDICT_WORDS, row, shown
from aimss.care.rules_report import RulesReport, SafetyFinding

WIDTH = 110
_QUESTIONS = {name: i for i, name in enumerate(("bone", "bone_risk", "bone_monitor", "adjuvant", "denosumab_stop"))}


def report_text(report: RulesReport, *, everything: bool = False) -> str:
    """The report as plain text of 110 columns; `everything` adds guidelines that are not written for her."""
    lines: list[str] = []
    if report.red_flags:
        lines += ["RED FLAG: to a clinician before anything else"]
        for item in report.red_flags:
            seen = ", ".join(shown(name, report.facts[name]) for name in item.inputs_used if report.facts[name])
            lines += _wrapped(f"{item.rule.id}: {item.rule.do} ({seen})", "  ")
        lines.append("")
    lines += _safety(report)
    lines.append("What the guidelines say (each on its own; they are never merged)")
    for finding in sorted(report.findings, key=lambda item: _QUESTIONS.get(item.domain, len(_QUESTIONS))):
        if finding.verdict in {"not_applicable", "not_available"} and not everything and not finding.not_verified:
            continue
        lines += _finding(row(finding))
    quiet = [f for f in report.findings if f.verdict in {"not_applicable", "not_available"} and not f.not_verified]
    if quiet and not everything:
        lines.append("")
        for verdict in ("not_available", "not_applicable"):
            ids = ", ".join(f.guideline.id for f in quiet if f.verdict == verdict)
            if ids:
                lines += _wrapped(f"{VERDICT_WORDS[verdict]}: {ids}", "")
    questions = report.next_questions()
    if questions:
        lines += ["", "What to ask next"]
        for question in questions[:5]:
            lines += _wrapped(question.text, "  ")
    return "\n".join(lines)


def _safety(report: RulesReport) -> list[str]:
    lines: list[str] = []
    for item in report.safety:
        if item.state != "open":
            with_drug = "with the drug: " if item.state == "standing" else ""
            why = f" - {item.rule.why}" if item.rule.why else ""
            lines += _wrapped(f"{_name(item)}: {with_drug}{item.rule.do}{why}", "  ")
    lines += _not_ruled_out([item for item in report.safety if item.state == "open"])
    return ["Safety", *lines, ""] if lines else []


def _name(item: SafetyFinding) -> str:
    status = VERIFIED_WORDS[item.rule.verified]
    inside = ", ".join(part for part in (item.rule.id, item.because, status) if part)
    return f"{item.severity.upper()} {item.rule.context} [{inside}]"


def _not_ruled_out(items: Sequence[SafetyFinding]) -> list[str]:
    """Warnings that wait for an input, gathered by what to ask."""
    waiting: dict[tuple[str, ...], list[SafetyFinding]] = {}
    for item in items:
        waiting.setdefault(item.inputs_missing, []).append(item)
    lines: list[str] = []
    for missing, group in waiting.items():
        asked = "; ".join(dict.fromkeys(fact_names()[name].question for name in missing))
        names = "; ".join(_name(item) for item in group)
        lines += _wrapped(f"cannot be ruled out without {asked}: {names}", "  ")
    return lines


def _finding(cells: dict[str, str]) -> list[str]:
    head = f"{cells['guideline']} ({cells['year'] or 'undated'}), {cells['domain']}: {cells['verdict'].upper()}"
    lines = [head + (f" [{cells['rules']}]" if cells["rules"] else "")]
    for label, key in (
        ("says", "says"),
        ("next bone scan", "rescan"),
        ("status", "status"),
        ("note", "caveat"),
        ("missing", "missing"),
        ("readings", "readings"),
        ("would change it", "would_change"),
        ("not verified, read the source", "not_verified"),
        ("also", "also"),
    ):
        if cells[key]:
            lines += _wrapped(f"{label}: {cells[key]}", "    ")
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
