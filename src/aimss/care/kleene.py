"""Three-valued values: lists with gaps, and how truth values, comparisons and counts combine (Kleene's strong logic).

A fact that is not known is absent from the facts; whatever needs it is unknown (None), unless the rest decides: false
and unknown is false, true or unknown is true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import methodcaller
from typing import Any

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PartialSet:
    """A list of a record that may have gaps: what it holds, what is known to be absent, and whether it is whole."""

    members: frozenset[str]
    absent: frozenset[str] = frozenset()
    whole: bool = False

    def holds(self, item: str) -> bool | None:
        """Whether the item is in the list; None if the list does not settle it."""
        if item in self.members:
            return True
        return False if self.whole or item in self.absent else None


def contained(item: Any, members: PartialSet | frozenset[Any]) -> bool | None:
    """Membership in a list with gaps (three-valued) or in a plain set."""
    return members.holds(item) if isinstance(members, PartialSet) else item in members


def not_contained(item: Any, members: PartialSet | frozenset[Any]) -> bool | None:
    """The contrary of `contained`; unknown stays unknown."""
    found = contained(item, members)
    return None if found is None else not found


Evaluate = Callable[[Facts], Any]
Missing = Callable[[Facts], frozenset[str]]
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a condition: the facts it names, its value, and the facts that keep it unknown."""

    names: frozenset[str]
    evaluate: Evaluate
    missing: Missing
    fact_name: str | None = None
    constant: Any = None


def minus(value: Any) -> Any:
    """Minus, or unknown."""
    return None if value is None else -value


def constant(value: Any) -> Node:
    """A part that is always the same."""
    return Node(NOTHING, lambda _: value, none_missing, constant=value)


def none_missing(_: Facts) -> frozenset[str]:
    """No fact is missing."""
    return NOTHING


def fact(name: str) -> Node:
    """The value of a fact."""
    only = frozenset({name})
    # methodcaller is a lambda facts: facts.get(name) in C
    return Node(only, methodcaller("get", name), lambda facts: NOTHING if name in facts else only, fact_name=name)


def lifted(function: Callable[[Any, Any], Any], left: Node, right: Node) -> Node:
    """A function of two values that is unknown when either is."""
    if left.fact_name is not None and right.constant is not None:
        evaluate = _fact_with_constant(function, left.fact_name, right.constant)
    elif function is contained and right.fact_name is not None and isinstance(left.constant, str):
        evaluate = _word_in_fact(left.constant, right.fact_name)
    else:
        evaluate = _two_values(function, left.evaluate, right.evaluate)
    names = left.names | right.names

    def missing(facts: Facts) -> frozenset[str]:
        if evaluate(facts) is not None:
            return NOTHING
        # with every fact known, what is missing is the rest of a list with gaps
        return left.missing(facts) | right.missing(facts) or names

    return Node(names, evaluate, missing)


def _two_values(function: Callable[[Any, Any], Any], first: Evaluate, second: Evaluate) -> Evaluate:
    def evaluate(facts: Facts) -> Any:
        a = first(facts)
        if a is None:
            return None
        b = second(facts)
        return None if b is None else function(a, b)

    return evaluate


def _fact_with_constant(function: Callable[[Any, Any], Any], name: str, constant: Any) -> Evaluate:
    """The commonest comparison with two calls fewer."""

    def evaluate(facts: Facts) -> Any:
        value = facts.get(name)
        return None if value is None else function(value, constant)

    return evaluate


def _word_in_fact(word: str, name: str) -> Evaluate:
    """The same for a word looked up in a list of hers."""

    def evaluate(facts: Facts) -> bool | None:
        members = facts.get(name)
        return None if members is None else contained(word, members)

    return evaluate


def _unknown_parts(parts: list[Node]) -> Missing:
    def missing(facts: Facts) -> frozenset[str]:
        return NOTHING.union(*(part.missing(facts) for part in parts if part.evaluate(facts) is None))

    return missing


def _names(parts: list[Node]) -> frozenset[str]:
    return NOTHING.union(*(part.names for part in parts))


def all_of(parts: list[Node]) -> Node:
    """Kleene and."""
    evaluators = tuple(part.evaluate for part in parts)

    def evaluate(facts: Facts) -> bool | None:
        answer: bool | None = True
        for part in evaluators:
            value = part(facts)
            if value is None:
                answer = None
            elif not value:
                return False
        return answer

    return Node(_names(parts), evaluate, _unknown_parts(parts))


def any_of(parts: list[Node]) -> Node:
    """Kleene or."""
    evaluators = tuple(part.evaluate for part in parts)

    def evaluate(facts: Facts) -> bool | None:
        answer: bool | None = False
        for part in evaluators:
            value = part(facts)
            if value is None:
                answer = None
            elif value:
                return True
        return answer

    return Node(_names(parts), evaluate, _unknown_parts(parts))


def negated(part: Node) -> Node:
    """Kleene not."""
    inner = part.evaluate

    def evaluate(facts: Facts) -> bool | None:
        value = inner(facts)
        return None if value is None else not value

    return Node(part.names, evaluate, part.missing)


def at_least(count: int, parts: list[Node]) -> Node:
    """True once enough parts are true, false once too few can be, unknown between."""
    evaluators = tuple(part.evaluate for part in parts)

    def evaluate(facts: Facts) -> bool | None:
        true = unknown = 0
        for part in evaluators:
            value = part(facts)
            if value is None:
                unknown += 1
            elif value:
                true += 1
        if true >= count:
            return True
        return None if true + unknown >= count else False

    return Node(_names(parts), evaluate, _unknown_parts(parts))
