"""Parameters of one's own: one set (YAML or JSON) or many draws (CSV, one row a draw), by full name."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.parameters import Parameters
from aimss.errors import ParameterError

Draws = Mapping[str, NDArray[np.float64]]


def read_parameter_file(path: Path, parameters: Parameters) -> Draws:
    """Return the values of a file, name -> (d,), d = 1 for one set; parameters that it does not name keep theirs.

    Raises ParameterError for a name that is not a parameter, a value that is not a finite number, or rows of unequal
    length; the file's line is named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(path.name, "a readable text file", type(error).__name__) from None
    rows = _csv_rows(path, text) if path.suffix.lower() == ".csv" else [(1, _one_set(path, text))]
    if not rows:
        raise ParameterError(path.name, "at least one row of values", "none")
    found: dict[str, list[float]] = {name: [] for name in rows[0][1]}
    for line, row in rows:
        for name, value in row.items():
            parameters.parameter(name)
            number = _finite(value)
            if number is None:
                raise ParameterError(f"{path.name}, line {line}, {name}", "a finite number", repr(value))
            if _must_be_positive(parameters, name) and number <= 0:
                raise ParameterError(f"{path.name}, line {line}, {name}", "a number above 0", f"{number:g}")
            found[name].append(number)
    return {name: np.array(values) for name, values in found.items()}


def write_draws(path: Path, draws: Draws) -> None:
    """Write draws so that `read_parameter_file` gives the same numbers back."""
    names = list(draws)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        writer.writerows(zip(*(map(repr, map(float, draws[name])) for name in names), strict=True))


def _must_be_positive(parameters: Parameters, name: str) -> bool:
    return parameters.parameter(name).distribution.startswith("lognormal")


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and not isinstance(value, bool) else None


def _csv_rows(path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    reader = csv.reader(text.splitlines())
    header = next(reader, [])
    rows = []
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(header):
            raise ParameterError(f"{path.name}, line {reader.line_num}", f"{len(header)} values", str(len(cells)))
        rows.append((reader.line_num, dict(zip(header, cells, strict=True))))
    return rows


def _one_set(path: Path, text: str) -> dict[str, Any]:
    try:
        if path.suffix.lower() == ".json":
            value = json.loads(text)
        else:
            import yaml

            value = yaml.safe_load(text)
    except ValueError as error:
        raise ParameterError(path.name, "JSON or YAML of `name: value`", type(error).__name__) from None
    except Exception as error:
        raise ParameterError(path.name, "YAML of `name: value`", type(error).__name__) from None
    if not isinstance(value, dict) or not value:
        raise ParameterError(path.name, "a map of parameter names to values", type(value).__name__)
    return {str(name): number for name, number in value.items()}
