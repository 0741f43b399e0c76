"""`aimss.plan` and the command: the document, its shape, its errors."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import aimss
from aimss.body.parameter_files import read_parameter_file
from aimss.body.parameters import default
from aimss.errors import ParameterError
from aimss.forecast.explain import first_order_share
from aimss.forecast.her_data import HerData
from aimss.patient.reading import read_record

RECORD = "examples/letrozole-three-years-falling-dxa.yaml"


def command(*arguments):
    return subprocess.run([sys.executable, "-m", "aimss", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def document():
    return aimss.plan(RECORD, years=5, twins=100, explain=True)


def test_shape_that_others_rely_on(document):
    plan = json.loads(document.model_dump_json(by_alias=True))
    assert plan["schema"] == "aimss-plan/1"
    assert {"record", "missing", "sources", "run", "strategies"} <= set(plan)
    assert {"seed", "twins", "inputs_sha256", "parameters_sha256", "failures"} <= set(plan["run"])
    for strategy in plan["strategies"]:
        n = len(strategy["times_months"])
        assert strategy["times_months"][0] == 0
        for site in ("lumbar_spine", "total_hip", "femoral_neck"):
            bmd = strategy["bmd"][site]
            assert bmd["unit"] == "g/cm2"
            assert len(bmd["median"]) == len(bmd["t_score"]["high90"]) == n
            assert bmd["change_percent"]["median"][0] == 0
        for marker in ("ctx", "p1np", "bsap", "ntx"):
            assert strategy["markers"][marker]["percent_of_start"]["median"][0] == 100
        assert strategy["estradiol"]["unit"] == "pmol/L"
        for kind in ("any_clinical", "hip", "clinical_vertebral", "other_nonvertebral"):
            series = strategy["fracture"][kind]["cumulative_probability"]
            ordered = [series[k] for k in ("low90", "low50", "median", "high50", "high90")]
            assert np.all(np.diff(ordered, axis=0) >= 0)


def test_every_source_has_a_status_and_every_missing_field_an_effect(document):
    assert document.sources
    assert all(line.status for line in document.sources)
    assert all(m.field and m.effect for m in document.missing)


def test_shares_and_tests_are_shares(document):
    assert document.explain is not None
    for outcome in document.explain["outcomes"]:
        assert all(0 < d["share"] <= 1 for d in outcome["drivers"])
        assert all(0 <= t["narrows_interval_percent"] < 100 for t in outcome["tests"])


def test_first_order_share_of_known_models():
    rng = np.random.default_rng(0)
    x, e = rng.normal(size=(2, 20_000))
    assert abs(first_order_share(x, 2 * x + e) - 0.8) < 0.01
    assert abs(first_order_share(x, x**2 + np.sqrt(2) * e) - 0.5) < 0.02  # a line would find nothing here
    assert first_order_share(np.ones(50), e[:50]) == 0.0


def test_json_stands_alone_on_stdout_and_is_repeatable():
    first, second = (command("plan", RECORD, "--json", "--years", "2", "--twins", "60") for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert json.loads(first.stdout)["run"]["twins"] == 60


def test_exported_draws_come_back_as_parameters(tmp_path):
    draws = tmp_path / "draws.csv"
    aimss.plan(RECORD, ["ai_alone"], years=1, twins=60, export_draws=draws)
    again = aimss.plan(RECORD, ["ai_alone"], years=1, twins=60, parameters=draws)
    other = tmp_path / "other.csv"
    aimss.plan("examples/seventy-one-fragility-fracture.yaml", ["ai_alone"], years=1, twins=60, export_draws=other)
    # neither her density nor differences between women are in the file: they would be counted twice on the way back
    exported = [read_parameter_file(path, default()) for path in (draws, other)]
    for found in exported:
        assert set(found) == set(default().drawn_names)
        for name in ("turnover_lumbar_spine", "ageing_loss_total_hip"):
            sd = default().parameter(name).sd
            assert abs(np.log(np.median(found[name]) / default()[name])) < 4 * sd / np.sqrt(60)
            assert np.std(np.log(found[name])) < 1.4 * sd
    assert again.run.parameters_sha256 != aimss.plan(RECORD, ["ai_alone"], years=1, twins=60).run.parameters_sha256


def test_one_set_of_parameters_takes_their_uncertainty_away(tmp_path):
    own = tmp_path / "own.json"
    own.write_text(json.dumps({name: default()[name] for name in default().drawn_names}))
    wide = aimss.plan(RECORD, ["ai_alone"], years=3, twins=300)
    narrow = aimss.plan(RECORD, ["ai_alone"], years=3, twins=300, parameters=own)
    series = [p.strategies[0].markers["ctx"].percent_of_start for p in (wide, narrow)]
    widths = [one.high90[36] - one.low90[36] for one in series]
    assert widths[1] < widths[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"estrogen_hil": 1}', "estrogen_hil"),
        ('{"estrogen_hill": "x"}', "finite number"),
        ('{"estrogen_hill": -1}', "above 0"),
        ("[1, 2]", "a map"),
        ("{", "JSON"),
    ],
)
def test_bad_parameter_files_say_what_is_wrong(tmp_path, text, says):
    own = tmp_path / "own.json"
    own.write_text(text)
    with pytest.raises(ParameterError, match=says):
        aimss.plan(RECORD, ["ai_alone"], years=1, twins=60, parameters=own)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["plan", "absent.yaml"], 3, "absent.yaml"),
        (["plan", RECORD, "--strategy", "zoledronat"], 5, "zoledronat"),
        (["plan", RECORD, "--years", "90"], 2, "years"),
        (["plan", RECORD, "--twins", "3"], 2, "twins"),
        (["plan", RECORD, "-s", "ai_alone", "-s", "ai_alone"], 2, "twice"),
        (["plan", RECORD, "--t-score-reference", "x"], 2, "nhanes_2005_2014"),
        (["plan", RECORD, "--parameters", "absent.csv"], 9, "absent.csv"),
    ],
)
def test_a_users_mistake_is_one_clear_message(arguments, code, says):
    done = command(*arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_twins_come_as_a_dataset_with_units():
    made = aimss.twins(RECORD, ["ai_alone", "no_ai"], years=2, twins=60)
    assert made.sizes == {"strategy": 2, "draw": 60, "time": 25}
    assert all(v.attrs["units"] and v.attrs["long_name"] and v.attrs["sources"] for v in made.data_vars.values())
    assert float(made.bmd_lumbar_spine.sel(strategy="ai_alone").isel(time=0).median()) > 0.5


def test_what_guidelines_name_is_forecast_for_the_same_twins(document):
    named = {entry["strategy"]: entry for entry in document.guideline_forecasts}
    assert "zoledronate_4mg_6_monthly" in named
    assert all(entry["guidelines"] for entry in named.values())
    shown = next(s for s in document.strategies if s.name == "zoledronate_4mg_6_monthly")
    there = named["zoledronate_4mg_6_monthly"]["t_score"]["60"]["lumbar_spine"]["median"]
    assert there == pytest.approx(shown.bmd["lumbar_spine"].t_score.median[60], abs=1e-3)
    alone = next(s for s in document.strategies if s.name == "ai_alone")
    assert (
        named["alendronate_70mg_weekly"]["t_score"]["60"]["lumbar_spine"]["median"]
        > (alone.bmd["lumbar_spine"].t_score.median[60])
    )


def test_intervals_of_pain_shares_are_intervals():
    made = aimss.plan("examples/letrozole-three-years-falling-dxa.yaml", ["ai_alone"], years=3, twins=60)
    assert made.joints is not None
    widths = [e[k]["high90"] - e[k]["low90"] for e in made.joints["of_100"] for k in ("with_ai", "without_ai")
              if e["code"] == "GE4"]  # fmt: skip
    assert min(widths) > 0.15  # 500 draws of the fit differ by 0.3 and more; fewer women a draw hid it


def test_derivatives_agree_with_large_differences_and_have_the_right_sign(document):
    assert document.explain is not None
    spine = {
        d["parameter"]: d["points_per_sd"]
        for d in document.explain["derivatives"]["bmd_change_percent"]["lumbar_spine"]
    }
    assert spine["ageing_loss_lumbar_spine"] < 0  # more loss by age, less bone
    # loss by age enters the log volume as a straight line: the derivative is known without the engine
    parameter = default().parameter("ageing_loss_lumbar_spine")
    centre = parameter.value * np.exp(-(default().between_women["ageing_loss_lumbar_spine"] ** 2) / 2)
    thin = HerData.of(read_record(RECORD), default(), "nhanes3_manufacturer").thinness(default())["lumbar_spine"]
    centre *= np.exp(default()["density_exponent"] * thin)
    level = 1 + document.strategies[0].bmd["lumbar_spine"].change_percent.median[60] / 100
    assert spine["ageing_loss_lumbar_spine"] == pytest.approx(-100 * 5 * centre * parameter.sd * level, rel=0.05)
