"""One registry of every publication that the library quotes, merged by PMID, DOI and PMCID."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from aimss.errors import EvidenceError
from aimss.evidence.identifiers import Identifiers, find_identifiers, normalise_doi
from aimss.evidence.tables import Row, load_table

_YEAR = re.compile(r"(?<![\d.:/-])(?:19|20)\d\d(?![\d-])")


@dataclass(frozen=True, slots=True)
class Source:
    """A publication (or page) that numbers come from.

    `verified` says how far the record itself was seen: yes, partial, no. `citation` is the reference as printed
    where the bibliographic fields are not known one by one. `aliases` are the other identities it goes by
    (study and trial ids of the tables).
    """

    id: str
    title: str = ""
    first_author: str = ""
    year: int | None = None
    journal: str = ""
    pmid: str = ""
    pmcid: str = ""
    doi: str = ""
    url: str = ""
    verified: str = "no"
    citation: str = ""
    specialty: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Return PMID or DOI (else PMCID), or words that say that it has none."""
        if self.pmid:
            return f"PMID {self.pmid}"
        return f"doi {self.doi}" if self.doi else self.pmcid or "no PMID or DOI known"

    @property
    def short(self) -> str:
        """Return a one-line reference: author, year, journal, identity."""
        words = [self.first_author, str(self.year or ""), self.journal or self.citation]
        return f"{' '.join(word for word in words if word) or self.title} ({self.identity})"


class Sources:
    """All sources, by id, alias, PMID, PMCID and DOI."""

    def __init__(self, found: Iterator[Source]) -> None:
        self._by_key: dict[str, str] = {}
        self._sources: dict[str, Source] = {}
        for source in found:
            self._add(source)

    def _add(self, source: Source) -> None:
        same = [self._by_key[key] for key in _keys(source) if key in self._by_key]
        merged = source
        for known in dict.fromkeys(reversed(same)):
            merged = _merge(self._sources.pop(known), merged)
        self._sources[merged.id] = merged
        for key in _keys(merged):
            self._by_key[key] = merged.id

    def __iter__(self) -> Iterator[Source]:
        return iter(self._sources.values())

    def __len__(self) -> int:
        return len(self._sources)

    def find(self, name: str) -> Source | None:
        """Return the source with this id, alias, PMID, PMCID or DOI, or None."""
        name = name.strip()
        doi = normalise_doi(name)
        for key in (f"id {name}", f"pmid {_digits(name)}", f"doi {doi}", f"pmcid {name.upper()}"):
            if key in self._by_key:
                return self._sources[self._by_key[key]]
        return None

    def get(self, name: str) -> Source:
        """Return the source with this id, alias, PMID, PMCID or DOI; raise EvidenceError when there is none."""
        source = self.find(name)
        if source is None:
            raise EvidenceError(
                "source", "a source id, PMID, PMCID or DOI of the library", repr(name), "See `aimss evidence list`."
            )
        return source

    def of(self, row: Row) -> Source | None:
        """Return the publication that a row was taken from, or None where the row names none."""
        return self._of_row(row)

    def _of_row(self, row: Row) -> Source | None:
        column = _study_column(row)
        if column is None:
            return self.find(row.key)
        name = row.text(column)
        found = self.find(name)
        if found is not None:
            return found
        described = _described(row)
        return self.find(described.id) if described else None


def _digits(name: str) -> str:
    text = re.sub(r"^pmid[:\s]*", "", name, flags=re.IGNORECASE)
    return text if text.isdecimal() else ""


def _study_column(row: Row) -> str | None:
    from aimss.evidence.schemas import SCHEMAS

    return SCHEMAS[row.table].study_column or None


def _keys(source: Source) -> list[str]:
    keys = [f"id {name}" for name in (source.id, *source.aliases)]
    keys += [
        f"{kind} {value}"
        for kind, value in (("pmid", source.pmid), ("doi", source.doi.lower()), ("pmcid", source.pmcid))
        if value
    ]
    return keys


def _merge(first: Source, second: Source) -> Source:
    """Return one source of two: the first's fields, filled from the second's; the better-seen status of both."""
    order = ("yes", "partial", "no")
    aliases = dict.fromkeys((*first.aliases, second.id, *second.aliases))
    aliases.pop(first.id, None)
    return replace(
        first,
        **{
            name: getattr(first, name) or getattr(second, name)
            for name in (
                "title",
                "first_author",
                "year",
                "journal",
                "pmid",
                "pmcid",
                "doi",
                "url",
                "citation",
                "specialty",
            )
        },
        verified=min(first.verified, second.verified, key=order.index),
        aliases=tuple(aliases),
    )


def _year(row: Row) -> int | None:
    value = row.number("year")
    return int(value) if value is not None else None


def _year_in(text: str) -> int | None:
    years = set(_YEAR.findall(text))
    return int(years.pop()) if len(years) == 1 else None


def _study(row: Row, url: str = "source_url") -> Source:
    """Return the source that one row of a table of studies describes."""
    cells = row.cells

    def get(name: str) -> str:
        return row.text(name) if name in cells else ""

    seen = {
        "bone/studies": get("metadata_verified"),
        "prevalence/studies": "yes" if get("pmid_seen") else "partial",
        "joint/trials": "yes" if get("pmid_verified") == "yes" else "partial",
        "guidelines/guidelines": {"yes": "yes", "secondary": "partial"}.get(get("citation_verified"), "no"),
        "literature/records": "yes",
        "joint/network_meta": "no" if get("verified") == "no" else "yes",
    }[row.table]
    identity = row.text("review_id") if row.table == "joint/network_meta" else row.key
    return Source(
        id=identity,
        title=get("title"),
        first_author=get("first_author"),
        year=_year(row),
        journal=get("journal"),
        pmid=get("pmid"),
        pmcid=get("pmcid"),
        doi=get("doi").lower(),
        url=get(url),
        verified=seen,
        citation=get("citation") or ("" if get("journal") or get("doi") else get("body")),
        specialty=get("specialty"),
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _described(row: Row) -> Source | None:
    """Return the source that a row describes in its own words (`study`, `pmid_doi`), or None."""
    study = row.text("study") if "study" in row.cells else ""
    identity = row.text("pmid_doi") if "pmid_doi" in row.cells else ""
    if study in ("", "memory"):
        return None
    found = find_identifiers(identity) or find_identifiers(study) or Identifiers()
    if row.table == "joint/muscle_function":
        name = row.text("study_id")
    else:
        name = (
            (found.pmid and f"pmid:{found.pmid}") or (found.doi and f"doi:{found.doi}") or found.pmcid or _slug(study)
        )
    return Source(
        id=name,
        year=_year_in(study),
        pmid=found.pmid,
        pmcid=found.pmcid,
        doi=found.doi,
        url=row.text("source_url"),
        verified="no" if row.verified == "no" else "partial",
        citation=study,
    )


def _all() -> Iterator[Source]:
    for name in ("literature/records", "prevalence/studies", "joint/trials", "bone/studies"):
        yield from (_study(row) for row in load_table(name))
    yield from (_study(row, "page_seen") for row in load_table("guidelines/guidelines"))
    yield from (_study(row) for row in load_table("joint/network_meta"))
    for name in (
        "joint/muscle_function",
        "pharmacology/pk",
        "pharmacology/estrogen",
        "pharmacology/drug_effects",
        "pharmacology/bone_models",
        "pharmacology/benefit_harm",
        "population/population",
        "population/mortality",
        "population/reference_bmd",
        "population/assay",
        "population/pain_measurement",
    ):
        for row in load_table(name):
            described = _described(row)
            if described is not None:
                yield described


@cache
def load_sources() -> Sources:
    """Return the registry of all sources of the library."""
    return Sources(_all())
