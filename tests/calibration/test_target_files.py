"""A user's file of published results: what it accepts, and how it says what is wrong."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

from aimss.calibration.arms import Arm
from aimss.calibration.baselines import regimen
from aimss.calibration.filing import part_of
from aimss.calibration.joint_validation import score_joint
from aimss.calibration.predict import is_bone, predict
from aimss.calibration.run_validation import validate
from aimss.calibration.target import Target
from aimss.calibration.target_files import parse_targets, read_targets, targets_schema
from aimss.calibration.targets_shipped import bone_arms, bone_targets
from aimss.calibration.unanswerable import no_answer, unsuppressed_months
from aimss.calibration.validation import Scored, score_bone
from aimss.calibration.validation_page import markdown, page, target_row
from aimss.calibration.validation_scores import document, summary_of
from aimss.cli import app
from aimss.errors import AimssError, InputFileError, SeveralErrors, TargetError
from aimss.patient.files import load_yaml

FILE = {
    "schema": "aimss-targets/1",
    "arms": {
        "letrozole": {
            "population": {"age_years": 62, "bmi_kg_m2": 27, "t_scores": {"lumbar_spine": -1.2}},
            "treatments": [{"drug": "tamoxifen", "from_month": -24, "to_month": 0}, {"drug": "letrozole"}],
        },
        "letrozole_zoledronate": {
            "population": {"age_years": 62, "bmi_kg_m2": 27},
            "treatments": [
                {"drug": "letrozole"},
                {"drug": "zoledronate", "dose_mg": 4, "every_months": 6, "doses": 4},
            ],
        },
    },
    "targets": [
        {"id": "a", "arm": "letrozole", "quantity": "bmd", "site": "lumbar_spine", "month": 12, "observed": -2.5,
         "sd": 4, "n": 100},
        {"id": "b", "arm": "letrozole_zoledronate", "comparator": "letrozole", "quantity": "bmd", "site": "total_hip",
         "month": 24, "observed": 4.2, "ci95": [3.1, 5.3]},
        {"id": "c", "arm": "letrozole", "quantity": "estradiol", "month": 3, "observed": 4, "se": 1},
        {"id": "d", "arm": "letrozole", "comparator": "letrozole_zoledronate", "quantity": "any_clinical",
         "measure": "hazard_ratio", "month": 36, "observed": 1.2, "ci95": [0.8, 1.8]},
        {"id": "e", "arm": "letrozole", "quantity": "t_score", "site": "lumbar_spine", "month": 24, "observed": -1.5,
         "se": 0.1},
    ],
}  # fmt: skip


def broken(change):
    data = copy.deepcopy(FILE)
    change(data)
    with pytest.raises(AimssError) as caught:
        parse_targets(data, "mine.yaml")
    return caught.value


def test_the_schema_accepts_what_is_read():
    jsonschema.validate(FILE, targets_schema())
    assert len(parse_targets(FILE).targets) == 5


def test_scores_of_a_file(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(FILE))
    scored, run = validate(path, draws=20)
    result = document(scored, run)
    assert result["schema"] == "aimss-validation/1"
    assert {t["id"] for t in result["targets"]} == set("abcde")
    assert result["summary"]["n"] == 5
    for t in result["targets"]:
        assert t["predicted"]["low90"] < t["predicted"]["median"] < t["predicted"]["high90"]
        assert t["low95"] < t["observed"] < t["high95"]
    assert result["targets"][0]["endpoint"] == "bmd lumbar_spine, percent_change"
    again, _ = validate(path, draws=20)
    assert document(again, run) == result


def test_the_example_of_the_documentation_is_scored():
    text = (Path(__file__).parents[2] / "docs" / "targets.md").read_text(encoding="utf-8")
    file = parse_targets(load_yaml(text.split("```yaml")[1].split("```")[0], "targets.md"))
    assert len(file.targets) == 10
    bone = [t for t in file.targets if is_bone(t)]
    assert np.isfinite(predict(file.arms, bone)).all()


def test_joint_targets_are_those_of_a_new_study():
    data = {
        "schema": "aimss-targets/1",
        "arms": {
            "open": {"population": {"age_years": 62}, "treatments": [{"drug": "letrozole"}]},
            "blinded": {"setting": "blinded", "population": {"age_years": 62}, "treatments": [{"drug": "letrozole"}]},
            "none": {"setting": "blinded", "population": {"age_years": 62}},
            "remedy": {"population": {"age_years": 62}, "treatments": [{"drug": "duloxetine"}]},
        },
        "targets": [
            {"id": "open", "arm": "open", "quantity": "joint_symptoms", "definition": "survey_by", "month": 12,
             "observed": 60, "n": 100},
            {"id": "blinded", "arm": "blinded", "quantity": "joint_symptoms", "definition": "survey_by", "month": 12,
             "observed": 50, "n": 100},
            {"id": "none", "arm": "none", "quantity": "joint_symptoms", "definition": "survey_by", "month": 12,
             "observed": 40, "n": 100},
            {"id": "pain", "arm": "open", "quantity": "pain_change", "month": 3, "observed": 1, "sd": 2.6, "n": 100},
            {"id": "off", "arm": "open", "quantity": "discontinuation", "month": 24, "observed": 20, "n": 100},
            {"id": "remedy", "arm": "remedy", "quantity": "pain_change", "month": 3, "observed": -1, "n": 100},
        ],
    }  # fmt: skip
    file = parse_targets(data)
    scored, unanswered = score_joint(file.arms, file.targets)
    found = {s.target.id: s for s in scored}
    assert found["open"].median > found["blinded"].median > found["none"].median
    assert found["open"].high90 - found["open"].low90 > 10
    assert list(unanswered) == ["remedy"]


def test_parts_follow_from_the_arms():
    file = parse_targets(FILE)
    assert [part_of(t, file.arms) for t in file.targets] == [
        "bmd_on_ai", "bmd_with_drug", "estradiol", "fractures", "bmd_on_ai"
    ]  # fmt: skip


def test_mixtures_are_weighted_means():
    data = copy.deepcopy(FILE)
    data["arms"]["both"] = {
        "parts": [{"arm": "letrozole", "share": 0.25}, {"arm": "letrozole_zoledronate", "share": 0.75}]
    }
    data["targets"] = [
        {"id": a, "arm": a, "quantity": "bmd", "site": "lumbar_spine", "month": 12, "observed": 0} for a in data["arms"]
    ]
    file = parse_targets(data)
    one, other, mixed = predict(file.arms, file.targets)[0]
    assert mixed == pytest.approx(0.25 * one + 0.75 * other)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        (lambda d: d["targets"][0].pop("site"), "targets[0]", "needs a site"),
        (lambda d: d["targets"][0].update(arm="leterozole"), "mine.yaml", "leterozole"),
        (lambda d: d["targets"][0].update(quantity="bdm"), "targets[0].quantity", "bmd"),
        (lambda d: d["arms"]["letrozole"]["population"].clear(), "population", "age_years"),
        (lambda d: d["arms"]["letrozole"]["treatments"][1].update(drug="letrosole"), "drug", "Did you mean letrozole"),
        (lambda d: d["targets"][0].update(site="total_hip", colour=1), "colour", "unknown field"),
        (lambda d: d["targets"][1].update(ci95=[5, 6]), "targets[1]", "does not hold the observed value"),
        (lambda d: d["targets"][3].pop("comparator"), "targets[3]", "needs a comparator"),
        (lambda d: d["targets"].append(d["targets"][0]), "mine.yaml", "used twice"),
        (lambda d: d["arms"]["letrozole_zoledronate"]["treatments"][1].pop("dose_mg"), "treatments[1]", "dose_mg"),
        (lambda d: d.pop("arms"), "mine.yaml.arms", "nothing"),
    ],
)
def test_mistakes_are_named(change, field, words):
    error = broken(change)
    assert isinstance(error, TargetError)
    assert field in str(error)
    assert words in str(error)


def test_several_mistakes_are_all_named():
    error = broken(lambda d: [t.pop("month") for t in d["targets"]])
    assert isinstance(error, SeveralErrors)
    assert len(error.errors) == 5


def test_a_file_that_is_no_file(tmp_path):
    with pytest.raises(InputFileError):
        read_targets(tmp_path / "none.yaml")
    with pytest.raises(TargetError):
        parse_targets([1, 2])


@pytest.mark.parametrize(
    "line",
    [
        {"quantity": "bmd", "site": "lumbar_spine", "observed": 1e300},
        {"quantity": "bmd", "site": "lumbar_spine", "observed": -400},
        {"quantity": "t_score", "site": "lumbar_spine", "observed": -400},
        {"quantity": "ctx", "observed": -150},
        {"quantity": "any_clinical", "observed": 150, "n": 100},
        {"quantity": "pain_change", "observed": 70, "n": 100},
        {"quantity": "hip", "measure": "hazard_ratio", "comparator": "letrozole", "observed": -1, "se": 0.1},
    ],
    ids=lambda line: f"{line['quantity']} {line['observed']}",
)
def test_what_no_trial_can_have_found_is_refused(line):
    data = copy.deepcopy(FILE)
    data["targets"] = [{"id": "x", "arm": "letrozole_zoledronate", "month": 12, "se": 0.5, **line}]
    with pytest.raises(AimssError, match=r"observed|above 0"):
        parse_targets(data)


def test_an_interval_of_a_t_score_is_one_of_t_scores():
    data = copy.deepcopy(FILE)
    data["targets"] = [{"id": "t", "arm": "letrozole", "quantity": "t_score", "site": "lumbar_spine", "month": 24,
                        "observed": -1.6, "se": 0.05}]  # fmt: skip
    file = parse_targets(data)
    (scored,) = score_bone(file.arms, file.targets, draws=40, peers=False)
    # 1.6 points of spread between trials are about 0.13 T at this level, and the parameters add to it
    assert 0.3 < scored.high90 - scored.low90 < 0.9
    assert summary_of([scored])["unit"] == "T-score"


def test_what_ended_before_the_trial_counts_as_stopped():
    data = copy.deepcopy(FILE)
    data["arms"]["letrozole"]["treatments"] = [{"drug": "letrozole", "from_month": -60, "to_month": 0}]
    file = parse_targets(data)
    assert part_of(file.targets[0], file.arms) == "stopping_ai"


def mixture(*parts):
    data = copy.deepcopy(FILE)
    data["arms"]["plain"] = {"population": {"age_years": 62}}
    data["arms"]["after"] = {
        "population": {"age_years": 62},
        "treatments": [{"drug": "letrozole", "from_month": -60, "to_month": 0}],
    }
    data["arms"]["mixed"] = {"parts": [{"arm": arm, "share": share} for arm, share in parts]}
    data["targets"] = [{"id": "m", "arm": "mixed", "quantity": "bmd", "site": "lumbar_spine", "month": 12,
                        "observed": -1, "se": 0.5}]  # fmt: skip
    return parse_targets(data)


@pytest.mark.parametrize(
    ("parts", "part", "given"),
    [
        # the first part is not the largest
        ([("plain", 0.3), ("letrozole", 0.7)], "bmd_on_ai", "ai_after_tamoxifen"),
        # two parts of one kind outweigh the largest
        ([("letrozole", 0.4), ("plain", 0.3), ("after", 0.3)], "bmd_on_ai", "untreated"),
        ([("after", 0.2), ("letrozole", 0.2), ("plain", 0.6)], "bmd_without_ai", "untreated"),
        # as many women in each: the order of the table, whatever the order of the file
        ([("plain", 0.5), ("letrozole", 0.5)], "bmd_on_ai", "untreated"),
        ([("letrozole", 0.5), ("plain", 0.5)], "bmd_on_ai", "ai_after_tamoxifen"),
    ],
)
def test_a_mixture_is_filed_where_most_of_its_women_are(parts, part, given):
    file = mixture(*parts)
    assert part_of(file.targets[0], file.arms) == part
    assert regimen(file.arms, "mixed") == given


def test_a_mixture_of_kinds_says_so():
    file = mixture(("plain", 0.25), ("letrozole", 0.75))
    (scored,) = score_bone(file.arms, file.targets, draws=20, peers=False)
    words = "women of Bone density on an aromatase inhibitor alone: 75 %, Bone density without an inhibitor: 25 %"
    assert scored.to_json()["mixture"] == words
    assert f"mixed ({words})" in target_row(scored)
    file = mixture(("letrozole", 0.25), ("letrozole", 0.75))
    (scored,) = score_bone(file.arms, file.targets, draws=20, peers=False)
    assert scored.mixture == ""


def test_errors_on_different_scales_are_not_averaged():
    def scored(target, median):
        observed = float(median) if target.scale == "points" else float(target.observed)
        return Scored(target, "stopping_denosumab", 0, 1, median, 0.5 * abs(observed) - 9, 9 + 2 * abs(observed), 0.5)

    arms = ["letrozole", "letrozole_zoledronate"]
    density = [Target(id=f"d{i}", arm=arms[0], quantity="bmd", site="total_hip", month=12, observed=v, se=1)
               for i, v in enumerate((-3.0, 1.0))]  # fmt: skip
    ratio = Target(id="r", arm=arms[0], comparator=arms[1], quantity="hip", measure="hazard_ratio", month=12,
                   observed=2.0, se=0.3)  # fmt: skip
    found = summary_of([scored(ratio, 1.0), *(scored(t, t.observed + 2) for t in density)])
    assert (found["n"], found["unit"], found["n_rmse"], found["rmse"]) == (3, "points", 2, 2.0)
    (other,) = found["other_scales"]
    assert (other["unit"], other["n_rmse"], other["rmse"]) == ("ln", 1, pytest.approx(np.log(2), rel=1e-4))


PREMENOPAUSAL = {"population": {"age_years": 42, "premenopausal": True}, "treatments": [{"drug": "letrozole"}]}


def premenopausal(*treatments, population=None):
    return Arm.model_validate({"population": population or PREMENOPAUSAL["population"], "treatments": treatments})


@pytest.mark.parametrize(
    ("arm", "bare"),
    [
        (premenopausal({"drug": "letrozole"}), (0, 24)),
        (premenopausal({"drug": "letrozole"}, {"drug": "ovarian_suppression", "to_month": 12}), (12, 24)),
        (
            premenopausal({"drug": "letrozole", "to_month": 12}, {"drug": "ovarian_suppression", "from_month": 3}),
            (0, 3),
        ),
        (premenopausal({"drug": "letrozole"}, {"drug": "ovarian_suppression", "suppressed_share": 0}), (0, 24)),
        # the inhibitor is over before what is measured, and still acted on working ovaries
        (premenopausal({"drug": "letrozole", "from_month": -12, "to_month": 0}), (-12, 0)),
        # menopause comes under it: bare until then
        (premenopausal({"drug": "letrozole"}, population={"years_since_final_menstrual_period": -1}), (0, 12)),
        (premenopausal({"drug": "letrozole"}, {"drug": "ovarian_suppression"}), None),
        (premenopausal({"drug": "letrozole"}, {"drug": "ovarian_failure"}), None),
        (premenopausal({"drug": "tamoxifen"}), None),
        (premenopausal({"drug": "letrozole", "from_month": 30}), None),
        (premenopausal({"drug": "letrozole"}, population={"age_years": 62}), None),
    ],
)
def test_months_on_an_inhibitor_over_working_ovaries(arm, bare):
    assert unsuppressed_months(arm, 24) == bare


def test_an_inhibitor_alone_before_menopause_is_refused_aloud_not_scored(tmp_path):
    data = copy.deepcopy(FILE)
    data["arms"]["young"] = PREMENOPAUSAL
    data["arms"]["half_young"] = {"parts": [{"arm": "young", "share": 0.5}, {"arm": "letrozole", "share": 0.5}]}
    measured = {"quantity": "bmd", "site": "lumbar_spine", "month": 12, "observed": -5, "se": 1}
    data["targets"] = [
        data["targets"][0],
        {"id": "alone", "arm": "young", **measured},
        {"id": "compared", "arm": "letrozole", "comparator": "young", **measured},
        {"id": "mixed", "arm": "half_young", **measured},
        {"id": "ache", "arm": "young", "quantity": "joint_symptoms", "definition": "survey_by", "month": 12,
         "observed": 60, "n": 100},
    ]  # fmt: skip
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(data))
    scored, run = validate(path, draws=20, peers=False)
    assert [s.target.id for s in scored] == ["a"]
    assert set(run["unanswered"]) == {"alone", "compared", "mixed", "ache"}
    assert all("contraindicated" in reason and "young" in reason for reason in run["unanswered"].values())
    for text in (markdown(scored, run), page(scored, run, {})):
        assert text.count("contraindicated") == 4
    command = ["validate", "--targets", str(path), "--draws", "20", "--no-peers"]
    shown = CliRunner().invoke(app, command)
    assert shown.stdout.count("NOT ANSWERED") == 4
    for_machines = CliRunner().invoke(app, [*command, "--json"])
    assert set(json.loads(for_machines.stdout)["run"]["unanswered"]) == set(run["unanswered"])
    assert for_machines.stderr.count("NOT ANSWERED") == 4


def test_nothing_scored_is_no_pass_but_files_are_written(tmp_path):
    data = copy.deepcopy(FILE)
    data["arms"] = {"young": PREMENOPAUSAL}
    data["targets"] = [{"id": "x", "arm": "young", "quantity": "ctx", "month": 12, "observed": 5, "se": 1}]
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(data))
    shown = CliRunner().invoke(app, ["validate", "--targets", str(path), "--out", str(tmp_path / "out")])
    assert isinstance(shown.exception, TargetError)
    assert "NOT ANSWERED: x" in shown.output
    assert json.loads((tmp_path / "out" / "validation.json").read_text())["summary"]["n"] == 0


def test_every_shipped_target_has_an_answer():
    assert not [t.id for t in bone_targets() if no_answer(bone_arms(), t)]
