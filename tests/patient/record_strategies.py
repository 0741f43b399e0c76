"""Hypothesis strategies of sound records: every part of the model, dates before the record date, units that fit."""

from __future__ import annotations

import datetime as dt
from typing import Any, get_args

from hypothesis import strategies as st

from aimss.patient.history import Condition, DrugName
from aimss.patient.observations import PAIN_RANGE, SITES
from aimss.patient.units import LABORATORY_RANGE, LABORATORY_UNITS, MARKER_RANGE, MARKER_UNITS

RECORD_DATE = dt.date(2025, 1, 15)
DOSELESS = sorted(set(get_args(DrugName)) - {"letrozole", "anastrozole", "exemestane", "other"})


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def dates(first: dt.date = dt.date(2005, 1, 1), last: dt.date = dt.date(2024, 12, 31)) -> st.SearchStrategy[str]:
    """Dates as text, known to the day, the month or the year."""
    return st.builds(lambda day, length: day.isoformat()[:length], st.dates(first, last), st.sampled_from([10, 7, 4]))


def maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


text = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).map(str.strip).filter(bool)
yes_no = st.booleans()


@st.composite
def scans(draw: st.DrawFn) -> list[dict[str, Any]]:
    keys = st.tuples(dates(), st.sampled_from(SITES), st.sampled_from(["hologic", "lunar", "norland"]))
    made = []
    for date, site, device in draw(st.lists(keys, max_size=4, unique_by=lambda k: (k[0], k[1]))):
        value = draw(st.sampled_from(["t_score", "bmd_g_cm2", "z_score"]))
        low, high = (0.4, 1.5) if value == "bmd_g_cm2" else (-5, 3)
        made.append({"date": date, "site": site, "device": device, value: draw(numbers(low, high))})
    return made


@st.composite
def measured(draw: st.DrawFn, key: str, units: dict[str, dict[str, float]], bounds: dict[str, Any]) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(units)))
    unit = draw(st.sampled_from(sorted(units[name])))
    low, high = (bound / units[name][unit] for bound in bounds[name])
    return {"date": draw(dates()), key: name, "unit": unit, "value": draw(numbers(low * 1.001, high * 0.999))}


@st.composite
def pain(draw: st.DrawFn) -> dict[str, Any]:
    instrument = draw(st.sampled_from(sorted(PAIN_RANGE)))
    return {"date": draw(dates()), "instrument": instrument, "value": draw(numbers(*PAIN_RANGE[instrument]))}


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """A sound record as plain data."""
    record = draw(
        maybe(
            label=text,
            weight_kg=numbers(45, 110),
            height_cm=numbers(150, 185),
            childbearing_potential=yes_no,
            main_concern=st.sampled_from(["fracture", "recurrence"]),
            cancer=maybe(stage=st.sampled_from(["0", "I", "II", "III", "IV"]), taxane=yes_no, chemotherapy_end=dates()),
            menopause=st.fixed_dictionaries(
                {"status": st.sampled_from(["perimenopausal", "postmenopausal"])},
                optional={"age_at_final_menstrual_period_years": numbers(35, 55)},
            ),
            drugs=st.lists(
                st.fixed_dictionaries(
                    {"drug": st.sampled_from(DOSELESS)},
                    optional={
                        "start": dates(),
                        "interval_days": numbers(21, 400),  # injections are at least three weeks apart
                        "doses": st.lists(dates(), max_size=3),
                    },
                ),
                max_size=4,
            ),
            tried=st.lists(text, max_size=3),
            dxa=scans(),
            frax=st.lists(
                st.fixed_dictionaries({"hip_percent": numbers(0, 100)}, optional={"country": text}), max_size=2
            ),
            markers=st.lists(measured("marker", MARKER_UNITS, MARKER_RANGE), max_size=3),
            laboratory=st.lists(measured("test", LABORATORY_UNITS, LABORATORY_RANGE), max_size=3),
            pain=st.lists(pain(), max_size=3),
            fractures=st.lists(
                st.fixed_dictionaries({"site": st.just("wrist")}, optional={"date": dates()}), max_size=2
            ),
            risk_factors=maybe(
                smoking=st.sampled_from(["never", "past", "current"]),
                alcohol_units_per_day=numbers(0, 40),
                falls_past_year=st.integers(0, 100),
                rheumatoid_arthritis=yes_no,
            ),
            conditions=st.lists(st.sampled_from(get_args(Condition)), max_size=4),
            complete_lists=st.lists(st.sampled_from(["drugs", "conditions", "fractures", "dxa", "tried"]), max_size=5),
            symptoms=maybe(onset=dates(), symmetrical=yes_no, joints=st.lists(st.just("hands"), max_size=2)),
            lifestyle=maybe(calcium_mg_per_day=numbers(0, 5000)),
            dental_status=st.just("ok"),
        )
    )
    born = draw(st.booleans())
    record |= {"birth_date": draw(dates(dt.date(1935, 1, 1), dt.date(1963, 1, 1)))} if born else {}
    record |= {} if born else {"age_years": draw(numbers(58, 95))}
    record["sex"] = "female"
    record["record_date"] = RECORD_DATE.isoformat()
    record["aromatase_inhibitor"] = draw(
        st.one_of(
            st.fixed_dictionaries({"status": st.just("current"), "drug": st.just("letrozole"), "start": dates()}),
            st.fixed_dictionaries({"status": st.just("planned")}, optional={"planned_years": numbers(1, 10)}),
            st.just({"status": "none"}),
            st.just({"status": "stopped", "drug": "exemestane", "start": "2018", "stop": "2022-03"}),
        )
    )
    return record
