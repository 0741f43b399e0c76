"""From a record to facts: exact edges, the newest of the given, nothing assumed."""

from __future__ import annotations

import csv
import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimss.care.facts import fact_names, facts_of
from aimss.care.renal import cockcroft_gault_ml_min
from aimss.care.rule_tests import merged
from aimss.care.timespan import months_between
from aimss.errors import RecordError
from aimss.patient.dates import PartialDate
from aimss.patient.reading import read_record
from tests.care.rules.case_files import base_record


def facts(**change: Any) -> dict[str, Any]:
    return facts_of(read_record(merged(base_record(), change)))


def scan(date: str, site: str = "lumbar_spine", **values: Any) -> dict[str, Any]:
    return {"date": date, "site": site, **values}


def test_every_fact_has_a_name_a_label_and_a_question() -> None:
    assert facts().keys() <= fact_names().keys()
    assert all(f.label and (f.question or f.name == "drugs_offered") for f in fact_names().values())


def test_the_table_of_facts_has_five_cells_a_line() -> None:
    text = resources.files("aimss.care").joinpath("facts.csv").read_text(encoding="utf-8")
    assert {len(cells) for cells in csv.reader(text.splitlines())} == {5}
    schema = json.dumps(read_record(base_record()).model_json_schema())
    for fact in fact_names().values():
        for field in fact.fields:
            assert f'"{field.split(".")[0]}"' in schema, field


def test_the_lowest_t_score_is_that_of_the_sites_given() -> None:
    found = facts(dxa=[scan("2026-06-01", t_score=-1.0), scan("2026-06-01", "total_hip", t_score=-2.0)])
    assert found["t_score_minimum"] == -2.0
    assert found["t_score_total_hip"] == -2.0
    assert "t_score_femoral_neck" not in found
    assert "t_score_minimum" not in facts(dxa=[scan("2026-06-01", bmd_g_cm2=0.9, device="hologic")])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("2025-06-01", 1.0, "hologic"), ("2026-06-01", 0.95, "hologic"), 5.0),
        (("2025-12-01", 1.0, "hologic"), ("2026-06-01", 0.98, "hologic"), 4.0),
        (("2025-12-02", 1.0, "hologic"), ("2026-06-01", 0.98, "hologic"), None),
        (("2025-06-01", 1.0, "lunar"), ("2026-06-01", 0.95, "hologic"), None),
        (("2025-06-01", 1.0, None), ("2026-06-01", 0.95, None), None),
        (("2024-06-01", 0.9, "lunar"), ("2026-06-01", 0.918, "lunar"), -1.0),
    ],
)
def test_annual_loss_needs_one_site_one_device_six_months(first: Any, second: Any, expected: float | None) -> None:
    scans = [scan(d, bmd_g_cm2=b, **({"device": device} if device else {})) for d, b, device in (first, second)]
    assert facts(dxa=scans).get("annual_bmd_loss_percent") == pytest.approx(expected)


def test_annual_loss_is_the_largest_of_the_sites_and_outweighs_a_reported_one() -> None:
    scans = [
        scan("2025-06-01", bmd_g_cm2=1.0, device="hologic"), scan("2026-06-01", bmd_g_cm2=0.99, device="hologic"),
        scan("2025-06-01", "total_hip", bmd_g_cm2=0.8, device="hologic"),
        scan("2026-06-01", "total_hip", bmd_g_cm2=0.76, device="hologic"),
    ]  # fmt: skip
    assert facts(dxa=scans, annual_bmd_loss_percent=9)["annual_bmd_loss_percent"] == pytest.approx(5.0)
    assert facts(annual_bmd_loss_percent=9)["annual_bmd_loss_percent"] == 9


def test_body_mass_index_at_its_edges_has_no_binary_noise() -> None:
    for height, bmi in ((160, 20), (160, 24), (170, 20), (165, 24)):
        weight = bmi * height**2 / 10_000
        assert facts(bmi_kg_m2=None, height_cm=height, weight_kg=weight)["bmi_kg_m2"] == bmi


def test_cockcroft_gault_of_the_published_formula() -> None:
    # (140 - 60) x 72 / 72 at 1 mg/dL is 80 mL/min for a man, 15 % less for a woman: Nephron 1976;16:31-41
    assert cockcroft_gault_ml_min(age_years=60, weight_kg=72, creatinine=1.0, unit="mg/dL") == 68.0
    molar = cockcroft_gault_ml_min(age_years=60, weight_kg=72, creatinine=88.42, unit="umol/L")
    assert molar == 68.0


@given(st.floats(18, 100), st.floats(30, 200), st.floats(0.4, 10))
def test_cockcroft_gault_is_the_same_in_both_units(age: float, weight: float, creatinine: float) -> None:
    mass = cockcroft_gault_ml_min(age_years=age, weight_kg=weight, creatinine=creatinine, unit="mg/dL")
    molar = cockcroft_gault_ml_min(age_years=age, weight_kg=weight, creatinine=creatinine * 88.42, unit="umol/L")
    assert mass == pytest.approx(molar, rel=1e-9)
    assert mass == pytest.approx((140 - age) * weight * 0.85 / (72 * creatinine), rel=1e-6)


def test_clearance_at_its_edge_of_35_is_exact() -> None:
    weight = 35 * 72 / (0.85 * 70)
    assert cockcroft_gault_ml_min(age_years=70, weight_kg=weight, creatinine=1.0, unit="mg/dL") == 35.0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"unit": "mmol/L"}, "creatinine.unit"),
        ({"creatinine": 80.0}, "creatinine"),
        ({"creatinine": 0.1}, "creatinine"),
        ({"weight_kg": 20.0}, "weight_kg"),
        ({"weight_kg": 301.0}, "weight_kg"),
        ({"age_years": 17.0}, "age_years"),
        ({"age_years": 111.0}, "age_years"),
    ],
)
def test_a_value_of_another_unit_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(RecordError) as caught:
        cockcroft_gault_ml_min(**{"age_years": 60.0, "weight_kg": 60.0, "creatinine": 1.0, "unit": "mg/dL", **change})
    assert caught.value.field == field


def laboratory(*items: tuple[str, str, float, str]) -> list[dict[str, Any]]:
    return [{"date": date, "test": test, "value": value, "unit": unit} for date, test, value, unit in items]


def test_clearance_is_never_taken_from_egfr() -> None:
    found = facts(laboratory=laboratory(("2026-06-01", "egfr", 28, "mL/min/1.73m2")), weight_kg=60, bmi_kg_m2=None)
    assert found["egfr_ml_min_1_73m2"] == 28
    assert "creatinine_clearance_ml_min" not in found


def test_the_newest_clearance_or_creatinine_counts() -> None:
    older = ("2025-06-01", "creatinine_clearance", 80, "mL/min")
    newer = ("2026-06-01", "creatinine", 88.42, "umol/L")
    assert (
        facts(laboratory=laboratory(older, newer), weight_kg=72, bmi_kg_m2=None)["creatinine_clearance_ml_min"] == 68.0
    )
    same_day = laboratory(("2026-06-01", "creatinine_clearance", 50, "mL/min"), newer)
    assert facts(laboratory=same_day, weight_kg=72, bmi_kg_m2=None)["creatinine_clearance_ml_min"] == 50
    assert facts(laboratory=laboratory(older, newer))["creatinine_clearance_ml_min"] == 80


def test_calendar_months_do_not_drift() -> None:
    day = PartialDate.parse
    assert months_between(day("2026-03-15"), day("2026-09-15")) == 6
    assert months_between(day("2025-08-31"), day("2026-02-28")) < 6
    assert months_between(day("2026-03-15"), day("2026-09-16")) > 6
    assert months_between(day("2026-09-15"), day("2026-03-15")) == -6


def test_what_is_not_recorded_is_not_known() -> None:
    bare = {"sex": "female", "age_years": 60, "record_date": "2026-06-15", "aromatase_inhibitor": {"status": "planned"}}
    found = facts_of(read_record(bare))
    certain = {
        "age_years", "aromatase_inhibitor_status", "aromatase_inhibitor_started_or_planned", "on_aromatase_inhibitor",
        "months_on_aromatase_inhibitor", "metastatic_disease_recorded", "frax_given", "ai_joint_pain", "drugs_now",
        "drugs_ever", "conditions", "painful_joints",
    }  # fmt: skip
    assert found.keys() == certain
    assert found["conditions"].holds("hypocalcaemia") is None
    assert found["drugs_now"].holds("warfarin") is None


def test_suppressed_ovaries_are_not_postmenopausal() -> None:
    by_cause = facts(menopause={"status": "postmenopausal", "cause": "ovarian_suppression"})
    assert by_cause["postmenopausal"] is False
    assert by_cause["premenopausal"] is True
    assert by_cause["postmenopausal_natural_or_induced"] is True
    by_drug = facts(menopause={"status": "premenopausal", "cause": None}, drugs=[{"drug": "ovarian_suppression"}])
    assert by_drug["postmenopausal"] is False
    assert by_drug["treatment_induced_menopause"] is True
    assert facts()["treatment_induced_menopause"] is False


def test_pain_counts_only_with_its_instrument() -> None:
    def pain(**score: Any) -> dict[str, Any]:
        return facts(pain=[{"date": "2026-06-01", **score}])

    assert pain(instrument="bpi_worst", value=4)["pain_worst"] == 4
    assert pain(instrument="nrs", value=4, worst_or_average="average")["pain_average"] == 4
    plain = pain(instrument="nrs", value=4)
    assert "pain_worst" not in plain
    assert "pain_average" not in plain
    assert plain["ai_joint_pain"] is True
    assert "ai_joint_pain" not in pain(instrument="haq_di", value=1)
