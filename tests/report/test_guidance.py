"""Guidelines and safety rules on the page: differences stay visible, warnings are never lost."""

from __future__ import annotations

import copy

import pytest
from html_reading import read_html
from plan_factory import RULES, document, safety_rule

from aimss.report.answer import short_answer
from aimss.report.guidance import fact_text, guidelines, safety
from aimss.report.page import render_page


@pytest.fixture(scope="module")
def page():
    return read_html(render_page(document(rules=RULES)))


def section(page, name):
    return next(s for s in page.all("section") if s.attributes.get("id") == name)


def rows(part):
    return {r.all("th")[0].text: r for t in part.all("tbody") for r in t.all("tr")}


def test_one_row_a_guideline_and_no_merged_verdict(page):
    found = rows(section(page, "guidelines"))
    for name in ("OLD", "OTHER", "HOLE", "WAITS", "NEW", "JOINT", "ELSEWHERE", "UNREAD"):
        assert sum(f"Statement {name}" in heading for heading in found) == 1, name


def test_an_unread_successor_stands_with_the_answers(page):
    questions, silent = guidelines(document(rules=RULES))
    assert [row.guideline for row in questions[0].rows] == ["OLD", "OTHER", "HOLE", "WAITS", "NEW"]
    assert {row.guideline for row in silent} == {"ELSEWHERE", "UNREAD"}
    old = next(r for h, r in rows(section(page, "guidelines")).items() if "Statement OLD" in h)
    assert "superseded by NEW in 2025, which was not read" in old.text


def test_a_row_says_why_what_is_missing_and_what_would_change_it(page):
    found = rows(section(page, "guidelines"))
    other = next(r for h, r in found.items() if "Statement OTHER" in h)
    assert "lowest T-score: −1.8" in other.text
    assert "drugs now: letrozole" in other.text
    assert "treat if lowest T-score < -2.5" in other.text
    assert "No number is given." in other.text
    waits = next(r for h, r in found.items() if "Statement WAITS" in h)
    assert "Missing: frax percent" in waits.text
    hole = next(r for h, r in found.items() if "Statement HOLE" in h)
    assert "as printed: treat" in hole.text
    joint = next(r for h, r in found.items() if "Statement JOINT" in h)
    assert "from a secondary source" in joint.text
    assert "forecast here as B" in joint.text


def test_summary_counts_each_verdict(page):
    assert "5 guidelines: 1 treat, 1 watch, 1 no branch fits, 1 cannot say yet, 1 not available." in page.text


def test_the_worst_warning_comes_first(page):
    fired = section(page, "safety").all("table")[0]
    assert [r.all("th")[0].text for r in fired.all("tbody")[0].all("tr")] == [
        "a drug contraindicated",
        "a drug caution",
    ]
    assert "clearance 28 mL/min" in fired.text


def test_every_safety_rule_is_on_the_page_once(page):
    text = section(page, "safety").text
    for rule in ("SAF-INFO", "SAF-CRIT", "SAF-OPEN", "SAF-ALWAYS"):
        assert text.count(f"do {rule}") == 1


def test_a_rule_without_a_state_counts_as_firing():
    rules = copy.deepcopy(RULES)
    bare = {"rule_id": "LOCAL-1", "severity": "caution", "why": "a reason", "do": "do this"}
    rules["safety"].append(bare)
    found = safety(document(rules=rules))
    assert found is not None
    assert bare in found.fires
    assert "do this" in render_page(document(rules=rules))


def test_a_red_flag_that_fires_stands_before_all_else():
    rules = {**RULES, "safety": [safety_rule("SAF-RED-01", "fires", red_flag=True, do="see a clinician now")]}
    plan = document(rules=rules)
    html = render_page(plan)
    assert html.index("see a clinician now") < html.index("The short answer")
    assert short_answer(plan)[0].startswith("First: a clinician should look")


def test_what_a_safety_rule_forbids_stands_beside_the_choices():
    rule = safety_rule("SAF-DEN-01", "fires", severity="contraindicated", context="denosumab 60 mg", do="correct first")
    plan = document(rules={**RULES, "safety": [rule]})
    assert any("denosumab 60 mg (correct first" in sentence for sentence in short_answer(plan))
    html = render_page(plan)
    assert html.index("Not as the record stands") < html.index('id="safety"')
    assert "Not as the record stands" not in render_page(document(rules={**RULES, "safety": []}))


def test_several_that_are_forbidden_are_named_in_short_and_explained_below():
    rules = [
        safety_rule(f"SAF-{n}", "fires", severity="contraindicated", context=name, do="correct first", seen=["low"])
        for n, name in enumerate(("denosumab 60 mg", "zoledronic acid"))
    ]
    plan = document(rules={**RULES, "safety": rules})
    brief = next(sentence for sentence in short_answer(plan) if "speak against" in sentence)
    assert "denosumab 60 mg, zoledronic acid" in brief
    assert "low" not in brief
    assert "denosumab 60 mg (correct first; low; SAF-0), zoledronic acid (correct first; low; SAF-1)" in render_page(
        plan
    )


def test_a_red_flag_that_was_not_asked_is_asked(page):
    assert "Ask first." in section(page, "safety").text
    assert "night bone pain" in section(page, "safety").text
    assert "a clinician should see this" not in page.text


def test_no_rules_no_sections():
    ids = [s.attributes.get("id") for s in read_html(render_page(document())).all("section")]
    assert "guidelines" not in ids
    assert "safety" not in ids


def test_short_answer_counts_the_bone_guidelines():
    text = " ".join(short_answer(document(rules=RULES)))
    assert (
        "Of 3 bone guidelines that could be applied, 1 would treat now; 1 cannot say, because something is missing."
        in text
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "a b: yes"),
        (False, "a b: no"),
        (-2.04999, "a b: −2.05 u"),
        (["x_y", "z"], "a b: x y, z u"),
        ([], "a b: none u"),
        (None, "a b"),
        ({"holds": ["x"]}, "a b: x u"),
    ],
)
def test_facts_in_words(value, text):
    unit = "" if isinstance(value, bool) else "u"
    assert fact_text({"a_b": {"value": value, "unit": unit}}, "a_b") == text
