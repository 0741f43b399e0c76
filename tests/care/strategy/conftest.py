from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aimss.patient.patient import Patient


def make_patient(**changes: Any) -> Patient:
    """An invented postmenopausal woman of 62 who is to start letrozole on the day of the record."""
    record: dict[str, Any] = {
        "sex": "female",
        "record_date": "2026-03-01",
        "age_years": 62,
        "menopause": {"status": "postmenopausal", "age_at_final_menstrual_period_years": 51},
        "aromatase_inhibitor": {"status": "planned", "drug": "letrozole"},
    }
    return Patient.model_validate({**record, **changes})


@pytest.fixture(name="make_patient")
def _make_patient() -> Callable[..., Patient]:
    return make_patient


@pytest.fixture
def planned() -> Patient:
    return make_patient()


@pytest.fixture
def on_anastrozole() -> Patient:
    """Two years into anastrozole."""
    return make_patient(
        aromatase_inhibitor={"status": "current", "drug": "anastrozole", "start": "2024-03-01", "planned_years": 5}
    )


@pytest.fixture
def on_denosumab() -> Patient:
    """Three years into letrozole, with four doses of denosumab, the last three months ago."""
    return make_patient(
        aromatase_inhibitor={"status": "current", "drug": "letrozole", "start": "2023-03-01", "planned_years": 5},
        drugs=[
            {
                "drug": "denosumab",
                "dose": 60,
                "unit": "mg",
                "doses": ["2024-06-01", "2024-12-01", "2025-06-01", "2025-12-01"],
            }
        ],
    )


@pytest.fixture
def suppressed() -> Patient:
    """Premenopausal, 44, a year into ovarian suppression and exemestane."""
    return make_patient(
        age_years=44,
        menopause={"status": "premenopausal"},
        aromatase_inhibitor={"status": "current", "drug": "exemestane", "start": "2025-03-01", "planned_years": 5},
        drugs=[{"drug": "ovarian_suppression", "start": "2025-02-15"}],
    )


@pytest.fixture(scope="session")
def planned_woman() -> Patient:
    """The same as `planned`, made once: Hypothesis calls a test many times within one fixture."""
    return make_patient()
