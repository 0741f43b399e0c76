"""T-score references, conversion between makers, and what her own series may say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimss.patient.densitometry import (
    DEVICES,
    conversion_error_percent,
    from_hologic,
    least_significant_change_percent,
    population_bmd,
    site_correlation,
    t_scores,
    table,
    to_hologic,
    young_reference,
)
from aimss.patient.observations import SITES, DxaScan
from aimss.patient.scans import same_scale, scan_series, standardise

STATUSES = {"yes", "secondary", "no", "derived", "assumed"}


def test_every_number_has_a_source_and_a_status() -> None:
    ids = [row["id"] for row in table()]
    assert len(ids) == len(set(ids))
    assert all(row["status"] in STATUSES and row["source"] for row in table())


def test_the_printed_lunar_formula_of_the_femoral_neck() -> None:
    # PMC8214495, table 2: T = ((-0.023 + 0.939 BMD - 0.019)/1.087 - 0.858)/0.120
    for bmd in (0.6, 0.8, 1.038):
        printed = ((-0.023 + 0.939 * bmd - 0.019) / 1.087 - 0.858) / 0.120
        assert young_reference("femoral_neck").t_score(to_hologic(bmd, "femoral_neck", "lunar")) == pytest.approx(
            printed
        )


def test_the_conversion_maps_the_hologic_pairs_onto_the_lunar_pairs() -> None:
    # two independent statements of the same fact: Hui's equations and the makers' T-score pairs
    for site, tolerance in (("lumbar_spine", 0.003), ("total_hip", 0.001), ("femoral_neck", 0.001)):
        hologic, lunar = young_reference(site), young_reference(site, "lunar")
        assert from_hologic(hologic.mean, site, "lunar") == pytest.approx(lunar.mean, abs=tolerance)
        slope = from_hologic(hologic.mean + hologic.sd, site, "lunar") - from_hologic(hologic.mean, site, "lunar")
        assert slope == pytest.approx(lunar.sd, abs=tolerance)


def test_the_same_women_on_two_devices() -> None:
    # PMID 17289322, abstract: means of 100 women on a Hologic and a Lunar device. The equations hold at the spine and
    # miss at the neck by more than their stated 3.5 %, which is why the neck carries a larger error.
    spine = to_hologic(1.068, "lumbar_spine", "lunar") / 0.950 - 1
    neck = to_hologic(0.895, "femoral_neck", "lunar") / 0.798 - 1
    assert abs(spine) < 0.015
    assert neck == pytest.approx(-conversion_error_percent("femoral_neck") / 100, abs=0.005)
    assert conversion_error_percent("lumbar_spine") == 3.5


@given(st.floats(0.3, 1.6), st.sampled_from(SITES), st.sampled_from(DEVICES))
def test_conversion_there_and_back(bmd: float, site: str, device: str) -> None:
    assert from_hologic(to_hologic(bmd, site, device), site, device) == pytest.approx(bmd)


def test_the_choice_of_reference_changes_the_neck_by_a_quarter() -> None:
    old, new = t_scores(0.700, "femoral_neck").values()
    assert old == pytest.approx((0.700 - 0.858) / 0.120)
    assert new - old == pytest.approx(-0.24, abs=0.03)
    assert young_reference("femoral_neck", reference_set="nhanes_2005_2014").status == "yes"
    assert "in place of" in young_reference("total_hip", reference_set="nhanes_2005_2014").source


def scan(date: str = "2024-03-01", site: str = "lumbar_spine", **values: object) -> DxaScan:
    return DxaScan.model_validate({"date": date, "site": site, **values})


def test_a_printed_t_score_is_kept_and_turned_into_bmd_by_the_makers_pair() -> None:
    made = standardise(scan(t_score=-2.0, device="lunar"))
    assert made is not None
    assert made.t_score == -2.0
    assert made.t_score_of(made.bmd_g_cm2) == pytest.approx(-2.0)
    assert made.bmd_g_cm2 == pytest.approx(to_hologic(1.18 - 2 * 0.12, "lumbar_spine", "lunar"))
    assert any("T-score" in step for step in made.steps)
    assert any("Hui" in step for step in made.steps)


def test_another_reference_set_recomputes_and_says_so() -> None:
    made = standardise(scan(t_score=-2.0, bmd_g_cm2=0.827, device="hologic"), "nhanes_2005_2014")
    assert made is not None
    assert made.t_score == pytest.approx((0.827 - 1.065) / 0.122)
    assert any("printed as -2" in step for step in made.steps)


def test_an_unknown_device_is_told_by_the_pair_or_assumed() -> None:
    told = standardise(scan(t_score=-0.7, bmd_g_cm2=1.096))
    assumed = standardise(scan(t_score=-0.7))
    assert told is not None
    assert assumed is not None
    assert "lunar only" in told.steps[0]
    assert "assumed" in assumed.steps[0]


def test_a_z_score_alone_gives_no_level() -> None:
    assert standardise(scan(z_score=-1.0)) is None
    assert scan_series([scan(z_score=-1.0)]) == {}


def test_one_device_may_be_compared() -> None:
    series = same_scale(
        [scan("2024-01", bmd_g_cm2=0.86, device="hologic"), scan("2022-01", bmd_g_cm2=0.90, device="hologic")]
    )
    assert series.change_percent() == pytest.approx(-4.444, abs=0.01)
    assert series.annual_change_percent() == pytest.approx(-2.22, abs=0.01)
    assert series.change_is_real() is True
    assert series.least_significant_change_percent == pytest.approx(2.77 * 1.2)
    assert least_significant_change_percent("femoral_neck") == pytest.approx(2.77 * 1.8)


def test_a_change_below_the_least_significant_change_is_not_real() -> None:
    series = same_scale(
        [scan("2022-01", bmd_g_cm2=0.90, device="lunar"), scan("2024-01", bmd_g_cm2=0.89, device="lunar")]
    )
    assert series.change_is_real() is False


def test_mixed_makers_are_flagged_and_never_compared() -> None:
    series = same_scale(
        [scan("2022-01", bmd_g_cm2=1.05, device="lunar"), scan("2024-01", bmd_g_cm2=0.90, device="hologic")]
    )
    assert series.mixed_devices
    assert series.change_percent() is None
    assert series.change_is_real() is None
    assert "lunar" in series.notes[0]
    lunar, hologic = series.scans
    assert lunar.sd_percent > 3.5 > hologic.sd_percent
    # read raw it would be -14 %; on one scale it is within the error of conversion
    assert abs(hologic.bmd_g_cm2 / lunar.bmd_g_cm2 - 1) < 0.05


def test_women_of_her_age() -> None:
    spine = population_bmd("lumbar_spine", 65.5)
    assert (spine.value, spine.sd, spine.status) == (0.952, 0.142, "secondary")
    hip = population_bmd("total_hip", 65)
    assert hip.status == "assumed"
    assert young_reference("total_hip").t_score(hip.value) == pytest.approx(-0.4 - 0.045 * 15)
    assert "nothing was found beyond" in population_bmd("lumbar_spine", 88).source
    assert site_correlation("total_hip", "lumbar_spine").value == 0.70
    assert site_correlation("total_hip", "femoral_neck").status == "assumed"


@given(st.floats(50, 95), st.floats(0, 10), st.sampled_from(SITES))
def test_the_population_mean_never_rises_with_age_after_fifty(age: float, more: float, site: str) -> None:
    assert population_bmd(site, age + more).value <= population_bmd(site, age).value + 1e-12
