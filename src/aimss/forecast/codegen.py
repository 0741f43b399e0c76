"""Write the kernel: the traced equations and one RODAS step as straight-line code over eight lanes.

Everything that depends on constants alone is computed when a woman is loaded or when her inputs change, and kept in a
row of the work buffer; what depends on time and states is code. All rows lie in one buffer, eight lanes each, at
literal offsets: the compiler then knows that they do not overlap, and uses vector registers. The Jacobian is lower
triangular in the order of STATES, so that elimination is a forward substitution.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aimss.body.declaration import STATES, WOMAN_CONSTANT_NAMES
from aimss.body.model import dose_jumps, rates
from aimss.body.parameters import default
from aimss.body.schedule import DOSES, INPUTS
from aimss.body.tracing import Graph, Node, reachable
from aimss.forecast import lanes
from aimss.forecast import rosenbrock as rodas

_FIXED, _WOMAN, _INPUT, _STATE = range(4)
_LEVELS = {"p.": _WOMAN, "u.": _INPUT, "y.": _STATE, "d.": _INPUT}
# Step control: the factor on the ideal step, the least and the largest change of a step, and the longest step, which
# keeps the dense output of estradiol near its quasi-steady value.
_SAFETY, _LEAST, _MOST, _LONGEST = 0.9, 0.2, 5.0, 30.0
SHORTEST_STEP_DAYS, STEP_BUDGET = 1e-9, 20000.0
_BINARY = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


@dataclass(frozen=True)
class Kernel:
    """The text of the kernel module and what its caller must know: the columns of constants, the buffer's rows."""

    source: str
    constant_names: tuple[str, ...]
    rows: int


class _Writer:
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
                self.levels[node.number] = _LEVELS.get(node.name[:2], _STATE)
            else:
                self.levels[node.number] = max((self.level(a) for a in node.args), default=_FIXED)
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
        if node.op != "div" or self.level(node.args[1]) == _STATE:
            return None
        return node.args[0], 1.0 / node.args[1]

    def needs(self, roots: Iterable[Node]) -> list[Node]:
        """Return the nodes of time and state that the roots need, in order."""
        return [n for n in reachable(roots) if self.level(n) == _STATE]

    def operand(self, node: Node) -> str:
        """Return a node as an operand inside the step."""
        return f"v{node.number}" if self.level(node) == _STATE else self.hoist(node)

    def statements(self, roots: Iterable[Node], symbols: dict[str, str]) -> list[str]:
        """Return assignments for every node of time and state that the roots need."""
        lines = []
        for node in self.needs(roots):
            if node.op == "symbol":
                text = symbols[node.name]
            elif product := self.division(node):
                text = f"{self.operand(product[0])} * {self.operand(product[1])}"
            else:
                text = _expression(node.op, [self.operand(a) for a in node.args])
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
                text = _expression(node.op, [f"v{a.number}" for a in node.args])
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


def _expression(op: str, args: list[str]) -> str:
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


def _sum(terms: list[str]) -> str:
    return " + ".join(terms).replace("+ -", "- ") if terms else "0.0"


@cache
def generate() -> Kernel:
    """Return the kernel of the declared model; the same text for the same declaration."""
    w = _Writer()
    g, names = w.graph, [s.name for s in STATES]
    size = len(names)
    y = g.namespace("y.", names)
    p = g.namespace("p.", (*default().names, *WOMAN_CONSTANT_NAMES))
    u = g.namespace("u.", INPUTS)
    day = g.symbol("day")
    slopes = rates(g, day, y, p, u)

    row = {key: w.take() for key in ("t", "h", "used", "stage_t", "end", "next", "fit", "attend", "tried", "rtol")}
    state, stage, slope = w.take(size), w.take(size), w.take(size)
    inverse, third, fourth = w.take(size), w.take(size), w.take(size)
    u_rows = [w.take(size) for _ in range(rodas.STAGES)]

    jacobian: dict[tuple[int, int], Node] = {}
    for j, name in enumerate(names):
        done: dict[int, Node] = {}
        for i in range(size):
            entry = g.derivative(slopes[i], g.symbol(f"y.{name}"), done)
            if not entry.is_zero:
                jacobian[i, j] = entry
    if any(j > i for i, j in jacobian):
        raise ValueError(
            "the rates are not lower triangular in the order of STATES: order the states by what drives them"
        )
    by_time = {i: d for i in range(size) if not (d := g.derivative(slopes[i], day, {})).is_zero}

    def symbols(base: int, time: int) -> dict[str, str]:
        return {"day": at(time), **{f"y.{n}": at(base + i) for i, n in enumerate(names)}}

    moving = {k: w.take() for k, n in jacobian.items() if w.level(n) == _STATE and k[0] != k[1]}
    time_rows = {i: w.take() for i in by_time}

    def off_diagonal(i: int, j: int) -> str:
        return at(moving[i, j]) if (i, j) in moving else w.hoist(jacobian[i, j])

    # the first stage: clip the step to the next event, rates and Jacobian at the state
    first = [
        f"rest = {at(row['end'])} - {at(row['t'])}",
        f"h = {at(row['h'])}",
        "used = rest if h >= rest else (0.5 * rest if 2.0 * h > rest else h)",
        f"{at(row['used'])} = used",
        f"shift = {1.0 / rodas.GAMMA!r} / used",
        *w.statements([*slopes, *jacobian.values(), *by_time.values()], symbols(state, row["t"])),
        *(f"{at(slope + i)} = {w.operand(slopes[i])}" for i in range(size)),
        *(f"{at(r)} = {w.operand(jacobian[k])}" for k, r in moving.items()),
        *(f"{at(r)} = {w.operand(by_time[i])} * used" for i, r in time_rows.items()),
    ]
    for i in range(size):
        diagonal = f" - {w.operand(jacobian[i, i])}" if (i, i) in jacobian else ""
        first.append(
            f"{at(inverse + i)} = 1.0 / (shift{diagonal})"
            if diagonal
            else f"{at(inverse + i)} = {rodas.GAMMA!r} * used"
        )
    again = [
        *w.statements(slopes, symbols(stage, row["stage_t"])),
        *(f"{at(slope + i)} = {w.operand(slopes[i])}" for i in range(size)),
    ]

    def solve(k: int) -> list[str]:
        """Stage k: forward substitution, then the argument of the next stage."""
        lines = [f"used = {at(row['used'])}", "per = 1.0 / used"] if k else [f"used = {at(row['used'])}"]
        for i in range(size):
            terms = [at(slope + i)]
            earlier = _sum([f"{c!r} * {at(u_rows[j] + i)}" for j, c in enumerate(rodas.C[k]) if c])
            if k:
                terms.append(f"per * ({earlier})")
            if i in time_rows and rodas.D[k]:
                terms.append(f"{rodas.D[k]!r} * {at(time_rows[i])}")
            terms += [f"{off_diagonal(i, j)} * x{j}" for j in range(i) if (i, j) in jacobian]
            lines += [f"x{i} = ({_sum(terms)}) * {at(inverse + i)}", f"{at(u_rows[k] + i)} = x{i}"]
        if k + 1 < rodas.STAGES:
            for i in range(size):
                if k + 1 == rodas.STAGES - 1:
                    lines.append(f"{at(stage + i)} = {at(stage + i)} + x{i}")
                    continue
                move = [f"{a!r} * {at(u_rows[j] + i)}" for j, a in enumerate(rodas.A[k + 1][:-1])]
                lines.append(f"{at(stage + i)} = {_sum([at(state + i), *move, f'{rodas.A[k + 1][-1]!r} * x{i}'])}")
            lines.append(f"{at(row['stage_t'])} = {at(row['t'])} + {rodas.ALPHA[k + 1]!r} * used")
        return lines

    last = solve(rodas.STAGES - 1)
    squares = []
    for i, s in enumerate(STATES):
        last += [
            f"n{i} = {at(stage + i)} + x{i}",
            f"{at(stage + i)} = n{i}",
            f"z{i} = x{i} / (abs(n{i}) + {s.typical!r})",
        ]
        squares.append(f"z{i} * z{i}")
        for r, weights in ((third, rodas.DENSE[0]), (fourth, rodas.DENSE[1])):
            last.append(f"{at(r + i)} = {_sum([f'{d!r} * {at(u_rows[j] + i)}' for j, d in enumerate(weights)])}")
    last += [
        f"rtol = {at(row['rtol'])}",
        f"error = ({' + '.join(squares)}) / ({float(size)!r} * rtol * rtol)",
        "fit = error <= 1.0",
        f"grow = {_SAFETY!r} * exp(-0.125 * log(error + 1e-30))",
        f"grow = {_MOST!r} if grow > {_MOST!r} else (grow if grow >= {_LEAST!r} else {_LEAST!r})",
        f"h = {at(row['h'])}",
        "new = used * grow",
        "new = (h if (used < h and new < h) else new) if fit else new",
        f"new = {_LONGEST!r} if new > {_LONGEST!r} else new",
        f"{at(row['h'])} = new",
        f"{at(row['tried'])} = {at(row['tried'])} + 1.0",
        f"end = {at(row['end'])}",
        f"then = end if used >= end - {at(row['t'])} else {at(row['t'])} + used",
        f"{at(row['stage_t'])} = then",
        f"{at(row['fit'])} = 1.0 if fit else 0.0",
        f"reached = fit and then >= {at(row['next'])}",
        f"{at(row['attend'])} = 1.0 if (reached or new < {SHORTEST_STEP_DAYS!r} or {at(row['tried'])} > {STEP_BUDGET!r}) else 0.0",
    ]

    def keep(old: int, new: int) -> list[str]:
        # both are read before the choice: a choice between reads would stay a branch
        return [f"old = {at(old)}", f"new = {at(new)}", f"{at(old)} = new if fit else old"]

    commit = [
        f"fit = {at(row['fit'])} > 0.5",
        *keep(row["t"], row["stage_t"]),
        *(line for i in range(size) for line in keep(state + i, stage + i)),
    ]

    jumps = [(i, j) for i, j in enumerate(dose_jumps(p, g.namespace("d.", DOSES))) if isinstance(j, Node)]
    jump_lines = []
    for node in reachable(j for _, j in jumps):
        if node.op == "symbol":
            text = w.argument(node.name)
        elif node.op == "constant":
            text = repr(node.value)
        else:
            text = _expression(node.op, [f"v{a.number}" for a in node.args])
        jump_lines.append(f"v{node.number} = {text}")
    jump_lines += [f"{at(state + i)} = {at(state + i)} + v{j.number}" for i, j in jumps]

    programs = {
        "first": first,
        "again": again,
        **{f"solve_{k}": solve(k) for k in range(rodas.STAGES - 1)},
        f"solve_{rodas.STAGES - 1}": last,
        "commit": commit,
        "prepare_woman": w.preparation(_WOMAN),
        "prepare_inputs": w.preparation(_INPUT),
        "give": jump_lines,
    }
    order = [name for k in range(rodas.STAGES) for name in ("again" if k else "first", f"solve_{k}")]
    literals = {
        "LANES": lanes.LANES,
        "SHORTEST": SHORTEST_STEP_DAYS,
        "BUDGET": STEP_BUDGET,
        "LANE_COMPILER": repr(hashlib.sha256(inspect.getsource(lanes).encode()).hexdigest()),
        "ORDER": repr(order),
        "SIZE": size,
        "STATE": state,
        "STAGE": stage,
        "THIRD": third,
        "FOURTH": fourth,
        **{key.upper(): r for key, r in row.items()},
    }
    template = (files("aimss.forecast") / "kernel_template.txt").read_text(encoding="utf-8")
    source = template.replace("#LITERALS#", "\n".join(f"{k} = {v}" for k, v in literals.items()))
    text = "\n".join(f'    "{name}": """\n' + "\n".join(code) + '\n""",' for name, code in programs.items())
    source = source.replace("#PROGRAMS#", text)
    return Kernel(source, tuple(w.constants), w.rows)
