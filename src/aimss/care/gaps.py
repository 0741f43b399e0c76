"""Days on which a course is not taken: the rests of a pattern, and gaps from incomplete adherence."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aimss.care.course import Course

DEFAULT_GAP_DAYS = 14.0  # assumed: one gap of two weeks; a single missed tablet of an AI changes nothing
GAPPED_SLOTS = ("endocrine", "raloxifene", "ovary")  # on or off; elsewhere adherence lowers the rate

Gap = tuple[float, float]


def rests(course: Course, start: float, end: float) -> list[Gap]:
    """Rests of the course's pattern between two days."""
    if course.pattern is None:
        return []
    taken, rest = course.pattern.taken.days, course.pattern.rest.days
    cycles = min(course.pattern.cycles or math.inf, math.ceil((end - start) / (taken + rest)))
    first = start + taken
    return [(first + k * (taken + rest), first + k * (taken + rest) + rest) for k in range(int(cycles))]


def missed_gaps(course: Course, start: float, end: float, key: str) -> list[Gap]:
    """Gaps that leave the share `adherence` of the days, one in each stretch of equal length.

    Where it falls in its stretch is drawn from a hash of the key, so that it is the same in every run.
    """
    if course.adherence is None or course.adherence == 1 or course.entry.slot not in GAPPED_SLOTS:
        return []
    gap = course.gap.days if course.gap is not None else DEFAULT_GAP_DAYS
    stretch = gap / (1 - course.adherence)
    gaps: list[Gap] = []
    for k in range(math.ceil((end - start) / stretch)):
        day = start + k * stretch + (stretch - gap) * _uniform(f"{key}/{k}")
        gaps.append((day, day + gap))
    return gaps


def _uniform(key: str) -> float:
    """A number in [0, 1) fixed by a text."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2**48
