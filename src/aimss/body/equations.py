"""The equations as text, from the declaration that the kernel is made of: for documents, SBML and `aimss model`."""

from __future__ import annotations

from dataclasses import dataclass

from aimss.body import bone, estradiol, pharmacology
from aimss.body.declaration import DAYS_PER_YEAR, STATES, WOMAN_CONSTANT_NAMES, WOMAN_CONSTANTS
from aimss.body.model import dose_jumps, rates
from aimss.body.parameters import default
from aimss.body.schedule import DOSES, INPUTS
from aimss.body.tracing import Graph, Node, reachable

INPUT_UNITS = {
    name: "1/d" if name.endswith("_per_day") and not name.endswith("mg_per_day") else "mg/d" if "mg" in name else "1"
    for name in INPUTS
}
DOSE_UNITS = dict.fromkeys(DOSES, "mg")
_PRECEDENCE = {"add": 1, "sub": 1, "mul": 2, "div": 2, "neg": 3}
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


@dataclass(frozen=True, slots=True)
class Equation:
    """One equation: `kind` is definition, rate (per day) or dose (what a dose adds); `uses` are the names in it."""

    kind: str
    name: str
    unit: str
    formula: str
    uses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Symbol:
    """A quantity that the equations name: a state, parameter, constant of the woman, input or dose."""

    kind: str
    name: str
    unit: str
    meaning: str


def symbols() -> tuple[Symbol, ...]:
    """Return every named quantity, states first."""
    parameters = default()
    return (
        *(Symbol("state", s.name, s.unit, s.meaning) for s in STATES),
        *(Symbol("woman", c.name, c.unit, c.meaning) for c in WOMAN_CONSTANTS),
        *(Symbol("input", n, u, n.replace("_", " ")) for n, u in INPUT_UNITS.items()),
        *(Symbol("dose", n, u, n.removesuffix("_mg") + " given") for n, u in DOSE_UNITS.items()),
        *(Symbol("parameter", n, parameters.unit(n), parameters.parameter(n).meaning) for n in parameters.names),
    )


def equations() -> tuple[Equation, ...]:
    """Return definitions in the order of their use, then the rate of every state, then the doses."""
    g = Graph(fold=False)
    y = g.namespace("", (s.name for s in STATES))
    p = g.namespace("", (*default().names, *WOMAN_CONSTANT_NAMES))
    u, d = g.namespace("", INPUTS), g.namespace("", DOSES)
    day = g.symbol("time")
    inhibition, reached = pharmacology.aromatase_inhibition(g, y, p, u)
    spine, hip = bone.drift_percent_per_year(g, p, u)
    named: dict[str, tuple[Node, str]] = {
        "aromatase_inhibition_reached": (reached, "1"),
        "aromatase_inhibition": (inhibition, "1"),
        "ovarian_production": (estradiol.ovarian_estradiol(g, day, p, u.ovarian_suppression), "pmol/L"),
        "log_estrogen_signal": (estradiol.log_signal(g, y, p, u), "1"),
        "denosumab_block_now": (pharmacology.denosumab_block(y, p), "1"),
        "bisphosphonate_effect_now": (pharmacology.bisphosphonate_effect(g, y, p), "1"),
        "drift_lumbar_spine": (spine, "%/y"),
        "drift_hip": (hip, "%/y"),
    }
    names = {node.number: name for name, (node, _) in named.items()}
    slopes = rates(g, day, y, p, u)
    jumps = dose_jumps(p, d)
    found = [Equation("definition", name, unit, *_text(node, names, name)) for name, (node, unit) in named.items()]
    for state, slope in zip(STATES, slopes, strict=True):
        unit = "1/d" if state.unit == "1" else f"{state.unit}/d"
        found.append(Equation("rate", state.name, unit, *_text(slope, names)))
    for state, jump in zip(STATES, jumps, strict=True):
        if isinstance(jump, Node):
            found.append(Equation("dose", state.name, state.unit, *_text(jump, names)))
    return tuple(found)


def _text(node: Node, names: dict[int, str], own: str = "") -> tuple[str, tuple[str, ...]]:
    """Return the formula and the names that it uses; nodes that have a name of their own are that name."""
    inner = {number: name for number, name in names.items() if name != own}
    uses = dict.fromkeys(n.name for n in reachable([node]) if n.op == "symbol")
    uses |= dict.fromkeys(inner[n.number] for n in reachable([node]) if n.number in inner)
    return _formula(node, inner), tuple(uses)


def _formula(node: Node, names: dict[int, str], outer: int = 0, right: bool = False) -> str:
    if node.number in names:
        return names[node.number]
    if node.op == "symbol":
        return node.name
    if node.op == "constant":
        return "days_per_year" if node.value == DAYS_PER_YEAR else f"{node.value:.15g}"
    if node.op in {"exp", "log", "max", "min"}:
        inside = ", ".join(_formula(a, names) for a in node.args)
        return f"{'ln' if node.op == 'log' else node.op}({inside})"
    level = _PRECEDENCE[node.op]
    if node.op == "neg":
        text = f"-{_formula(node.args[0], names, level)}"
    else:
        first, second = node.args
        strict = node.op in {"sub", "div"}
        text = f"{_formula(first, names, level)} {_SIGNS[node.op]} {_formula(second, names, level, strict)}"
    return f"({text})" if level < outer or (right and level == outer) else text
