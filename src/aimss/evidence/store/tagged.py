"""Line formats of tags: NBIB/MEDLINE (PubMed) and RIS (reference managers).

A file is cut into records such that every line belongs to exactly one; text that is no record is refused by name.
Neither rispy nor nbib keeps the good records of a damaged file, which is what these readers are for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from aimss.evidence.identifiers import normalise_doi
from aimss.evidence.store.record import BibRecord, Read, checked, one_line, refuse, year_of

_NBIB_TAG = re.compile(r"^([A-Z]{2,4}) *- ?(.*)$")
_RIS_TAG = re.compile(r"^([A-Z][A-Z0-9])  ?- ?(.*)$")

# A tag that a record holds once: seen twice, the line between two records is gone.
_NBIB_ONCE = ("PMID", "TI", "AB", "DP", "TA", "JT", "VI", "IP", "PG", "SO", "STAT", "JID")
_RIS_ONCE = ("TY", "TI", "T1", "PY", "VL", "IS", "SP", "DO", "ER")
_RIS_KINDS = {"JOUR": "article", "JFULL": "article", "BOOK": "book", "CHAP": "chapter", "THES": "thesis"}


def read_nbib(text: str) -> Read:
    """Yield the records of a MEDLINE (NBIB) file; a record starts at its PMID or after a blank line."""
    for line, chunk in _chunks(text, lambda previous_blank, tag: tag == "PMID" or previous_blank, _NBIB_TAG):
        fields = _fields(chunk, _NBIB_TAG)
        if not fields:
            yield refuse(line, chunk, "holds no tagged line")
            continue
        pmid = _first(fields, "PMID").strip()
        titles = fields.get("TI", []) + fields.get("BTI", [])
        if any(len(fields.get(name, ())) > 1 for name in _NBIB_ONCE):
            yield refuse(line, chunk, "holds two records run together", f"PMID {pmid}" if pmid else "")
            continue
        dois = [
            value.removesuffix("[doi]") for name in ("LID", "AID") for value in fields.get(name, []) if "[doi]" in value
        ]
        yield checked(
            BibRecord(
                title=one_line(titles[0]) if titles else "",
                authors=tuple(fields.get("FAU") or fields.get("AU") or fields.get("CN") or ()),
                year=year_of(_first(fields, "DP")),
                journal=_first(fields, "TA", "JT"),
                volume=_first(fields, "VI"),
                issue=_first(fields, "IP"),
                pages=_first(fields, "PG"),
                pmid=pmid if pmid.isdecimal() else "",
                pmcid=_first(fields, "PMC"),
                doi=normalise_doi(dois[0]) if dois else "",
                abstract=one_line(_first(fields, "AB")),
                line=line,
            ),
            chunk,
        )


def read_ris(text: str) -> Read:
    """Yield the records of a RIS file; a record runs from TY to ER."""
    for line, chunk in _chunks(text, lambda _blank, tag: tag == "TY", _RIS_TAG, ends="ER"):
        fields = _fields(chunk, _RIS_TAG)
        if "TY" not in fields:
            yield refuse(line, chunk, "does not start with a TY line")
            continue
        titles = {one_line(value) for name in ("TI", "T1") for value in fields.get(name, [])}
        if len(titles) > 1 or any(len(fields.get(name, ())) > 1 for name in _RIS_ONCE):
            yield refuse(line, chunk, "holds two records run together")
            continue
        pmid = next((v for v in (_first(fields, "AN"), _first(fields, "PM")) if v.isdecimal() and len(v) <= 8), "")
        start, end = _first(fields, "SP"), _first(fields, "EP")
        yield checked(
            BibRecord(
                title=titles.pop() if titles else "",
                authors=tuple(fields.get("AU") or fields.get("A1") or ()),
                year=year_of(_first(fields, "PY", "Y1", "DA")),
                journal=_first(fields, "JO", "JF", "T2", "JA"),
                volume=_first(fields, "VL"),
                issue=_first(fields, "IS"),
                pages=f"{start}-{end}" if start and end else start,
                pmid=pmid,
                pmcid=_first(fields, "C2") if _first(fields, "C2").startswith("PMC") else "",
                doi=normalise_doi(_first(fields, "DO")),
                abstract=one_line(_first(fields, "AB", "N2")),
                kind=_RIS_KINDS.get(_first(fields, "TY"), "other"),
                line=line,
            ),
            chunk,
        )


def _chunks(
    text: str, starts: Callable[[bool, str], bool], tag: re.Pattern[str], ends: str = ""
) -> Iterator[tuple[int, str]]:
    """Yield (first line, text) of each record; joined, the chunks are every non-blank line of the file."""
    chunk: list[str] = []
    first, blank = 1, True
    for number, printed in enumerate(text.split("\n"), start=1):
        line = printed.rstrip("\r")
        if not line.strip():
            blank = True
            continue
        found = tag.match(line)
        name = found[1] if found else ""
        if chunk and starts(blank, name):
            yield first, "\n".join(chunk)
            chunk = []
        if not chunk:
            first = number
        chunk.append(line)
        blank = False
        if ends and name == ends:
            yield first, "\n".join(chunk)
            chunk = []
    if chunk:
        yield first, "\n".join(chunk)


def _fields(chunk: str, tag: re.Pattern[str]) -> dict[str, list[str]]:
    """Return the values of each tag, continuation lines joined to the tag above them."""
    found: dict[str, list[str]] = {}
    last = ""
    for line in chunk.split("\n"):
        match = tag.match(line)
        if match:
            last = match[1]
            found.setdefault(last, []).append(match[2].strip())
        elif last:
            found[last][-1] += " " + line.strip()
    return found


def _first(fields: dict[str, list[str]], *names: str) -> str:
    return next((fields[name][0] for name in names if fields.get(name)), "")
