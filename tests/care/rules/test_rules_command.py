"""`aimss rules`: what it prints, in which shape, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from aimss.care.rules import guideline_library
from aimss.cli import app
from aimss.errors import AimssError, RuleError
from tests.care.rules.case_files import base_record

FINDING_KEYS = {
    "guideline", "domain", "verdict", "action", "rule_ids", "inputs_used", "inputs_missing", "verified", "readings",
}  # fmt: skip
VERDICTS = {"treat", "monitor", "consider", "refer", "no_branch_fits", "unknown", "not_available", "not_applicable"}
LOCAL = {
    "id": "OURS",
    "title": "Our hospital",
    "body": "Our bone clinic",
    "scope": "bone",
    "how_far_verified": "yes",
    "decisions": [
        {
            "domain": "bone",
            "applies_when": "postmenopausal",
            "rules": [
                {"id": "OURS-01", "domain": "bone_treat", "condition": "t_score_minimum < -1.0", "verdict": "treat",
                 "action": "refer to our bone clinic", "citation": "our protocol", "verified": "yes"},
            ],
        }
    ],
}  # fmt: skip


def with_rule(**change: str) -> dict:
    return {"decisions": [{"domain": "bone", "rules": [{**LOCAL["decisions"][0]["rules"][0], **change}]}]}


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["rules", *words])


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "her.yaml"
    path.write_text(yaml.safe_dump(base_record()), encoding="utf-8")
    return path


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "ours.yaml"
    path.write_text(yaml.safe_dump(LOCAL), encoding="utf-8")
    return path


def test_evaluate_prints_the_published_shape(record: Path) -> None:
    result = run("evaluate", str(record), "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert data["schema"] == "aimss-rules/1"
    assert len(data["findings"]) == len(guideline_library())
    for finding in data["findings"]:
        assert finding.keys() >= FINDING_KEYS
        assert finding["verdict"] in VERDICTS
        assert set(finding["inputs_used"]) <= data["facts"].keys()
    for item in data["safety"]:
        assert item.keys() >= {"rule_id", "severity", "why", "do"}
    assert {"fact", "question", "guidelines", "text"} <= data["next_questions"][0].keys()


def test_evaluate_prints_a_row_a_guideline(record: Path) -> None:
    text = run("evaluate", str(record), "--all").stdout
    for name in guideline_library():
        assert name in text
    assert "superseded by JPS2025 in 2025, which was not read" in text
    assert "never merged" in text
    assert max(len(line) for line in text.splitlines()) <= 110


def test_a_red_flag_is_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "her.yaml"
    changed = {**base_record(), "symptoms": {"night_bone_pain": True, "joints": ["back"]}}
    path.write_text(yaml.safe_dump(changed), encoding="utf-8")
    text = run("evaluate", str(path)).stdout
    assert text.startswith("RED FLAG")
    data = json.loads(run("evaluate", str(path), "--json").stdout)
    assert data["red_flags"] == ["SAF-RED-01"]
    held = next(item for item in data["findings"] if item["guideline"] == "SIO-ASCO2022")
    assert (held["verdict"], held["held_rule_ids"]) == ("refer", ["SIO22-01", "SIO22-02"])


def test_list_and_show_and_facts_and_harms(record: Path) -> None:
    assert "JPS2017-03" in run("list").stdout
    assert len(json.loads(run("list", "--json").stdout)["guidelines"]) == 33
    assert "t_score_minimum < -2.0" in run("show", "JPS2017-03").stdout
    assert json.loads(run("show", "SAF-ZOL-01", "--json").stdout)["safety_rule"]["verified"] == "yes"
    assert "creatinine_clearance_ml_min [mL/min]" in run("facts").stdout
    assert json.loads(run("facts", "--json").stdout)[0]["name"] == "age_years"
    assert "RR" in run("harms", str(record), "--drug", "zoledronate").stdout
    assert json.loads(run("harms", str(record), "--json").stdout)
    assert json.loads(run("schema").stdout)["title"] == "Rules of aimss"
    assert run("manual").stdout.startswith("# The rules")


def test_a_csv_of_women_gives_a_row_each_and_tells_the_bad_ones(tmp_path: Path) -> None:
    path = tmp_path / "women.csv"
    path.write_text(
        "sex,record_date,age_years,menopause_status,aromatase_inhibitor_status,dxa_date,dxa_total_hip_t_score\n"
        "female,2026-06-15,60,postmenopausal,planned,2026-06-01,-2.1\n"
        "female,2026-06-15,600,postmenopausal,planned,2026-06-01,-2.1\n"
        "female,2026-06-15,60,postmenopausal,planned,,\n",
        encoding="utf-8",
    )
    result = run("table", str(path))
    assert isinstance(result.exception, AimssError)
    assert "row 3" in result.stderr
    header, first, second = (line.split(",") for line in result.stdout.splitlines())
    by_name = dict(zip(header, first, strict=True))
    assert (by_name["row"], by_name["JPS2017"], by_name["SCAN"]) == ("2", "treat", "treat")
    assert dict(zip(header, second, strict=True))["JPS2017"] == "unknown"


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    result = run("show", "JPS2017-3")
    assert isinstance(result.exception, RuleError)
    assert "JPS2017-03" in str(result.exception)


def test_a_local_guideline_stands_beside_the_shipped_ones(record: Path, local: Path, tmp_path: Path) -> None:
    data = json.loads(run("evaluate", str(record), "--rules", str(local), "--json").stdout)
    ours = next(item for item in data["findings"] if item["guideline"] == "OURS")
    assert (ours["verdict"], ours["inputs_used"]) == ("no_branch_fits", ["postmenopausal", "t_score_minimum"])
    cases = tmp_path / "cases.yaml"
    scan = {"date": "2026-06-01", "site": "total_hip", "t_score": -1.1}
    content = {"base": base_record(), "cases": [
        {"name": "hip -1.1", "change": {"dxa": [scan]}, "expect": {"OURS-01": "fires", "OURS": "treat"}},
        {"name": "no scan", "change": {"dxa": None}, "expect": {"OURS-01": "unknown", "OURS:bone": "unknown"}},
        {"name": "as she is", "expect": {"OURS-01": "does_not", "SAF-RED-01": "absent"}},
    ]}  # fmt: skip
    cases.write_text(yaml.safe_dump(content), encoding="utf-8")
    passing = run("test", str(local), str(cases))
    assert passing.exit_code == 0, passing.output
    assert "6 of 6 expectations hold" in passing.stdout
    content["cases"][0]["expect"]["OURS-01"] = "unknown"
    cases.write_text(yaml.safe_dump(content), encoding="utf-8")
    failing = run("test", str(local), str(cases), "--json")
    assert isinstance(failing.exception, RuleError)
    assert json.loads(failing.stdout)["failed"][0]["found"] == "fires"


def test_the_example_of_a_local_guideline_passes_its_cases() -> None:
    folder = Path(__file__).parents[3] / "examples" / "rules"
    result = run("test", str(folder / "our-hospital.yaml"), str(folder / "our-cases.yaml"))
    assert result.exit_code == 0, result.output
    assert "8 of 8 expectations hold" in result.stdout


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"id": "JPS2017"}, "JPS2017"),
        ({"decisions": []}, "decisions"),
        ({"decisions": [{"domain": "bone", "rules": []}]}, "decisions.0.rules"),
        (with_rule(condition="x < 1"), "x"),
        (with_rule(verdict="cure"), "verdict"),
        (with_rule(id="JPS2017-03"), "JPS2017-03"),
        ({"surprise": 1}, "surprise"),
    ],
)  # fmt: skip
def test_a_broken_local_guideline_is_refused_by_field(record: Path, tmp_path: Path, change: dict, word: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump({**LOCAL, **change}), encoding="utf-8")
    result = run("evaluate", str(record), "--rules", str(path))
    assert isinstance(result.exception, AimssError)
    assert word in str(result.exception)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ([], "base and cases"),
        ({"cases": [1]}, "name, change and expect"),
        ({"base": {"sex": "female"}, "cases": [{"expect": {"JPS2017": "treat"}}]}, "a sound record"),
        ({"base": base_record(), "cases": [{"expect": {"NOPE-01": "fires"}}]}, "NOPE-01"),
        ({"base": base_record(), "cases": [{"expect": {"JPS2017-03": "treat"}}]}, "fires"),
    ],
)
def test_broken_cases_are_refused_by_place(local: Path, tmp_path: Path, content: object, word: str) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    result = run("test", str(local), str(path))
    assert isinstance(result.exception, AimssError)
    assert word in str(result.exception)
