"""What `aimss evidence show` can print: a source's record, one row with its source, or a record of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aimss.errors import EvidenceError
from aimss.evidence.identifiers import normalise_doi
from aimss.evidence.records import record, summary
from aimss.evidence.references import resolve
from aimss.evidence.sources import load_sources
from aimss.evidence.store.database import Store, default_path
from aimss.evidence.store.record import BibRecord
from aimss.evidence.tables import Row


class Page(Protocol):
    """Something that can be shown."""

    def text(self) -> str:
        """Return it as plain text."""

    def as_dict(self) -> dict[str, object]:
        """Return it as plain data."""


@dataclass(frozen=True, slots=True)
class RowPage:
    """One row of an evidence table and the publication it was taken from."""

    row: Row

    def as_dict(self) -> dict[str, object]:
        """Return the row as plain data."""
        source = load_sources().of(self.row)
        return {
            "row": self.row.id,
            "verified": self.row.verified,
            "cells": {name: self.row.text(name) for name in self.row.cells if self.row.text(name)},
            "source": source.id if source else None,
        }

    def text(self) -> str:
        """Return the row as plain text."""
        source = load_sources().of(self.row)
        lines = [f"{self.row.id} [{self.row.verified or '-'}]", f"  {summary(self.row)}"]
        lines.append(f"  from {source.id}: {source.short}" if source else "  names no publication")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class OwnPage:
    """A record that the user imported."""

    record: BibRecord

    def as_dict(self) -> dict[str, object]:
        """Return the record as plain data, with its abstract (it is the user's own)."""
        return {**self.record.as_dict(), "abstract": self.record.abstract, "own": True}

    def text(self) -> str:
        """Return the record as plain text."""
        own = self.record
        lines = [own.title, "", f"  {'; '.join(own.authors)}"]
        place = own.volume + (f"({own.issue})" if own.issue else "") + (f":{own.pages}" if own.pages else "")
        lines.append("  " + " ".join(part for part in (own.journal, str(own.year or "no year"), place) if part))
        lines.append(f"  PMID {own.pmid or 'none known'}, doi {own.doi or 'none known'}")
        lines += ["", own.abstract or "no abstract", "", "In your own library; nothing in aimss rests on it."]
        return "\n".join(lines)


def page(name: str, store: Path | None = None) -> Page:
    """Return the page of a source, a row or an own record; raise EvidenceError when there is none of that name."""
    if load_sources().find(name) is not None:
        return record(name)
    own = _own(name, store)
    if own is not None:
        return OwnPage(own)
    try:
        targets = resolve(name)
    except EvidenceError:
        targets = ()
    if len(targets) == 1 and isinstance(targets[0], Row):
        return RowPage(targets[0])
    raise EvidenceError(
        "record", "a PMID, DOI, PMCID, source id or row id", repr(name), "See `aimss evidence list` and `search`."
    )


def _own(name: str, store: Path | None) -> BibRecord | None:
    where = store or default_path()
    if not where.exists():
        return None
    with Store(where) as library:
        if name.startswith("yours:"):
            return library.get("number", name.removeprefix("yours:"))
        return library.get("pmid", name) or library.get("doi", normalise_doi(name))
