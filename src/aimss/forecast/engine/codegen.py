"""Write the kernel: the traced equations and one RODAS step as straight-line code over eight lanes.

Everything that depends on constants alone is computed when a woman is loaded or when her inputs change, and kept in a
row of the work buffer; what depends on time and states is code. The Jacobian is lower triangular in the order of
STATES, so that elimination is a forward substitution without fill.
"""

from __future__ import annotations

import hashlib
import inspect
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aimss.body.declaration import STATES, WOMAN_CONSTANT_NAMES
from aimss.body.model import dose_jumps, rates
from aimss.body.parameters import default
from aimss.body.schedule import DOSES, INPUTS
from aimss.body.tracing import Node, reachable
from aimss.forecast.engine import lanes
from aimss.forecast.engine import rosenbrock as rodas
from aimss.forecast.engine.expressions import INPUT, STATE, WOMAN, Writer, at, expression, sum_of

SIZE = len(STATES)
# Women without these from start to end take a plain step, a third cheaper: no bisphosphonate, tamoxifen or raloxifene.
OPTIONAL_STATES = ("serm_receptor_share", "bisphosphonate_fast", "bisphosphonate_slow")
# Step control: the factor on the ideal step, the least and the largest change of a step, and the longest step, which
# keeps the dense output of estradiol near its quasi-steady value.
_SAFETY, _LEAST, _MOST, _LONGEST = 0.9, 0.2, 5.0, 30.0
SHORTEST_STEP_DAYS, STEP_BUDGET = 1e-9, 20000.0
_CONTROL = ("t", "h", "used", "stage_t", "end", "next", "fit", "attend", "tried", "rtol", "last_used", "last_error")


@dataclass(frozen=True)
class Kernel:
    """The text of the kernel module and what its caller must know: the columns of constants, the buffer's rows."""

    source: str
    constant_names: tuple[str, ...]
    rows: int


class _Rows:
    """The work buffer: expressions that are known beforehand, and the rows that every kind of step uses."""

    def __init__(self) -> None:
        self.writer = w = Writer()
        self.names = [s.name for s in STATES]
        self.p = w.graph.namespace("p.", (*default().names, *WOMAN_CONSTANT_NAMES))
        self.jumps = dose_jumps(self.p, w.graph.namespace("d.", DOSES))
        self.row = {key: w.take() for key in _CONTROL}
        self.state, self.stage, self.slope = w.take(SIZE), w.take(SIZE), w.take(SIZE)
        self.inverse, self.third, self.fourth = w.take(SIZE), w.take(SIZE), w.take(SIZE)
        self.u_rows = [w.take(SIZE) for _ in range(rodas.STAGES)]

    def commit(self) -> list[str]:
        """Take over the new state where the step fits."""
        pairs = [(self.row["t"], self.row["stage_t"]), *((self.state + i, self.stage + i) for i in range(SIZE))]
        lines = [f"fit = {at(self.row['fit'])} > 0.5"]
        for old, new in pairs:
            lines.append(f"{at(old)} = {at(new)} if fit else {at(old)}")
        return lines

    def give(self) -> list[str]:
        """Add a dose to the state of one lane."""
        jumps = [(i, j) for i, j in enumerate(self.jumps) if isinstance(j, Node)]
        lines = []
        for node in reachable(j for _, j in jumps):
            if node.op == "symbol":
                text = self.writer.argument(node.name)
            elif node.op == "constant":
                text = repr(node.value)
            else:
                text = expression(node.op, [f"v{a.number}" for a in node.args])
            lines.append(f"v{node.number} = {text}")
        return [*lines, *(f"{at(self.state + i)} = {at(self.state + i)} + v{j.number}" for i, j in jumps)]


class _Step:
    """The code of one kind of step: `absent` states are 0 from start to end and take no part."""

    def __init__(self, rows: _Rows, absent: tuple[str, ...]) -> None:
        self.rows, self.writer, self.row = rows, rows.writer, rows.row
        self.state, self.stage, self.slope = rows.state, rows.stage, rows.slope
        self.inverse, self.third, self.fourth, self.u_rows = rows.inverse, rows.third, rows.fourth, rows.u_rows
        w = rows.writer
        g, self.names = w.graph, rows.names
        self.active = [i for i, name in enumerate(self.names) if name not in absent]
        y, u = g.namespace("y.", self.names), g.namespace("u.", INPUTS)
        for name in absent:
            setattr(y, name, g.constant(0.0))
        day = g.symbol("day")
        self.slopes = {i: s for i, s in enumerate(rates(g, day, y, rows.p, u)) if i in self.active}

        self.jacobian: dict[tuple[int, int], Node] = {}
        for j in self.active:
            done: dict[int, Node] = {}
            for i, slope in self.slopes.items():
                entry = g.derivative(slope, g.symbol(f"y.{self.names[j]}"), done)
                if not entry.is_zero:
                    self.jacobian[i, j] = entry
        if any(j > i for i, j in self.jacobian):
            raise ValueError("the rates are not lower triangular: order STATES by what drives what")
        self.by_time = {i: d for i, s in self.slopes.items() if not (d := g.derivative(s, day, {})).is_zero}
        self.moving = {k: w.take() for k, n in self.jacobian.items() if w.level(n) == STATE and k[0] != k[1]}
        self.time_rows = {i: w.take() for i in self.by_time}

    def symbols(self, base: int, time: int) -> dict[str, str]:
        """Return the rows that the rates read."""
        return {"day": at(time), **{f"y.{n}": at(base + i) for i, n in enumerate(self.names)}}

    def off_diagonal(self, i: int, j: int) -> str:
        """Return an entry of the Jacobian: a row of this step, or one known beforehand."""
        return at(self.moving[i, j]) if (i, j) in self.moving else self.writer.hoist(self.jacobian[i, j])

    def first(self) -> list[str]:
        """Clip the step to the next event; rates, Jacobian and its diagonal's inverse at the state."""
        w, row = self.writer, self.row
        lines = [
            f"rest = {at(row['end'])} - {at(row['t'])}",
            f"h = {at(row['h'])}",
            "used = rest if h >= rest else (0.5 * rest if 2.0 * h > rest else h)",
            f"{at(row['used'])} = used",
            f"shift = {1.0 / rodas.GAMMA!r} / used",
            *w.statements(
                [*self.slopes.values(), *self.jacobian.values(), *self.by_time.values()],
                self.symbols(self.state, row["t"]),
            ),
            *(f"{at(self.slope + i)} = {w.operand(s)}" for i, s in self.slopes.items()),
            *(f"{at(r)} = {w.operand(self.jacobian[k])}" for k, r in self.moving.items()),
            *(f"{at(r)} = {w.operand(self.by_time[i])} * used" for i, r in self.time_rows.items()),
        ]
        for i in self.active:
            if (i, i) in self.jacobian:
                lines.append(f"{at(self.inverse + i)} = 1.0 / (shift - {w.operand(self.jacobian[i, i])})")
            else:
                lines.append(f"{at(self.inverse + i)} = {rodas.GAMMA!r} * used")
        return lines

    def again(self) -> list[str]:
        """Rates at the argument of a stage."""
        w = self.writer
        return [
            *w.statements(self.slopes.values(), self.symbols(self.stage, self.row["stage_t"])),
            *(f"{at(self.slope + i)} = {w.operand(s)}" for i, s in self.slopes.items()),
        ]

    def solve(self, k: int) -> list[str]:
        """Stage k: forward substitution."""
        lines = [f"used = {at(self.row['used'])}", "per = 1.0 / used"]
        for i in self.active:
            terms = [at(self.slope + i)]
            if k:
                terms.append(
                    f"per * ({sum_of([f'{c!r} * {at(self.u_rows[j] + i)}' for j, c in enumerate(rodas.C[k])])})"
                )
            if i in self.time_rows and rodas.D[k]:
                terms.append(f"{rodas.D[k]!r} * {at(self.time_rows[i])}")
            terms += [f"{self.off_diagonal(i, j)} * x{j}" for j in range(i) if (i, j) in self.jacobian]
            lines += [f"x{i} = ({sum_of(terms)}) * {at(self.inverse + i)}", f"{at(self.u_rows[k] + i)} = x{i}"]
        return lines

    def advance(self, k: int) -> list[str]:
        """The argument of stage k + 1."""
        lines = []
        for i in self.active:
            if k + 1 == rodas.STAGES - 1:
                lines.append(f"{at(self.stage + i)} = {at(self.stage + i)} + x{i}")
                continue
            *before, last = rodas.A[k + 1]
            move = [f"{a!r} * {at(self.u_rows[j] + i)}" for j, a in enumerate(before)]
            lines.append(f"{at(self.stage + i)} = {sum_of([at(self.state + i), *move, f'{last!r} * x{i}'])}")
        return [*lines, f"{at(self.row['stage_t'])} = {at(self.row['t'])} + {rodas.ALPHA[k + 1]!r} * used"]

    def finish(self) -> list[str]:
        """New state, dense output, error, and the next step by Gustafsson's predictive control."""
        row, lines, squares = self.row, [], []
        for i in self.active:
            lines += [
                f"n{i} = {at(self.stage + i)} + x{i}",
                f"{at(self.stage + i)} = n{i}",
                f"z{i} = x{i} / (abs(n{i}) + {STATES[i].typical!r})",
            ]
            squares.append(f"z{i} * z{i}")
            for base, weights in ((self.third, rodas.DENSE[0]), (self.fourth, rodas.DENSE[1])):
                terms = [f"{d!r} * {at(self.u_rows[j] + i)}" for j, d in enumerate(weights)]
                lines.append(f"{at(base + i)} = {sum_of(terms)}")
        return [
            *lines,
            f"rtol = {at(row['rtol'])}",
            f"error = ({' + '.join(squares)}) / ({float(SIZE)!r} * rtol * rtol)",
            "fit = error <= 1.0",
            "size = log(error + 1e-30)",
            "plain = exp(-0.125 * size)",
            # Gustafsson 1994: the error of the last accepted step tells where the next one is going
            f"ahead = used / {at(row['last_used'])} * exp(0.125 * ({at(row['last_error'])} - size - size))",
            f"grow = {_SAFETY!r} * (ahead if fit and ahead < plain else plain)",
            # a NaN fails the second comparison and shrinks the step
            f"grow = {_MOST!r} if grow > {_MOST!r} else (grow if grow >= {_LEAST!r} else {_LEAST!r})",
            f"h = {at(row['h'])}",
            "new = used * grow",
            "new = (h if (used < h and new < h) else new) if fit else new",
            f"new = {_LONGEST!r} if new > {_LONGEST!r} else new",
            f"{at(row['h'])} = new",
            f"{at(row['last_used'])} = used if fit else {at(row['last_used'])}",
            f"{at(row['last_error'])} = (size if size > -9.0 else -9.0) if fit else {at(row['last_error'])}",
            f"tried = {at(row['tried'])} + 1.0",
            f"{at(row['tried'])} = tried",
            f"end = {at(row['end'])}",
            f"then = end if used >= end - {at(row['t'])} else {at(row['t'])} + used",
            f"{at(row['stage_t'])} = then",
            f"{at(row['fit'])} = 1.0 if fit else 0.0",
            f"reached = fit and then >= {at(row['next'])}",
            f"lost = new < {SHORTEST_STEP_DAYS!r} or tried > {STEP_BUDGET!r}",
            f"{at(row['attend'])} = 1.0 if reached or lost else 0.0",
        ]

    def programs(self, prefix: str) -> dict[str, list[str]]:
        """Return all parts by name."""
        last = rodas.STAGES - 1
        parts = {"first": self.first(), "again": self.again()}
        parts |= {f"solve_{k}": [*self.solve(k), *self.advance(k)] for k in range(last)}
        parts[f"solve_{last}"] = [*self.solve(last), *self.finish()]
        return {prefix + name: code for name, code in parts.items()}


@cache
def generate() -> Kernel:
    """Return the kernel of the declared model; the same text for the same declaration."""
    step = _Rows()
    programs = {**_Step(step, ()).programs("full_"), **_Step(step, OPTIONAL_STATES).programs("plain_")}
    # the preparations last, when it is known what the steps need
    programs |= {
        "commit": step.commit(),
        "prepare_woman": step.writer.preparation(WOMAN),
        "prepare_inputs": step.writer.preparation(INPUT),
        "give": step.give(),
    }
    order = [name for k in range(rodas.STAGES) for name in ("again" if k else "first", f"solve_{k}")]
    literals = {
        "LANES": lanes.LANES,
        "SIZE": SIZE,
        "STATE": step.state,
        "STAGE": step.stage,
        "THIRD": step.third,
        "FOURTH": step.fourth,
        **{key.upper(): r for key, r in step.row.items()},
        "SHORTEST": SHORTEST_STEP_DAYS,
        "BUDGET": STEP_BUDGET,
        "ORDER": repr(order),
        # the machine code depends on the compiler of lanes too: another one is another module
        "LANE_COMPILER": repr(hashlib.sha256(inspect.getsource(lanes).encode()).hexdigest()),
    }
    source = (files("aimss.forecast.engine") / "kernel_template.txt").read_text(encoding="utf-8")
    source = source.replace("#LITERALS#", "\n".join(f"{k} = {v}" for k, v in literals.items()))
    text = "\n".join(f'    "{name}": """\n' + "\n".join(code) + '\n""",' for name, code in programs.items())
    return Kernel(source.replace("#PROGRAMS#", text), tuple(step.writer.constants), step.writer.rows)
