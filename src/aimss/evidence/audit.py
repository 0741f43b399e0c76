"""The audit: every number in the library, the model, the rules and the words of the page leads to a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from aimss.errors import EvidenceError
from aimss.evidence.schema import VERIFIED
from aimss.evidence.sources import Source, load_sources
from aimss.evidence.tables import Row, load_table, table_names
from aimss.evidence.usage import Use, uses

# Bookkeeping rather than results: nothing in them is a number that aimss computes with.
_NOT_RESULTS = ("literature/citations", "guidelines/codes", "prevalence/instruments")


@dataclass(frozen=True, slots=True)
class Audit:
    """What the audit counted and found.

    `rows` counts rows by (table, verified), `uses` by (kind, how far seen). `orphans` lead nowhere; `unverified`
    are uses that rest on something never seen and are not marked as an assumption.
    """

    rows: dict[tuple[str, str], int]
    uses: dict[tuple[str, str], int]
    without_publication: tuple[str, ...]
    unverified: tuple[str, ...]
    orphans: tuple[str, ...] = field(default=())

    @property
    def sound(self) -> bool:
        """Return whether no number is an orphan."""
        return not self.orphans

    def as_dict(self) -> dict[str, object]:
        """Return the audit as plain data for JSON."""
        return {
            "sound": self.sound,
            "rows": [{"table": t, "verified": v, "count": n} for (t, v), n in self.rows.items()],
            "uses": [{"kind": k, "seen": v, "count": n} for (k, v), n in self.uses.items()],
            "rows_without_publication": list(self.without_publication),
            "uses_of_unverified": list(self.unverified),
            "orphans": list(self.orphans),
        }

    def text(self) -> str:
        """Return the audit as plain text."""
        tables: dict[str, dict[str, int]] = {}
        for (table, how), count in self.rows.items():
            tables.setdefault(table, {})[how] = count
        lines = [f"Rows of the library: {sum(self.rows.values())}"]
        lines += [
            f"  {table:<28}" + ", ".join(f"{k} {n}" for k, n in counts.items()) for table, counts in tables.items()
        ]
        lines += [f"Uses in aimss: {sum(self.uses.values())}"]
        lines += [f"  {kind:<28}{how} {count}" for (kind, how), count in sorted(self.uses.items())]
        lines += [f"Rows that name no publication: {len(self.without_publication)}"]
        lines += [f"  {row}" for row in self.without_publication]
        lines += [f"Uses of evidence never seen, not marked as assumed: {len(self.unverified)}"]
        lines += [f"  {use}" for use in self.unverified]
        lines += [f"Orphans: {len(self.orphans)}", *(f"  {orphan}" for orphan in self.orphans)]
        return "\n".join(lines)


def seen(use: Use) -> str:
    """Return how far the evidence of a use was seen: the least seen of what it rests on, or 'assumed'.

    A rule that was read on a page of its own is as well seen as it says. Raises EvidenceError for an orphan.
    """
    if use.assumed and not use.reference:
        return "assumed"
    stated = {use.status} & set(VERIFIED)
    if not use.reference and (use.url or use.status == "no"):
        return stated.pop() if stated else "partial"
    statuses = {_status(target) for target in use.targets()}
    if use.assumed:
        return "assumed"
    if use.url and stated:
        return stated.pop()
    order = ("yes", "derived", "secondary", "partial", "no")
    return max(statuses | stated, key=order.index)


def _status(target: Source | Row) -> str:
    """Return how far a source or row was seen; a row that does not say is as well seen as its publication."""
    if target.verified or isinstance(target, Source):
        return target.verified
    owner = load_sources().of(target)
    return owner.verified if owner else "no"


def audit(extra: tuple[Use, ...] = ()) -> Audit:
    """Return the audit of the whole library and of every use; `extra` adds uses (the sources of a page)."""
    rows: Counter[tuple[str, str]] = Counter()
    without: list[str] = []
    orphans: list[str] = []
    for row in _result_rows():
        rows[row.table, row.verified or "study"] += 1
        if load_sources().of(row) is None:
            without.append(row.id)
            if row.verified in ("yes", "secondary") and not row.text("source_url"):
                orphans.append(f"{row.id}: {row.verified}, but neither a publication nor an address")
    counted: Counter[tuple[str, str]] = Counter()
    unverified: list[str] = []
    for use in (*uses(), *extra):
        try:
            how = seen(use)
        except EvidenceError as error:
            orphans.append(str(error))
            how = "orphan"
        if how == "no":
            unverified.append(f"{use.where}, {use.name}: {use.reference}")
        counted[use.kind, how] += 1
    return Audit(dict(rows), dict(counted), tuple(without), tuple(unverified), tuple(orphans))


def _result_rows() -> Iterator[Row]:
    for name in table_names():
        if name not in _NOT_RESULTS:
            yield from load_table(name)
