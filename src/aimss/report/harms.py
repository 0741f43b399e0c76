"""Benefits and harms of the medicines of a plan, by medicine, those of her own kind of population first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aimss.forecast.plan_document import PlanDocument
from aimss.report.charts.figure import Look, look


@dataclass(frozen=True)
class Medicine:
    """One medicine: the choices that hold it, numbers of women like her (or not settled), numbers of others."""

    drug: str
    looks: list[Look]
    near: list[dict[str, Any]]
    far: list[dict[str, Any]]

    @property
    def summary(self) -> str:
        """How many benefits and harms."""
        entries = [*self.near, *self.far]
        benefits = sum(e["kind"] == "benefit" for e in entries)
        words = {"benefit": benefits, "harm": len(entries) - benefits}
        return ", ".join(f"{n} {word}{'s' if n != 1 else ''}" for word, n in words.items())


def harms(document: PlanDocument) -> list[Medicine]:
    """Return the medicines in the order of the plan; benefits stand before harms, unverified numbers last."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in document.harms or []:
        groups.setdefault(str(entry["drug"]), []).append(entry)
    medicines = []
    for drug, entries in groups.items():
        named = {name for entry in entries for name in entry["strategies"]}
        entries.sort(key=lambda e: (e["kind"] != "benefit", e["verified"] == "no"))
        medicines.append(
            Medicine(
                drug,
                [look(i) for i, s in enumerate(document.strategies) if s.name in named],
                [e for e in entries if e["hers"] is not False],
                [e for e in entries if e["hers"] is False],
            )
        )
    return medicines
