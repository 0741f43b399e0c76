"""The declarations of the evidence tables, one file a folder of the library."""

from __future__ import annotations

from aimss.evidence.schema import Schema
from aimss.evidence.schemas import bone, guidelines, joint, literature, pharmacology, population, prevalence

SCHEMAS: dict[str, Schema] = {
    schema.name: schema
    for module in (literature, prevalence, joint, bone, pharmacology, population, guidelines)
    for schema in module.TABLES
}
