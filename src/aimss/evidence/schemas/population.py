"""Population: who starts an aromatase inhibitor, how long women live, reference BMD, how noisy measurements are."""

from __future__ import annotations

from aimss.evidence.schema import URL, Interval, Schema, choice, number, text, verified


def _table(name: str, meaning: str) -> Schema:
    return Schema(
        name,
        "id",
        (
            text("id", required=True),
            text("topic", required=True),
            text("quantity", required=True),
            text("subgroup"),
            number("value", "see unit", "bound", "range", "worded"),
            number("sd", "see unit", "worded", low=0),
            number("ci_low", "see unit"),
            number("ci_high", "see unit"),
            text("unit"),
            number("n", "people", low=1),
            text("population"),
            text("study"),
            text("pmid_doi"),
            URL,
            text("quote_location"),
            choice("kind", "printed", "derived", "memory", "blank"),
            verified(),
            text("note"),
        ),
        (Interval(("value",)),),
        meaning=meaning,
        study_column="study",
    )


TABLES = (
    _table("population/population", "margins of women starting an aromatase inhibitor"),
    _table("population/mortality", "life tables, competing deaths, recurrence"),
    _table("population/reference_bmd", "reference BMD, T-score constants, device conversion, precision"),
    _table("population/assay", "assays of bone markers, estradiol and vitamin D"),
    _table("population/pain_measurement", "reliability and natural fluctuation of pain scores"),
)
