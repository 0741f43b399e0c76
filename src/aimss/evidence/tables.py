"""The evidence tables: read once, checked cell by cell, handed out as frozen rows."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from aimss.errors import AimssError, EvidenceError, SeveralErrors
from aimss.evidence.schema import AtMost, Interval, Rule, Schema, Share
from aimss.evidence.schemas import SCHEMAS
from aimss.evidence.values import Bound, Range, Value, Worded

if TYPE_CHECKING:
    import pandas as pd

LIBRARY = files("aimss.evidence") / "library"


@dataclass(frozen=True, slots=True)
class Row:
    """One fact of one table; `row["column"]` is its value, None where the source gives nothing.

    `line` is the line of the row in its CSV file (the header is line 1).
    """

    table: str
    key: str
    line: int
    cells: MappingProxyType[str, Value]

    @property
    def id(self) -> str:
        """Return the reference that names this row anywhere in aimss, such as ``bone/bmd:12``."""
        return f"{self.table}:{self.key}"

    @property
    def verified(self) -> str:
        """Return how far the row was seen (yes, secondary, no, derived), or '' for tables that do not say."""
        return self.text("verified") if "verified" in self.cells else ""

    def __getitem__(self, column: str) -> Value:
        return self.cells[column]

    def text(self, column: str) -> str:
        """Return a cell as printed text; '' where there is nothing."""
        value = self.cells[column]
        if value is None:
            return ""
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

    def number(self, column: str) -> float | None:
        """Return a cell as a number; None where there is nothing.

        Raises EvidenceError when the source printed a bound, a range or words: the caller decides what those mean.
        """
        value = self.cells[column]
        if value is None or isinstance(value, (int, float)):
            return value
        raise EvidenceError(f"{self.id}, column {column}", "an exact number", repr(str(value)))


@dataclass(frozen=True, slots=True)
class Table:
    """A table as an immutable sequence of rows in the order of its file."""

    schema: Schema
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        """Return folder/file, such as ``bone/bmd``."""
        return self.schema.name

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: str) -> Row:
        for row in self.rows:
            if row.key == key:
                return row
        raise EvidenceError(f"{self.name}, row {key}", f"a {self.schema.key} of the table", "none with that value")

    def where(self, **equal: Value) -> tuple[Row, ...]:
        """Return the rows whose columns equal the given values."""
        return tuple(row for row in self.rows if all(row[name] == value for name, value in equal.items()))

    def to_dataframe(self) -> pd.DataFrame:
        """Return the table as a pandas DataFrame.

        A number column holds NaN where there is no exact number; where something else was printed, the text
        is in ``<column>_as_printed``.
        """
        import pandas as pd

        data: dict[str, list[object]] = {}
        for column in self.schema.columns:
            values = [row[column.name] for row in self.rows]
            if column.kind != "number":
                data[column.name] = list(values)
                continue
            data[column.name] = [v if isinstance(v, float) else math.nan for v in values]
            if any(isinstance(v, (Bound, Range, Worded)) for v in values):
                data[f"{column.name}_as_printed"] = [
                    str(v) if isinstance(v, (Bound, Range, Worded)) else None for v in values
                ]
        return pd.DataFrame(data)


def table_names() -> tuple[str, ...]:
    """Return the names of all tables, in reading order."""
    return tuple(SCHEMAS)


@cache
def load_table(name: str) -> Table:
    """Return one table of the library, checked; raise EvidenceError naming file, row and column."""
    schema = SCHEMAS.get(name)
    if schema is None:
        raise EvidenceError("evidence table", "one of " + ", ".join(SCHEMAS), repr(name))
    table = read_table(schema, (LIBRARY / f"{name}.csv").read_text(encoding="utf-8"), _exceptions(name))
    _check_references(table)
    return table


@cache
def exceptions() -> tuple[tuple[str, str, str, str], ...]:
    """Return what the data break and why it is kept: (table, row, rule, reason)."""
    lines = csv.DictReader(io.StringIO((LIBRARY / "exceptions.csv").read_text(encoding="utf-8")))
    return tuple((line["table"], line["row_id"], line["rule"], line["reason"]) for line in lines)


def _exceptions(name: str) -> frozenset[tuple[str, str]]:
    return frozenset((row, rule) for table, row, rule, _ in exceptions() if table == name)


def read_table(schema: Schema, text: str, exempt: frozenset[tuple[str, str]] = frozenset()) -> Table:
    """Return the table that `text` (CSV, comma, UTF-8) holds, checked against `schema`.

    `exempt` lists (row key, rule name) pairs whose rule may be broken; one that is kept all the same is an error,
    so that the list never outlives its reason. Raises EvidenceError, or SeveralErrors when there are more.
    """
    file = f"{schema.name}.csv"
    lines = list(csv.reader(io.StringIO(text), strict=True))
    header = lines[0] if lines else []
    declared = [column.name for column in schema.columns]
    errors: list[AimssError] = [
        EvidenceError(f"{file} line 1, column {name}", "a declared column", "an unknown column")
        for name in header
        if name not in declared
    ]
    errors += [
        EvidenceError(f"{file} line 1, column {name}", "the column in the header", "no such column")
        for name in declared
        if name not in header
    ]
    if len(set(header)) != len(header):
        errors.append(EvidenceError(f"{file} line 1", "each column once", "a repeated column"))
    if errors:
        raise SeveralErrors(errors)
    rows: list[Row] = []
    seen: set[str] = set()
    for line, cells in enumerate(lines[1:], start=2):
        if len(cells) != len(header):
            errors.append(EvidenceError(f"{file} line {line}", f"{len(header)} cells", f"{len(cells)}"))
            continue
        printed = dict(zip(header, cells, strict=True))
        row, faults = _read_row(schema, line, printed, exempt)
        if row.key in seen:
            faults.append(_fault(schema, line, schema.key, "an identity used once", row.key))
        seen.add(row.key)
        rows.append(row)
        errors += faults
    errors += [
        EvidenceError(f"library/exceptions.csv, {schema.name} row {key}", "a row of the table", "no such row")
        for key, _ in exempt
        if key not in seen
    ]
    if errors:
        raise SeveralErrors(errors)
    return Table(schema, tuple(rows))


def _fault(schema: Schema, line: int, column: str, expected: str, found: str) -> EvidenceError:
    return EvidenceError(f"{schema.name}.csv line {line}, column {column}", expected, found)


def _read_row(
    schema: Schema, line: int, printed: dict[str, str], exempt: frozenset[tuple[str, str]]
) -> tuple[Row, list[AimssError]]:
    faults: list[AimssError] = []
    values: dict[str, Value] = {}
    for column in schema.columns:
        try:
            values[column.name] = column.parse(printed[column.name])
        except ValueError as wrong:
            faults.append(_fault(schema, line, column.name, column.expected(), repr(str(wrong))))
            values[column.name] = None
    key = printed[schema.key]
    row = Row(schema.name, key, line, MappingProxyType(values))
    excuses = {rule for row_key, rule in exempt if row_key == key}
    for rule in schema.rules:
        broken = _broken(rule, row, printed)
        if broken and rule.name not in excuses:
            faults.append(_fault(schema, line, *broken))
        elif broken:
            excuses.discard(rule.name)
    faults += [
        _fault(schema, line, schema.key, f"a row that breaks rule {rule!r}", "no break: take it off exceptions.csv")
        for rule in sorted(excuses)
    ]
    return row, faults


def _broken(rule: Rule, row: Row, printed: dict[str, str]) -> tuple[str, str, str] | None:
    """Return (column, expected, found) when a row breaks a rule."""
    match rule:
        case Interval(estimates, low_name, high_name):
            low, high = row[low_name], row[high_name]
            given = next((name for name in estimates if row[name] is not None), None)
            estimate = row[given] if given else None
            if isinstance(low, float) and isinstance(high, float) and low > high:
                return low_name, f"at most {high_name} ({high:g})", f"{low:g}"
            if isinstance(estimate, float) and given:
                below = isinstance(low, float) and estimate < low
                above = isinstance(high, float) and estimate > high
                if below or above:
                    return given, f"inside its interval [{printed[low_name]}, {printed[high_name]}]", f"{estimate:g}"
        case AtMost(events_name, total_name):
            events, total = row[events_name], row[total_name]
            if isinstance(events, float) and isinstance(total, float) and events > total:
                return events_name, f"at most {total_name} ({total:g})", f"{events:g}"
        case Share(share_name, events_name, total_name):
            share, events, total = row[share_name], row[events_name], row[total_name]
            if isinstance(share, float) and isinstance(events, float) and isinstance(total, float):
                digits = len(printed[share_name].partition(".")[2])
                if abs(share - events / total) > 0.5 * 10.0**-digits + 1e-12:
                    return share_name, f"{events:g}/{total:g} = {events / total:.4f}", printed[share_name]
    return None


def _check_references(table: Table) -> None:
    errors: list[AimssError] = []
    for column in table.schema.columns:
        if not column.refers_to:
            continue
        own = column.refers_to == table.name
        known = {row.key for row in (table if own else load_table(column.refers_to))}
        errors += [
            _fault(
                table.schema, row.line, column.name, f"an identity of {column.refers_to}", repr(row.text(column.name))
            )
            for row in table
            if row[column.name] is not None and row.text(column.name) not in known
        ]
    if errors:
        raise SeveralErrors(errors)
