"""Taking an input away: nothing raises, no fact changes its value, and no unknown turns into a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aimss.care.compiled import RANK
from aimss.care.evaluate import evaluate_facts
from aimss.care.facts import facts_of
from aimss.care.findings import Finding
from aimss.care.kleene import PartialSet
from aimss.care.rules_report import RulesReport
from aimss.patient.reading import read_record
from tests.care.rules.case_files import base_record

ROOT = Path(__file__).parents[3]
RECORDS: list[dict[str, Any]] = [
    *(v["record"] for v in yaml.safe_load((Path(__file__).parent / "vignettes.yaml").read_text(encoding="utf-8"))),
    *(yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "examples").glob("*.yaml"))),
    base_record(),
]
NEEDED = {"sex", "age_years", "birth_date", "record_date", "label"}
NEEDED_WITHIN = {("aromatase_inhibitor", "status"), ("aromatase_inhibitor", "start"), ("menopause", "status")}
# says whether a value was given at all, so it cannot but change
ABOUT_THE_RECORD = {"frax_given"}


def paths_of(record: dict[str, Any]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [(name,) for name in record if name not in NEEDED | {"aromatase_inhibitor"}]
    for name, value in record.items():
        if isinstance(value, dict):
            found += [(name, inner) for inner in value if (name, inner) not in NEEDED_WITHIN]
    return found + [("complete_lists", name) for name in record.get("complete_lists", [])]


def without(record: dict[str, Any], paths: set[tuple[str, ...]]) -> dict[str, Any]:
    made = {name: value for name, value in record.items() if (name,) not in paths}
    # a list taken away is no longer a whole list: an empty one that is said to be whole states that there is nothing
    made["complete_lists"] = [name for name in made.get("complete_lists", []) if name in made or name not in record]
    for outer, *inner in paths:
        if not inner or outer not in made:
            continue
        value = made[outer]
        if isinstance(value, dict):
            made[outer] = {name: item for name, item in value.items() if name != inner[0]}
        else:
            made[outer] = [item for item in value if item != inner[0]]
    return made


@st.composite
def thinned(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    record = draw(st.sampled_from(RECORDS))
    paths = draw(st.sets(st.sampled_from(paths_of(record)), min_size=1, max_size=6))
    return record, without(record, paths)


def agrees(thin: Any, whole: Any) -> bool:
    """Whether the thinner value says nothing that the whole one does not say."""
    if isinstance(thin, PartialSet):
        assert isinstance(whole, PartialSet)
        absent_there = whole.whole or thin.absent <= whole.absent
        return thin.members <= whole.members and absent_there and thin.whole <= whole.whole
    return bool(thin == whole)


@settings(max_examples=300, deadline=None)
@given(thinned())
def test_no_fact_changes_and_none_appears(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    whole, thin = (facts_of(read_record(record)) for record in pair)
    for name in thin.keys() - ABOUT_THE_RECORD:
        assert name in whole, name
        assert agrees(thin[name], whole[name]), name


def parts(report: RulesReport) -> dict[tuple[str, str], Finding]:
    return {(part.guideline.id, part.domain): part for finding in report.findings for part in finding.parts}


@settings(max_examples=300, deadline=None)
@given(thinned())
def test_no_verdict_comes_from_knowing_less(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = (parts(evaluate_facts(facts_of(read_record(record)))) for record in pair)
    for key, had in before.items():
        has = after[key]
        if had.held_by or has.verdict == had.verdict:
            continue
        assert had.verdict != "unknown", key
        if has.verdict == "unknown":
            assert has.inputs_missing, key
        else:
            # a less specific answer, and it says which input it lacks
            assert has.inputs_missing, (key, had.verdict, has.verdict)
            assert RANK.get(has.verdict, 0) < RANK[had.verdict], (key, had.verdict, has.verdict)


@settings(max_examples=100, deadline=None)
@given(thinned())
def test_a_report_of_a_thin_record_can_be_shown(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    report = evaluate_facts(facts_of(read_record(pair[1])))
    assert len(report.table()) == len(report.findings)
    assert report.to_json()["schema"] == "aimss-rules/1"


def test_a_bare_record_gets_no_bone_verdict() -> None:
    record = {
        "sex": "female",
        "age_years": 60,
        "aromatase_inhibitor": {"status": "planned"},
        "record_date": "2026-06-15",
    }
    report = evaluate_facts(facts_of(read_record(record)))
    for name in ("JPS2017", "ESMO2020", "ASCO2019", "AUS2019", "SCAN", "HADJI2011"):
        assert report.finding(name).verdict == "unknown", name
    first = report.next_questions()[0]
    assert first.fact == "postmenopausal"
    assert "guidelines could answer" in first.text
