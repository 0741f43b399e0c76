"""One declaration, many forms: SBML simulated in libRoadRunner, the printed equations evaluated as they stand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import roadrunner
from scenarios import schedule_of
from typer.testing import CliRunner
from women import random_constants, random_schedule

from aimss.body.declaration import STATE_NAMES, STATES
from aimss.body.describe import as_markdown
from aimss.body.equations import DOSE_UNITS, INPUT_UNITS, equations, symbols
from aimss.body.model import rates
from aimss.body.parameters import default
from aimss.body.sbml import export_woman, to_sbml
from aimss.cli import app
from aimss.errors import ParameterError
from aimss.forecast.engine.integrate import integrate
from aimss.forecast.engine.trajectories import complete_constants

AGREEMENT = 1e-6
SCENARIOS = {
    "everything": {
        "courses": [
            {"start_month": 0, "stop_month": 60, "ai": "letrozole"},
            {"start_month": 6, "stop_month": 40, "oral_drug_mg_per_day": ["alendronate", 10.0]},
        ],
        "denosumab_mg": [[m, 60] for m in range(0, 24, 6)],
        "zoledronate_mg": [[30, 4]],
    },
    "raloxifene": {"courses": [{"start_month": 0, "stop_month": 36, "serm": "raloxifene"}]},
    "suppression": {"courses": [{"start_month": 0, "stop_month": 36, "ai": "exemestane", "ofs": 0.98}]},
}


@pytest.mark.parametrize(("name", "years"), [("everything", 3.0), ("raloxifene", 10.0), ("suppression", -6.0)])
def test_libroadrunner_agrees(name, years):
    schedule = schedule_of(SCENARIOS[name])
    constants = {
        "years_since_final_menstrual_period": years,
        "peripheral_estradiol_pmol_l": 20.0,
        "vitamin_d_deficit_ng_ml": 5.0,
    }
    start = integrate(constants, None, [schedule], [0], -3000.0, [0.0], rtol=1e-10).final
    document = to_sbml(complete_constants(constants, 1), start[0], schedule)
    model = roadrunner.RoadRunner(document)
    model.integrator.relative_tolerance = 1e-12
    model.integrator.absolute_tolerance = 1e-14
    model.integrator.maximum_num_steps = 1_000_000
    model.timeCourseSelections = ["time", *STATE_NAMES]
    days = np.arange(0.0, 3653.0, 83.0)
    theirs = np.array(model.simulate(0, days[-1], len(days)))[1:, 1:]
    ours = integrate(constants, start, [schedule], [0], 0.0, days, rtol=1e-10).states[0, 1:]
    size = np.abs(ours) + np.array([s.typical for s in STATES])
    assert np.abs((theirs - ours) / size).max() < AGREEMENT


def test_printed_equations_are_the_rates():
    """Each formula, evaluated as Python, gives what the declaration gives, for random women, states and inputs."""
    rng = np.random.default_rng(4)
    known = equations()
    assert [e.name for e in known if e.kind == "rate"] == list(STATE_NAMES)
    for _ in range(20):
        constants = {k: float(v[0]) for k, v in random_constants(rng, 1).items()}
        values = {k: float(v) for k, v in complete_constants(constants, 1).items()}
        values |= random_schedule(rng).inputs_at(float(rng.uniform(0, 3000)))
        values |= {s.name: float(s.typical * rng.uniform(0.2, 2)) for s in STATES}
        spaces = {**values, "time": float(rng.uniform(-2000, 3000)), "days_per_year": 365.25}
        functions = {"exp": math.exp, "ln": math.log, "max": max, "min": min, "__builtins__": {}}
        for equation in known:
            if equation.kind == "definition":
                spaces[equation.name] = eval(equation.formula, functions, spaces)
        from types import SimpleNamespace

        everything = SimpleNamespace(**values)
        expected = rates(np, spaces["time"], everything, everything, everything)
        for name, value in zip(STATE_NAMES, expected, strict=True):
            (formula,) = [e.formula for e in known if e.kind == "rate" and e.name == name]
            assert eval(formula, functions, spaces) == pytest.approx(value, rel=1e-9, abs=1e-15), name


def test_every_name_in_an_equation_is_declared_with_a_unit():
    names = {s.name for s in symbols()} | {e.name for e in equations()} | {"time"}
    for equation in equations():
        assert set(equation.uses) <= names, equation.name
    assert all(s.unit for s in symbols())
    assert set(INPUT_UNITS.values()) == {"1", "1/d", "mg/d"}
    assert set(DOSE_UNITS.values()) == {"mg"}


def test_a_document_with_inconsistent_units_is_refused(monkeypatch):
    """The check of units can fail: a unit that does not fit stops the export."""
    from aimss.body import sbml

    real = sbml.symbols
    wrong = tuple(s if s.name != "denosumab_clearance" else type(s)(s.kind, s.name, "mg", s.meaning) for s in real())
    monkeypatch.setattr(sbml, "symbols", lambda: wrong)
    with pytest.raises(ParameterError, match="consistent document"):
        export_woman(12.0, 18.0, None, 5.0)


def test_commands_describe_export_and_cite(tmp_path):
    run = CliRunner().invoke
    described = json.loads(run(app, ["model", "describe", "--json"]).stdout)
    assert {p["name"] for p in described["parameters"]} >= {"estrogen_hill", "denosumab_clearance"}
    assert len(described["states"]) == len(STATES)
    assert "d estradiol / dt = estradiol_turnover_rate" in run(app, ["model", "describe"]).stdout
    assert (
        f"| estrogen_hill | {default()['estrogen_hill']:g} |"
        in run(app, ["model", "describe", "--format", "markdown"]).stdout
    )
    cited = json.loads(run(app, ["model", "cite", "--json"]).stdout)
    assert "16869719" in {s["pmid"] for s in cited["sources"]}
    assert "@article{" in run(app, ["model", "cite", "--format", "bibtex"]).stdout
    assert "Hairer" in run(app, ["model", "cite"]).stdout
    path = tmp_path / "her.xml"
    assert run(app, ["model", "export", "--drug", "letrozole", "--out", str(path)]).exit_code == 0
    assert "rateRule" in path.read_text()


def test_equation_page_of_the_documentation_is_current():
    """`aimss model describe --format markdown > docs/model.md` after a change of the model."""
    page = Path(__file__).parents[2] / "docs" / "model.md"
    assert page.read_text(encoding="utf-8") == as_markdown()
