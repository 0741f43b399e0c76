"""What would change a finding: one fact at a time, with values on either side of every limit it is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from aimss.care.answer import answer
from aimss.care.compiled import CompiledDecision
from aimss.care.findings import Finding
from aimss.care.kleene import Facts, PartialSet

# a step past a limit: the printed precision of T-scores, finer than that of any other input
STEP = 0.1


@dataclass(frozen=True, slots=True)
class Change:
    """Were `fact` `values` (as "below -2.0"), the verdict would be `verdict`; `now` is its value, None if unknown."""

    fact: str
    values: str
    now: Any
    verdict: str


def what_would_change(finding: Finding) -> list[Change]:
    """Each single fact whose other value would move the finding to another verdict."""
    decision, facts = finding.compiled, finding.facts
    if decision is None or finding.held_by or finding.verdict == "not_applicable":
        return []
    return [change for name in decision.names for change in _of_fact(decision, facts, name, finding.verdict)]


def _of_fact(decision: CompiledDecision, facts: Facts, name: str, verdict: str) -> Iterator[Change]:
    now = facts.get(name)
    if isinstance(now, PartialSet):
        return
    limits = sorted({value for fact, value in decision.compared if fact == name}, key=str)
    numbers = sorted(value for value in limits if not isinstance(value, str))
    if numbers:
        trials: Iterable[tuple[Any, str]] = _around(numbers)
        groups = _grouped(decision, facts, name, trials)
        if now is not None:
            groups = _neighbours([group for group in groups if group[0] != verdict], now)
        found = [(_range(group), given) for given, group in groups]
    else:
        values = limits or [value for value in (True, False) if value is not now]
        found = [(_word(value), given) for given, group in _grouped(decision, facts, name, ((v, "") for v in values))
                 for value, _ in group]  # fmt: skip
    for values_text, given in found:
        if given not in {verdict, "unknown", "not_applicable"}:
            yield Change(name, values_text, now, given)


def _around(limits: list[Any]) -> list[tuple[Any, str]]:
    trials: dict[float, str] = {}
    for limit in limits:
        for value, text in ((limit - STEP, f"below {limit}"), (limit, f"{limit}"), (limit + STEP, f"above {limit}")):
            trials.setdefault(round(value, 6), text)
    return sorted(trials.items())


def _grouped(
    decision: CompiledDecision, facts: Facts, name: str, trials: Iterable[tuple[Any, str]]
) -> list[tuple[str, list[tuple[Any, str]]]]:
    def verdict(trial: tuple[Any, str]) -> str:
        return answer(decision, decision.readings[0], {**facts, name: trial[0]}).verdict

    return [(given, list(group)) for given, group in groupby(trials, key=verdict)]


def _neighbours(groups: list[tuple[str, list[tuple[Any, str]]]], now: float) -> list[tuple[str, list[tuple[Any, str]]]]:
    """The nearest of the other verdicts below and above the present value."""
    below = [group for group in groups if group[1][-1][0] < now]
    above = [group for group in groups if group[1][0][0] > now]
    return below[-1:] + above[:1]


def _range(group: list[tuple[Any, str]]) -> str:
    first, last = group[0][1], group[-1][1]
    if first == last or first.startswith("below"):
        return last if last.startswith(("below", "above")) else f"{last} or less" if first != last else last
    if last.startswith("above"):
        return first if first.startswith("above") else f"{first} or more"
    return f"{first} to {last}"


def _word(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
