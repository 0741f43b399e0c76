"""The published JSON Schema of plan.json, generated from `PlanDocument`; `plan.schema.json` beside it is its copy.

Run ``python -m aimss.forecast.plan_schema`` after a change of the document; a test fails until that is done.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from aimss.forecast.plan_document import PlanDocument

NAME = "plan.schema.json"


def generated_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a plan, as the present code defines it."""
    schema = PlanDocument.model_json_schema(by_alias=True, mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "aimss-plan/1",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def plan_schema() -> dict[str, Any]:
    """Return the published JSON Schema of a plan."""
    schema: dict[str, Any] = json.loads(files("aimss.forecast").joinpath(NAME).read_text(encoding="utf-8"))
    return schema


def schema_text() -> str:
    """Return the text of the published file."""
    return json.dumps(generated_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name(NAME).write_text(schema_text(), encoding="utf-8")
