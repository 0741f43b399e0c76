"""Arms of remedy trials without treatment: what pain does in women chosen for having it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Untreated:
    """An arm without treatment of a remedy trial: women on an AI who score `entry_points` or more, followed on.

    The change is recorded score at entry to pain felt `weeks` later (design of the joint model, section 3).
    """

    study: str
    entry_points: float
    weeks: float
    observed: float
    se: float
    rows: str


# Entry score: joint/trials (that of PEACE is assumed, its mean at entry was 5.35); SE: that of the contrast over the
# root of 2, or of the arm's printed interval (5.06, 4.47-5.65).
UNTREATED: tuple[Untreated, ...] = (
    Untreated("HOPE", 3.0, 52.0, 0.2, 0.39, "joint/contrasts:30"),
    Untreated("MAO2014", 4.0, 8.0, -0.2, 0.40, "joint/contrasts:19"),
    Untreated("PEACE", 4.0, 12.0, -0.29, 0.30, "joint/contrasts:28"),
)
