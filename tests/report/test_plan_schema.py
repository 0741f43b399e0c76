"""The published JSON Schema is that of the code, and plans keep to it."""

from __future__ import annotations

import json

import jsonschema
import pytest
from plan_factory import document

from aimss.forecast.plan_schema import generated_schema, plan_schema


def test_published_schema_is_current():
    assert plan_schema() == generated_schema(), "run: python -m aimss.forecast.plan_schema"


def test_a_plan_keeps_to_the_schema():
    jsonschema.Draft202012Validator.check_schema(plan_schema())
    jsonschema.validate(json.loads(document().model_dump_json(by_alias=True)), plan_schema())


@pytest.mark.parametrize(
    "damage", [{"schema": "aimss-plan/2"}, {"strategies": [{"name": "x"}]}, {"unheard_of": 1}, {"run": None}]
)
def test_a_damaged_plan_is_refused(damage):
    plan = {**json.loads(document().model_dump_json(by_alias=True)), **damage}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plan, plan_schema())
