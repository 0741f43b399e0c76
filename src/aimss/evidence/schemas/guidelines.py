"""Guidelines: where their recommendations come from, and the codes used to exchange records."""

from __future__ import annotations

from aimss.evidence.schema import Column, Schema, choice, identifier, number, text

GUIDELINES = Schema(
    "guidelines/guidelines",
    "guideline_id",
    (
        text("guideline_id", required=True),
        text("title", required=True),
        text("body"),
        number("year", low=1950, high=2100),
        text("scope", required=True),
        text("use"),
        identifier("pmid", "pmid"),
        identifier("doi", "doi"),
        text("identifier_note"),
        text("page_seen"),
        text("how_far_verified", required=True),
        choice("citation_verified", "yes", "secondary", "no"),
    ),
    meaning="guidelines and reviews that rules quote, and how far each was seen",
)

CODES = Schema(
    "guidelines/codes",
    "row_id",
    (
        Column("row_id", "integer", required=True),
        text("concept", required=True),
        text("system", required=True),
        text("code"),
        text("display"),
        choice("verified", "yes", "secondary", "no"),
        text("source"),
    ),
    meaning="codes of LOINC, SNOMED CT, RxNorm, ICD-10-CM and UCUM by concept",
)

TABLES = (GUIDELINES, CODES)
