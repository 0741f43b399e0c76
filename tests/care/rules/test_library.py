"""The shipped rules as data: complete, sourced, honest about what was read, and safe to show."""

from __future__ import annotations

import json
import re
from importlib import resources

import jsonschema
import pytest
import yaml

from aimss.care.compile import compile_strategy
from aimss.care.compiled import compiled_library, compiled_safety
from aimss.care.drug_facts import drug_classes
from aimss.care.evaluate import evaluate
from aimss.care.harms import effect_text, effects_of, effects_of_strategy
from aimss.care.library import find_strategy, strategy_library
from aimss.care.rule_tests import merged
from aimss.care.rules import Rule, guideline_library, rule_schema, safety_library
from aimss.patient.reading import read_record
from tests.care.rules.case_files import base_record
from tests.care.rules.test_removal import RECORDS

CARE = resources.files("aimss.care")


def all_rules() -> list[Rule]:
    return [rule for g in guideline_library().values() for part in g.decisions for rule in part.rules]


def test_thirty_three_guidelines_with_108_rules_and_51_safety_rules() -> None:
    assert len(guideline_library()) == 33
    assert len({rule.id for rule in all_rules()}) == len(all_rules()) == 108
    assert len(safety_library()) == 51
    with_rules = [g.id for g in guideline_library().values() if g.decisions]
    assert len(with_rules) == 28


def test_what_was_not_read_is_not_available() -> None:
    silent = {g.id for g in guideline_library().values() if g.not_available}
    assert silent == {"JPS2025", "NIRAVATH2013", "SEOM2022", "GUPTA2020", "HYDER2021", "COCHRANE2020"}
    report = evaluate(read_record(base_record()))
    for name in silent:
        finding = report.finding(name)
        assert (finding.verdict, finding.rule_ids, finding.strategies) == ("not_available", (), ())
        assert len(finding.action) > 30
    assert "40726588" in report.finding("JPS2025").action


def test_one_row_a_guideline() -> None:
    report = evaluate(read_record(base_record()))
    names = [finding.guideline.id for finding in report.findings]
    assert sorted(names) == sorted(guideline_library())
    assert [row["guideline"] for row in report.table()] == names


def test_files_fit_the_published_schema() -> None:
    schema = json.loads(CARE.joinpath("rule.schema.json").read_text(encoding="utf-8"))
    assert schema == json.loads(json.dumps(rule_schema())), "run aimss rules schema > src/aimss/care/rule.schema.json"
    validator = jsonschema.Draft202012Validator(schema)
    for folder in ("guidelines", "safety"):
        for file in CARE.joinpath(folder).iterdir():
            validator.validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"id": "X", "title": "t"})


def test_every_rule_has_an_action_and_a_place_where_it_was_read() -> None:
    for rule in all_rules():
        assert rule.action, rule.id
        assert rule.citation, rule.id
        # a rule whose text was seen says where
        assert rule.source_url or rule.verified == "no" or rule.id == "FRAX-01", rule.id
    for safety in safety_library().values():
        assert safety.do, safety.id
        assert safety.why, safety.id
        assert safety.source_url or safety.verified == "no" or safety.source_condition, safety.id


def test_superseded_guidelines_say_so() -> None:
    report = evaluate(read_record(base_record()))
    assert report.finding("JPS2017").currency == "superseded by JPS2025 in 2025, which was not read"
    assert report.finding("HADJI2011").currency == "superseded by JPS2017 in 2017"
    assert report.finding("CCO-ASCO2017").currency == "superseded by ASCO-OH2022 in 2022"
    assert report.finding("ASCO2019").currency == ""
    assert all(g.superseded_by in guideline_library() for g in guideline_library().values() if g.superseded_by)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.get("label", "base"))
def test_an_unverified_rule_never_advises_and_an_unverified_warning_warns(record: dict) -> None:
    report = evaluate(read_record(record))
    by_id = {rule.id: rule for rule in all_rules()}
    for finding in report.findings:
        for part in finding.parts:
            assert all(by_id[name].verified != "no" for name in part.guideline_rule_ids)
            assert all(option.rule.verified != "no" for option in part.options)
    assert all(item["status"] for item in report.to_json()["safety"])


def test_an_unverified_safety_rule_fires_with_its_status() -> None:
    record = merged(base_record(), {"drugs": [{"drug": "warfarin"}]})
    item = next(s for s in evaluate(read_record(record)).to_json()["safety"] if s["rule_id"] == "SAF-NSAID-02")
    assert (item["state"], item["verified"], item["status"]) == ("fires", "no", "not verified")


def test_strategies_named_by_rules_exist() -> None:
    named = {name for g in compiled_library() for part in g.decisions
             for r in (*part.readings[0].rules, *part.options) for name, _ in r.strategies}  # fmt: skip
    assert len(named) > 15
    assert named <= strategy_library().keys()


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.get("label", "base"))
def test_each_treatment_with_a_regimen_has_a_strategy(record: dict) -> None:
    for finding in evaluate(read_record(record)).findings:
        for part in finding.parts:
            if part.verdict == "treat" and part.drugs:
                assert part.strategies, part.guideline.id
            assert bool(part.strategies) <= (part.verdict in {"treat", "consider"})


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.get("label", "base"))
def test_strategies_named_for_her_can_be_carried_out(record: dict) -> None:
    patient = read_record(record)
    for name, guidelines in evaluate(patient).strategies().items():
        assert guidelines
        assert compile_strategy(find_strategy(name), patient, 10).schedule is not None


def test_thresholds_not_met_are_no_reason_to_stop_a_bone_drug() -> None:
    plain = evaluate(read_record(base_record())).finding("ASCO2019").caveat
    assert "no reason to stop" not in plain
    record = merged(base_record(), {"drugs": [{"drug": "alendronate"}]})
    for name in ("JPS2017", "ESMO2020", "ASCO2019", "AUS2019", "SCAN"):
        assert "no reason to stop" in evaluate(read_record(record)).finding(name).caveat
    assert evaluate(read_record(record)).finding("ECTS2020").caveat == ""


def test_a_switch_is_never_to_the_drug_she_takes() -> None:
    record = merged(base_record(), {"symptoms": {"joints": ["hands"]}, "tried": ["exercise"]})
    named = evaluate(read_record(record)).finding("AUS-ARTHRALGIA").strategies
    assert "switch_to_letrozole" not in named
    assert {"switch_to_anastrozole", "switch_to_exemestane", "switch_to_tamoxifen"} <= set(named)


def test_both_zoledronate_intervals_are_shown() -> None:
    record = merged(base_record(), {"cancer": {"recurrence_risk": "high"}, "dxa": [
        {"date": "2026-06-01", "site": "lumbar_spine", "t_score": -2.4}]})  # fmt: skip
    finding = evaluate(read_record(record)).finding("JPS2017")
    option = next(item for item in finding.options if item.rule.id == "JPS2017-09")
    assert option.preferred is True
    assert len(option.rule.disagreement) == 2
    assert {"zoledronate_4mg_6_monthly", "zoledronate_4mg_yearly"} <= set(finding.strategies)


# words that would tell a woman to stop the drug that protects her
STOP = re.compile(
    r"\b(stop|discontinue|quit)\b[^.;]*\b(AI|aromatase|letrozole|anastrozole|exemestane)\b", re.IGNORECASE
)


def test_no_text_advises_to_stop_an_aromatase_inhibitor() -> None:
    texts = [rule.action for rule in all_rules()] + [rule.do for rule in safety_library().values()]
    assert STOP.search("stop the AI")
    assert [text for text in texts if STOP.search(text) and "BEFORE switching AI" not in text] == []
    named = {name for rule in all_rules() for name in rule.strategies}
    assert not {name for name in named if name.startswith(("stop_ai", "no_ai", "ai_pause"))}


def test_drug_classes_are_sourced() -> None:
    text = yaml.safe_load(CARE.joinpath("drug_classes.yaml").read_text(encoding="utf-8"))
    assert all(entry["source"] and entry["verified"] in {"yes", "secondary", "no"} for entry in text["classes"])
    assert "cyp2d6_inhibitor" in drug_classes()["duloxetine"]


def test_conditions_name_only_what_a_record_can_hold() -> None:
    schema = json.dumps(read_record(base_record()).model_json_schema())
    pattern = re.compile(r"'(\w+)' in (conditions|drugs_now|drugs_ever|painful_joints)")
    classes = {name for names in drug_classes().values() for name in names}
    conditions = [rule.condition for rule in all_rules()] + [item.rule.condition for item in compiled_safety()]
    found = {name for text in conditions for name, _ in pattern.findall(text)}
    assert found
    assert {name for name in found if f'"{name}"' not in schema} <= classes


def test_rescan_dates_count_from_the_last_scan() -> None:
    report = evaluate(read_record(base_record()))
    assert [str(day) for day in report.finding("JPS2017").rescan or ()] == ["2027-06-01", "2027-06-01"]
    assert [str(day) for day in report.finding("ASCO2019").rescan or ()] == ["2027-06-01", "2028-06-01"]
    bare = merged(base_record(), {"dxa": None})
    assert evaluate(read_record(bare)).finding("ACS-ASCO2015").rescan is None


def test_harms_come_with_population_source_and_status() -> None:
    facts = evaluate(read_record(base_record())).facts
    found = effects_of(["zoledronate", "denosumab"], facts)
    outcomes = {effect.outcome for effect in found}
    for word in (
        "osteonecrosis",
        "atypical femoral",
        "hypocalcaemia",
        "fever",
        "recurrence",
        "death from breast cancer",
    ):
        assert any(word in outcome for outcome in outcomes), word
    assert all(effect.study or effect.population or effect.source_url for effect in found)
    by_row = {effect.row.partition(":")[2]: effect for effect in found}
    assert (by_row["BH007"].value, by_row["BH007"].unit, by_row["BH007"].hers) == ("0.82", "RR", True)
    assert by_row["BH047"].verified == "no"
    assert "not verified" in effect_text(by_row["BH047"])
    assert by_row["BH049"].hers is None
    assert by_row["DE053"].hers is False
    young = evaluate(
        read_record(merged(base_record(), {"menopause": {"status": "premenopausal", "cause": None}}))
    ).facts
    assert next(e for e in effects_of(["zoledronate"], young) if e.row.endswith("BH007")).hers is False


def test_harms_of_a_strategy_are_those_of_its_drugs() -> None:
    facts = evaluate(read_record(base_record())).facts
    drugs = {effect.drug for effect in effects_of_strategy("denosumab_then_zoledronate", facts)}
    assert drugs == {"denosumab", "zoledronate", "bisphosphonate"}


@pytest.mark.parametrize(
    ("folder", "ending"), [("guidelines", ".yaml"), ("safety", ".yaml"), ("strategies", ".yaml"), ("", "facts.csv")]
)
def test_texts_that_the_page_shows_name_no_person(folder: str, ending: str) -> None:
    found = []
    for file in (CARE.joinpath(folder) if folder else CARE).iterdir():
        if file.name.endswith(ending):
            lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
            found += [line for line in lines if re.search(r"\b(she|her|hers)\b", line, re.IGNORECASE)]
    assert found == []
