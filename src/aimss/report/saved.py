"""Read a saved plan.json back, so that its page can be made again without a new forecast."""

from __future__ import annotations

import json
from pathlib import Path

from aimss.errors import InputFileError
from aimss.forecast.plan_document import PlanDocument


def read_plan(path: Path) -> PlanDocument:
    """Return the plan in a JSON file.

    Raises
    ------
    InputFileError : no such file, not UTF-8 JSON, or not a plan of schema aimss-plan/1.
    """
    from pydantic import ValidationError

    mend = "Make one with `aimss plan RECORD --json > plan.json`."
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputFileError(path.name, "a file that can be read", error.strerror or "an error", mend) from error
    except UnicodeDecodeError as error:
        raise InputFileError(path.name, "JSON in UTF-8", f"byte {error.start} that is not UTF-8", mend) from error
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputFileError(f"{path.name}:{error.lineno}", "JSON", error.msg, mend) from error
    try:
        return PlanDocument.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "top level"
        # The message of pydantic names the expectation; the value itself may be hers and stays out.
        raise InputFileError(f"{path.name}: {place}", "a plan of schema aimss-plan/1", first["msg"], mend) from error
