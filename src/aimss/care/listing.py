"""The rules themselves, for `aimss rules list` and `show`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import yaml

from aimss.care.compiled import CompiledGuideline
from aimss.care.rules import safety_library
from aimss.errors import RuleError


def listing(library: Sequence[CompiledGuideline]) -> dict[str, Any]:
    """Guidelines with the ids and actions of their rules, and the safety rules."""
    return {
        "schema": "aimss-rule-list/1",
        "guidelines": [
            {
                "id": item.guideline.id,
                "title": item.guideline.title,
                "year": item.guideline.year,
                "superseded_by": item.guideline.superseded_by,
                "not_available": item.guideline.not_available,
                "rules": [
                    {"id": rule.id, "domain": part.domain, "verified": rule.verified, "action": rule.action}
                    for part in item.guideline.decisions
                    for rule in part.rules
                ],
            }
            for item in library
        ],
        "safety": [
            {"id": rule.id, "context": rule.context, "severity": rule.severity, "verified": rule.verified}
            for rule in safety_library().values()
        ],
    }


def listing_text(found: dict[str, Any]) -> str:
    """The listing for people."""
    lines: list[str] = []
    for item in found["guidelines"]:
        newer = f" (superseded by {item['superseded_by']})" if item["superseded_by"] else ""
        lines.append(f"{item['id']} ({item['year'] or 'undated'}): {item['title']}{newer}")
        if item["not_available"]:
            lines.append(f"    not available: {item['not_available']}")
            continue
        lines += [f"    {r['id']} [{r['domain']}, verified {r['verified']}] {r['action']}" for r in item["rules"]]
    lines.append("Safety rules")
    lines += [f"    {r['id']} [{r['severity']}, verified {r['verified']}] {r['context']}" for r in found["safety"]]
    return "\n".join(lines)


def shown_rule(name: str, library: Sequence[CompiledGuideline]) -> dict[str, Any]:
    """A guideline, rule or safety rule as plain data; RuleError with the nearest names if there is none."""
    known: dict[str, dict[str, Any]] = {
        rule.id: {"safety_rule": rule.model_dump(mode="json", exclude_defaults=True)}
        for rule in safety_library().values()
    }
    for item in library:
        guideline = item.guideline.model_dump(mode="json", exclude_defaults=True)
        known[item.guideline.id] = {"guideline": guideline}
        for part in guideline.get("decisions", []):
            for rule in part["rules"]:
                known[rule["id"]] = {
                    "guideline": item.guideline.id,
                    "decision": part["domain"],
                    "for_whom": part.get("applies_when", "everyone"),
                    "definitions": guideline.get("definitions", {}),
                    "rule": rule,
                }
    if name not in known:
        near = difflib.get_close_matches(name.upper(), known, 3)
        mend = f"Did you mean {', '.join(near)}?" if near else "`aimss rules list` shows them."
        raise RuleError("name", "the id of a guideline, rule or safety rule", name, mend)
    return known[name]


def shown_text(found: dict[str, Any]) -> str:
    """The same as YAML, for people."""
    return yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=110).rstrip()
