"""Which reader a file needs, decided by its content rather than by its name."""

from __future__ import annotations

import re
from collections.abc import Callable

from aimss.errors import EvidenceError
from aimss.evidence.store.bibtex import read_bibtex
from aimss.evidence.store.csl_json import read_csl_json
from aimss.evidence.store.pubmed_xml import read_pubmed_xml
from aimss.evidence.store.record import Read
from aimss.evidence.store.tagged import read_nbib, read_ris

READERS: dict[str, Callable[[str], Read]] = {
    "nbib": read_nbib,
    "ris": read_ris,
    "pubmed-xml": read_pubmed_xml,
    "csl-json": read_csl_json,
    "bibtex": read_bibtex,
}

_SIGNS = (
    ("pubmed-xml", re.compile(r"<\?xml|<!DOCTYPE|<Pubmed")),
    ("nbib", re.compile(r"^PMID *- ", re.MULTILINE)),
    ("ris", re.compile(r"^TY  - ", re.MULTILINE)),
    ("bibtex", re.compile(r"^\s*@\w+\s*[{(]", re.MULTILINE)),
    ("csl-json", re.compile(r"^\s*[\[{]")),
)


def detect(text: str, file: str) -> str:
    """Return the format of a file; raise EvidenceError naming the formats that are read."""
    head = text[:100_000]
    for name, sign in _SIGNS:
        if sign.search(head):
            return name
    raise EvidenceError(
        file, "NBIB/MEDLINE, RIS, PubMed XML, CSL-JSON or BibTeX", "none of these", "Name it with --format."
    )


def reader(kind: str) -> Callable[[str], Read]:
    """Return the reader of a named format; raise EvidenceError for an unknown one."""
    if kind not in READERS:
        raise EvidenceError("format", "one of " + ", ".join(READERS), repr(kind))
    return READERS[kind]
