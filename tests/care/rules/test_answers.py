"""How a decision is answered from its rules: ranks, unknowns, holes, populations, readings, what was not verified."""

from __future__ import annotations

from typing import Any

import pytest

from aimss.care.compiled import compile_guideline
from aimss.care.evaluate import evaluate, evaluate_facts, finding_of
from aimss.care.findings import Finding
from aimss.care.kleene import PartialSet
from aimss.care.rule_tests import merged
from aimss.care.rules import Guideline
from aimss.care.rules_report import SafetyFinding
from aimss.care.what_if import what_would_change
from aimss.errors import RuleError
from aimss.patient.reading import read_record
from tests.care.rules.case_files import base_record


def rule(name: str, condition: str, verdict: str | None = None, **more: Any) -> dict[str, Any]:
    filled = {"domain": "bone", "action": f"do {name}", "citation": "test", "verified": "yes"}
    return {"id": name, "condition": condition, "verdict": verdict, **filled, **more}


def guideline(*rules: dict[str, Any], **decision: Any) -> Guideline:
    text = {"id": "G-1", "title": "t", "body": "b", "scope": "bone", "how_far_verified": "yes"}
    return Guideline.model_validate({**text, "decisions": [{"domain": "bone", "rules": list(rules), **decision}]})


def asked(made: Guideline, **facts: Any) -> Finding:
    return finding_of(compile_guideline(made), facts)


T, AGE, BMI = "t_score_minimum", "age_years", "bmi_kg_m2"
LADDER = (rule("L-1", f"{T} < -2.0", "treat"), rule("L-2", f"{AGE} > 65", "monitor"))


def test_the_highest_branch_that_holds_answers() -> None:
    finding = asked(guideline(*LADDER), t_score_minimum=-2.1, age_years=70)
    assert (finding.verdict, finding.rule_ids, finding.action) == ("treat", ("L-1",), "do L-1")
    assert finding.inputs_used == (AGE, T)
    assert finding.inputs_missing == ()


@pytest.mark.parametrize(
    ("facts", "verdict", "rule_ids", "missing"),
    [
        ({T: -1.0, AGE: 70}, "monitor", ("L-2",), ()),
        ({T: -1.0, AGE: 60}, "no_branch_fits", (), ()),
        ({AGE: 70}, "unknown", (), (T,)),
        ({AGE: 60}, "unknown", (), (T,)),
        ({T: -1.0}, "unknown", (), (AGE,)),
        ({T: -2.1}, "treat", ("L-1",), ()),
        ({}, "unknown", (), (AGE, T)),
    ],
)
def test_an_unknown_branch_above_the_answer_makes_it_unknown(facts, verdict, rule_ids, missing) -> None:
    finding = asked(guideline(*LADDER), **facts)
    assert (finding.verdict, finding.rule_ids, finding.inputs_missing) == (verdict, rule_ids, missing)


def test_recommendations_that_stand_alone_all_count() -> None:
    made = guideline(*LADDER, logic="each")
    both = asked(made, t_score_minimum=-2.1, age_years=70)
    assert (both.verdict, both.rule_ids, both.action) == ("treat", ("L-1", "L-2"), "do L-1; do L-2")
    one = asked(made, age_years=70)
    assert (one.verdict, one.rule_ids, one.inputs_missing) == ("monitor", ("L-2",), (T,))
    lower = asked(made, t_score_minimum=-2.1)
    assert (lower.verdict, lower.rule_ids, lower.inputs_missing) == ("treat", ("L-1",), (AGE,))
    none = asked(made, age_years=60)
    assert (none.verdict, none.inputs_missing) == ("unknown", (T,))
    assert asked(made, age_years=60, t_score_minimum=0.0).verdict == "not_applicable"


def test_refer_outranks_treat_outranks_consider_outranks_monitor() -> None:
    order = ["refer", "treat", "consider", "monitor"]
    for i, higher in enumerate(order):
        for lower in order[i + 1 :]:
            finding = asked(
                guideline(rule("R-1", "age_years > 1", lower), rule("R-2", "age_years > 1", higher)), age_years=60
            )
            assert (finding.verdict, finding.rule_ids) == (higher, ("R-2",))


def test_outside_the_population_it_is_not_written_for_her() -> None:
    made = guideline(*LADDER, applies_when="postmenopausal", not_for_her="for others")
    finding = asked(made, postmenopausal=False, t_score_minimum=-3.0)
    assert (finding.verdict, finding.action, finding.rule_ids) == ("not_applicable", "for others", ())
    unknown = asked(made, t_score_minimum=-3.0)
    assert (unknown.verdict, unknown.inputs_missing) == ("unknown", ("postmenopausal",))
    assert (
        asked(guideline(*LADDER, applies_when="postmenopausal"), postmenopausal=False).action
        == "not written for this situation"
    )


def test_the_population_of_a_rule_counts() -> None:
    made = guideline(rule("P-1", f"{T} < -2.0", "treat", applies_when="postmenopausal"))
    assert asked(made, postmenopausal=True, t_score_minimum=-2.1).verdict == "treat"
    assert asked(made, postmenopausal=False, t_score_minimum=-2.1).verdict == "not_applicable"
    open_ = asked(made, t_score_minimum=-2.1)
    assert (open_.verdict, open_.inputs_missing) == ("unknown", ("postmenopausal",))
    assert asked(made, t_score_minimum=-2.0).verdict == "no_branch_fits"


def test_otherwise_answers_where_no_branch_holds_but_not_outside_the_population() -> None:
    otherwise = {"verdict": "monitor", "action": "scan again", "rule_ids": ["L-1"]}
    made = guideline(*LADDER, otherwise=otherwise, applies_when="postmenopausal")
    finding = asked(made, postmenopausal=True, t_score_minimum=0.0, age_years=50)
    assert (finding.verdict, finding.action, finding.rule_ids) == ("monitor", "scan again", ("L-1",))
    assert asked(made, postmenopausal=True, t_score_minimum=0.0).verdict == "unknown"
    silent = guideline(
        *LADDER, otherwise={"verdict": "not_applicable", "action": "no advice"}, applies_when="postmenopausal"
    )
    assert asked(silent, postmenopausal=True, t_score_minimum=0.0, age_years=50).action == "no advice"
    assert asked(silent, postmenopausal=False).action == "not written for this situation"


def test_an_unverified_rule_never_advises() -> None:
    made = guideline(rule("U-1", f"{T} < -2.0", "treat", verified="no"), rule("U-2", f"{AGE} > 65", "monitor"))
    finding = asked(made, t_score_minimum=-2.1, age_years=70)
    assert (finding.verdict, finding.rule_ids) == ("monitor", ("U-2",))
    assert [(item.rule.id, item.holds, item.inputs_missing) for item in finding.not_verified] == [("U-1", True, ())]
    unknown = asked(made, age_years=70)
    assert unknown.verdict == "monitor"
    assert [(item.holds, item.inputs_missing) for item in unknown.not_verified] == [(None, (T,))]
    assert asked(made, age_years=70, t_score_minimum=0.0).not_verified == ()


def test_the_status_of_a_finding_is_that_of_its_weakest_rule() -> None:
    two = (rule("W-1", f"{T} < -2.0", "treat", verified="secondary"), rule("W-2", f"{AGE} > 65", "treat"))
    made = guideline(*two)
    assert asked(made, t_score_minimum=-2.1, age_years=60).verified == "secondary"
    assert asked(made, t_score_minimum=-2.1, age_years=70).verified == "secondary"
    assert asked(made, t_score_minimum=-1.0, age_years=70).verified == "yes"


READINGS = [
    {"name": "strict"},
    {"name": "edges included", "why": "the text is unclear", "conditions": {"L-1": f"{T} <= -2.0"}},
]


def test_readings_stand_side_by_side_only_where_they_differ() -> None:
    made = guideline(*LADDER, readings=READINGS)
    finding = asked(made, t_score_minimum=-2.0, age_years=60)
    assert [(r.reading, r.verdict, r.rule_ids, r.why) for r in finding.readings] == [
        ("strict", "no_branch_fits", (), ""),
        ("edges included", "treat", ("L-1",), "the text is unclear"),
    ]
    assert finding.verdict == "no_branch_fits"
    assert finding.provisional is False
    assert asked(made, t_score_minimum=-2.1, age_years=60).readings == ()


def test_a_verdict_that_leaves_an_input_out_is_provisional() -> None:
    made = guideline(
        rule("F-1", "given(frax_hip_percent) and frax_hip_percent >= 3", "treat"),
        rule("F-2", f"{AGE} > 1", "monitor"),
        readings=[{"name": "optional"}, {"name": "needed", "conditions": {"F-1": "frax_hip_percent >= 3"}}],
    )
    finding = asked(made, age_years=60)
    assert (finding.verdict, finding.provisional, finding.inputs_missing) == ("monitor", True, ("frax_hip_percent",))
    assert [item.verdict for item in finding.readings] == ["monitor", "unknown"]
    assert finding.next_question == "FRAX (hip fracture)"
    known = asked(made, age_years=60, frax_hip_percent=2.9)
    assert known.next_question is None
    assert (known.verdict, known.provisional, known.inputs_missing) == ("monitor", False, ())


def test_an_unknown_reading_alone_makes_no_verdict_provisional() -> None:
    any_of = rule("E-1", f"{T} < -1.0 or frax_hip_percent >= 3", "treat")
    made = guideline(
        any_of, readings=[{"name": "any"}, {"name": "FRAX", "conditions": {"E-1": "frax_hip_percent >= 3"}}]
    )
    finding = asked(made, t_score_minimum=-1.1)
    assert (finding.verdict, finding.provisional, finding.inputs_missing) == ("treat", False, ())
    assert [item.verdict for item in finding.readings] == ["treat", "unknown"]


def test_regimens_come_only_with_treatment() -> None:
    made = guideline(
        rule("O-1", f"{T} < -2.0", "treat", drugs=["zoledronate"], strategies=["one", "two if age_years > 65"]),
        rule("O-2", f"{AGE} > 65", role="option", drugs=["denosumab"], strategies=["three"]),
        rule("O-3", "true", role="option", drugs=["alendronate"]),
        rule("O-4", f"{BMI} < 20", role="option", drugs=["risedronate"]),
        rule("O-5", "true", role="option", drugs=["ibandronate"], verified="no"),
    )
    old = asked(made, t_score_minimum=-2.1, age_years=70)
    assert [(option.rule.id, option.preferred) for option in old.options] == [
        ("O-2", True),
        ("O-3", None),
        ("O-4", None),
    ]
    assert old.rule_ids == ("O-1", "O-2")
    assert old.drugs == ("zoledronate", "denosumab", "alendronate", "risedronate")
    assert old.strategies == ("one", "two", "three")
    young = asked(made, t_score_minimum=-2.1, age_years=60, bmi_kg_m2=30)
    assert young.drugs == ("zoledronate", "alendronate")
    assert young.strategies == ("one",)
    none = asked(made, t_score_minimum=0.0, age_years=70)
    assert (none.options, none.drugs, none.strategies) == ((), (), ())


def test_notes_are_shown_within_the_population() -> None:
    made = guideline(*LADDER, rule("N-1", f"{AGE} > 65", role="note"), applies_when="postmenopausal")
    assert [n.id for n in asked(made, postmenopausal=True, age_years=70, t_score_minimum=0.0).notes] == ["N-1"]
    assert asked(made, postmenopausal=True, t_score_minimum=0.0).notes == ()
    assert asked(made, postmenopausal=False, age_years=70).notes == ()


def two_decisions(**more: Any) -> Guideline:
    text = {"id": "G-1", "title": "t", "body": "b", "scope": "bone", "how_far_verified": "yes", **more}
    bone = {"domain": "bone", "applies_when": "postmenopausal", "rules": [LADDER[0]]}
    other = {"domain": "adjuvant", "rules": [rule("A-1", f"{AGE} > 65", "consider")], "logic": "each"}
    return Guideline.model_validate({**text, "decisions": [bone, other]})


def test_the_row_shows_the_first_question_that_is_for_her() -> None:
    post = asked(two_decisions(), postmenopausal=True, age_years=70, t_score_minimum=-2.1)
    assert (post.domain, post.verdict, [part.domain for part in post.also]) == ("bone", "treat", ["adjuvant"])
    pre = asked(two_decisions(), postmenopausal=False, age_years=70)
    assert (pre.domain, pre.verdict, pre.also[0].verdict) == ("adjuvant", "consider", "not_applicable")
    neither = asked(two_decisions(), postmenopausal=False, age_years=60)
    assert (neither.domain, neither.verdict) == ("bone", "not_applicable")
    fixed = asked(two_decisions(headline="bone"), postmenopausal=False, age_years=70)
    assert (fixed.domain, fixed.verdict, fixed.also[0].verdict) == ("bone", "not_applicable", "consider")


def test_what_would_change_it_steps_over_the_nearest_limit() -> None:
    finding = asked(guideline(*LADDER), t_score_minimum=-1.5, age_years=70)
    changes = {(c.fact, c.values, c.verdict) for c in what_would_change(finding)}
    assert changes == {(T, "below -2.0", "treat"), (AGE, "65 or less", "no_branch_fits")}
    band = asked(guideline(rule("B-1", f"-2.0 <= {T} < -1.5", "consider")), t_score_minimum=-1.0)
    assert [(c.values, c.verdict, c.now) for c in what_would_change(band)] == [("-2.0 to below -1.5", "consider", -1.0)]
    above = asked(guideline(rule("B-1", f"{AGE} > 65", "treat")), age_years=60)
    assert [c.values for c in what_would_change(above)] == ["above 65"]
    more = asked(guideline(rule("B-1", f"{AGE} >= 65", "treat")), age_years=60)
    assert [c.values for c in what_would_change(more)] == ["65 or more"]
    flag = asked(guideline(rule("B-1", "parental_hip_fracture", "treat")), parental_hip_fracture=False)
    assert [(c.values, c.now) for c in what_would_change(flag)] == [("yes", False)]
    word = asked(guideline(rule("B-1", "recurrence_risk == 'high'", "treat")), recurrence_risk="low")
    assert [c.values for c in what_would_change(word)] == ["high"]
    unknown = asked(guideline(*LADDER), age_years=70)
    assert {(c.values, c.verdict) for c in what_would_change(unknown)} == {
        ("below -2.0", "treat"),
        ("-2.0 or more", "monitor"),
    }


NO_DRUGS = {"drugs_now": PartialSet(frozenset()), "drugs_ever": PartialSet(frozenset())}


def test_a_red_flag_turns_joint_advice_into_a_referral() -> None:
    text = {"id": "G-1", "title": "t", "body": "b", "scope": "joint", "how_far_verified": "yes"}
    joint = {
        "domain": "joint",
        "rules": [rule("J-1", "pain_worst >= 3", "treat", drugs=["acupuncture"])],
        "logic": "each",
    }
    library = [compile_guideline(Guideline.model_validate({**text, "decisions": [joint]}))]
    facts = {**NO_DRUGS, "pain_worst": 5, "night_bone_pain": False}
    calm = evaluate_facts(facts, library).finding("G-1")
    assert (calm.verdict, calm.rule_ids, calm.drugs) == ("treat", ("J-1",), ("acupuncture",))
    report = evaluate_facts({**facts, "night_bone_pain": True}, library)
    held = report.finding("G-1")
    assert (held.verdict, held.rule_ids, held.drugs, held.guideline_rule_ids) == (
        "refer",
        ("SAF-RED-01",),
        (),
        ("J-1",),
    )
    assert held.action.endswith("(before: do J-1)")
    assert [item.rule.id for item in report.red_flags] == ["SAF-RED-01"]
    assert report.safety[0].rule.id == "SAF-RED-01"
    assert (
        evaluate_facts({**facts, "night_bone_pain": True, "pain_worst": 0}, library).finding("G-1").verdict
        == "not_applicable"
    )


def safety(**changes: Any) -> list[SafetyFinding]:
    return list(evaluate(read_record(merged(base_record(), changes))).safety)


def test_safety_says_why_it_is_shown_and_what_it_saw() -> None:
    found = {item.rule.id: item for item in safety(drugs=[{"drug": "duloxetine"}], age_years=70)}
    falls = found["SAF-DUL-09"]
    assert (falls.state, falls.because, falls.severity, falls.indicator) == ("fires", "taken", "caution", "warning")
    assert falls.inputs_used == ("age_years", "conditions", "falls_past_year")
    assert falls.inputs_missing == ()
    assert found["SAF-TAM-03"].because == "if chosen"
    assert found["SAF-ZOL-07"].because == "offered"
    clearance = found["SAF-ZOL-01"]
    assert (clearance.state, clearance.inputs_missing) == ("open", ("creatinine_clearance_ml_min",))
    stopped = {"drug": "denosumab", "doses": ["2025-01-15"], "stop": "2025-06-15"}
    before = {item.rule.id: item for item in safety(drugs=[stopped], dxa=None)}
    assert (before["SAF-DEN-06"].state, before["SAF-DEN-06"].because) == ("fires", "taken before")
    asked = {item.rule.id: item for item in safety(symptoms={"night_bone_pain": None})}
    assert (asked["SAF-RED-01"].state, asked["SAF-RED-01"].because) == ("open", "her record")


def test_a_milder_form_has_its_own_severity_and_inputs() -> None:
    kidney = [{"date": "2026-06-01", "test": "egfr", "value": 45, "unit": "mL/min/1.73m2"}]
    item = next(item for item in safety(laboratory=kidney) if item.rule.id == "SAF-NSAID-01")
    assert (item.severity, item.indicator, item.inputs_used) == ("caution", "warning", ("egfr_ml_min_1_73m2",))
    severe = [{**kidney[0], "value": 20}]
    item = next(item for item in safety(laboratory=severe) if item.rule.id == "SAF-NSAID-01")
    assert (item.severity, item.indicator) == ("contraindicated", "critical")


def test_the_most_urgent_comes_first() -> None:
    shown = safety(
        drugs=[{"drug": "duloxetine"}, {"drug": "warfarin"}, {"drug": "alendronate"}],
        symptoms={"night_bone_pain": True, "new_thigh_or_groin_pain": True},
        complete_lists=[],
    )
    assert shown[0].rule.id == "SAF-RED-01"
    order = [({"fires": 0, "open": 1, "standing": 2}[i.state], {"critical": 0, "warning": 1, "info": 2}[i.indicator])
             for i in shown[1:]]  # fmt: skip
    assert order == sorted(order)
    assert {item.state for item in shown} == {"fires", "open", "standing"}
    unasked = safety(symptoms={"night_bone_pain": None}, complete_lists=[])
    open_ = [item.rule.id for item in unasked if item.state == "open"]
    assert open_[0] == "SAF-RED-01"
    assert len(open_) > 5


def test_unsound_rule_files_are_refused_by_name() -> None:
    with pytest.raises(RuleError, match=r"X-1\.verdict"):
        compile_guideline(guideline(rule("X-1", "true")))
    with pytest.raises(RuleError, match="headline"):
        compile_guideline(two_decisions(headline="joint"))
    with pytest.raises(RuleError, match="no_fact"):
        compile_guideline(guideline(rule("X-1", "no_fact > 1", "treat")))
    with pytest.raises(RuleError, match="X-9"):
        compile_guideline(guideline(*LADDER, readings=[{"name": "a"}, {"name": "b", "conditions": {"X-9": "true"}}]))
    with pytest.raises(RuleError, match=r"L-1\.condition"):
        compile_guideline(guideline(rule("L-1", "import os", "treat")))
