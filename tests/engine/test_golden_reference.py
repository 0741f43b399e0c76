"""Golden values of the slow reference for what the check runs of the specification leave out."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from scenarios import MONTH, schedule_of

from aimss.forecast.engine.integrate import integrate

GENERATOR = Path(__file__).parents[1] / "golden" / "engine_reference.py"
GOLDEN = json.loads(GENERATOR.with_suffix(".json").read_text())
spec = importlib.util.spec_from_file_location("engine_reference", GENERATOR)
generator = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generator)
TOLERANCE = {"bmd_percent": 0.005, "marker_percent": 0.05, "fracture_probability": 1e-5}


@pytest.mark.parametrize("name", GOLDEN["scenarios"])
def test_kernel_gives_the_golden_values(name):
    expected = GOLDEN["scenarios"][name]
    schedule = schedule_of(generator.SCENARIOS[name])
    days = np.array(GOLDEN["months"]) * MONTH
    run = integrate(GOLDEN["constants"], None, [schedule], [0], -18 * 365.25, days, rtol=1e-6)
    np.testing.assert_allclose(run.states[0], expected["states"], rtol=1e-4, atol=1e-6)
    found = generator.outcomes(run.states)
    for kind, tolerance in TOLERANCE.items():
        for what, values in expected[kind].items():
            np.testing.assert_allclose(found[kind][what], values, rtol=0, atol=tolerance, err_msg=what)


def test_the_drugs_do_what_they_are_given_for():
    final = {name: s["bmd_percent"]["lumbar_spine"] for name, s in GOLDEN["scenarios"].items()}
    assert all(values[4] > 100 for values in final.values())
