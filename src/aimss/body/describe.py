"""The declared model for readers: states, equations and parameters with their sources, as text, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from textwrap import indent, wrap

from aimss.body.declaration import STATES, WOMAN_CONSTANTS
from aimss.body.density_response import IN_WORDS
from aimss.body.equations import INPUT_UNITS, Equation, equations
from aimss.body.parameters import Parameter, default

KINDS = {
    "definition": "Definitions",
    "rate": "Rates of change per day",
    "dose": "What a dose adds",
}


def as_json() -> str:
    """Return everything as one JSON document."""
    parameters = default()
    return json.dumps(
        {
            "states": [asdict(s) for s in STATES],
            "woman_constants": [asdict(c) for c in WOMAN_CONSTANTS],
            "inputs": INPUT_UNITS,
            "equations": [asdict(e) for e in equations()],
            "response_by_density": IN_WORDS,
            "parameters": [asdict(parameters.parameter(name)) for name in parameters.names],
        },
        indent=1,
        ensure_ascii=False,
    )


def left_side(equation: Equation) -> str:
    """Return what stands before the equals sign."""
    return {"rate": f"d {equation.name} / dt", "dose": f"{equation.name} +"}.get(equation.kind, equation.name)


def spread(parameter: Parameter) -> str:
    """Return how uncertain a value is, in words."""
    if parameter.ci95_low is not None and parameter.ci95_high is not None:
        return f"{parameter.ci95_low:g} to {parameter.ci95_high:g}"
    return ""


def as_text() -> str:
    """Return states, equations and `name : value : meaning (unit)` lines for the terminal."""
    lines = ["STATES"]
    lines += [f"  {s.name} : {s.meaning} ({s.unit})" for s in STATES]
    for kind, title in KINDS.items():
        lines += ["", title.upper()]
        for e in equations():
            if e.kind == kind:
                lines.append(indent(f"{left_side(e)} = {e.formula}    [{e.unit}]", "  "))
    lines += ["", "CONSTANTS OF THE WOMAN"]
    lines += [f"  {c.name} : {c.meaning} ({c.unit})" for c in WOMAN_CONSTANTS]
    lines += ["", *wrap(IN_WORDS, 110, initial_indent="  ", subsequent_indent="  ")]
    lines += ["", "PARAMETERS (name : value, 95% interval : meaning (unit); status; source)"]
    for name in default().names:
        p = default().parameter(name)
        value = f"{p.value:g}" + (f", {spread(p)}" if spread(p) else "")
        lines.append(f"  {p.name} : {value} : {p.meaning} ({p.unit}); {p.status}; {p.source}")
    return "\n".join(lines) + "\n"


def as_markdown() -> str:
    """Return the equation page of the documentation."""
    lines = ["# The body: states, equations, parameters", ""]
    lines += ["Written by `aimss model describe --format markdown` from the declaration that the engine runs.", ""]
    lines += ["## States", "", *_table(("state", "unit", "meaning"), ((s.name, s.unit, s.meaning) for s in STATES))]
    for kind, title in KINDS.items():
        lines += ["", f"## {title}", "", "```text"]
        lines += [f"{left_side(e)} = {e.formula}    [{e.unit}]" for e in equations() if e.kind == kind]
        lines.append("```")
    constants = ((c.name, c.unit, c.meaning) for c in WOMAN_CONSTANTS)
    lines += ["", "## Constants of the woman", "", *_table(("constant", "unit", "meaning"), constants)]
    lines += ["", IN_WORDS]
    parameters = (default().parameter(name) for name in default().names)
    rows = ((p.name, f"{p.value:g}", p.unit, spread(p), p.meaning, p.status, p.source) for p in parameters)
    header = ("parameter", "value", "unit", "95 % interval", "meaning", "status", "source")
    lines += ["", "## Parameters", "", *_table(header, rows)]
    return "\n".join(lines) + "\n"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return lines + [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
