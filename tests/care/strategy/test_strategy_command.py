"""`aimss strategies` and the published schema."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from aimss.care.library import default_strategies, strategy_library
from aimss.care.strategy_schema import strategy_schema
from aimss.cli import app
from aimss.errors import StrategyError

run = CliRunner().invoke
RECORD = """
sex: female
record_date: 2026-03-01
age_years: 62
menopause: {status: postmenopausal}
aromatase_inhibitor: {status: current, drug: letrozole, start: 2023-03-01, planned_years: 5}
drugs:
  - {drug: denosumab, dose: 60, unit: mg, doses: [2024-06-01, 2024-12-01, 2025-06-01, 2025-12-01]}
"""


def test_the_published_schema_is_the_schema_of_the_models():
    """Make it again with `aimss strategies --schema > src/aimss/care/strategy.schema.json`."""
    published = json.loads((files("aimss.care") / "strategy.schema.json").read_text(encoding="utf-8"))
    assert published == strategy_schema()


def test_the_schema_accepts_the_library_and_refuses_the_bad():
    validator = jsonschema.Draft202012Validator(strategy_schema())
    count = 0
    for file in sorted((files("aimss.care") / "strategies").iterdir(), key=str):
        for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
            assert list(validator.iter_errors(entry)) == [], entry["name"]
            count += 1
    assert count == len(strategy_library()) >= 25
    good = {"name": "mine", "label": "Mine", "summary": "Mine.", "courses": [{"drug": "letrozole"}]}
    assert validator.is_valid(good)
    for bad in ({"dose": 4}, {"start": "tomorrow"}, {"drug": "aspirin"}, {"every": "6 moons"}, {"interval": "1 day"}):
        assert not validator.is_valid({**good, "courses": [{"drug": "letrozole", **bad}]}), bad


def test_list_and_show():
    listed = run(app, ["strategies"])
    assert listed.exit_code == 0
    assert all(name in listed.output for name in strategy_library())
    as_json = json.loads(run(app, ["strategies", "--json"]).output)
    assert {"name", "label", "summary", "aromatase_inhibitor"} <= set(as_json[0])
    assert len(as_json) == len(strategy_library())
    shown = run(app, ["strategies", "denosumab_then_zoledronate"])
    assert "at denosumab last_dose + 6 months" in shown.output
    written = json.loads(run(app, ["strategies", "denosumab_then_zoledronate", "--json"]).output)
    assert written["courses"][0]["dose"] == "60 mg"
    assert json.loads(run(app, ["strategies", "--schema"]).output) == strategy_schema()


def test_an_unknown_name_is_refused_with_the_nearest():
    failed = run(app, ["strategies", "zoledronate_4mg_monthly"])
    assert isinstance(failed.exception, StrategyError)
    assert "zoledronate_4mg_6_monthly" in failed.exception.mend


def test_check_a_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nlabel: Mine\nsummary: Mine.\ncourses:\n  - {drug: letrozole}\n", encoding="utf-8")
    assert run(app, ["strategies", "--check", str(path)]).exit_code == 0
    path.write_text("name: mine\nlabel: Mine\nsummary: Mine.\ncourses:\n  - {drug: letrozol}\n", encoding="utf-8")
    failed = run(app, ["strategies", "--check", str(path)])
    assert isinstance(failed.exception, StrategyError)
    assert failed.exception.field == "mine.yaml.courses[0].drug"


def test_calendar_for_a_record(tmp_path):
    path = tmp_path / "her.yaml"
    path.write_text(RECORD, encoding="utf-8")
    (plan,) = json.loads(
        run(app, ["strategies", "stop_denosumab_now_then_zoledronate", "--record", str(path), "--json"]).output
    )
    zoledronate = next(row for row in plan["courses"] if row["drug"] == "zoledronate")
    assert zoledronate["dose_months"] == [3.0, 15.0]
    assert "after_denosumab" in plan["flags"]
    text = run(app, ["strategies", "--record", str(path)])
    assert text.exit_code == 0
    assert "stop_denosumab_now_without_follow_on" in text.output


def test_defaults_suit_the_woman(make_patient, planned, on_denosumab, suppressed):
    assert default_strategies(planned) == [
        "ai_alone", "zoledronate_4mg_6_monthly", "denosumab_then_zoledronate", "no_ai",
    ]  # fmt: skip
    assert default_strategies(on_denosumab) == [
        "as_now", "denosumab_then_zoledronate", "stop_denosumab_now_then_zoledronate",
        "stop_denosumab_now_without_follow_on",
    ]  # fmt: skip
    assert default_strategies(suppressed)[0] == "as_now"
    unsuppressed = make_patient(age_years=44, menopause={"status": "premenopausal"})
    assert default_strategies(unsuppressed)[0] == "ovarian_suppression_with_ai"


@pytest.mark.parametrize("status", ["planned", "current", "stopped", "none"])
@pytest.mark.parametrize("menopause", ["premenopausal", "postmenopausal"])
@pytest.mark.parametrize("suppression", [True, False])
@pytest.mark.parametrize("bone_drug", [None, "alendronate", "denosumab", "zoledronate"])
def test_every_default_can_be_carried_out(make_patient, status, menopause, suppression, bone_drug):
    from aimss.care.compile import compile_strategy

    if status == "current" and menopause == "premenopausal" and not suppression:
        pytest.skip("out of scope: an AI before menopause without suppression")
    drugs = [{"drug": "ovarian_suppression", "start": "2022-01-01"}] if suppression else []
    if bone_drug in {"denosumab", "zoledronate"}:
        drugs.append({"drug": bone_drug, "doses": ["2025-03-01", "2025-10-01"]})
    elif bone_drug:
        drugs.append({"drug": bone_drug, "start": "2024-01-01"})
    ai = {"status": status}
    if status in {"current", "stopped"}:
        ai |= {"drug": "letrozole", "start": "2022-03-01"} | ({"stop": "2025-03-01"} if status == "stopped" else {})
    patient = make_patient(
        age_years=44 if menopause == "premenopausal" else 62,
        menopause={"status": menopause}, aromatase_inhibitor=ai, drugs=drugs,
    )  # fmt: skip
    names = default_strategies(patient)
    assert 2 <= len(names) <= 4
    assert len(set(names)) == len(names)
    for name in names:
        compile_strategy(strategy_library()[name], patient, 10)
