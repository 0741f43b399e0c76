"""Published benefits and harms of the medicines of a plan, each number once, with the strategies that it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aimss.care.facts import facts_of
from aimss.care.harms import effects_of

if TYPE_CHECKING:
    from aimss.care.compile import CompiledStrategy
    from aimss.patient.patient import Patient


def plan_harms(patient: Patient, compiled: Sequence[CompiledStrategy]) -> list[dict[str, Any]]:
    """Return the fields of `aimss.care.harms.PublishedEffect` plus ``strategies``, in the order of the evidence.

    A medicine counts for a strategy if it is given or still taken after the day of the forecast.
    """
    facts = facts_of(patient)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for strategy in compiled:
        ahead = {span.drug for span in strategy.spans if not span.is_ai and span.stop_day > 0}
        for effect in effects_of(ahead, facts):
            entry = found.setdefault((effect.drug, effect.row), {**asdict(effect), "strategies": []})
            entry["strategies"].append(strategy.name)
    return list(found.values())
