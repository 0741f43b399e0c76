"""A tracer: run `rates` once on symbols and keep the expressions, for generated code, Jacobian, SBML and documents.

Nodes are shared (common subexpressions are one node), constants are folded, and derivatives are taken node by node in
forward order, so that only what is not zero exists.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

_FOLD: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "exp": math.exp,
    "log": math.log,
    "max": max,
    "min": min,
    "at_least": lambda a, b: float(a >= b),
}


@dataclass(frozen=True, eq=False)
class Node:
    """One operation of a graph; `op` is constant, symbol or a key of the folding table."""

    graph: Graph = field(repr=False)
    number: int
    op: str
    args: tuple[Node, ...] = ()
    value: float = math.nan
    name: str = ""

    def __add__(self, other: Any) -> Node:
        return self.graph.make("add", self, other)

    def __radd__(self, other: Any) -> Node:
        return self.graph.make("add", other, self)

    def __sub__(self, other: Any) -> Node:
        return self.graph.make("sub", self, other)

    def __rsub__(self, other: Any) -> Node:
        return self.graph.make("sub", other, self)

    def __mul__(self, other: Any) -> Node:
        return self.graph.make("mul", self, other)

    def __rmul__(self, other: Any) -> Node:
        return self.graph.make("mul", other, self)

    def __truediv__(self, other: Any) -> Node:
        return self.graph.make("div", self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return self.graph.make("div", other, self)

    def __neg__(self) -> Node:
        return self.graph.make("neg", self)

    @property
    def is_zero(self) -> bool:
        """Whether the node is the constant 0."""
        return self.op == "constant" and self.value == 0.0


class Graph:
    """Makes nodes, each once; its functions exp, log, maximum, minimum are the mathematics of `rates`."""

    def __init__(self, fold: bool = True) -> None:
        self.fold = fold
        self.nodes: list[Node] = []
        self._known: dict[tuple[Any, ...], Node] = {}

    def _node(self, op: str, args: tuple[Node, ...] = (), value: float = math.nan, name: str = "") -> Node:
        key = (op, *(a.number for a in args), repr(value), name)
        if key not in self._known:
            self._known[key] = Node(self, len(self.nodes), op, args, value, name)
            self.nodes.append(self._known[key])
        return self._known[key]

    def constant(self, value: float) -> Node:
        """Return the node of a number."""
        return self._node("constant", value=float(value))

    def symbol(self, name: str) -> Node:
        """Return the node of a named quantity."""
        return self._node("symbol", name=name)

    def namespace(self, prefix: str, names: Iterable[str]) -> SimpleNamespace:
        """Return symbols `prefix + name` as attributes `name`."""
        return SimpleNamespace(**{name: self.symbol(prefix + name) for name in names})

    def make(self, op: str, *operands: Any) -> Node:
        """Return op(operands), simplified where a number makes it simple."""
        args = tuple(a if isinstance(a, Node) else self.constant(a) for a in operands)
        if all(a.op == "constant" for a in args):
            return self.constant(_FOLD[op](*(a.value for a in args)))
        return (self._simplified(op, args) if self.fold else None) or self._node(op, args)

    def _simplified(self, op: str, args: tuple[Node, ...]) -> Node | None:
        first, last = args[0], args[-1]
        one = self.constant(1.0)
        found: Node | None = None
        if op == "add" and (first.is_zero or last.is_zero):
            found = last if first.is_zero else first
        elif op == "sub" and first.is_zero:
            found = self.make("neg", last)
        elif op == "mul" and (first.is_zero or last.is_zero):
            found = self.constant(0.0)
        elif op == "mul" and (first is one or last is one):
            found = last if first is one else first
        elif (op == "sub" and last.is_zero) or (op == "div" and (first.is_zero or last is one)):
            found = first
        elif op == "neg" and first.op == "neg":
            found = first.args[0]
        return found

    def exp(self, x: Any) -> Node:
        """Return e^x."""
        return self.make("exp", x)

    def log(self, x: Any) -> Node:
        """Return the natural logarithm."""
        return self.make("log", x)

    def maximum(self, a: Any, b: Any) -> Node:
        """Return the larger."""
        return self.make("max", a, b)

    def minimum(self, a: Any, b: Any) -> Node:
        """Return the smaller."""
        return self.make("min", a, b)

    def derivative(self, of: Node, by: Node, done: dict[int, Node]) -> Node:
        """Return d of / d by; `done` keeps what is known for this `by`."""
        if of.number not in done:
            done[of.number] = self._derivative(of, by, done)
        return done[of.number]

    def _derivative(self, of: Node, by: Node, done: dict[int, Node]) -> Node:
        if of.op in {"constant", "symbol"}:
            return self.constant(float(of is by))
        inner = [self.derivative(a, by, done) for a in of.args]
        if all(d.is_zero for d in inner):
            return self.constant(0.0)
        a, b = of.args[0], of.args[-1]
        da, db = inner[0], inner[-1]
        rules: dict[str, Callable[[], Node]] = {
            "add": lambda: da + db,
            "sub": lambda: da - db,
            "mul": lambda: da * b + a * db,
            "div": lambda: (da - of * db) / b,
            "neg": lambda: -da,
            "exp": lambda: of * da,
            "log": lambda: da / a,
            "max": lambda: (side := self.make("at_least", a, b)) * da + (1.0 - side) * db,
            "min": lambda: (side := self.make("at_least", b, a)) * da + (1.0 - side) * db,
        }
        return rules[of.op]()


def reachable(roots: Iterable[Node]) -> list[Node]:
    """Return all nodes that the roots need, each after its arguments."""
    found: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.number not in found:
            found[node.number] = node
            stack += node.args
    return [found[k] for k in sorted(found)]
