"""Every study as told by the shipped joint fit without its own effects: the fit's table, read without jax."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

KINDS = ("survey", "adverse event, an arm", "adverse event, difference between arms", "background and onset", "score")


@dataclass(frozen=True)
class HeldOut:
    """A target as told by other studies than its own, with a 90 % predictive interval (decision 0196).

    `own_effect` is the prediction with the study's own fitted effect, `new_study` without it, `held_out` without the
    study altogether, where the weights can be trusted. Shares from 0 to 1, scores in points.
    """

    study: str
    target: str
    observed: float
    own_effect: float
    new_study: float
    new_study_low90: float
    new_study_high90: float
    held_out: float
    held_out_low90: float
    held_out_high90: float
    pareto_k: float
    effective_draws: float
    trusted: bool

    @property
    def kind(self) -> str:
        """Return the kind of result, one of KINDS."""
        if self.target.startswith("S-"):
            return KINDS[0]
        if self.target.startswith("AE"):
            return KINDS[2] if "difference" in self.target else KINDS[1]
        return KINDS[4] if self.target.startswith(("CHANGE", "ratio")) else KINDS[3]

    @property
    def inside(self) -> bool:
        """Return whether what was seen lies in the interval told without the study."""
        return self.held_out_low90 <= self.observed <= self.held_out_high90

    @property
    def inside_as_new(self) -> bool:
        """Return whether it lies in the interval told as of a new study."""
        return self.new_study_low90 <= self.observed <= self.new_study_high90


@cache
def held_out_studies() -> tuple[HeldOut, ...]:
    """Return every target of the latent course, and every difference between arms, as of a study not its own."""
    text = (files("aimss.calibration.joint_fit") / "shipped" / "held_out.csv").read_text(encoding="utf-8")
    return tuple(
        HeldOut(
            row["study"], row["target"], float(row["observed"]), float(row["own_effect"]), float(row["new_study"]),
            float(row["new_study_low90"]), float(row["new_study_high90"]), float(row["held_out"]),
            float(row["held_out_low90"]), float(row["held_out_high90"]), float(row["pareto_k"]),
            float(row["effective_draws"]), row["trusted"] == "True",
        )
        for row in csv.DictReader(io.StringIO(text))
    )  # fmt: skip


@dataclass(frozen=True)
class HeldOutSummary:
    """Counts and mean absolute errors of one kind of result; `covered` are inside told without the study."""

    kind: str
    n: int
    covered: int
    covered_as_new: int
    trusted: int
    error_own_effect: float
    error_held_out: float
    width: float


def summary(rows: Sequence[HeldOut] | None = None) -> list[HeldOutSummary]:
    """Return the summary of each kind of result that the rows (default: the shipped ones) hold."""
    rows = held_out_studies() if rows is None else rows
    found = []
    for kind in KINDS:
        some = [r for r in rows if r.kind == kind]
        if some:
            found.append(
                HeldOutSummary(
                    kind, len(some), sum(r.inside for r in some), sum(r.inside_as_new for r in some),
                    sum(r.trusted for r in some), float(np.mean([abs(r.own_effect - r.observed) for r in some])),
                    float(np.mean([abs(r.held_out - r.observed) for r in some])),
                    float(np.mean([r.held_out_high90 - r.held_out_low90 for r in some])),
                )
            )  # fmt: skip
    return found
