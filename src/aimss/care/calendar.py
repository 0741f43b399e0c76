"""A compiled strategy in words: what she is given from when to when, what is assumed, what has to be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aimss.patient.dates import DAYS_PER_MONTH

if TYPE_CHECKING:
    from aimss.care.compile import CompiledStrategy
    from aimss.care.span import Span


@dataclass(frozen=True)
class Calendar:
    """The courses and doses of one compiled strategy from today on, in months."""

    compiled: CompiledStrategy

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row a course: drug, dose, and either the months of its doses or the months from when to when."""
        return [_row(span, self.compiled) for span in self.compiled.spans if not span.given_before]

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        compiled = self.compiled
        return {
            "name": compiled.name,
            "label": compiled.strategy.label,
            "courses": self.rows,
            "triggers": [
                {"name": t.name, "condition": str(t.condition), "check_months": [_month(d) for d in t.check_days]}
                for t in compiled.triggers
            ],
            "flags": list(compiled.flags),
            "banners": [{"key": b.key, "text": b.text, "from_month": _month(b.from_day)} for b in compiled.banners],
            "assumed": [{"field": n.field, "assumed": n.assumed} for n in compiled.notes],
        }

    def text(self) -> str:
        """The same in lines."""
        data = self.to_json()
        lines = [f"{data['name']}: {data['label']}"]
        for row in data["courses"]:
            dose = f" {row['dose']}" if "dose" in row else ""
            if "dose_months" in row:
                when = "in months " + ", ".join(f"{m:g}" for m in row["dose_months"])
            else:
                when = "months " + ", ".join(f"{a:g} to {b:g}" for a, b in row["months"])
            lines.append(f"  {row['drug']}{dose}: {when}")
        lines += [f"  if: {t['condition']} ({t['name']})" for t in data["triggers"]]
        lines += [f"  flag: {flag}" for flag in data["flags"]]
        lines += [f"  from month {b['from_month']:g}: {b['text']}" for b in data["banners"]]
        lines += [f"  assumed: {n['field']}: {n['assumed']}" for n in data["assumed"]]
        return "\n".join(lines)


def calendar(compiled: CompiledStrategy) -> Calendar:
    """The calendar of a compiled strategy."""
    return Calendar(compiled)


def _month(day: float) -> float:
    return round(day / DAYS_PER_MONTH, 1)


def _row(span: Span, compiled: CompiledStrategy) -> dict[str, Any]:
    from aimss.care.drugs import DRUGS

    row: dict[str, Any] = {"course": span.course, "drug": span.drug if span.drug != "any" else "aromatase inhibitor"}
    if span.amount is not None:
        row["dose"] = f"{span.amount:g} {DRUGS[span.drug].unit}"
    horizon = compiled.horizon_years * 12 * DAYS_PER_MONTH
    if span.dose_days:
        row["dose_months"] = [_month(d) for d in span.dose_days if d < horizon]
    else:
        row["months"] = [[_month(a), _month(b)] for a, b in span.periods]
    return row
