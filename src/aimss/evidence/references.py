"""A reference is how any number in aimss names where it came from: a source, or one row of an evidence table."""

from __future__ import annotations

import re
from functools import cache

from aimss.errors import EvidenceError
from aimss.evidence.sources import Source, load_sources
from aimss.evidence.tables import Row, load_table, table_names

_SPACED = re.compile(r"\b(PMID|doi)[:\s]+(?=\S)", re.IGNORECASE)


@cache
def _rows() -> dict[str, Row]:
    """Return every row by its full identity, and by its bare key where no two tables share it."""
    rows: dict[str, Row] = {}
    bare: dict[str, list[Row]] = {}
    for name in table_names():
        for row in load_table(name):
            rows[row.id] = row
            if not row.key.isdecimal():
                bare.setdefault(row.key, []).append(row)
    rows.update({key: found[0] for key, found in bare.items() if len(found) == 1})
    return rows


def split_reference(reference: str) -> tuple[str, ...]:
    """Split a list of references at commas, semicolons and spaces; ``PMID 123`` and ``doi 10.x/y`` stay whole."""
    return tuple(re.split(r"[;,\s]+", _SPACED.sub(r"\1:", reference.strip()).strip(";, "))) if reference.strip() else ()


def resolve(reference: str) -> tuple[Source | Row, ...]:
    """Return the sources and rows that a reference names, in its order.

    Accepted, separated by commas, semicolons or spaces: a source or study id (``ATAC_BONE_2006``), a row id
    (``ES058``, ``bone/bmd:12``), ``PMID 34385978`` and ``doi 10.3389/fendo.2021.713700``.
    Raises EvidenceError naming the part that leads nowhere.
    """
    found: list[Source | Row] = []
    for part in split_reference(reference):
        known = _rows().get(part) if ":" in part or load_sources().find(part) is None else None
        target = known or load_sources().find(re.sub(r"^doi:", "", part, flags=re.IGNORECASE))
        if target is None:
            raise EvidenceError(
                f"reference {reference!r}", "ids of sources or evidence rows", f"{part!r}, which leads to neither"
            )
        found.append(target)
    if not found:
        raise EvidenceError("reference", "at least one id of a source or evidence row", "nothing")
    return tuple(found)
