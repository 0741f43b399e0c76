"""Rules with their conditions parsed: what the evaluator walks. Each condition is parsed once per process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from aimss.care.expression import Expression, parse
from aimss.care.facts import fact_names
from aimss.care.rules import Decision, Guideline, Rule, SafetyRule, guideline_library, safety_library
from aimss.errors import RuleError

# refer is the most urgent answer, monitor the least specific one
RANK = {"refer": 4, "treat": 3, "consider": 2, "monitor": 1}


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its parsed population and condition."""

    rule: Rule
    applies: Expression
    condition: Expression
    rank: int
    strategies: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class CompiledReading:
    """One reading of a text: the rules as that reading has them."""

    name: str
    why: str
    rules: tuple[CompiledRule, ...]


@dataclass(frozen=True, slots=True)
class CompiledDecision:
    """A decision with its deciding rules under each reading, its regimens, notes and unverified rules."""

    decision: Decision
    applies: Expression
    readings: tuple[CompiledReading, ...]
    options: tuple[CompiledRule, ...]
    notes: tuple[CompiledRule, ...]
    unverified: tuple[CompiledRule, ...]
    names: tuple[str, ...]
    compared: tuple[tuple[str, float | str], ...]
    left_out: frozenset[str]
    cautions: tuple[tuple[Expression, str], ...]


@dataclass(frozen=True, slots=True)
class CompiledGuideline:
    """A guideline with its compiled decisions."""

    guideline: Guideline
    decisions: tuple[CompiledDecision, ...]
    headline: int | None


@dataclass(frozen=True, slots=True)
class CompiledSafety:
    """A safety rule with its parsed conditions."""

    rule: SafetyRule
    condition: Expression
    milder: Expression | None


def condition_of(text: str, where: str, definitions: Mapping[str, list[str]] | None = None) -> Expression:
    """Parse a condition and refuse names that are no fact."""
    expression = parse(text, where=where, definitions=definitions)
    unknown = sorted(expression.names - fact_names().keys())
    if unknown:
        raise RuleError(where, "names of facts", ", ".join(unknown), "`aimss rules facts` lists them.")
    return expression


def compile_guideline(guideline: Guideline) -> CompiledGuideline:
    """Parse every condition of a guideline; raises RuleError naming the rule."""
    definitions = {name: list(texts) for name, texts in guideline.definitions.items()}
    named = [i for i, item in enumerate(guideline.decisions) if item.domain == guideline.headline]
    if guideline.headline is not None and not named:
        raise RuleError(f"{guideline.id}.headline", "the domain of one of its decisions", guideline.headline)
    decisions = tuple(_decision(item, definitions, guideline.id) for item in guideline.decisions)
    return CompiledGuideline(guideline, decisions, named[0] if named else None)


def _decision(decision: Decision, definitions: Mapping[str, list[str]], guideline: str) -> CompiledDecision:
    def compiled(rule: Rule, text: str) -> CompiledRule:
        if rule.role == "decide" and rule.verdict is None:
            raise RuleError(f"{rule.id}.verdict", "treat, monitor, consider or refer for a deciding rule", "nothing")
        return CompiledRule(
            rule,
            condition_of(rule.applies_when or "true", f"{rule.id}.applies_when", definitions),
            condition_of(text, f"{rule.id}.condition", definitions),
            RANK[rule.verdict] if rule.verdict else 0,
            tuple(_strategy(entry, rule.id) for entry in rule.strategies),
        )

    by_id = {rule.id: rule for rule in decision.rules}
    for reading in decision.readings:
        strangers = sorted(reading.conditions.keys() - by_id.keys())
        if strangers:
            raise RuleError(f"{guideline}.readings", "ids of rules of the same decision", ", ".join(strangers))
    rules = {rule.id: compiled(rule, rule.condition) for rule in decision.rules}
    deciding = [c for c in rules.values() if c.rule.role == "decide" and c.rule.verified != "no"]
    readings = tuple(
        CompiledReading(
            reading.name,
            reading.why,
            tuple(
                compiled(c.rule, reading.conditions[c.rule.id]) if c.rule.id in reading.conditions else c
                for c in deciding
            ),
        )
        for reading in decision.readings
    )
    applies = condition_of(decision.applies_when, f"{guideline}.applies_when", definitions)
    names = applies.names.union(*(c.applies.names | c.condition.names for c in deciding))
    compared = [pair for c in deciding for pair in (*c.applies.compared, *c.condition.compared)]
    return CompiledDecision(
        decision,
        applies,
        readings or (CompiledReading("as printed", "", tuple(deciding)),),
        tuple(c for c in rules.values() if c.rule.role == "option" and c.rule.verified != "no"),
        tuple(c for c in rules.values() if c.rule.role == "note" and c.rule.verified != "no"),
        tuple(c for c in rules.values() if c.rule.verified == "no"),
        tuple(sorted(names)),
        tuple(dict.fromkeys(compared)),
        frozenset(name for c in deciding for name in c.condition.optional),
        tuple((condition_of(c.condition, f"{guideline}.cautions"), c.text) for c in decision.cautions),
    )


def _strategy(entry: str, rule: str) -> tuple[str, Expression]:
    name, _, condition = entry.partition(" if ")
    return name, condition_of(condition or "true", f"{rule}.strategies")


def compile_safety(rule: SafetyRule) -> CompiledSafety:
    """Parse the conditions of a safety rule."""
    milder = condition_of(rule.milder.condition, f"{rule.id}.milder") if rule.milder else None
    return CompiledSafety(rule, condition_of(rule.condition, f"{rule.id}.condition"), milder)


@cache
def compiled_library() -> tuple[CompiledGuideline, ...]:
    """The shipped guidelines, compiled."""
    return tuple(compile_guideline(item) for item in guideline_library().values())


@cache
def compiled_safety() -> tuple[CompiledSafety, ...]:
    """The shipped safety rules, compiled."""
    return tuple(compile_safety(rule) for rule in safety_library().values())


@cache
def compiled_red_flags() -> tuple[CompiledSafety, ...]:
    """The safety rules that route to a clinician before anything else."""
    return tuple(item for item in compiled_safety() if item.rule.red_flag)
