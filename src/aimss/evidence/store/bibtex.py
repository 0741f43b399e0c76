"""BibTeX, read by bibtexparser (the only module that imports it): damaged entries are refused, the others kept."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from aimss.evidence.identifiers import normalise_doi
from aimss.evidence.store.record import BibRecord, Read, Refused, checked, one_line, refuse, year_of

if TYPE_CHECKING:
    from bibtexparser.model import Entry

_KINDS = {"article": "article", "book": "book", "incollection": "chapter", "phdthesis": "thesis"}
_BARE_PERCENT = re.compile(r"(?<!\\)%")


def read_bibtex(text: str) -> Read:
    """Yield the entries of a BibTeX file; text outside an entry that is not a comment line is refused.

    Two entries with one citation key are two entries: the key is not an identity here.
    """
    from bibtexparser import model
    from bibtexparser.entrypoint import parse_string

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    for block in parse_string(text).blocks:
        line, raw = (block.start_line or 0) + 1, block.raw or ""
        if isinstance(block, model.DuplicateBlockKeyBlock) and isinstance(block.ignore_error_block, model.Entry):
            yield _entry(block.ignore_error_block, raw, line)
        elif isinstance(block, model.Entry):
            yield _entry(block, raw, line)
        elif isinstance(block, model.ParsingFailedBlock):
            yield refuse(line, raw, f"is not a BibTeX entry ({one_line(str(block.error)) or type(block).__name__})")
        elif isinstance(block, model.ImplicitComment) and any(
            part.strip() and not part.lstrip().startswith("%") for part in raw.splitlines()
        ):
            yield refuse(line, raw, "is text outside an entry")


def _entry(entry: Entry, raw: str, line: int) -> BibRecord | Refused:
    fields = {field.key.lower(): str(field.value) for field in entry.fields}
    authors = re.split(r"\s+and\s+", _plain(fields.get("author", "")))
    pages = fields.get("pages", "").replace("--", "-")
    pmid = fields.get("pmid", "").strip()
    return checked(
        BibRecord(
            title=_plain(fields.get("title", "")),
            authors=tuple(author for author in authors if author),
            year=year_of(fields.get("year", "") or fields.get("date", "")),
            journal=_plain(fields.get("journal", "") or fields.get("journaltitle", "") or fields.get("booktitle", "")),
            volume=fields.get("volume", ""),
            issue=fields.get("number", ""),
            pages=pages,
            pmid=pmid if pmid.isdecimal() else "",
            pmcid=fields.get("pmcid", ""),
            doi=normalise_doi(fields.get("doi", "").replace("\\_", "_")),
            abstract=one_line(fields.get("abstract", "")),
            kind=_KINDS.get(entry.entry_type.lower(), "other"),
            line=line,
        ),
        raw,
    )


def _plain(latex: str) -> str:
    """Return LaTeX as text; a bare percent sign is one, not a comment that swallows the rest."""
    if not any(mark in latex for mark in "\\{}$~"):
        return one_line(latex)
    from pylatexenc.latex2text import LatexNodes2Text

    return one_line(LatexNodes2Text(math_mode="verbatim").latex_to_text(_BARE_PERCENT.sub(r"\\%", latex)))
