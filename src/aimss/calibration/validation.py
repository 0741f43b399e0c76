"""`validate`: every target as an arm, predicted beside observed, with what a forecast has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.parameters import Parameters
from aimss.calibration.arms import Arm
from aimss.calibration.filing import mixture_in_words, part_of
from aimss.calibration.target import Target
from aimss.normal import NORMAL_95

Array = NDArray[np.float64]
DRAWS, SEED = 200, 1
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Scored:
    """One target with its prediction: numbers as told; None where nothing could answer."""

    target: Target
    part: str
    low95: float
    high95: float
    median: float
    low90: float
    high90: float
    rank: float  # share of the predictive distribution below what was observed
    baseline: float | None = None
    peers: Mapping[str, float] = field(default_factory=dict)
    mixture: str = ""  # of which kinds its women are, where of more than one

    @property
    def inside(self) -> bool:
        """Whether the observed value lies within the 90 % predictive interval."""
        return self.low90 <= self.target.observed <= self.high90

    def to_json(self) -> dict[str, Any]:
        """Return the target in the shape of aimss-validation/1."""
        t = self.target
        return {
            "id": t.id,
            "study": t.study,
            "part": self.part,
            "arm": t.arm,
            "comparator": t.comparator,
            "t_score_range": t.t_score_range,
            "endpoint": endpoint(t),
            "month": t.month,
            "from_month": t.from_month,
            "role": t.role,
            "verified": t.verified,
            "statistic": t.statistic,
            "observed": t.observed,
            "low95": short(self.low95),
            "high95": short(self.high95),
            "predicted": {"median": short(self.median), "low90": short(self.low90), "high90": short(self.high90)},
            "inside": self.inside,
            "rank": short(self.rank),
            "baseline": None if self.baseline is None else short(self.baseline),
            "peers": {name: short(v) for name, v in self.peers.items()},
            "mixture": self.mixture,
            "source": t.source,
            "note": t.note,
        }


def short(value: float) -> float:
    """Return a number to the five digits that are written down."""
    return float(f"{value:.5g}")


def endpoint(target: Target) -> str:
    """Return what was measured, in words: quantity, site or definition, and how it is told."""
    what = [target.quantity if target.quantity != "bmd" else "bmd", target.site, target.definition]
    told = target.told_as + (" relative to comparator" if target.relative else "")
    return " ".join(str(w) for w in what if w) + f", {told}"


def observed_interval(target: Target) -> tuple[float, float]:
    """Return the 95 % interval of the observed value as told."""
    from aimss.calibration.standard_errors import standard_error

    centre, error = float(target.to_scale(target.observed)), standard_error(target)
    return float(target.from_scale(centre - NORMAL_95 * error)), float(target.from_scale(centre + NORMAL_95 * error))


def score_bone(
    arms: Mapping[str, Arm],
    targets: Sequence[Target],
    *,
    parameters: Parameters | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    peers: bool = True,
    progress: Progress = lambda _: None,
) -> list[Scored]:
    """Return the bone targets scored under parameters (the shipped ones) and their draws, as means over women."""
    from aimss.body.between_trials import between_trial_scales
    from aimss.body.parameters import default
    from aimss.calibration.baselines import constant_change
    from aimss.calibration.intervals import HIGH, LOW, predictive
    from aimss.calibration.predict import predict
    from aimss.calibration.sister_trials import NAME, another_trial
    from aimss.calibration.targets_shipped import bone_arms, bone_targets
    from aimss.calibration.women_of_arms import women_of_arms

    if not targets:
        return []
    targets = [t if t.part else t.model_copy(update={"part": part_of(t, arms)}) for t in targets]
    progress(f"{len(targets)} results on bone under {draws} draws of the parameters")
    parameters = parameters or default()
    women = women_of_arms(parameters)
    centre = predict(arms, targets, parameters=parameters, women=women)[0]
    sets = parameters.draws(draws, seed)
    drawn = predict(arms, targets, sets, parameters=parameters, women=women, relative_tolerance=1e-4)
    spread = predictive(targets, drawn, between_trial_scales(), seed=seed)
    (low, high), ranks = spread.quantiles((LOW, HIGH)), spread.ranks()
    training = [t for t in bone_targets() if t.role == "calibrate"]
    both = {**bone_arms(), **arms}
    simple = constant_change(both, targets, training)
    theirs: list[dict[str, float]] = [{} for _ in targets]
    if peers:
        from aimss.calibration.peers.answers import answers

        progress("published models")
        theirs = answers(arms, targets)
    for found, value in zip(theirs, another_trial(both, targets, bone_targets()), strict=True):
        if value is not None:
            found[NAME] = value
    return [
        Scored(
            target=t,
            part=part_of(t, arms),
            low95=observed_interval(t)[0],
            high95=observed_interval(t)[1],
            median=float(centre[i]),
            low90=float(low[i]),
            high90=float(high[i]),
            rank=float(ranks[i]),
            baseline=simple[i],
            peers=theirs[i],
            mixture=mixture_in_words(t, arms),
        )
        for i, t in enumerate(targets)
    ]
