"""The flat columns of a table of women, one a row: their names, and how a cell becomes a piece of the record.

Names follow the record: ``aromatase_inhibitor_start`` is ``aromatase_inhibitor.start``. Scans of a day stand side by
side (``dxa_date``, ``dxa_lumbar_spine_t_score``), laboratory values and markers carry their unit in the name
(``laboratory_creatinine_umol_l``). A second visit, drug or fracture takes the suffix ``_2``, a third ``_3``.
Several words or dates in one cell are separated by ``|``. An empty cell is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from aimss.patient.dates import PartialDate
from aimss.patient.fields import Location, annotation, bounds, description
from aimss.patient.observations import SITES
from aimss.patient.patient import Patient
from aimss.patient.units import LABORATORY_UNITS, MARKER_UNITS

Kind = Literal["number", "whole number", "yes or no", "word", "words", "date", "dates", "text"]
MAX_REPEATS = 40
Item = tuple[str, tuple[tuple[str, str], ...]]
LSC = "least_significant_change_percent"
REQUIRED = ("sex", "aromatase_inhibitor_status")


@dataclass(frozen=True)
class Column:
    """One column: where its cell goes in the record, and what a cell may hold.

    `group` is the list (``dxa``, ``drugs``) that the cell belongs to, `item` what it makes of it: the entries of a
    list that one visit fills are told apart by `item` (site of a scan, test and unit of a laboratory value).
    """

    name: str
    location: Location
    kind: Kind
    group: str = ""
    item: tuple[tuple[str, str], ...] = ()
    field: str = ""
    accepted: str = ""
    description: str = ""


@dataclass(frozen=True)
class BoundColumn:
    """A column as it stands in a header, with the number of its visit, drug or fracture (1 if without suffix)."""

    column: Column
    name: str
    number: int = field(default=1)


@cache
def columns() -> dict[str, Column]:
    """All columns by name, without the suffixes of repeats."""
    return {column.name: column for column in _walk(Patient, ())}


def bind(name: str) -> BoundColumn | None:
    """The column that a header names, with its repeat number; None if there is none."""
    known = columns()
    if name in known:
        return BoundColumn(known[name], name)
    match = re.fullmatch(r"(.+)_([1-9]\d?)", name)
    if match and match[1] in known and known[match[1]].group and 1 <= int(match[2]) <= MAX_REPEATS:
        return BoundColumn(known[match[1]], name, int(match[2]))
    return None


def slug(unit: str) -> str:
    """A unit as part of a column name: ``mL/min/1.73m2`` as ``ml_min_1_73m2``."""
    return re.sub(r"[^a-z0-9]+", "_", unit.lower()).strip("_")


def _walk(model: type[BaseModel], location: Location) -> Iterator[Column]:
    for name in model.model_fields:
        here = (*location, name)
        kind, _, _ = annotation(here, Patient)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _walk(kind, here)
        elif get_origin(kind) is tuple and _is_part(get_args(kind)[0]):
            yield from _list_columns(name, get_args(kind)[0])
        else:
            yield _plain("_".join(map(str, here)), here)


def _is_part(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _plain(name: str, location: Location, group: str = "", item: tuple[tuple[str, str], ...] = ()) -> Column:
    kind, accepted = _kind(location)
    return Column(name, location, kind, group, item, str(location[-1]), accepted, description(location, Patient))


def _kind(location: Location) -> tuple[Kind, str]:
    kind, constraints, _ = annotation(location, Patient)
    if get_origin(kind) is tuple:
        inner = annotation((*location, 0), Patient)[0]
        words = " | ".join(get_args(inner)) if get_origin(inner) is Literal else ""
        return ("dates", "YYYY-MM-DD | ...") if inner is PartialDate else ("words", words)
    if get_origin(kind) is Literal:
        return "word", ", ".join(get_args(kind))
    if kind is bool:
        return "yes or no", "true, false"
    if kind is PartialDate:
        return "date", "YYYY-MM-DD, YYYY-MM or YYYY"
    if kind in {int, float}:
        limited = any(hasattr(c, a) for c in constraints for a in ("ge", "gt", "le"))
        return ("whole number" if kind is int else "number"), bounds(location, Patient) if limited else ""
    return "text", ""


def _list_columns(group: str, part: type[BaseModel]) -> Iterator[Column]:
    """Columns of a list of parts; those of one visit share date and device, so that a row stays readable."""
    items, values = _split(group)
    shared_by_items = dict(items[0][1]) if items else {}
    for name in part.model_fields:
        location = (group, 0, name)
        if (group, name) == ("dxa", "side"):
            # a row has one date and device for spine and hip together; two hips of a day need a record of their own
            continue
        if name in values:
            for start, item in items:
                end = name if group == "dxa" else ""
                yield _plain(f"{group}_{start}{end}".rstrip("_"), location, group, item)
        elif name not in shared_by_items:
            yield _plain(f"{group}_{name}", location, group)


def _split(group: str) -> tuple[list[Item], set[str]]:
    """How the entries of one visit are told apart, each with the start of its columns; the fields it splits."""
    if group == "dxa":
        return [(f"{site}_", (("site", site),)) for site in SITES], {"t_score", "bmd_g_cm2", "z_score", LSC}
    if group == "laboratory":
        return _by_unit("test", LABORATORY_UNITS), {"value"}
    if group == "markers":
        return _by_unit("marker", MARKER_UNITS), {"value"}
    return [], set()


def _by_unit(key: str, units: dict[str, dict[str, float]]) -> list[Item]:
    return [
        (f"{name}_{slug(unit)}_", ((key, name), ("unit", unit)))
        for name, accepted in units.items()
        for unit in accepted
    ]
