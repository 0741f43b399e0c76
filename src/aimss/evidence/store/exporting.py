"""Export for reference managers: RIS, BibTeX, CSL-JSON. Abstracts of the user's own records go with them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

from aimss.errors import EvidenceError
from aimss.evidence.sources import Source, load_sources
from aimss.evidence.store.database import open_store
from aimss.evidence.store.record import BibRecord

_RIS_KINDS = {"article": "JOUR", "book": "BOOK", "chapter": "CHAP", "thesis": "THES"}
_BIBTEX_KINDS = {"article": "article", "book": "book", "chapter": "incollection", "thesis": "phdthesis"}
_CSL_KINDS = {"article": "article-journal", "book": "book", "chapter": "chapter", "thesis": "thesis"}
_ESCAPES = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}"})


def to_ris(records: Iterable[BibRecord]) -> str:
    """Return records as RIS."""
    lines = []
    for record in records:
        start, _, end = record.pages.partition("-")
        pairs = [("TY", _RIS_KINDS.get(record.kind, "GEN")), ("TI", record.title)]
        pairs += [("AU", author) for author in record.authors]
        pairs += [
            ("PY", str(record.year or "")), ("JO", record.journal), ("VL", record.volume), ("IS", record.issue),
            ("SP", start), ("EP", end), ("DO", record.doi), ("AN", record.pmid), ("C2", record.pmcid),
            ("AB", record.abstract),
        ]  # fmt: skip
        lines += [f"{tag}  - {value}" for tag, value in pairs if value] + ["ER  - ", ""]
    return "\n".join(lines)


def to_bibtex(records: Iterable[BibRecord]) -> str:
    """Return records as BibTeX; citation keys are author, year and a letter where needed."""
    used: dict[str, int] = {}
    entries = []
    for record in records:
        family = unicodedata.normalize("NFKD", record.authors[0].split(",")[0] if record.authors else "anonymous")
        # BibTeX itself reads no other letters in a key
        stem = "".join(c for c in family if c.isalnum() and c.isascii())
        stem = f"{stem.lower() or 'anonymous'}{record.year or ''}"
        used[stem] = used.get(stem, 0) + 1
        key = stem if used[stem] == 1 else f"{stem}-{used[stem]}"
        fields = {
            "title": record.title, "author": " and ".join(record.authors), "year": str(record.year or ""),
            "journal": record.journal, "volume": record.volume, "number": record.issue,
            "pages": record.pages.replace("-", "--"), "doi": record.doi, "pmid": record.pmid, "pmcid": record.pmcid,
            "abstract": record.abstract,
        }  # fmt: skip
        plain = ("doi", "pmid", "pmcid")
        body = ",\n".join(
            f"  {name} = {{{value if name in plain else value.translate(_ESCAPES)}}}"
            for name, value in fields.items()
            if value
        )
        entries.append(f"@{_BIBTEX_KINDS.get(record.kind, 'misc')}{{{key},\n{body}\n}}\n")
    return "\n".join(entries)


def to_csl_json(records: Iterable[BibRecord]) -> str:
    """Return records as CSL-JSON."""
    items = []
    for number, record in enumerate(records, start=1):
        item: dict[str, object] = {"id": str(record.number or number), "type": _CSL_KINDS.get(record.kind, "document")}
        fields = {
            "title": record.title, "container-title": record.journal, "volume": record.volume, "issue": record.issue,
            "page": record.pages, "DOI": record.doi, "PMID": record.pmid, "PMCID": record.pmcid,
            "abstract": record.abstract,
        }  # fmt: skip
        item |= {name: value for name, value in fields.items() if value}
        if record.year:
            item["issued"] = {"date-parts": [[record.year]]}
        if record.authors:
            item["author"] = [_csl_author(author) for author in record.authors]
        items.append(item)
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


def _csl_author(author: str) -> dict[str, str]:
    family, comma, given = author.partition(", ")
    return {"family": family, "given": given} if comma else {"literal": author}


WRITERS: dict[str, Callable[[Iterable[BibRecord]], str]] = {
    "ris": to_ris,
    "bibtex": to_bibtex,
    "csl-json": to_csl_json,
}


def write(records: Iterable[BibRecord], kind: str) -> str:
    """Return records in a named format; raise EvidenceError for an unknown one."""
    if kind not in WRITERS:
        raise EvidenceError("format", "one of " + ", ".join(WRITERS), repr(kind))
    return WRITERS[kind](records)


def export_library(kind: str) -> str:
    """Return the sources of the shipped library in a named format."""
    return write((_from_source(source) for source in load_sources()), kind)


def export_own(store: Path | None, kind: str) -> str:
    """Return the records of the user's own library in a named format."""
    with open_store(store, create=False) as library:
        return write(library, kind)


def _from_source(source: Source) -> BibRecord:
    return BibRecord(
        title=source.title or source.citation or source.id,
        authors=(source.first_author,) if source.first_author else (),
        year=source.year,
        journal=source.journal,
        pmid=source.pmid,
        pmcid=source.pmcid,
        doi=source.doi,
    )
