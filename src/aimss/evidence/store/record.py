"""One bibliographic record as reference managers exchange it, and what happens to it on import."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, replace

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
LONG_TITLE = 25
"""Letters from which a title without a year is taken to name one publication."""

_YEAR = re.compile(r"\b(1[5-9]\d\d|20\d\d)\b")


@dataclass(frozen=True, slots=True)
class BibRecord:
    """A publication; '' or None where the file does not say. Authors are ``Family, Given`` or as printed.

    `line` is where it starts in its file, `raw` its text there; `number` is its row in the store (0 before that).
    """

    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    pmid: str = ""
    pmcid: str = ""
    doi: str = ""
    abstract: str = ""
    kind: str = "article"
    line: int = 0
    number: int = 0
    raw: str = field(default="", repr=False, compare=False)

    @property
    def key(self) -> str:
        """Return what two reports of one publication share: normalised title and year.

        '' where neither a year nor a long title (``Editorial`` is not one) tells publications apart.
        """
        plain = unicodedata.normalize("NFKD", self.title).casefold()
        letters = "".join(c for c in plain if c.isalnum())
        telling = letters and (self.year or len(letters) >= LONG_TITLE)
        return f"{letters}|{self.year or ''}" if telling else ""

    @property
    def short(self) -> str:
        """Return a one-line reference."""
        first = self.authors[0].split(",")[0] if self.authors else ""
        identity = f"PMID {self.pmid}" if self.pmid else f"doi {self.doi}" if self.doi else "no PMID or DOI"
        head = " ".join(part for part in (first, str(self.year or ""), self.journal) if part)
        return f"{head}: {self.title} ({identity})" if head else f"{self.title} ({identity})"

    def as_dict(self) -> dict[str, object]:
        """Return the record as plain data; the abstract is left out."""
        data = asdict(self)
        del data["abstract"], data["line"], data["raw"]
        return data

    def filled_from(self, other: BibRecord) -> BibRecord:
        """Return this record with its gaps filled from another report of the same publication."""
        gaps = {
            f.name: getattr(other, f.name)
            for f in fields(self)
            if f.name not in ("line", "number", "kind", "raw") and not getattr(self, f.name) and getattr(other, f.name)
        }
        return replace(self, **gaps) if gaps else self


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that could not be read: where it starts, what names it, why, and its text."""

    line: int
    name: str
    reason: str
    raw: str


Read = Iterator[BibRecord | Refused]


def refuse(line: int, raw: str, reason: str, name: str = "") -> Refused:
    """Return a refusal named by what can still be made out of the text."""
    first = next((part.strip() for part in raw.splitlines() if part.strip()), "")
    return Refused(line, name or first[:80], reason, raw)


def checked(record: BibRecord, raw: str) -> BibRecord | Refused:
    """Return the record with its text, or a refusal when it has no title or holds bytes that are not text."""
    name = f"PMID {record.pmid}" if record.pmid else record.title[:80]
    if _CONTROL.search(raw):
        return refuse(record.line, raw, "holds a control character or bytes that are not UTF-8", name)
    if not record.title.strip():
        return refuse(record.line, raw, "has no title", name)
    return replace(record, raw=raw)


def year_of(text: str) -> int | None:
    """Return the first year named in a date such as ``2009 Nov-Dec``, or None."""
    found = _YEAR.search(text)
    return int(found[1]) if found else None


def one_line(text: str) -> str:
    """Return text with runs of white space made one space."""
    return " ".join(text.split())
