"""Reading a design: strategies and populations that it names are put in its place, so that it stands by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aimss.care.library import find_strategy
from aimss.care.strategy import Strategy, parse_strategy, read_strategy
from aimss.errors import AimssError, DesignError
from aimss.patient.files import load_file
from aimss.trials.design import TrialDesign
from aimss.trials.design_errors import design_errors
from aimss.trials.population import complete, preset


def read_design(source: str | Path | Mapping[str, Any] | TrialDesign) -> TrialDesign:
    """Read a design from a file or a mapping, complete: every strategy and the population written out.

    Raises InputFileError, DesignError or StrategyError, each naming field, expected, found and how to mend it.
    """
    if isinstance(source, TrialDesign):
        data: Any = source.model_dump(mode="json", by_alias=True, exclude_none=True)
        where, folder = "design", Path()
    elif isinstance(source, Mapping):
        data, where, folder = dict(source), "design", Path()
    else:
        data, where, folder = load_file(Path(source)), Path(source).name, Path(source).parent
    if not isinstance(data, dict):
        raise DesignError(where, "a mapping with name, population, arms and endpoints", f"a {type(data).__name__}")
    data = dict(data)
    if "population" in data:
        data["population"] = _population(data["population"], f"{where}.population", folder)
    if isinstance(data.get("arms"), list):
        data["arms"] = [_arm(arm, f"{where}.arms[{i}]", folder) for i, arm in enumerate(data["arms"])]
    adherence = data.get("adherence")
    uses_then = isinstance(adherence, dict) and (adherence.get("never_start") or adherence.get("stop_per_year"))
    if uses_then:
        then = adherence.get("then", "ai_alone")
        data["adherence"] = {**adherence, "then": _strategy(then, f"{where}.adherence.then", folder)}
    try:
        return TrialDesign.model_validate(data)
    except ValidationError as error:
        raise design_errors(error, where) from None


def _population(value: Any, where: str, folder: Path) -> Any:
    if isinstance(value, str):
        if value.endswith((".yaml", ".yml", ".json")):
            return complete(load_file(folder / value), where)
        return preset(value)
    if isinstance(value, dict) and "csv" in value:
        path = folder / str(value["csv"])
        return {**value, "csv": str(path.resolve())}
    if isinstance(value, dict):
        if "based_on" in value and "name" not in value:
            value = {**value, "name": f"{value['based_on']}_changed"}
        return complete(value, where)
    raise DesignError(where, "the name of a preset, a mapping, or csv: a file", f"a {type(value).__name__}")


def _arm(value: Any, where: str, folder: Path) -> Any:
    if not isinstance(value, dict) or "strategy" not in value:
        return value
    return {**value, "strategy": _strategy(value["strategy"], f"{where}.strategy", folder)}


def _strategy(value: Any, where: str, folder: Path) -> Any:
    if isinstance(value, dict):
        return parse_strategy(value, where)
    if isinstance(value, Strategy) or not isinstance(value, str):
        return value
    try:
        if value.endswith((".yaml", ".yml", ".json")):
            return read_strategy(folder / value)
        return find_strategy(value)
    except AimssError as error:
        raise type(error)(f"{where} ({error.field})", error.expected, error.found, error.mend) from None
