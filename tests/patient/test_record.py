"""The record itself: round trips, dates of known precision, and what stays unknown."""

from __future__ import annotations

import copy
import datetime as dt
import json
import pickle

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_strategies import records

from aimss.errors import AimssError, RecordError
from aimss.patient.dates import PartialDate
from aimss.patient.files import load_json, load_yaml
from aimss.patient.patient import Patient
from aimss.patient.reading import patient_from_data, patient_schema, read_record

SOUND = {
    "sex": "female",
    "age_years": 62,
    "record_date": "2025-01-15",
    "aromatase_inhibitor": {"status": "current", "drug": "letrozole", "start": "2022-01"},
}
SCHEMA = patient_schema()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(records())
def test_any_sound_record_survives_json_yaml_copy_and_pickle(data: dict[str, object]) -> None:
    patient = patient_from_data(data)
    as_json = patient.model_dump_json()
    as_yaml = yaml.safe_dump(patient.model_dump(mode="json"), allow_unicode=True)
    assert patient_from_data(load_json(as_json, "x.json")) == patient
    assert patient_from_data(load_yaml(as_yaml, "x.yaml")) == patient
    assert pickle.loads(pickle.dumps(patient)) == patient
    assert copy.deepcopy(patient).model_dump_json() == as_json
    assert hash(patient) == hash(copy.deepcopy(patient))
    jsonschema.validate(json.loads(as_json), SCHEMA)


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**SOUND, "sex": "male"}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**SOUND, "heigth_cm": 160}, SCHEMA)
    numbers = SCHEMA["$defs"]["DxaScan"]["properties"]["bmd_g_cm2"]
    assert "g/cm2" in numbers["description"]


@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)), st.sampled_from([4, 7, 10]))
def test_a_partial_date_keeps_its_precision(day: dt.date, length: int) -> None:
    written = day.isoformat()[:length]
    date = PartialDate.parse(written)
    assert str(date) == str(copy.copy(date)) == str(pickle.loads(pickle.dumps(date))) == written
    assert date.earliest <= day <= date.latest
    assert date.earliest <= date <= date.latest
    assert (date == day) is (length == 10)
    assert (date != day) is (length != 10)


def test_dates_of_different_precision_are_not_equal() -> None:
    assert PartialDate.parse("2024-07") != PartialDate.parse("2024-07-15")
    assert PartialDate.parse("2024-07") != dt.date(2024, 7, 15)
    assert len({PartialDate.parse("2024"), PartialDate.parse("2024"), PartialDate.parse("2024-07-01")}) == 2
    # arithmetic gives a plain day again
    assert str(PartialDate.parse("2024-07") + dt.timedelta(days=1)) == "2024-07-16"


@pytest.mark.parametrize("text", ["2024-13", "2024-02-30", "24-01-01", "2024-1-1", "01.02.2024", "٢٠٢٤", ""])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|calendar"):
        PartialDate.parse(text)


def test_a_date_known_to_the_month_may_lie_in_the_month_of_the_record() -> None:
    pain = [{"date": "2025-01", "value": 3}]
    assert read_record({**SOUND, "pain": pain}).pain[0].date.precision == "month"
    with pytest.raises(RecordError, match="record date"):
        read_record({**SOUND, "pain": [{"date": "2025-02", "value": 3}]})


def test_without_a_record_date_it_is_today() -> None:
    data = {key: value for key, value in SOUND.items() if key != "record_date"}
    assert read_record(data).record_date == dt.date.today()


def test_an_empty_list_is_unknown_until_it_is_said_to_be_whole() -> None:
    silent, told = read_record(SOUND), read_record({**SOUND, "complete_lists": ["fractures", "conditions", "drugs"]})
    assert silent.had_fracture is None
    assert silent.has_condition("stroke") is None
    assert silent.takes("warfarin") is None
    assert told.had_fracture is False
    assert told.has_condition("stroke") is False
    assert told.takes("warfarin") is False
    # the answer must not depend on whether the record went through a file
    assert patient_from_data(json.loads(silent.model_dump_json())).had_fracture is None


def test_one_condition_may_be_denied_alone() -> None:
    patient = read_record({**SOUND, "conditions": ["diabetes"], "conditions_absent": ["stroke"]})
    assert [patient.has_condition(c) for c in ("diabetes", "stroke", "gout")] == [True, False, None]


@pytest.mark.parametrize(
    ("course", "takes"),
    [
        ({"start": "2020"}, True),
        ({}, True),
        ({"start": "2020", "stop": "2023-05"}, None),
        ({"doses": ["2024-10-01"], "interval_days": 182}, True),
        ({"doses": ["2022-10-01"], "interval_days": 182}, None),
    ],
)
def test_whether_she_takes_a_drug_now(course: dict[str, object], takes: bool | None) -> None:
    patient = read_record({**SOUND, "drugs": [{"drug": "denosumab", **course}]})
    assert patient.takes("denosumab") is takes


def test_one_aromatase_inhibitor_rules_out_the_others() -> None:
    patient = read_record(SOUND)
    assert patient.takes("letrozole") is True
    assert patient.takes("anastrozole") is False


def test_a_fracture_in_childhood_is_not_counted() -> None:
    child = {"site": "wrist", "age_years": 9}
    assert read_record({**SOUND, "fractures": [child]}).had_fracture is None
    assert read_record({**SOUND, "fractures": [child], "complete_lists": ["fractures"]}).had_fracture is False
    assert read_record({**SOUND, "fractures": [child, {"site": "hip"}]}).had_fracture is True


def test_a_patient_cannot_be_changed() -> None:
    patient = read_record(SOUND)
    with pytest.raises(ValueError, match="frozen"):
        patient.age_years = 30
    assert read_record(patient) is patient
    assert isinstance(patient, Patient)


def test_injections_a_day_apart_are_a_slip():
    dose = {"drug": "denosumab", "dose": 60, "unit": "mg", "start": "2023-02-01"}
    with pytest.raises(RecordError, match=r"interval_days: expected denosumab at least 21 days apart"):
        patient_from_data({**SOUND, "drugs": [{**dose, "interval_days": 1}]})
    patient_from_data({**SOUND, "drugs": [{**dose, "interval_days": 182}]})


@pytest.mark.parametrize("name", ["record.json", "record.yaml"])
def test_a_character_written_as_two_json_escapes_is_read(tmp_path, name: str) -> None:
    path = tmp_path / name
    path.write_text(json.dumps({**SOUND, "label": "Anna \U0001f600"}, ensure_ascii=True), encoding="utf-8")
    assert "\\ud83d\\ude00" in path.read_text()
    assert read_record(path).label == "Anna \U0001f600"


@pytest.mark.parametrize("name", ["record.json", "record.yaml"])
@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00", "\\ude00\\ud83d"])
def test_half_of_such_a_pair_is_refused(tmp_path, name: str, half: str) -> None:
    path = tmp_path / name
    path.write_text(json.dumps({**SOUND, "label": "HALF"}).replace("HALF", f"Anna {half}"), encoding="utf-8")
    with pytest.raises(AimssError) as caught:
        read_record(path)
    assert "label: expected whole characters" in str(caught.value)
    assert "Anna" not in str(caught.value)
