"""The strategies that ship with aimss, and the four that suit a woman best to compare."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from aimss.care.drugs import BONE_DRUGS, did_you_mean
from aimss.care.strategy import Strategy, parse_strategy
from aimss.errors import StrategyError
from aimss.patient.files import load_file

if TYPE_CHECKING:
    from aimss.patient.patient import Patient


@cache
def strategy_library() -> Mapping[str, Strategy]:
    """All strategies of the package by name, in the order of their files."""
    found: dict[str, Strategy] = {}
    for file in sorted(files("aimss.care").joinpath("strategies").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        for i, entry in enumerate(load_file(Path(str(file)))):
            strategy = parse_strategy(entry, f"{file.name}[{i}]")
            if strategy.name in found:
                raise StrategyError(f"{file.name}[{i}].name", "a name used once", strategy.name)
            found[strategy.name] = strategy
    return MappingProxyType(found)


def find_strategy(name: str) -> Strategy:
    """A strategy of the library by name; StrategyError with the nearest name if there is none."""
    library = strategy_library()
    if name not in library:
        mend = did_you_mean(name, list(library)) or "`aimss strategies` lists them."
        raise StrategyError("strategy", f"one of the {len(library)} strategies of the library", name, mend)
    return library[name]


def default_strategies(patient: Patient) -> list[str]:
    """Names of up to four strategies of the library to compare for her; the first is what happens anyway.

    By her present treatment, not by any guideline: what a guideline says of her is shown apart.
    """
    from aimss.care.compile import before_menopause
    from aimss.care.history import read_history

    history = read_history(patient)
    ai_ahead = history.ai_planned_stop_day is not None
    if ai_ahead and before_menopause(patient) and "ovarian_suppression" not in history.present:
        return ["ovarian_suppression_with_ai", "ovarian_suppression_ai_and_zoledronate", "no_ai"]
    if "denosumab" in history.present:
        while_on_ai = ["denosumab_then_zoledronate"] if ai_ahead else []
        stops = ["stop_denosumab_now_then_zoledronate", "stop_denosumab_now_without_follow_on"]
        return ["as_now", *while_on_ai, *stops]
    if not ai_ahead:
        return ["as_now", "zoledronate_5mg_yearly", "calcium_and_vitamin_d", "exercise"]
    if before_menopause(patient):
        return ["as_now", "zoledronate_4mg_6_monthly", "switch_to_tamoxifen", "no_ai"]
    if any(drug in BONE_DRUGS for drug in history.present):
        return ["as_now", "ai_alone", "denosumab_then_zoledronate", "no_ai"]
    return ["ai_alone", "zoledronate_4mg_6_monthly", "denosumab_then_zoledronate", "no_ai"]
