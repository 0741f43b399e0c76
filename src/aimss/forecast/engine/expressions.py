"""Traced expressions as code for the lanes: what is known beforehand is kept in rows, the rest are statements."""

from __future__ import annotations

from collections.abc import Iterable

from aimss.body.schedule import DOSES, INPUTS
from aimss.body.tracing import Graph, Node, reachable

FIXED, WOMAN, INPUT, STATE = range(4)
_LEVELS = {"p.": WOMAN, "u.": INPUT, "y.": STATE, "d.": INPUT}
_BINARY = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


class Writer:
    """Rows of the buffer, levels of nodes, and expressions as text."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.rows = 0
        self.levels: dict[int, int] = {}
        self.hoisted: dict[int, tuple[Node, int]] = {}
        self.constants: dict[str, int] = {}

    def take(self, count: int = 1) -> int:
        """Reserve rows and return the first."""
        self.rows += count
        return self.rows - count

    def level(self, node: Node) -> int:
        """Return when a node is known: always, per woman, per inputs, or only at a time and state."""
        if node.number not in self.levels:
            if node.op == "symbol":
                self.levels[node.number] = _LEVELS.get(node.name[:2], STATE)
            else:
                self.levels[node.number] = max((self.level(a) for a in node.args), default=FIXED)
        return self.levels[node.number]

    def hoist(self, node: Node) -> str:
        """Return how the step reads a node that does not depend on time or state."""
        if node.op == "constant":
            return repr(node.value)
        if node.number not in self.hoisted:
            self.hoisted[node.number] = (node, self.take())
        return at(self.hoisted[node.number][1])

    def division(self, node: Node) -> tuple[Node, Node] | None:
        """Return a product that replaces a division by what is known beforehand."""
        if node.op != "div" or self.level(node.args[1]) == STATE:
            return None
        return node.args[0], 1.0 / node.args[1]

    def needs(self, roots: Iterable[Node]) -> list[Node]:
        """Return the nodes of time and state that the roots need, in order."""
        return [n for n in reachable(roots) if self.level(n) == STATE]

    def operand(self, node: Node) -> str:
        """Return a node as an operand inside the step."""
        return f"v{node.number}" if self.level(node) == STATE else self.hoist(node)

    def statements(self, roots: Iterable[Node], symbols: dict[str, str]) -> list[str]:
        """Return assignments for every node of time and state that the roots need."""
        lines = []
        for node in self.needs(roots):
            if node.op == "symbol":
                text = symbols[node.name]
            elif product := self.division(node):
                text = f"{self.operand(product[0])} * {self.operand(product[1])}"
            else:
                text = expression(node.op, [self.operand(a) for a in node.args])
            lines.append(f"v{node.number} = {text}")
        return lines

    def preparation(self, level: int) -> list[str]:
        """Return the scalar code that fills the hoisted rows of one level: `c` constants, `u` inputs, `l` the lane."""
        wanted = [(n, row) for n, row in self.hoisted.values() if self.level(n) == level]
        lines = []
        for node in reachable(n for n, _ in wanted):
            if node.op == "symbol":
                text = self.argument(node.name)
            elif node.op == "constant":
                text = repr(node.value)
            else:
                text = expression(node.op, [f"v{a.number}" for a in node.args])
            lines.append(f"v{node.number} = {text}")
        return [*lines, *(f"{at(row)} = v{node.number}" for node, row in wanted)]

    def argument(self, name: str) -> str:
        """Return a constant or input as an element of the array that the caller passes."""
        kind, short = name[:2], name[2:]
        if kind == "p.":
            return f"c[{self.constants.setdefault(short, len(self.constants))}]"
        return f"u[{(INPUTS if kind == 'u.' else DOSES).index(short)}]"


def at(row: int) -> str:
    """Return how code names a row."""
    return f"w[{row}]"


def expression(op: str, args: list[str]) -> str:
    """Return one operation as code."""
    if op in _BINARY:
        return f"{args[0]} {_BINARY[op]} {args[1]}"
    if op == "neg":
        return f"-{args[0]}"
    if op in {"exp", "log"}:
        return f"{op}({args[0]})"
    a, b = args
    # written so that a NaN stays a NaN
    return {
        "max": f"({b} if {a} < {b} else {a})",
        "min": f"({b} if {a} > {b} else {a})",
        "at_least": f"(1.0 if {a} >= {b} else 0.0)",
    }[op]


def sum_of(terms: list[str]) -> str:
    """Return a sum as code."""
    return " + ".join(terms).replace("+ -", "- ") if terms else "0.0"
