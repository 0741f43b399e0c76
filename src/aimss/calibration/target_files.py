"""A user's own published results: read a targets file, with errors that say which field and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from aimss.calibration.arms import Arm, Part, Population, Treatment
from aimss.calibration.target import Target, TargetFile
from aimss.care.drugs import did_you_mean
from aimss.errors import AimssError, SeveralErrors, TargetError
from aimss.patient.files import load_file

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_BY_PLACE = {"population": Population, "treatments": Treatment, "parts": Part, "targets": Target, "arms": Arm}
_PLACES = ("population", "treatments", "parts", "arms", "targets")


def read_targets(path: str | Path) -> TargetFile:
    """Read a targets file (YAML or JSON).

    Raises InputFileError if it cannot be read as such, TargetError (or SeveralErrors) if it is unsound.
    """
    return parse_targets(load_file(Path(path)), Path(path).name)


def parse_targets(data: Any, where: str = "targets") -> TargetFile:
    """Return the targets of plain data; raises TargetError or SeveralErrors naming every field that is wrong."""
    if not isinstance(data, dict):
        raise TargetError(where, "a map with schema, arms and targets", type(data).__name__)
    try:
        return TargetFile.model_validate(data)
    except ValidationError as error:
        # a list whose items are all wrong is also reported as too short: its items say enough
        found = [d for d in error.errors(include_url=False) if d["type"] != "too_short" or not d["input"]]
        errors: list[AimssError] = [_one(details, where) for details in found]
        raise (errors[0] if len(errors) == 1 else SeveralErrors(errors)) from None


def targets_schema() -> dict[str, Any]:
    """Return the JSON Schema of a targets file."""
    schema = TargetFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "aimss targets", **schema}


def _one(details: ErrorDetails, where: str) -> TargetError:
    field = where + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in details["loc"])
    found = str(details.get("input"))
    found = found if len(found) <= 80 else found[:77] + "..."
    if details["type"] == "missing":
        return TargetError(field, "a value", "nothing")
    if details["type"] == "extra_forbidden":
        known = _known(details["loc"])
        mend = did_you_mean(str(details["loc"][-1]), known)
        return TargetError(field, "one of the fields " + ", ".join(known), "an unknown field", mend)
    if details["type"] == "literal_error":
        expected = str(details.get("ctx", {}).get("expected", ""))
        choices = expected.replace("'", "").replace(" or ", ", ").split(", ")
        return TargetError(field, expected, found, did_you_mean(found, choices))
    message = details["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    if details["type"] == "value_error":
        return TargetError(field, "parts that fit together", message)
    return TargetError(field, message[0].lower() + message[1:], found)


def _known(loc: tuple[int | str, ...]) -> list[str]:
    inner = next((p for p in _PLACES if p in loc), None)
    model: Any = _BY_PLACE[inner] if inner else TargetFile
    return [info.alias or name for name, info in model.model_fields.items()]
