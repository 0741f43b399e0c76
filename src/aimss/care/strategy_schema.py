"""The JSON Schema of the strategy language, made from the models; `strategy.schema.json` is its published copy."""

from __future__ import annotations

from typing import Any

from aimss.care.strategy import Strategy


def strategy_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one strategy file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "aimss strategy",
        **{k: v for k, v in Strategy.model_json_schema(by_alias=True).items() if k != "title"},
    }
