"""The language of rule conditions: comparisons, and/or/not, in, sums, `at_least(n, ...)`, `given(fact)`.

A condition is parsed once into closures over the facts; nothing outside the language is accepted.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from aimss.care.kleene import (
    Evaluate,
    Missing,
    Node,
    all_of,
    any_of,
    at_least,
    constant,
    contained,
    fact,
    lifted,
    minus,
    negated,
    none_missing,
    not_contained,
)
from aimss.errors import RuleError

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: contained,
    ast.NotIn: not_contained,
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

    def boolean(self, node: ast.expr) -> Node:
        if isinstance(node, ast.BoolOp):
            parts = [self.boolean(part) for part in node.values]
            return all_of(parts) if isinstance(node.op, ast.And) else any_of(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return negated(self.boolean(node.operand))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "at_least":
            return self.at_least(node)
        if isinstance(node, ast.Name) and node.id in {"true", "false"}:
            return constant(node.id == "true")
        return self.atom(node)

    def atom(self, node: ast.expr) -> Node:
        if isinstance(node, ast.Name):
            return fact(node.id)
        if isinstance(node, ast.Compare):
            return self.comparison(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "given":
            match node.args:
                case [ast.Name(id=name)]:
                    self.optional.add(name)
                    return Node(frozenset({name}), lambda facts: name in facts, none_missing)
        raise self.refuse(ast.unparse(node))

    def at_least(self, node: ast.Call) -> Node:
        match node.args:
            case [ast.Constant(value=int(count)), *rest] if rest:
                parts: list[Node] = []
                for part in rest:
                    if isinstance(part, ast.Name) and part.id in self.definitions:
                        parts += [self.boolean(self.tree(text)) for text in self.definitions[part.id]]
                    else:
                        parts.append(self.boolean(part))
                return at_least(count, parts)
        raise self.refuse(ast.unparse(node))

    def comparison(self, node: ast.Compare) -> Node:
        left = self.value(node.left)
        links: list[Node] = []
        self.note(node)
        for op, right_tree in zip(node.ops, node.comparators, strict=True):
            if type(op) not in COMPARISONS:
                raise self.refuse(ast.unparse(node))
            right = self.value(right_tree)
            links.append(lifted(COMPARISONS[type(op)], left, right))
            left = right
        return links[0] if len(links) == 1 else all_of(links)

    def note(self, node: ast.Compare) -> None:
        pairs = list(pairwise([node.left, *node.comparators]))
        for one, other in [*pairs, *((second, first) for first, second in pairs)]:
            if isinstance(one, ast.Name) and not isinstance(other, ast.Name):
                try:
                    found = ast.literal_eval(other)
                except ValueError:
                    continue
                self.compared += [(one.id, item) for item in (sorted(found) if isinstance(found, set) else [found])]

    def value(self, node: ast.expr) -> Node:
        if isinstance(node, ast.Name):
            return fact(node.id)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
            return constant(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self.value(node.operand)
            return Node(number.names, lambda facts: minus(number.evaluate(facts)), number.missing)
        if isinstance(node, ast.Set | ast.Tuple) and all(isinstance(item, ast.Constant) for item in node.elts):
            return constant(frozenset(ast.literal_eval(item) for item in node.elts))
        if isinstance(node, ast.BinOp) and type(node.op) in SUMS:
            return lifted(SUMS[type(node.op)], self.value(node.left), self.value(node.right))
        raise self.refuse(ast.unparse(node))
