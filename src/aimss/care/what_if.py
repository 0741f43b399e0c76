"""What would change a finding: the single comparisons whose other truth gives another verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from aimss.care.compiled import CompiledReading, CompiledRule
from aimss.care.evaluate import answer
from aimss.care.expression import Expression, parse
from aimss.care.findings import Finding


@dataclass(frozen=True, slots=True)
class Change:
    """If `condition` were `holds`, the verdict would be `verdict`, by `rule_ids`; `now` holds the facts it compares."""

    condition: str
    holds: bool
    now: Mapping[str, Any]
    verdict: str
    rule_ids: tuple[str, ...]


def what_would_change(finding: Finding) -> list[Change]:
    """Each single comparison that would move the finding to another verdict, were it the other way round."""
    if finding.compiled is None or finding.facts is None or finding.held_rule_ids:
        return []
    decision, reading, facts = finding.compiled, finding.compiled.readings[0], finding.facts
    definitions = tuple((name, texts) for name, texts in finding.guideline.definitions.items())
    changes: list[Change] = []
    for atom in dict.fromkeys(atom for rule in reading.rules for atom in rule.condition.atoms):
        single = parse(atom)
        present = single.evaluate(facts)
        for holds in (True, False):
            if present is holds:
                continue
            other = answer(decision, _forced(reading, atom, holds, definitions), facts)
            if other.verdict not in {finding.verdict, "unknown"}:
                now = {name: facts[name] for name in sorted(single.names) if name in facts}
                ids = tuple(rule.rule.id for rule in other.rules)
                changes.append(Change(atom, holds, now, other.verdict, ids))
    return changes


def _forced(
    reading: CompiledReading, atom: str, holds: bool, definitions: tuple[tuple[str, tuple[str, ...]], ...]
) -> CompiledReading:
    def forced(rule: CompiledRule) -> CompiledRule:
        if atom not in rule.condition.atoms:
            return rule
        return replace(rule, condition=_parsed(rule.condition.text, atom, holds, definitions))

    return replace(reading, rules=tuple(forced(rule) for rule in reading.rules))


@lru_cache(maxsize=4096)
def _parsed(text: str, atom: str, holds: bool, definitions: tuple[tuple[str, tuple[str, ...]], ...]) -> Expression:
    return parse(text, definitions={name: list(texts) for name, texts in definitions}, forced={atom: holds})
