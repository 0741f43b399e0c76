"""Nine in ten small faults, put into every condition and into the evaluator, are noticed by the tests."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "rule_mutations.py"


def harness() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rule_mutations", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_harness_puts_in_the_faults_it_names() -> None:
    made = {text for _, text in harness().mutants("a < -2.0 and not b", "eval")}
    assert {"a <= -2.0 and (not b)", "a >= -2.0 and (not b)", "a < -2.0 or not b", "a < -2.0", "not b"} <= made
    assert {"a < -2.1 and (not b)", "a < -1.9 and (not b)", "a < -2.0 and (not not b)"} <= made


def test_faults_in_conditions_are_noticed_by_the_cases() -> None:
    total, survivors = harness().conditions()
    assert total > 1000
    assert 1 - len(survivors) / total >= 0.9, survivors


@pytest.mark.slow
def test_faults_in_the_evaluator_are_noticed_by_the_tests() -> None:
    # a process of its own: the mutants are imported in its children, which must not have the evaluator yet
    run = subprocess.run([sys.executable, str(SCRIPT), "evaluator"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
