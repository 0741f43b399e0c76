"""The joint fit as it ships: its inputs have reasons and sources, its result is sound, and its code is exact."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aimss.body.joint_draws import joint_parameters
from aimss.body.joint_targets import targets
from aimss.calibration.joint_fit.priors import priors
from aimss.cli import app
from aimss.evidence.references import resolve

HERE = Path(__file__).parent
JOINT_FIT = files("aimss.calibration.joint_fit")


def test_without_the_extra_the_command_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "jax", None)
    result = CliRunner().invoke(app, ["calibrate", "--part", "joint", "--out", str(tmp_path)])
    assert result.exit_code != 0
    assert "aimss[bayes]" in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_every_fitted_parameter_has_one_prior_in_its_unit_and_every_prior_a_reason():
    of_oral_class = {"omega_3", "herbal_blue_citrus", "nanoemulsion_curcumin", "testosterone", "topical_emu_oil",
                     "vitamin_d"}  # fmt: skip
    fitted = {p.name: p for p in joint_parameters().values() if p.status == "E"}
    stated = {p.name: p for stage in ("latent", "remedy", "persistence") for p in priors(stage).values()}
    assert set(fitted) - of_oral_class == {n for n in stated if not n.endswith("_threshold_shift_points")}
    for name, prior in stated.items():
        assert prior.basis.startswith("assumption: ")
        assert name not in fitted or prior.unit == fitted[name].unit


def test_results_of_remedies_rest_on_evidence_rows_that_were_seen():
    with (JOINT_FIT / "remedy_results.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 25
    for row in rows:
        for reference in row["rows"].split():
            (found,) = resolve(reference)
            trial = row["trial"].removesuffix("b")
            if reference.startswith("joint/contrasts:"):
                assert found.text("trial_id") == trial
                assert found.verified in ("yes", "secondary")
            else:
                assert reference == trial
    # a blind trial stays blind: the large acupuncture trial of 2018 is in the tables and not in the fit
    assert "S1200" not in {row["trial"] for row in rows}


@pytest.mark.skipif(find_spec("numpyro") is None, reason="the extra bayes is not installed")
@pytest.mark.parametrize("which", ["not slow", pytest.param("slow", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["joint_fit_in_jax.py", "simulated_in_jax.py"])
def test_the_fit_itself_in_a_process_of_its_own(which, name):
    """jax starts threads, and tests of the trials fork: they do not share a process."""
    file = str(HERE / name)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", which, file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout or "[100%]" in done.stdout


def test_what_ships_is_the_sound_result_of_the_command_on_these_inputs():
    """A changed prior, target or remedy trial asks for a new fit; a fit whose chains disagree never ships."""
    from aimss.body.joint_draws import DRAWS_SHA256

    record = json.loads((JOINT_FIT / "shipped" / "provenance.json").read_text(encoding="utf-8"))
    places = {"priors.csv": JOINT_FIT, "remedy_results.csv": JOINT_FIT}
    for name, digest in record["inputs_sha256"].items():
        held = places.get(name, files("aimss.body")) / name
        assert hashlib.sha256(held.read_bytes()).hexdigest() == digest, name
    assert record["result_sha256"]["joint_draws.npz"] == DRAWS_SHA256
    table = files("aimss.body") / "joint_parameters.csv"
    assert hashlib.sha256(table.read_bytes()).hexdigest() == record["result_sha256"]["joint_parameters.csv"]
    assert record["faults"] == []
    text = (JOINT_FIT / "shipped" / "diagnostics.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) > 100
    assert max(float(r["r_hat"]) for r in rows) < 1.01
    assert {s["divergences"] for s in record["stages"].values()} == {0}


def test_each_study_is_also_told_as_a_new_one():
    from aimss.calibration.joint_fit.held_out_table import held_out_studies, summary

    rows = held_out_studies()
    named = {(r.study, r.target) for r in rows}
    assert len(named) == len(rows) == len(targets()) + 7
    for row in rows:
        assert row.held_out_low90 < row.held_out < row.held_out_high90
        assert row.trusted == (row.pareto_k < 0.7)
    by_kind = {s.kind: s for s in summary()}
    # without its own effect a study is told worse than with it, or the effects would do nothing
    assert by_kind["survey"].error_held_out > by_kind["survey"].error_own_effect
    assert by_kind["adverse event, an arm"].error_held_out > by_kind["adverse event, an arm"].error_own_effect
    assert sum(s.n for s in by_kind.values()) == len(rows)


def rows_of_one_data_set(seed):
    shared = {"effective_sample_size": 90.0, "divergences": 0, "leapfrog_steps": 7.0, "seconds": 1.5}
    return [{"parameter": name, "rank": (seed % 97) / 97, **shared} for name in ("a", "b")]


def test_simulated_data_sets_go_on_where_they_stopped_and_never_mix(tmp_path):
    from aimss.calibration.joint_fit.simulated_table import collect, summary
    from aimss.errors import RunError

    path, made, settings = tmp_path / "simulated.csv", [], {"warmup": 5, "draws": 9}

    def ranked(seed):
        made.append(seed)
        return rows_of_one_data_set(seed)

    collect(path, "latent", 3, 1, settings, ranked)
    collect(path, "latent", 5, 1, settings, ranked)
    collect(path, "remedy", 2, 1, settings, ranked)
    assert made == [10001, 10002, 10003, 10004, 10005, 10001, 10002]
    assert [(r["stage"], r["parameter"], r["data_sets"]) for r in summary(path)] == [
        ("latent", "a", 5), ("latent", "b", 5), ("remedy", "a", 2), ("remedy", "b", 2),
    ]  # fmt: skip
    with pytest.raises(RunError, match="another folder"):
        collect(path, "latent", 6, 2, settings, ranked)
    with pytest.raises(RunError, match="another folder"):
        collect(path, "latent", 6, 1, {"warmup": 6, "draws": 9}, ranked)
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(RunError, match="data set 2 of stage remedy cut short"):
        collect(path, "remedy", 3, 1, settings, ranked)


def test_ranks_that_are_not_uniform_are_a_fault(tmp_path):
    from aimss.calibration.joint_fit.simulated_table import collect, faults

    path, settings = tmp_path / "simulated.csv", {"warmup": 5, "draws": 9}
    collect(path, "latent", 97, 1, settings, rows_of_one_data_set)
    assert faults(path) == []
    shifted = [{**r, "rank": r["rank"] / 2} for r in rows_of_one_data_set(1)]
    collect(path, "remedy", 20, 1, settings, lambda _: shifted)
    assert [f.partition(":")[0] for f in faults(path)] == ["remedy"]


def test_from_shipped_without_a_check_has_nothing_to_do(tmp_path):
    result = CliRunner().invoke(app, ["calibrate", "--part", "joint", "--from-shipped", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "--simulate" in result.output


def test_simulated_data_sets_found_no_fault_in_the_fit():
    """The table that ships is that of `aimss calibrate --part joint --from-shipped --simulate 200` (decision 0197)."""
    text = (JOINT_FIT / "shipped" / "simulated_summary.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    for stage in ("latent", "remedy", "persistence"):
        own = [r for r in rows if r["stage"] == stage]
        assert {*priors(stage), "joint density"} <= {r["parameter"] for r in own}
        assert {int(r["data_sets"]) for r in own} == {200}
        assert min(float(r["p_uniform"]) for r in own) > 0.05 / len(own)
        for level in (0.5, 0.9):
            covered = sum(float(r[f"coverage_{level:.0%}".rstrip("%")]) for r in own) / len(own)
            assert abs(covered - level) < 0.03
