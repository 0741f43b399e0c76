"""Conditions on virtual women, such as ``t_score_lowest <= -2 and not prior_fracture``, over arrays.

The language is a small part of Python's: numbers, names of the fields, comparisons, and, or, not, + - * /. Nothing is
executed: the text is parsed and its tree walked.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.care.expression import COMPARISONS, SUMS

# on columns of numbers: what is among a list is not asked of them
_COMPARE = {kind: how for kind, how in COMPARISONS.items() if kind not in (ast.In, ast.NotIn)}


class CriterionError(ValueError):
    """A condition outside the language; says what was expected and what was found."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"expected {expected}; found {found}")


@cache
def parse(text: str) -> ast.expr:
    """Parse a condition; CriterionError if it is not one."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise CriterionError("a condition such as t_score_lowest <= -2 and age_years >= 60", repr(text)) from None


def names_in(text: str) -> frozenset[str]:
    """Return the fields that a condition reads."""
    return frozenset(node.id for node in ast.walk(parse(text)) if isinstance(node, ast.Name))


def check(text: str, known: frozenset[str]) -> None:
    """Raise CriterionError unless the condition is in the language and reads known fields only."""
    unknown = sorted(names_in(text) - known)
    if unknown:
        raise CriterionError("fields out of " + ", ".join(sorted(known)), unknown[0])
    if not isinstance(parse(text), ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Name):
        raise CriterionError("a condition that is true or false", repr(text))
    holds(text, dict.fromkeys(known, np.ones(1)))


def holds(text: str, fields: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return for which women the condition holds, (n,)."""
    return np.asarray(_value(parse(text), fields), dtype=bool)


def _value(node: ast.expr, fields: Mapping[str, NDArray[Any]]) -> Any:  # noqa: PLR0911 - one return a kind of node
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return value
        case ast.Name(id=name) if name in fields:
            return fields[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, fields)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return np.logical_not(np.asarray(_value(inner, fields), dtype=bool))
        case ast.BinOp(op=op, left=left, right=right) if type(op) in SUMS:
            return SUMS[type(op)](_value(left, fields), _value(right, fields))
        case ast.BoolOp(op=op, values=values):
            parts = [np.asarray(_value(v, fields), dtype=bool) for v in values]
            return np.logical_and.reduce(parts) if isinstance(op, ast.And) else np.logical_or.reduce(parts)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARE for op in ops):
            sides = [_value(side, fields) for side in (left, *others)]
            return np.logical_and.reduce([_COMPARE[type(op)](sides[i], sides[i + 1]) for i, op in enumerate(ops)])
        case _:
            raise CriterionError("numbers, fields, comparisons, and, or, not, + - * /", ast.unparse(node))
