"""Pharmacology: drug concentrations, estrogen suppression, drug effects, published models, benefit and harm.

Every row names its publication in `study` and, where there is one, its identifier in `pmid_doi`.
"""

from __future__ import annotations

from aimss.evidence.schema import URL, Schema, number, text, verified


def _table(name: str, meaning: str) -> Schema:
    return Schema(
        name,
        "id",
        (
            text("id", required=True),
            text("drug_or_model", required=True),
            text("quantity", required=True),
            text("symbol"),
            number("value", "see unit", "bound", "range", "worded"),
            text("unit"),
            text("spread"),
            number("n", "people", "worded", low=1),
            text("population"),
            text("study"),
            text("pmid_doi"),
            URL,
            text("quote_location"),
            verified(),
            text("note"),
        ),
        meaning=meaning,
        study_column="study",
    )


TABLES = (
    _table("pharmacology/pk", "pharmacokinetics of the aromatase inhibitors"),
    _table("pharmacology/estrogen", "estrogens before, on and after the drugs, and what residual estradiol does"),
    _table("pharmacology/drug_effects", "what bone drugs, tamoxifen and vitamin D do"),
    _table("pharmacology/bone_models", "parameters of published bone models"),
    _table("pharmacology/benefit_harm", "recurrence, survival, persistence and harm"),
)
