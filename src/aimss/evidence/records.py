"""The record page of a source: who it is, who cites it, what was taken from it, what rests on it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from aimss.errors import EvidenceError
from aimss.evidence.schemas import SCHEMAS
from aimss.evidence.sources import Source, load_sources
from aimss.evidence.tables import Row, load_table, table_names
from aimss.evidence.usage import Use, uses_of

_STUDY_TABLES = (
    "prevalence/studies",
    "bone/studies",
    "joint/trials",
    "joint/arms",
    "literature/records",
    "guidelines/guidelines",
)
_DRUG_COLUMNS = ("drug", "comparator", "ai", "drug_or_model", "arm", "regimen", "intervention_class", "description")
_HIDDEN = (
    "row_id",
    "id",
    "study_id",
    "trial_id",
    "source_id",
    "review_id",
    "study",
    "pmid_doi",
    "source_url",
    "verified",
)


@dataclass(frozen=True, slots=True)
class Record:
    """A source with its citations, the rows taken from it and the uses that rest on it."""

    source: Source
    cited_by: tuple[Source, ...]
    cites: tuple[Source, ...]
    results: tuple[Row, ...]
    uses: tuple[Use, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the record as plain data for JSON."""
        source = self.source
        return {
            "id": source.id,
            "aliases": list(source.aliases),
            "title": source.title,
            "first_author": source.first_author,
            "year": source.year,
            "journal": source.journal,
            "citation": source.citation,
            "specialty": source.specialty,
            "pmid": source.pmid,
            "pmcid": source.pmcid,
            "doi": source.doi,
            "identity": source.identity,
            "url": source.url,
            "verified": source.verified,
            "cited_by": [other.id for other in self.cited_by],
            "cites": [other.id for other in self.cites],
            "results": [
                {"row": row.id, "verified": row.verified, "cells": {k: row.text(k) for k in row.cells if row.text(k)}}
                for row in self.results
            ],
            "uses": [
                {"kind": use.kind, "where": use.where, "name": use.name, "what": use.what, "status": use.status}
                for use in self.uses
            ],
        }

    def text(self) -> str:
        """Return the record page as plain text."""
        source = self.source
        lines = [source.title or source.citation, ""]
        overview = (
            ("first author", source.first_author),
            ("journal", source.journal),
            ("date" if source.citation[:4].isdigit() else "as printed", source.citation if source.journal else ""),
            ("year", str(source.year or "not known")),
            ("specialty", source.specialty or "not recorded"),
            ("PMID", source.pmid or "none known"),
            ("PMCID", source.pmcid or "none known"),
            ("DOI", source.doi or "none known"),
            ("seen", {"yes": "the record itself", "partial": "in part", "no": "not seen"}[source.verified]),
            ("page", source.url),
            ("also known as", ", ".join(source.aliases)),
        )
        lines += [f"  {name:<14}{value}" for name, value in overview if value]
        lines += ["", f"Cited by ({len(self.cited_by)}, as far as known)"]
        lines += [f"  {other.id:<20}{other.short}" for other in self.cited_by]
        lines += ["", f"References ({len(self.cites)}, as far as known)"]
        lines += [f"  {other.id:<20}{other.short}" for other in self.cites]
        lines += ["", f"Results taken from it ({len(self.results)})"]
        lines += [f"  {row.id} [{row.verified or '-'}] {summary(row)}" for row in self.results]
        lines += ["", f"Rests on it in aimss ({len(self.uses)})"]
        lines += [
            f"  {use.kind} {use.name} ({use.where}, {use.status or 'no status'}): {use.what}" for use in self.uses
        ]
        return "\n".join(lines)


def summary(row: Row) -> str:
    """Return the filled cells of a row on one line, without its identity and address."""
    units = {column.name: column.unit for column in SCHEMAS[row.table].columns}
    parts = []
    for name in row.cells:
        text = row.text(name)
        if text and name not in _HIDDEN:
            unit = units[name]
            parts.append(f"{name} {text}" + (f" {unit}" if unit and not unit.startswith("see ") else ""))
    return "; ".join(parts)


@cache
def _rows_by_source() -> dict[str, tuple[Row, ...]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for name in table_names():
        for row in load_table(name):
            source = load_sources().of(row)
            if source is not None:
                found[source.id].append(row)
    return {key: tuple(rows) for key, rows in found.items()}


def _citations() -> list[tuple[Source, Source]]:
    sources = load_sources()
    return [
        (sources.get(row.text("citing")), sources.get(row.text("cited"))) for row in load_table("literature/citations")
    ]


def rows_of(source: Source) -> tuple[Row, ...]:
    """Return every row of every table that was taken from a source."""
    return _rows_by_source().get(source.id, ())


def record(name: str) -> Record:
    """Return the record of a source by id, PMID, PMCID or DOI; raise EvidenceError when there is none."""
    source = load_sources().get(name)
    return Record(
        source,
        tuple(citing for citing, cited in _citations() if cited is source),
        tuple(cited for citing, cited in _citations() if citing is source),
        tuple(row for row in rows_of(source) if row.table not in _STUDY_TABLES),
        uses_of(source),
    )


def _facet(source: Source, columns: tuple[str, ...]) -> str:
    return " | ".join(
        row.text(name) for row in rows_of(source) for name in columns if name in row.cells and row[name] is not None
    ).lower()


def find_sources(
    text: str = "", *, phenotype: str = "", drug: str = "", design: str = "", year: str = ""
) -> tuple[Source, ...]:
    """Return the sources that match every filter given; each is a case-insensitive part of the field.

    `year` is one year or a span (``2015-2018``); `text` matches title, author, journal, id and identifiers.
    Raises EvidenceError for a year that is neither.
    """
    span = _span(year)
    wanted = text.lower().split()

    def fits(source: Source) -> bool:
        words = " ".join(
            (
                *(source.id, *source.aliases, source.title, source.first_author, source.journal, source.citation),
                *(source.pmid, source.pmcid, source.doi, str(source.year or "")),
            )
        ).lower()
        return (
            all(word in words for word in wanted)
            and (span is None or (source.year is not None and span[0] <= source.year <= span[1]))
            and phenotype.lower() in _facet(source, ("phenotype", "outcome", "fracture_type", "marker", "site"))
            and drug.lower() in _facet(source, _DRUG_COLUMNS)
            and design.lower() in _facet(source, ("design", "kind"))
        )

    return tuple(source for source in load_sources() if fits(source))


def _span(year: str) -> tuple[int, int] | None:
    if not year:
        return None
    first, _, last = year.partition("-")
    if not (first.isdecimal() and (last.isdecimal() or not last)):
        raise EvidenceError("year", "a year or a span such as 2015-2018", repr(year))
    return int(first), int(last or first)
