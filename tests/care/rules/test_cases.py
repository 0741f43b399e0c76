"""Every conditional rule is specified by cases: it fires, it does not, an input is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from aimss.care.manual import manual_page
from aimss.care.rule_tests import run_cases
from aimss.care.rules import guideline_library, safety_library
from tests.care.rules.case_files import base_record, case_files, cases_by_rule, cases_of
from tests.care.rules.make_manual import PAGE

CONSTANT = {"true", "false"}
# every record settles their inputs (AI status, whether a FRAX is given, a reading without an input), or they are
# about a drug only once it is known to be taken
NEVER_UNKNOWN = {"ASCO2019-03", "AUS2019-04", "SOLE-02", "SAF-RAL-01", "SAF-LAB-01"}


@pytest.mark.parametrize("path", case_files(), ids=lambda path: path.stem)
def test_cases_hold(path: Path) -> None:
    results = run_cases({"base": base_record(), "cases": cases_of(path)})
    assert results
    assert [item for item in results if not item.passed] == []


def conditional_guideline_rules() -> list[str]:
    return [
        rule.id
        for guideline in guideline_library().values()
        if guideline.not_available is None
        for decision in guideline.decisions
        for rule in decision.rules
        if rule.condition not in CONSTANT
    ]


def conditional_safety_rules() -> list[str]:
    return [rule.id for rule in safety_library().values() if rule.condition not in CONSTANT]


def test_every_conditional_rule_has_its_three_cases() -> None:
    by_rule = cases_by_rule()
    rules = conditional_guideline_rules()
    assert len(rules) > 75
    for name in rules:
        states = {case["expect"][name] for case in by_rule.get(name, [])}
        wanted = {"fires", "does_not"} if name in NEVER_UNKNOWN else {"fires", "does_not", "unknown"}
        assert wanted <= states, (name, states)


def test_every_conditional_safety_rule_has_its_three_cases() -> None:
    by_rule = cases_by_rule()
    rules = conditional_safety_rules()
    assert len(rules) > 45
    for name in rules:
        states = {case["expect"][name] for case in by_rule.get(name, [])}
        quiet = {"standing"} if safety_library()[name].standing else {"absent"}
        unsettled = set() if name in NEVER_UNKNOWN or safety_library()[name].standing else {"open"}
        assert {"fires"} | quiet | unsettled <= states, (name, states)


def test_every_reading_of_an_ambiguous_text_is_specified() -> None:
    by_rule = cases_by_rule()
    for guideline in guideline_library().values():
        for decision in guideline.decisions:
            for number, reading in enumerate(decision.readings, start=1):
                for name in reading.conditions:
                    states = {case["expect"][f"{name}@{number}"] for case in by_rule.get(f"{name}@{number}", [])}
                    assert states == {"fires", "does_not", "unknown"}, (name, number)


def test_the_manual_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == manual_page(cases_by_rule()), (
        "run python -m tests.care.rules.make_manual"
    )
