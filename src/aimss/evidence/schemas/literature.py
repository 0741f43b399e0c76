"""Literature: the root review's record page, the articles that cite it and that it cites."""

from __future__ import annotations

from aimss.evidence.schema import Column, Schema, identifier, number, text

RECORDS = Schema(
    "literature/records",
    "record_id",
    (
        text("record_id", required=True),
        identifier("pmid", "pmid"),
        identifier("pmcid", "pmcid"),
        identifier("doi", "doi"),
        text("first_author", required=True),
        number("year", required=True, low=1950, high=2100),
        text("journal", required=True),
        text("citation", required=True),
        text("title", required=True),
        text("specialty"),
    ),
    meaning="bibliographic records",
)

CITATIONS = Schema(
    "literature/citations",
    "row_id",
    (
        Column("row_id", "integer", required=True),
        text("citing", required=True, refers_to="literature/records"),
        text("cited", required=True, refers_to="literature/records"),
    ),
    meaning="who cites whom, as far as known",
)

TABLES = (RECORDS, CITATIONS)
