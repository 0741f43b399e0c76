"""SBML Level 3 Version 2 with units: the declared model of one woman on one schedule; the owner of libsbml.

Definitions are assignment rules, states are parameters with rate rules, the schedule is events; time is in days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aimss.body.declaration import DAYS_PER_YEAR, STATE_NAMES, WOMAN_CONSTANTS
from aimss.body.equations import INPUT_UNITS, equations, symbols
from aimss.body.model import untreated_states
from aimss.body.parameters import default
from aimss.body.schedule import DOSES, INPUTS, Schedule
from aimss.errors import ParameterError

# name in the tables: (SBML base unit, exponent, scale, multiplier) each
_UNITS: dict[str, tuple[tuple[str, int, int, float], ...]] = {
    "d": (("second", 1, 0, 86400.0),),
    "y": (("second", 1, 0, 86400.0 * DAYS_PER_YEAR),),
    "mg": (("gram", 1, -3, 1.0),),
    "L": (("litre", 1, 0, 1.0),),
    "pmol": (("mole", 1, -12, 1.0),),
    "ng": (("gram", 1, -9, 1.0),),
    "mL": (("litre", 1, -3, 1.0),),
    "kg": (("gram", 1, 3, 1.0),),
    "m2": (("metre", 2, 0, 1.0),),
}


def unit_id(unit: str) -> str:
    """Return the SBML id of a unit of the tables: ``mg/d`` is mg_per_d; ``%`` counts as a plain number."""
    text = unit.replace("%", "1").replace("(", "").replace(")", "")
    if text == "1":
        return "dimensionless"
    return text.replace("/", "_per_").removeprefix("1_").replace("1_", "")


def _parts(unit: str) -> list[tuple[str, int]]:
    """Split ``%/y/(ng/mL)`` into units with exponents."""
    text = unit.replace("%", "1")
    numerator, _, rest = text.partition("/")
    found = [] if numerator == "1" else [(numerator, 1)]
    if "(" in rest:
        before, _, bracket = rest.partition("(")
        top, _, bottom = bracket.rstrip(")").partition("/")
        found += [(part, -1) for part in before.split("/") if part] + [(top, -1), (bottom, 1)]
    else:
        found += [(part, -1) for part in rest.split("/") if part]
    return found


def to_sbml(
    constants: Mapping[str, float],
    initial_state: Sequence[float],
    schedule: Schedule,
    start_day: float = 0.0,
    end_day: float = 3652.5,
) -> str:
    """Return the model of one woman as SBML text; time 0 of the document is day 0.

    constants : all parameters and the woman's constants. initial_state : at start_day, in the order of STATES.
    Only inputs and doses from start_day to end_day are written. Raises ParameterError where libsbml is not
    installed (the extra `interop`) or refuses the document.
    """
    try:
        import libsbml
    except ImportError:
        raise ParameterError(
            "SBML export", "the package python-libsbml", "none installed", "pip install 'aimss[interop]'"
        ) from None
    document = libsbml.SBMLDocument(3, 2)
    model = document.createModel("aimss_bone")
    model.setName("aimss: aromatase inhibitors, estradiol and bone")
    known = equations()
    needed = {name for e in known for name in e.uses}
    quantities = [s for s in symbols() if s.kind == "state" or (s.name in needed and s.kind != "dose")]
    _declare_units(
        model, {s.unit for s in quantities} | {e.unit for e in known if e.kind == "definition"} | {"d", "d/y"}
    )
    model.setTimeUnits("d")
    model.setExtentUnits("dimensionless")

    row = max(0, int((schedule.times_days <= start_day).sum()) - 1)
    values = {**constants, **dict(zip(INPUTS, schedule.inputs[row], strict=True))}
    values |= dict(zip(STATE_NAMES, initial_state, strict=True))
    for quantity in quantities:
        _parameter(
            model, quantity.name, quantity.unit, float(values[quantity.name]), quantity.kind in {"state", "input"}
        )
        model.getParameter(quantity.name).setName(quantity.meaning)
    _parameter(model, "days_per_year", "d/y", DAYS_PER_YEAR, False)
    for equation in known:
        if equation.kind == "definition":
            _parameter(model, equation.name, equation.unit, None, True)
            rule = model.createAssignmentRule()
        elif equation.kind == "rate":
            rule = model.createRateRule()
        else:
            continue
        rule.setVariable(equation.name)
        zero = "mg" if equation.name == "bisphosphonate_effect_now" else "dimensionless"
        rule.setMath(_math(libsbml, model, equation.formula, zero))
    _events(libsbml, model, schedule, start_day, end_day)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_MODELING_PRACTICE, False)
    document.checkConsistency()
    errors = [document.getError(i).getMessage().strip() for i in range(document.getNumErrors())]
    if errors:
        raise ParameterError("SBML export", "a consistent document", errors[0])
    return str(libsbml.writeSBMLToString(document))


def export_woman(years_since_menopause: float, peripheral_estradiol: float, drug: str | None, drug_years: float) -> str:
    """Return a woman without drugs until day 0, in balance with her estradiol, then on an inhibitor for some years."""
    parameters = default()
    constants: dict[str, float] = {**parameters, **{c.name: c.neutral or 0.0 for c in WOMAN_CONSTANTS}}
    constants["years_since_final_menstrual_period"] = years_since_menopause
    constants["peripheral_estradiol_pmol_l"] = peripheral_estradiol
    changes: list[tuple[float, dict[str, float]]] = [(-1.0, {})]
    if drug is not None:
        of_drug = {
            "ai_elimination_rate_per_day": parameters[f"ai_{drug}_elimination_rate"],
            "ai_half_inhibition": parameters[f"ai_{drug}_half_inhibition"],
            "ai_max_inhibition": parameters[f"ai_{drug}_max_inhibition"],
            "ai_residual_floor": parameters[f"ai_{drug}_residual_floor"],
        }
        changes += [(0.0, {"ai_on": 1.0, **of_drug}), (drug_years * DAYS_PER_YEAR, {"ai_on": 0.0})]
    start = untreated_states(constants, np.zeros(1))[0]
    return to_sbml(
        constants, [float(v) for v in start], Schedule.build(changes), -0.5, (drug_years + 50) * DAYS_PER_YEAR
    )


def _declare_units(model: Any, units: set[str]) -> None:
    import libsbml

    for unit in {unit_id(unit): unit for unit in sorted(units)}.values():
        if unit_id(unit) == "dimensionless":
            continue
        definition = model.createUnitDefinition()
        definition.setId(unit_id(unit))
        for part, sign in _parts(unit):
            for base, exponent, scale, multiplier in _UNITS[part]:
                piece = definition.createUnit()
                piece.setKind(libsbml.UnitKind_forName(base))
                piece.setExponent(sign * exponent)
                piece.setScale(scale)
                piece.setMultiplier(multiplier)


def _parameter(model: Any, name: str, unit: str, value: float | None, varies: bool) -> None:
    parameter = model.createParameter()
    parameter.setId(name)
    parameter.setConstant(not varies)
    parameter.setUnits(unit_id(unit))
    if value is not None:
        parameter.setValue(value)


def _math(libsbml: Any, model: Any, formula: str, zero: str = "dimensionless") -> Any:
    """Return a formula; its numbers without a unit are plain, a 0 in a comparison has the unit `zero`."""
    found = libsbml.parseL3FormulaWithModel(formula, model)
    if found is None:
        raise ParameterError("SBML export", "a formula", libsbml.getLastParseL3Error())
    waiting = [found]
    while waiting:
        node = waiting.pop()
        if node.isNumber() and not node.isSetUnits():
            node.setUnits(zero if node.getValue() == 0 else "dimensionless")
        waiting += [node.getChild(i) for i in range(node.getNumChildren())]
    return found


def _events(libsbml: Any, model: Any, schedule: Schedule, start_day: float, end_day: float) -> None:
    """Write every change of inputs and every dose; a dose on the start day is given at the start."""
    doses = [e for e in equations() if e.kind == "dose"]
    before = max(0, int((schedule.times_days <= start_day).sum()) - 1)
    for i, day in enumerate(schedule.times_days):
        given = dict(zip(DOSES, schedule.doses[i], strict=True))
        if not start_day <= day <= end_day or (day == start_day and not any(given.values())):
            continue
        changes = {
            n: v for k, n in enumerate(INPUTS) if i and (v := schedule.inputs[i, k]) != schedule.inputs[i - 1, k]
        }
        changes = changes if i > before else {}
        if not changes and not any(given.values()):
            continue
        event = model.createEvent()
        event.setId(f"day_{i}")
        event.setUseValuesFromTriggerTime(False)
        trigger = event.createTrigger()
        trigger.setInitialValue(False)
        trigger.setPersistent(True)
        trigger.setMath(_math(libsbml, model, f"time >= {float(day)!r} d"))
        for name, value in changes.items():
            if model.getParameter(name) is not None:
                _assign(libsbml, model, event, name, f"{float(value)!r} {unit_id(INPUT_UNITS[name])}")
        for equation in doses:
            formula = equation.formula
            used = [name for name in DOSES if name in equation.uses and given[name]]
            for name in used:
                formula = formula.replace(name, f"{float(given[name])!r} mg")
            if used:
                _assign(libsbml, model, event, equation.name, f"{equation.name} + {formula}")


def _assign(libsbml: Any, model: Any, event: Any, name: str, formula: str) -> None:
    assignment = event.createEventAssignment()
    assignment.setVariable(name)
    assignment.setMath(_math(libsbml, model, formula))
