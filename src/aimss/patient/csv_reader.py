"""A table of many women, one a row, read as a stream: good rows are done, bad ones told with row and column."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aimss.errors import AimssError, InputFileError, OutOfScopeError, RecordError, SeveralErrors
from aimss.patient.csv_columns import REQUIRED, BoundColumn, bind, columns
from aimss.patient.explain import field_path
from aimss.patient.patient import Patient
from aimss.patient.reading import patient_from_data

MAX_HEADER_CHARACTERS = 100_000
_DECIMAL = re.compile(r"[-+]?\d+([.]\d*)?([eE][-+]?\d+)?")


@dataclass(frozen=True)
class BadRow:
    """A row that is no record: its number as a spreadsheet counts (the header is row 1), and what is wrong."""

    row: int
    errors: tuple[AimssError, ...]


def read_many(path: str | Path) -> Iterator[Patient | BadRow]:
    """Read the women of a CSV one by one; memory does not grow with their number.

    Comma, semicolon or tab separate the columns (semicolon: a decimal comma is understood). Blank rows are skipped.

    Raises
    ------
    InputFileError : the file cannot be read, or its header names an unknown column or lacks a required one.
    """
    for _, item in numbered_rows(Path(path)):
        yield item


def numbered_rows(path: Path) -> Iterator[tuple[int, Patient | BadRow]]:
    """As `read_many`, each with its row number as a spreadsheet counts."""
    try:
        # bytes that are not UTF-8 become U+FFFD and make their own row a bad one, not the file
        stream = path.open(encoding="utf-8-sig", errors="replace", newline="")
    except OSError as error:
        raise InputFileError(path.name, "a file that can be read", error.strerror or "an error", "Check it.") from None
    with stream:
        first = stream.readline(MAX_HEADER_CHARACTERS)
        delimiter = max(",;\t", key=first.count)
        stream.seek(0)
        rows = csv.reader(stream, delimiter=delimiter, strict=True)
        number = 0
        try:
            header = [name.strip() for name in next(rows, [])]
            bound = _bind_header(header, path.name)
            for number, cells in enumerate(rows, start=2):
                if not any(cell.strip() for cell in cells):
                    continue
                yield number, _row(number, cells, bound, decimal_comma=delimiter == ";")
        except csv.Error as error:
            place = f"{path.name}, after row {number or 1}"
            raise InputFileError(place, "rows of CSV", "a broken one", f"{str(error).capitalize()}.") from None


def _bind_header(header: list[str], name: str) -> list[BoundColumn]:
    if not any(header):
        raise InputFileError(name, "a header of column names", "nothing", "See `aimss patient schema --csv`.")
    bound: list[BoundColumn] = []
    for position, column in enumerate(header, start=1):
        found = bind(column)
        if found is None:
            close = difflib.get_close_matches(column, columns(), n=1, cutoff=0.6)
            mend = f"Did you mean {close[0]}?" if close else "See `aimss patient schema --csv`."
            shown = column if re.fullmatch(r"\w{1,60}", column) else f"number {position}"
            raise InputFileError(f"{name}, column {shown}", "a known column name", "an unknown one", mend)
        if any((b.column, b.number) == (found.column, found.number) for b in bound):
            raise InputFileError(f"{name}, column {column}", "each column once", "a second one", "Drop one of them.")
        bound.append(found)
    names = {b.name for b in bound}
    lacking = [column for column in REQUIRED if column not in names]
    if not names & {"age_years", "birth_date"}:
        lacking.append("age_years or birth_date")
    if lacking:
        raise InputFileError(f"{name}, header", f"a column {lacking[0]}", "none", "Every record needs it.")
    return bound


def _row(number: int, cells: list[str], bound: list[BoundColumn], *, decimal_comma: bool) -> Patient | BadRow:
    if len(cells) != len(bound):
        return BadRow(
            number,
            (_mistake(number, "", f"{len(bound)} cells", f"{len(cells)}", "Quote a cell that holds the separator."),),
        )
    errors: list[AimssError] = []
    data: dict[str, Any] = {}
    origin: dict[str, str] = {}
    groups: dict[tuple[str, int], list[tuple[BoundColumn, Any]]] = {}
    for column, cell in zip(bound, cells, strict=True):
        text = cell.strip()
        if not text:
            continue
        try:
            value = _value(text, column, number, decimal_comma=decimal_comma)
        except RecordError as error:
            errors.append(error)
            continue
        if column.column.group:
            groups.setdefault((column.column.group, column.number), []).append((column, value))
        else:
            _put(data, column.column.location, value)
            origin[field_path(column.column.location)] = column.name
    for (group, _), given in sorted(groups.items(), key=lambda entry: entry[0]):
        entries = data.setdefault(group, [])
        for entry, source in _entries(given):
            origin.update({f"{group}[{len(entries)}].{name}": column for name, column in source.items()})
            entries.append(entry)
    if not errors:
        try:
            return patient_from_data(data)
        except SeveralErrors as several:
            errors = [_placed(number, error, origin) for error in several.errors]
        except AimssError as error:
            errors = [_placed(number, error, origin)]
    return BadRow(number, tuple(errors))


def _entries(given: list[tuple[BoundColumn, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """The list entries that one visit fills, each with the column that every field came from."""
    shared = [(c, value) for c, value in given if not c.column.item]
    items = list(dict.fromkeys(c.column.item for c, _ in given if c.column.item)) or [()]
    for item in items:
        own = [(c, value) for c, value in given if c.column.item == item and item]
        entry: dict[str, Any] = dict(item)
        source: dict[str, str] = {}
        for column, value in [*shared, *own]:
            entry[column.column.field] = value
            source[column.column.field] = column.name
        if own:
            source.update(dict.fromkeys((name for name, _ in item), own[0][0].name))
        yield entry, source


def _put(data: dict[str, Any], location: tuple[int | str, ...], value: Any) -> None:
    for part in location[:-1]:
        data = data.setdefault(str(part), {})
    data[str(location[-1])] = value


def _value(text: str, bound: BoundColumn, row: int, *, decimal_comma: bool) -> Any:
    kind = bound.column.kind
    if "\ufffd" in text:
        raise _mistake(row, bound.name, "UTF-8 text", "other bytes", "Save the file as UTF-8.")
    if kind in {"number", "whole number"}:
        written = text.replace(",", ".") if decimal_comma and text.count(",") == 1 and "." not in text else text
        if not _DECIMAL.fullmatch(written):
            shown = repr(text) if re.fullmatch(r"[\w.,%/+-]{1,20}", text) else "a text (not shown)"
            raise _mistake(row, bound.name, f"a {kind}", shown, "Leave the cell empty if unknown; no unit in the cell.")
        value = float(written)
        return int(value) if kind == "whole number" and value.is_integer() else value
    if kind == "yes or no":
        known = {"true": True, "false": False, "yes": True, "no": False}
        if text.lower() not in known:
            raise _mistake(row, bound.name, "true or false", "another word", "Leave the cell empty if unknown.")
        return known[text.lower()]
    if kind in {"words", "dates"}:
        return [part.strip() for part in text.split("|") if part.strip()]
    return text


def _mistake(row: int, column: str, expected: str, found: str, mend: str) -> RecordError:
    return RecordError(f"row {row}, {column}" if column else f"row {row}", expected, found, mend)


def _placed(row: int, error: AimssError, origin: dict[str, str]) -> AimssError:
    """The error of a record with row and column in place of the field."""
    exact = re.sub(r"\[\d+\]$", "", error.field) if error.field not in origin else error.field
    column = origin.get(exact) or _unfilled_column(exact, origin)
    kind = OutOfScopeError if isinstance(error, OutOfScopeError) else RecordError
    return kind(f"row {row}, {column}", error.expected, error.found, error.mend)


def _unfilled_column(field: str, origin: dict[str, str]) -> str:
    """The column of a field that no cell gave: beside the others of its entry, with their suffix."""
    entry = re.fullmatch(r"((\w+)\[\d+\])(?:\.(\w+).*)?", field)
    if entry is None:
        return field.replace(".", "_")
    for path, column in origin.items():
        if path.startswith(f"{entry[1]}."):
            suffix = re.search(r"_\d+$", column)
            if entry[3] is None:
                return column
            return f"{entry[2]}_{entry[3]}{suffix[0] if suffix and bind(column).number > 1 else ''}"  # type: ignore[union-attr]
    return field
