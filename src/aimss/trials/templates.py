"""A record that stands for all women of one history, so that strategies are placed on their calendar once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from aimss.patient.patient import Patient
from aimss.trials.population import EntryClass, PopulationSpec

# The day on which every trial begins. Nothing depends on it: strategies count days from it.
FIRST_DAY = dt.date(2020, 1, 1)
_DAYS_PER_YEAR = 365.25


def template(spec: PopulationSpec, of: EntryClass) -> Patient:
    """Return the record of one history; age and body come from the women themselves."""
    entry = spec.entry
    inhibitor: dict[str, Any] = {"status": entry.aromatase_inhibitor}
    if entry.aromatase_inhibitor != "none":
        inhibitor["drug"] = entry.drug
        inhibitor["planned_years"] = entry.planned_years
    if of.years_on_aromatase_inhibitor:
        inhibitor["start"] = _before(of.years_on_aromatase_inhibitor)
    drugs = [{"drug": "tamoxifen", "start": _before(of.tamoxifen_years)}] if of.tamoxifen_years else []
    premenopausal = entry.menopause == "premenopausal"
    record = {
        "sex": "female",
        "record_date": FIRST_DAY.isoformat(),
        "age_years": 45.0 if premenopausal else 64.0,
        "menopause": {"status": entry.menopause},
        "aromatase_inhibitor": {k: v for k, v in inhibitor.items() if v is not None},
        "drugs": drugs,
    }
    # not read_record: that compares dates with today's, and no number may depend on the day of a run
    return Patient.model_validate(record)


def _before(years: float) -> str:
    return (FIRST_DAY - dt.timedelta(days=round(years * _DAYS_PER_YEAR))).isoformat()
