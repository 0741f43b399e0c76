"""A user's own CSV table of studies, read so that every mistake names file, row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError

STUDY_COLUMNS = ("study", "slab", "label", "trial", "author")
MISSING = ("", "NA", "NaN", "nan")
MAX_BYTES = 50_000_000


@dataclass(frozen=True)
class UserTable:
    """A CSV table as text; ``lines[i]`` is the line of the file on which row ``i`` starts."""

    path: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def where(self, row: int, column: str) -> str:
        """Name a cell for an error message."""
        return f"{self.path}, row {row + 1} (line {self.lines[row]}), column {column}"

    def texts(self, column: str) -> list[str]:
        """Return a column as text.

        Raises
        ------
        EvidenceError : the column is not there.
        """
        if column not in self.columns:
            raise EvidenceError(f"{self.path}, column {column}", f"a column named {column}",
                                "columns " + ", ".join(self.columns))  # fmt: skip
        j = self.columns.index(column)
        return [row[j] for row in self.rows]

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return a column as numbers (k,), NaN where blank or NA.

        Raises
        ------
        EvidenceError : a cell is not a number.
        """
        values = np.full(len(self.rows), np.nan)
        for i, text in enumerate(self.texts(column)):
            if text in MISSING:
                continue
            try:
                values[i] = float(text)
            except ValueError:
                mend = ("Write decimals with a point, not a comma." if "," in text
                        else "Leave the cell empty if the number is unknown.")  # fmt: skip
                raise EvidenceError(self.where(i, column), "a number", repr(text[:40]), mend) from None
            if not np.isfinite(values[i]):
                raise EvidenceError(self.where(i, column), "a finite number", repr(text[:40]))
        return values

    def numbers_of(self, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """Return those of the named columns that the table has."""
        return {n: self.numbers(n) for n in names if n in self.columns}

    def moderator(self, column: str) -> NDArray[np.float64] | list[str]:
        """Return a column as numbers if every filled cell is one, else as text."""
        texts = self.texts(column)
        filled = [t for t in texts if t not in MISSING]
        try:
            for t in filled:
                float(t)
        except ValueError:
            return texts
        return self.numbers(column)

    def labels(self) -> list[str]:
        """Return the name of each study: a column such as ``study`` (with ``year``), or its row."""
        for name in STUDY_COLUMNS:
            if name in self.columns:
                texts = self.texts(name)
                if "year" in self.columns and len(set(texts)) < len(texts):
                    texts = [f"{t} {y}".strip() for t, y in zip(texts, self.texts("year"), strict=True)]
                return [t or f"row {i + 1}" for i, t in enumerate(texts)]
        return [f"row {i + 1}" for i in range(len(self.rows))]


def read_user_table(path: Path) -> UserTable:
    """Read a comma- or semicolon-separated UTF-8 table with a header line.

    Raises
    ------
    EvidenceError : the file is absent, not text, empty, or a row has more or fewer cells than the header.
    """
    name = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise EvidenceError(name, "a CSV file that can be read", error.strerror or "an error") from None
    if len(raw) > MAX_BYTES:
        raise EvidenceError(name, f"at most {MAX_BYTES:,} bytes", f"{len(raw):,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EvidenceError(name, "UTF-8 text", f"a byte that is not, at position {error.start}",
                            "Save the table as CSV in UTF-8.") from None  # fmt: skip
    if "\0" in text:
        raise EvidenceError(name, "text", "a binary file")
    first = text.lstrip().split("\n", 1)[0]
    delimiter = next((d for d in (",", ";", "\t") if d in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    before = 0
    try:
        for cells in reader:
            start, before = before + 1, reader.line_num
            stripped = tuple(c.strip() for c in cells)
            if not any(stripped):
                continue
            if not header:
                header = _checked_header(name, stripped)
                continue
            if len(stripped) != len(header):
                raise EvidenceError(f"{name}, row {len(rows) + 1} (line {start})", f"{len(header)} cells",
                                    f"{len(stripped)}")  # fmt: skip
            rows.append(stripped)
            lines.append(start)
    except csv.Error as error:
        raise EvidenceError(f"{name}, line {reader.line_num}", "a well-formed CSV row", str(error)) from None
    if not header or not rows:
        raise EvidenceError(name, "a header line and at least one study", "no rows" if header else "an empty file")
    return UserTable(name, header, tuple(rows), tuple(lines))


def _checked_header(name: str, header: tuple[str, ...]) -> tuple[str, ...]:
    doubled = sorted({h for h in header if header.count(h) > 1})
    if doubled:
        raise EvidenceError(f"{name}, header", "each column named once", f"{doubled[0]!r} twice")
    return header
