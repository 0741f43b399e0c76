from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimss.errors import DesignError
from aimss.evidence.references import resolve
from aimss.patient.densitometry import population_bmd, site_correlation
from aimss.trials.population import FIELDS, Population, complete, preset, preset_names


@pytest.fixture(scope="module")
def starters() -> Population:
    return Population(preset("ai_starters"))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), first=st.integers(0, 10**9), cut=st.integers(1, 39))
def test_a_woman_depends_on_seed_and_number_alone(starters: Population, seed: int, first: int, cut: int) -> None:
    whole = starters.women(seed, first, 40)
    parts = [starters.women(seed, first, cut), starters.women(seed, first + cut, 40 - cut)]
    for name, values in whole.fields.items():
        assert np.concatenate([p.fields[name] for p in parts]).tobytes() == values.tobytes(), name
    assert np.concatenate([p.joint for p in parts]).tobytes() == whole.joint.tobytes()


def test_eligible_women_by_pain_are_the_same_in_any_company() -> None:
    population = Population(preset("s1202"))
    whole = population.women(3, 0, 120)
    parts = [population.women(3, 0, 50), population.women(3, 50, 1), population.women(3, 51, 69)]
    assert (whole.fields["worst_pain"] >= 4).all()
    together = np.concatenate([p.fields["worst_pain"] for p in parts])
    assert together.tobytes() == whole.fields["worst_pain"].tobytes()
    rejected = sum(p.rejected.get("joint pain 4 or more", 0) for p in parts)
    assert rejected == whole.rejected["joint pain 4 or more"]


def test_margins_are_those_of_the_file(starters: Population) -> None:
    n = 40_000
    fields = starters.women(1, 0, n).fields
    margins = starters.spec.margins
    for name in ("prior_fracture", "parental_hip_fracture", "current_smoking", "prior_hormone_replacement"):
        share = margins[name].share
        assert fields[name].mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / n) + 0.006)
    shares = [np.mean(fields["bmi_kg_m2"] < 25), np.mean(fields["bmi_kg_m2"] >= 30)]
    # PO028 38.1 % below 25, PO030 22.0 % of 30 and more
    assert shares == pytest.approx([0.381, 0.220], abs=0.03)
    assert np.median(fields["vitamin_d_ng_ml"]) == pytest.approx(35, rel=0.02)
    with_chemotherapy = fields["chemotherapy"]
    # PO062: 66.2 against 59.1 years; the plausibility of menopause cuts the young, so that the gap narrows
    gap = fields["age_years"][~with_chemotherapy].mean() - fields["age_years"][with_chemotherapy].mean()
    assert 4.5 < gap < 7.5
    assert not (fields["taxane"] & ~with_chemotherapy).any()


def test_bone_follows_age_and_the_sites_hold_together(starters: Population) -> None:
    fields = starters.women(2, 0, 40_000).fields
    old = (fields["age_years"] > 69) & (fields["age_years"] < 71)
    expected = population_bmd("total_hip", 70)
    assert fields["bmd_total_hip"][old].mean() == pytest.approx(expected.value, abs=0.01)
    assert fields["bmd_total_hip"][old].std() == pytest.approx(expected.sd, rel=0.06)
    z = {s: (fields[f"bmd_{s}"][old]) for s in ("lumbar_spine", "total_hip", "femoral_neck")}
    for a, b in (("lumbar_spine", "total_hip"), ("total_hip", "femoral_neck")):
        assert np.corrcoef(z[a], z[b])[0, 1] == pytest.approx(site_correlation(a, b).value, abs=0.05)
    # PO098: neck T-score 0.4 lower in women with a fracture
    lower = fields["t_score_femoral_neck"][~fields["prior_fracture"]].mean()
    lower -= fields["t_score_femoral_neck"][fields["prior_fracture"]].mean()
    assert lower == pytest.approx(0.4, abs=0.12)


def test_only_plausible_women(starters: Population) -> None:
    fields = starters.women(4, 0, 20_000).fields
    assert (fields["years_since_menopause"] > 0).all()
    assert (fields["age_at_menopause_years"] < 60).all()


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_sound_and_sourced(name: str) -> None:
    spec = preset(name)
    women = Population(spec).women(1, 0, 30)
    assert set(women.fields) <= FIELDS
    for margin in spec.margins.values():
        assert margin.status == "assumed" or resolve(margin.source)
    for reference in (*spec.sources, *(c.source for c in spec.eligibility if c.source)):
        assert resolve(reference), reference


@pytest.mark.parametrize("name", preset_names())
def test_no_margin_stands_on_a_number_that_was_not_seen(name: str) -> None:
    spec = preset(name)
    for what in (*spec.margins.values(), *spec.correlations):
        if what.status != "assumed":
            for row in resolve(what.source):
                assert getattr(row, "verified", "yes") != "no", what


def test_shares_are_the_printed_ones() -> None:
    for name, margin in preset("ai_starters").margins.items():
        if margin.distribution == "share" and margin.status in {"yes", "secondary"}:
            (row,) = resolve(margin.source)
            assert margin.share == pytest.approx(row["value"] / 100), name


def test_an_impossible_eligibility_is_told() -> None:
    spec = complete({"based_on": "ai_starters", "name": "none", "eligibility": [
        {"name": "both", "require": "age_years > 80 and age_years < 50"}]})  # fmt: skip
    with pytest.raises(DesignError, match=r"eligibility.*Most candidates failed: both"):
        Population(spec).women(1, 0, 3)


def test_correlations_that_cannot_hold_are_told() -> None:
    spec = complete({"based_on": "ai_starters", "name": "odd", "correlations": [
        {"between": ["bmd_lumbar_spine", "age_years"], "value": 0.95, "status": "assumed"},
        {"between": ["bmd_total_hip", "age_years"], "value": -0.95, "status": "assumed"}]})  # fmt: skip
    with pytest.raises(DesignError, match=r"population\.correlations"):
        Population(spec).women(1, 0, 3)
