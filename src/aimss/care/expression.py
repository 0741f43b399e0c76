"""The language of rule conditions: comparisons, and/or/not, in, sums, `at_least`; unknown is a third truth value.

A condition is parsed once into closures. A fact that is not known is absent from the facts; whatever needs it is
unknown (None), unless the rest decides (false and unknown is false, true or unknown is true: Kleene's strong logic).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from operator import methodcaller
from typing import Any

from aimss.errors import RuleError

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


def _not_contained(item: Any, members: PartialSet | frozenset[Any]) -> bool | None:
    found = contained(item, members)
    return None if found is None else not found


Evaluate = Callable[[Facts], Any]
Missing = Callable[[Facts], frozenset[str]]
NOTHING: frozenset[str] = frozenset()

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool | None]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: contained,
    ast.NotIn: _not_contained,
}
SUMS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed condition: `evaluate(facts)` gives True, False or None, `missing(facts)` the facts that made it None.

    `compared` holds each fact with the numbers and words it is compared with, `optional` the facts asked by `given`.
    """

    text: str
    names: frozenset[str]
    compared: tuple[tuple[str, float | str], ...]
    optional: frozenset[str]
    evaluate: Evaluate
    missing: Missing


@dataclass(frozen=True, slots=True)
class _Node:
    names: frozenset[str]
    evaluate: Evaluate
    missing: Missing
    fact: str | None = None
    constant: Any = None


def parse(
    text: str,
    *,
    where: str = "condition",
    definitions: Mapping[str, list[str]] | None = None,
) -> Expression:
    """Parse a condition; `definitions` names lists of conditions for `at_least`.

    Raises
    ------
    RuleError : for anything outside the language.
    """
    parser = _Parser(where, definitions or {})
    root = parser.boolean(parser.tree(text))
    return Expression(
        text, root.names, tuple(dict.fromkeys(parser.compared)), frozenset(parser.optional), root.evaluate, root.missing
    )


class _Parser:
    def __init__(self, where: str, definitions: Mapping[str, list[str]]) -> None:
        self.where, self.definitions = where, definitions
        self.compared: list[tuple[str, float | str]] = []
        self.optional: set[str] = set()

    def tree(self, text: str) -> ast.expr:
        try:
            return ast.parse(text.strip(), mode="eval").body
        except SyntaxError:
            raise self.refuse(text) from None

    def refuse(self, found: str) -> RuleError:
        return RuleError(
            self.where,
            "facts compared with numbers or words, joined by and, or, not, in, at_least(n, ...), given(fact)",
            repr(found),
            "`aimss rules facts` lists the facts.",
        )

    def boolean(self, node: ast.expr) -> _Node:
        if isinstance(node, ast.BoolOp):
            parts = [self.boolean(part) for part in node.values]
            return _all_of(parts) if isinstance(node.op, ast.And) else _any_of(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return _negated(self.boolean(node.operand))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "at_least":
            return self.at_least(node)
        if isinstance(node, ast.Name) and node.id in {"true", "false"}:
            return _constant(node.id == "true")
        return self.atom(node)

    def atom(self, node: ast.expr) -> _Node:
        if isinstance(node, ast.Name):
            return _fact(node.id)
        if isinstance(node, ast.Compare):
            return self.comparison(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "given":
            match node.args:
                case [ast.Name(id=name)]:
                    self.optional.add(name)
                    return _Node(frozenset({name}), lambda facts: name in facts, _none_missing)
        raise self.refuse(ast.unparse(node))

    def at_least(self, node: ast.Call) -> _Node:
        match node.args:
            case [ast.Constant(value=int(count)), *rest] if rest:
                parts: list[_Node] = []
                for part in rest:
                    if isinstance(part, ast.Name) and part.id in self.definitions:
                        parts += [self.boolean(self.tree(text)) for text in self.definitions[part.id]]
                    else:
                        parts.append(self.boolean(part))
                return _at_least(count, parts)
        raise self.refuse(ast.unparse(node))

    def comparison(self, node: ast.Compare) -> _Node:
        left = self.value(node.left)
        links: list[_Node] = []
        self.note(node)
        for op, right_tree in zip(node.ops, node.comparators, strict=True):
            if type(op) not in COMPARISONS:
                raise self.refuse(ast.unparse(node))
            right = self.value(right_tree)
            links.append(_lifted(COMPARISONS[type(op)], left, right))
            left = right
        return links[0] if len(links) == 1 else _all_of(links)

    def note(self, node: ast.Compare) -> None:
        pairs = list(pairwise([node.left, *node.comparators]))
        for one, other in [*pairs, *((second, first) for first, second in pairs)]:
            if isinstance(one, ast.Name) and not isinstance(other, ast.Name):
                try:
                    found = ast.literal_eval(other)
                except ValueError:
                    continue
                self.compared += [(one.id, item) for item in (sorted(found) if isinstance(found, set) else [found])]

    def value(self, node: ast.expr) -> _Node:
        if isinstance(node, ast.Name):
            return _fact(node.id)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
            return _constant(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self.value(node.operand)
            return _Node(number.names, lambda facts: _minus(number.evaluate(facts)), number.missing)
        if isinstance(node, ast.Set | ast.Tuple) and all(isinstance(item, ast.Constant) for item in node.elts):
            return _constant(frozenset(ast.literal_eval(item) for item in node.elts))
        if isinstance(node, ast.BinOp) and type(node.op) in SUMS:
            return _lifted(SUMS[type(node.op)], self.value(node.left), self.value(node.right))
        raise self.refuse(ast.unparse(node))


def _minus(value: Any) -> Any:
    return None if value is None else -value


def _constant(value: Any) -> _Node:
    return _Node(NOTHING, lambda _: value, _none_missing, constant=value)


def _none_missing(_: Facts) -> frozenset[str]:
    return NOTHING


def _fact(name: str) -> _Node:
    only = frozenset({name})
    # methodcaller is a lambda facts: facts.get(name) in C
    return _Node(only, methodcaller("get", name), lambda facts: NOTHING if name in facts else only, fact=name)


def _lifted(function: Callable[[Any, Any], Any], left: _Node, right: _Node) -> _Node:
    """A function of two values that is unknown when either is."""
    if left.fact is not None and right.constant is not None:
        evaluate = _fact_with_constant(function, left.fact, right.constant)
    elif function is contained and right.fact is not None and isinstance(left.constant, str):
        evaluate = _word_in_fact(left.constant, right.fact)
    else:
        evaluate = _two_values(function, left.evaluate, right.evaluate)
    names = left.names | right.names

    def missing(facts: Facts) -> frozenset[str]:
        if evaluate(facts) is not None:
            return NOTHING
        # with every fact known, what is missing is the rest of a list with gaps
        return left.missing(facts) | right.missing(facts) or names

    return _Node(names, evaluate, missing)


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


def _unknown_parts(parts: list[_Node]) -> Missing:
    def missing(facts: Facts) -> frozenset[str]:
        return NOTHING.union(*(part.missing(facts) for part in parts if part.evaluate(facts) is None))

    return missing


def _names(parts: list[_Node]) -> frozenset[str]:
    return NOTHING.union(*(part.names for part in parts))


def _all_of(parts: list[_Node]) -> _Node:
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

    return _Node(_names(parts), evaluate, _unknown_parts(parts))


def _any_of(parts: list[_Node]) -> _Node:
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

    return _Node(_names(parts), evaluate, _unknown_parts(parts))


def _negated(part: _Node) -> _Node:
    inner = part.evaluate

    def evaluate(facts: Facts) -> bool | None:
        value = inner(facts)
        return None if value is None else not value

    return _Node(part.names, evaluate, part.missing)


def _at_least(count: int, parts: list[_Node]) -> _Node:
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

    return _Node(_names(parts), evaluate, _unknown_parts(parts))
