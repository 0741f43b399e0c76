"""The user's own library: one SQLite file with a full-text index; nothing leaves it, nothing of it is shipped."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from aimss.errors import EvidenceError, InputFileError
from aimss.evidence.store.record import BibRecord

_SCHEMA = """
CREATE TABLE record (
    number INTEGER PRIMARY KEY, title TEXT NOT NULL, authors TEXT NOT NULL, year INTEGER, journal TEXT NOT NULL,
    volume TEXT NOT NULL, issue TEXT NOT NULL, pages TEXT NOT NULL, pmid TEXT NOT NULL, pmcid TEXT NOT NULL,
    doi TEXT NOT NULL, abstract TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL
);
CREATE UNIQUE INDEX record_pmid ON record (pmid) WHERE pmid <> '';
CREATE UNIQUE INDEX record_doi ON record (doi) WHERE doi <> '';
CREATE INDEX record_key ON record (key) WHERE key <> '';
CREATE TABLE import (
    number INTEGER PRIMARY KEY, file TEXT NOT NULL, sha256 TEXT NOT NULL, format TEXT NOT NULL, time TEXT NOT NULL,
    identified INTEGER NOT NULL, stored INTEGER NOT NULL, merged INTEGER NOT NULL, refused INTEGER NOT NULL
);
CREATE TABLE refusal (
    import INTEGER NOT NULL REFERENCES import, line INTEGER NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE TABLE original (record INTEGER NOT NULL REFERENCES record, raw BLOB NOT NULL);
CREATE INDEX original_record ON original (record);
CREATE VIRTUAL TABLE words USING fts5 (
    title, abstract, journal, authors, content='record', content_rowid='number',
    tokenize='porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER record_added AFTER INSERT ON record BEGIN
    INSERT INTO words (rowid, title, abstract, journal, authors)
        VALUES (new.number, new.title, new.abstract, new.journal, new.authors);
END;
CREATE TRIGGER record_changed AFTER UPDATE ON record BEGIN
    INSERT INTO words (words, rowid, title, abstract, journal, authors)
        VALUES ('delete', old.number, old.title, old.abstract, old.journal, old.authors);
    INSERT INTO words (rowid, title, abstract, journal, authors)
        VALUES (new.number, new.title, new.abstract, new.journal, new.authors);
END;
PRAGMA user_version = 2;
"""

_COLUMNS = (
    "title", "authors", "year", "journal", "volume", "issue", "pages", "pmid", "pmcid", "doi", "abstract", "kind", "key"
)  # fmt: skip
_SELECT = "SELECT number, " + ", ".join(_COLUMNS[:-1]) + " FROM record"
# Ranking reads every match; above this many only the newest are ranked, so that a common word stays instant.
RANKED_AT_MOST = 4000


@dataclass(frozen=True, slots=True)
class Prisma:
    """Counts of the identification stage of a PRISMA flow, from what the imports did."""

    identified: int
    duplicates_removed: int
    refused: int
    records: int
    files: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, object]:
        """Return the counts as plain data."""
        return asdict(self) | {"files": [{"file": file, "identified": count} for file, count in self.files]}

    def text(self) -> str:
        """Return the counts as plain text."""
        lines = [f"Records identified: {self.identified}"]
        lines += [f"  {file}: {count}" for file, count in self.files]
        lines += [
            f"Duplicates removed: {self.duplicates_removed}",
            f"Not readable (named on import): {self.refused}",
            f"Records to screen: {self.records}",
        ]
        return "\n".join(lines)


def default_path() -> Path:
    """Return where the user's library lies by default: the data folder that the operating system gives programs."""
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "aimss" / "evidence.sqlite"


class Store:
    """The records of one library file. Use as a context manager; nothing is written before `commit`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        new = not path.exists()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path)
            if new:
                self._connection.executescript(_SCHEMA)
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        except (sqlite3.DatabaseError, OSError) as error:
            raise InputFileError(str(path), "a library made by `aimss evidence import`", str(error)) from None
        if version != 2:
            raise InputFileError(str(path), "a library of version 2", f"version {version}", "Name another --store.")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def commit(self) -> None:
        """Make everything since the last commit permanent, at once."""
        self._connection.commit()

    def rollback(self) -> None:
        """Undo everything since the last commit."""
        self._connection.rollback()

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM record").fetchone()[0])

    def __iter__(self) -> Iterator[BibRecord]:
        for row in self._connection.execute(f"{_SELECT} ORDER BY number"):
            yield _record(row)

    def get(self, column: str, value: str) -> BibRecord | None:
        """Return the record whose `pmid`, `doi` or `number` is this, or None."""
        if column not in ("pmid", "doi", "number"):
            raise ValueError(column)
        if not value:
            return None
        # The second condition lets SQLite use the index, which leaves out empty identifiers.
        row = self._connection.execute(f"{_SELECT} WHERE {column} = ? AND {column} <> ''", (value,)).fetchone()
        return _record(row) if row else None

    def same_title(self, record: BibRecord) -> BibRecord | None:
        """Return a stored record with this title and year and no identifier that says otherwise, or None."""
        if not record.key:
            return None
        for row in self._connection.execute(f"{_SELECT} WHERE key = ? AND key <> '' ORDER BY number", (record.key,)):
            known = _record(row)
            if all(getattr(known, i) in ("", getattr(record, i)) or not getattr(record, i) for i in ("pmid", "doi")):
                return known
        return None

    def add(self, record: BibRecord) -> int:
        """Store a new record; return its number."""
        places = ", ".join("?" * len(_COLUMNS))
        cursor = self._connection.execute(
            f"INSERT INTO record ({', '.join(_COLUMNS)}) VALUES ({places})", _values(record)
        )
        return int(cursor.lastrowid or 0)

    def keep_original(self, number: int, raw: str) -> None:
        """Keep the text of a stored or merged record as it came, so that no field that aimss does not read is lost."""
        self._connection.execute("INSERT INTO original VALUES (?, ?)", (number, _pack(raw)))

    def originals(self, number: int) -> tuple[str, ...]:
        """Return the texts that were stored as, or merged into, a record."""
        rows = self._connection.execute("SELECT raw FROM original WHERE record = ? ORDER BY rowid", (number,))
        return tuple(_unpack(row[0]) for row in rows)

    def update(self, number: int, record: BibRecord) -> None:
        """Replace the stored record of this number."""
        sets = ", ".join(f"{name} = ?" for name in _COLUMNS)
        self._connection.execute(f"UPDATE record SET {sets} WHERE number = ?", (*_values(record), number))

    def note_import(self, row: tuple[object, ...], refusals: list[tuple[int, str, str, str]]) -> None:
        """Write down one import: (file, sha256, format, time, identified, stored, merged, refused) and its refusals."""
        cursor = self._connection.execute(
            "INSERT INTO import (file, sha256, format, time, identified, stored, merged, refused)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        self._connection.executemany(
            "INSERT INTO refusal VALUES (?, ?, ?, ?, ?)",
            [(cursor.lastrowid, *named, _pack(raw)) for *named, raw in refusals],
        )

    def prisma(self) -> Prisma:
        """Return the PRISMA counts of all imports."""
        rows = self._connection.execute(
            "SELECT file, identified, merged, refused FROM import ORDER BY number"
        ).fetchall()
        return Prisma(
            sum(row[1] for row in rows),
            sum(row[2] for row in rows),
            sum(row[3] for row in rows),
            len(self),
            tuple((row[0], row[1]) for row in rows),
        )

    def search(self, text: str, limit: int = 20) -> tuple[BibRecord, ...]:
        """Return the best matches for all words of `text` in title, authors, journal and abstract, the best first.

        Words are compared by their stem. They count in this order.
        """
        words = re.findall(r"\w+", text)
        if not words:
            return ()
        query = " ".join(f'"{word}"' for word in words)
        rows = self._connection.execute(
            f"{_SELECT} JOIN (SELECT rowid AS found, bm25(words, 10, 1, 3, 5) AS score FROM words WHERE words MATCH ?"
            " ORDER BY rowid DESC LIMIT ?) ON found = number ORDER BY score, number DESC LIMIT ?",
            (query, RANKED_AT_MOST, limit),
        ).fetchall()
        return tuple(_record(row) for row in rows)


def _values(record: BibRecord) -> tuple[object, ...]:
    return (
        record.title, json.dumps(record.authors, ensure_ascii=False), record.year, record.journal, record.volume,
        record.issue, record.pages, record.pmid, record.pmcid, record.doi, record.abstract, record.kind, record.key,
    )  # fmt: skip


def _record(row: tuple[object, ...]) -> BibRecord:
    number, title, authors, *rest = row
    names = _COLUMNS[2:-1]
    values = dict(zip(names, rest, strict=True))
    return BibRecord(title=str(title), authors=tuple(json.loads(str(authors))), number=int(str(number)), **values)  # type: ignore[arg-type]


def _pack(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", errors="surrogateescape"), 1)


def _unpack(packed: bytes) -> str:
    return zlib.decompress(packed).decode("utf-8", errors="surrogateescape")


def open_store(path: Path | None, *, create: bool = True) -> Store:
    """Open the user's library (by default in the user data folder); raise EvidenceError when there is none to open."""
    where = path or default_path()
    if not create and not where.exists():
        raise EvidenceError("store", "a library", f"none at {where}", "Make one with `aimss evidence import FILE`.")
    return Store(where)


def search_existing(path: Path | None, text: str, limit: int = 20) -> tuple[BibRecord, ...]:
    """Return the matches of the user's library, none where the user has not made one."""
    where = path or default_path()
    if not where.exists():
        return ()
    with Store(where) as store:
        return store.search(text, limit)
