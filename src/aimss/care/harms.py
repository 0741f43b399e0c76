"""Harms and benefits beside each drug: published numbers with their population and source, and whether it is hers.

The numbers are ratios or shares of the women of each study; none is turned into a probability for her.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from aimss.care.compiled import condition_of
from aimss.care.drug_facts import with_classes
from aimss.care.expression import Expression
from aimss.care.kleene import Facts
from aimss.evidence.tables import Row, load_table


@dataclass(frozen=True, slots=True)
class PublishedEffect:
    """One published harm or benefit of a drug.

    `hers` says whether she belongs to the population (None: the record or the source does not settle it); `verified`
    how far the number was seen: one that was not is flagged and never weighed.
    """

    drug: str
    kind: Literal["benefit", "harm"]
    outcome: str
    value: str
    unit: str
    spread: str
    population: str
    women: str
    study: str
    source: str
    source_url: str
    row: str
    verified: str
    caveat: str
    hers: bool | None


@dataclass(frozen=True, slots=True)
class _Line:
    drug: str
    kind: Literal["benefit", "harm"]
    outcome: str
    row: str
    for_whom: Expression | None
    caveat: str


def effects_of(drugs: Iterable[str], facts: Facts) -> list[PublishedEffect]:
    """The published harms and benefits of the drugs (and of their classes); those of other populations are marked.

    Parameters
    ----------
    drugs : names of the drug list of a record, such as zoledronate; a strategy's drugs.
    facts : her facts (`aimss.care.facts.facts_of`).
    """
    wanted = with_classes(drugs)
    return [_effect(line, facts) for line in _lines() if line.drug in wanted]


def effects_of_strategy(name: str, facts: Facts) -> list[PublishedEffect]:
    """The same for the drugs of a strategy of the library, her aromatase inhibitor left aside."""
    from aimss.care.library import find_strategy

    return effects_of({course.drug for course in find_strategy(name).courses}, facts)


@cache
def _lines() -> tuple[_Line, ...]:
    text = resources.files("aimss.care").joinpath("harms.csv").read_text(encoding="utf-8")
    return tuple(
        _Line(
            cells["drug"],
            "benefit" if cells["kind"] == "benefit" else "harm",
            cells["outcome"],
            cells["row"],
            condition_of(cells["for_whom"], f"harms.csv: {cells['row']}") if cells["for_whom"] else None,
            cells["caveat"],
        )
        for cells in csv.DictReader(text.splitlines())
    )


def _effect(line: _Line, facts: Facts) -> PublishedEffect:
    table, _, key = line.row.partition(":")
    row = load_table(table)[key]
    return PublishedEffect(
        drug=line.drug,
        kind=line.kind,
        outcome=line.outcome,
        value=_text(row, "value"),
        unit=_text(row, "unit"),
        spread=_text(row, "spread"),
        population=_text(row, "population"),
        women=_text(row, "n") or _text(row, "denominator"),
        study=_text(row, "study") or _text(row, "trial_id"),
        source=_text(row, "pmid_doi"),
        source_url=_text(row, "source_url"),
        row=line.row,
        verified=row.verified,
        caveat="; ".join(part for part in (line.caveat, _text(row, "note")) if part),
        hers=None if line.for_whom is None else line.for_whom.evaluate(facts),
    )


def effect_text(effect: PublishedEffect) -> str:
    """One line for people: drug, outcome, number with its spread, population, source, and what limits it."""
    number = " ".join(part for part in (effect.value, effect.unit) if part)
    spread = f" ({effect.spread})" if effect.spread else ""
    flag = {"yes": "", "secondary": " [secondary source]"}.get(effect.verified, " [not verified: not weighed]")
    whom = {True: "a population like hers", False: "NOT her population", None: "population not compared with her"}
    caveat = f"; {effect.caveat}" if effect.caveat else ""
    study = ", ".join(part for part in (effect.study, effect.population) if part)
    return f"{effect.drug} {effect.kind}: {effect.outcome} {number}{spread}{flag}; {study}; {whom[effect.hers]}{caveat}"


def _text(row: Row, column: str) -> str:
    return row.text(column) if column in row.cells else ""
