"""What a cell of an evidence table can hold: a number, or what the paper printed instead of one."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BOUND = re.compile(rf"^(<=|>=|<|>|~)\s*({_NUMBER})$")
_RANGE = re.compile(rf"^({_NUMBER})\s*(?:-|\.\.|\s+to\s+)\s*({_NUMBER})$")
_EXACT = re.compile(rf"^{_NUMBER}$")


@dataclass(frozen=True, slots=True)
class Bound:
    """A printed limit such as ``<0.001``, ``>=98`` or ``~21`` (about 21)."""

    relation: str
    value: float

    def __str__(self) -> str:
        return f"{self.relation}{self.value:g}"


@dataclass(frozen=True, slots=True)
class Range:
    """A printed range such as ``13-18``; for a time it means *within* that window."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Worded:
    """A quantity that the source gives in words only (``on treatment``, ``301/301``): it has no single number."""

    words: str

    def __str__(self) -> str:
        return self.words


Value = None | str | int | float | Bound | Range | Worded


def parse_number(text: str) -> float | None:
    """Return the number that `text` is, or None when it is anything else (``nan`` and ``inf`` included)."""
    return float(text) if _EXACT.match(text) else None


def parse_bound(text: str) -> Bound | None:
    """Return the limit that `text` is, or None."""
    found = _BOUND.match(text)
    return Bound(found[1], float(found[2])) if found else None


def parse_range(text: str) -> Range | None:
    """Return the range that `text` is, or None; an inverted range is not one."""
    found = _RANGE.match(text)
    if not found:
        return None
    low, high = float(found[1]), float(found[2])
    return Range(low, high) if low <= high else None
