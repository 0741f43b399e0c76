"""A woman's record out of a YAML or JSON file or a mapping; every mistake is told with its field and its mend."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aimss.errors import AimssError, InputFileError, RecordError
from aimss.patient.explain import explain
from aimss.patient.files import check_depth, load_file
from aimss.patient.patient import Patient

# A record written for a coming visit is fine; a date further ahead is a wrong year.
MAX_DAYS_AHEAD = 366


def read_record(source: str | Path | Mapping[str, Any] | Patient) -> Patient:
    """Read one woman's record.

    Parameters
    ----------
    source : path of a ``.yaml``, ``.yml`` or ``.json`` file, or a mapping with the same keys (a `Patient` passes).

    Raises
    ------
    InputFileError : the file cannot be read as what it should be.
    RecordError, SeveralErrors : fields are wrong or contradict each other.
    OutOfScopeError : the record is of a man.
    """
    if isinstance(source, Patient):
        return source
    if isinstance(source, Mapping):
        check_depth(source, "the record")
        return patient_from_data(source)
    path = Path(source)
    if path.suffix.lower() == ".csv":
        raise InputFileError(path.name, "one record (.yaml or .json)", "a CSV of many", "Read it with read_many.")
    return patient_from_data(load_file(path))


def patient_from_data(data: Any) -> Patient:
    """The `Patient` that plain data describe; errors as in `read_record`."""
    if not isinstance(data, Mapping):
        found = "nothing" if data is None else "a list" if isinstance(data, list) else "a single value"
        raise RecordError("the record", "a map (lines of name: value)", found, "See examples/ for a whole record.")
    try:
        patient = Patient.model_validate(dict(data))
    except ValidationError as error:
        raise explain(error, Patient) from None
    ahead = (patient.record_date.earliest - dt.date.today()).days
    if ahead > MAX_DAYS_AHEAD:
        raise _far_ahead(patient)
    return patient


def _far_ahead(patient: Patient) -> AimssError:
    return RecordError(
        "record_date", "a day up to one year ahead", str(patient.record_date), "Check the year; leave it out for today."
    )


def patient_schema() -> dict[str, Any]:
    """JSON Schema of a record, with descriptions and units."""
    schema = Patient.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "aimss record"
    return schema
