"""What is missing is listed with its effect, and what is given is not."""

from __future__ import annotations

from aimss.patient.missing import missing_fields
from aimss.patient.reading import read_record

BARE = {"sex": "female", "age_years": 62, "record_date": "2025-01-15", "aromatase_inhibitor": {"status": "planned"}}
# what fills each gap
FILLS: dict[str, dict[str, object]] = {
    "dxa (lumbar_spine)": {"dxa": [{"date": "2024", "site": "lumbar_spine", "t_score": -1, "device": "hologic"}]},
    "dxa (total_hip)": {"dxa": [{"date": "2024", "site": "total_hip", "bmd_g_cm2": 0.8, "device": "hologic"}]},
    "dxa (femoral_neck)": {"dxa": [{"date": "2024", "site": "femoral_neck", "t_score": -1, "device": "hologic"}]},
    "menopause.status": {"menopause": {"status": "postmenopausal"}},
    "menopause.final_menstrual_period": {"menopause": {"status": "postmenopausal", "final_menstrual_period": 2012}},
    "bmi_kg_m2": {"bmi_kg_m2": 25},
    "aromatase_inhibitor.drug": {"aromatase_inhibitor": {"status": "planned", "drug": "exemestane"}},
    "aromatase_inhibitor.planned_years": {"aromatase_inhibitor": {"status": "planned", "planned_years": 5}},
    "complete_lists: drugs": {"complete_lists": ["drugs"]},
    "complete_lists: conditions": {"complete_lists": ["conditions"]},
    "fractures": {"complete_lists": ["fractures"]},
    "risk_factors.smoking": {"risk_factors": {"smoking": "never"}},
    "risk_factors.parental_hip_fracture": {"risk_factors": {"parental_hip_fracture": False}},
    "risk_factors.alcohol_units_per_day": {"risk_factors": {"alcohol_units_per_day": 0}},
    "risk_factors.glucocorticoid_current": {"risk_factors": {"glucocorticoid_current": False}},
    "risk_factors.glucocorticoid_months": {"risk_factors": {"glucocorticoid_months": 0}},
    "risk_factors.rheumatoid_arthritis": {"risk_factors": {"rheumatoid_arthritis": False}},
    "risk_factors.falls_past_year": {"risk_factors": {"falls_past_year": 0}},
    "risk_factors.prior_joint_disease": {"risk_factors": {"prior_joint_disease": False}},
    "risk_factors.prior_hormone_replacement": {"risk_factors": {"prior_hormone_replacement": False}},
    "laboratory: vitamin_d_25oh": {
        "laboratory": [{"date": "2024", "test": "vitamin_d_25oh", "value": 80, "unit": "nmol/L"}]
    },
    "laboratory: creatinine": {"laboratory": [{"date": "2024", "test": "creatinine", "value": 80, "unit": "umol/L"}]},
    "laboratory: calcium_corrected": {
        "laboratory": [{"date": "2024", "test": "calcium_corrected", "value": 2.3, "unit": "mmol/L"}]
    },
    "markers": {"markers": [{"date": "2024", "marker": "p1np", "value": 50, "unit": "ug/L"}]},
    "pain": {"pain": [{"date": "2024", "value": 0}]},
    "cancer.chemotherapy": {"cancer": {"chemotherapy": False}},
    "dental_status": {"dental_status": "ok"},
}


# a score without them opens two gaps that a bare record does not have
PAIN_FILLS = {
    "pain: recall": {"pain": [{"date": "2024", "value": 0, "recall": "24_hours"}]},
    "pain: worst_or_average": {"pain": [{"date": "2024", "value": 0, "worst_or_average": "worst"}]},
}


def fields(record: dict[str, object]) -> set[str]:
    return {gap.field for gap in missing_fields(read_record(record))}


def test_a_bare_record_lists_every_gap_with_effect_and_stand_in() -> None:
    gaps = missing_fields(read_record(BARE))
    assert {gap.field for gap in gaps} == set(FILLS)
    assert all(gap.effect and gap.filled_by for gap in gaps)


def test_each_gap_is_filled_by_its_field() -> None:
    for field, fill in FILLS.items():
        assert field in fields(BARE)
        assert field not in fields({**BARE, **fill}), field


def test_an_assumed_device_a_vague_start_and_todays_date_are_listed() -> None:
    record = {
        **BARE,
        "aromatase_inhibitor": {"status": "current", "drug": "letrozole", "start": "2022"},
        "dxa": [{"date": "2024", "site": "total_hip", "t_score": -1}],
        "drugs": [{"drug": "alendronate"}],
    }
    assert {"dxa[0].device", "aromatase_inhibitor.start", "drugs[0].start"} <= fields(record)
    del record["record_date"]
    assert "record_date" in fields(record)


def test_a_premenopausal_woman_has_no_final_period_to_miss() -> None:
    record = {**BARE, "age_years": 41, "menopause": {"status": "premenopausal"}}
    assert "menopause.final_menstrual_period" not in fields(record)


def test_a_pain_score_says_over_which_days_and_whether_worst() -> None:
    bare = {**BARE, "pain": [{"date": "2024", "value": 4}]}
    assert set(PAIN_FILLS) <= fields(bare)
    assert set(PAIN_FILLS).isdisjoint(fields(BARE))
    for name, given in PAIN_FILLS.items():
        assert fields(bare) - fields({**BARE, **given}) == {name}
    assert "pain: worst_or_average" not in fields(
        {**BARE, "pain": [{"date": "2024", "value": 4, "instrument": "bpi_worst"}]}
    )
