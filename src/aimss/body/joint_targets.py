"""What the joint model was fitted to, and what it predicts for each: observed, interval, predicted.

Every row of joint_targets.csv keeps its study, definition and week; the study's own reporting habit and amplitude (the
fitted study effects) are used, as in the fit. Blinded arms carry no context pain, open cohorts do.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from aimss.body import joint_observation as see
from aimss.body.joint import Course, WomenNumbers, course, sobol_women
from aimss.body.joint_draws import FloatArray, Theta, latent_draws, survey_labels, take, trial_labels
from aimss.normal import NORMAL_95, wilson

GRID_WEEKS: tuple[float, ...] = (0, 2, 4, 6, 9, 13, 20, 26, 39, 52, 78, 104, 156, 182, 208, 260)
WOMEN, SEED = 512, 6
_CHUNK = 50


@dataclass(frozen=True)
class Target:
    """One published result of the fit; `observed` is a share unless the definition says otherwise."""

    part: str
    study: str
    definition: str
    week: float
    observed: float
    n: int | None
    arm: str
    control: str
    note: str

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the observation: Wilson for a share with its n, else the error stated in the target."""
        if self.part == "score":
            if "log SE" in self.definition:
                return self.observed * np.exp(-NORMAL_95 * 0.25), self.observed * np.exp(NORMAL_95 * 0.25)
            return self.observed - NORMAL_95 * 0.2, self.observed + NORMAL_95 * 0.2
        if self.n is None:
            return None
        return wilson(self.observed * self.n, self.n)


@dataclass(frozen=True, eq=False)
class Prediction:
    """A target beside the model's posterior for it, `draws` (500,)."""

    target: Target
    draws: FloatArray

    def quantile(self, share: float) -> float:
        """Return a quantile of the posterior."""
        return float(np.quantile(self.draws, share))


@cache
def targets() -> tuple[Target, ...]:
    """Return the targets in the order of their file."""
    text = (files("aimss.body") / "joint_targets.csv").read_text(encoding="utf-8")
    return tuple(
        Target(
            row["part"], row["study_id"], row["definition"], float(row["week"]), float(row["observed"]),
            int(row["n"]) if row["n"] else None, row["arm"], row["control"], row["note"],
        )
        for row in csv.DictReader(io.StringIO(text))
    )  # fmt: skip


def predict(
    women: int = WOMEN, seed: int = SEED, variant: str = "v1", draws: Theta | None = None
) -> tuple[Prediction, ...]:
    """Return the prediction of every target over scrambled Sobol women and all draws of a variant, or `draws`."""
    numbers = sobol_women(women, len(GRID_WEEKS), seed)
    draws = latent_draws(variant) if draws is None else draws
    count = len(draws["susceptible_logit"])
    parts: list[list[FloatArray]] = []
    for first in range(0, count, _CHUNK):
        theta = take(draws, slice(first, first + _CHUNK), extra_axes=1)
        parts.append(list(_Study(theta, numbers, variant).predictions()))
    return tuple(Prediction(target, np.concatenate([part[i] for part in parts])) for i, target in enumerate(targets()))


class _Study:
    """Courses under the study effects of one chunk of draws; made once each."""

    def __init__(self, theta: Theta, women: WomenNumbers, variant: str) -> None:
        self.theta, self.women = theta, women
        self.time = np.array(GRID_WEEKS)
        self.share = 1.0 / (1.0 + np.exp(-theta["susceptible_logit"][:, 0]))
        self.trials, self.surveys = trial_labels(variant), survey_labels(variant)

    def course(self, effect: FloatArray | None, context: float, tamoxifen: bool = False) -> Course:
        log_sd = self.theta["population_amplitude_log_sd"]
        multiplier: FloatArray | float = 1.0 if effect is None else np.exp(log_sd * np.reshape(effect, (-1, 1)))
        return course(
            self.theta, self.women, self.time, 1.0, context=context, population_amplitude=multiplier,
            tamoxifen_on=np.ones(len(self.time)) if tamoxifen else None,
        )  # fmt: skip

    def mean(self, if_susceptible: FloatArray, if_not: FloatArray) -> FloatArray:
        """Average over women of both kinds, by the susceptible share of each draw."""
        return np.asarray(self.share * if_susceptible.mean(1) + (1 - self.share) * if_not.mean(1))

    def predictions(self) -> Iterator[FloatArray]:
        onset: Course | None = None
        for target in targets():
            if target.part == "survey":
                yield self._survey(target)
            elif target.part == "adverse event":
                yield self._adverse_event(target)
            elif target.part == "background":
                yield self._background(target)
            elif target.part == "score":
                yield self._score(target)
            else:
                onset = onset or self.course(None, context=1.0)
                yield self._onset(target, onset)

    def _survey(self, target: Target) -> FloatArray:
        k = self.surveys.index(target.study)
        known = self.course(self.theta["survey_amplitude_effect"][:, k], context=1.0)
        effect = self.theta["survey_threshold_effect"][:, k, None]
        out, weight = [], []
        for x in (known.if_susceptible, known.if_not):
            if target.definition == "S-CUR":
                rise = see.at(x, self.time, target.week) - x[..., 0]
            else:
                rise = see.peak_rise(x, self.time, target.week)
            p = see.survey(rise, self.theta, effect)
            w = see.free_of_pain(x[..., 0], self.theta) if target.definition == "S-PF" else np.ones_like(p)
            out.append(p * w)
            weight.append(w)
        return self.mean(*out) / self.mean(*weight)

    def _adverse_event(self, target: Target) -> FloatArray:
        k = self.trials.index(target.study)
        blinded = self.course(
            self.theta["trial_amplitude_effect"][:, k], context=0.0, tamoxifen=target.arm == "tamoxifen"
        )
        intercept = self.theta["trial_adverse_event_intercept"][:, k, None]

        def report(x: FloatArray) -> FloatArray:
            return see.adverse_event(see.peak_rise(x, self.time, target.week), self.theta, intercept)

        if target.arm == "AI":
            return self.mean(report(blinded.if_susceptible), report(blinded.if_not))
        return np.asarray(report(blinded.if_not).mean(1))

    def _background(self, target: Target) -> FloatArray:
        without = self.course(None, context=0.0)
        shifts = {
            ("fenlon2014_jacs", "ANY"): "fenlon2014_threshold_shift_points",
            ("fenlon2013", "ANY"): "fenlon2013_threshold_shift_points",
            ("mskqol2014", "ANY"): "mskqol2014_threshold_shift_points",
            ("hadji2014_compact", "NOTABLE"): "hadji2014_threshold_shift_points",
        }
        if target.arm == "AI":
            on = [see.any_pain(see.at(x, self.time, target.week), self.theta)
                  for x in (without.if_susceptible, without.if_not)]  # fmt: skip
            return self.mean(*on)
        name = shifts.get((target.study, target.definition))
        shift = self.theta[name] if name else 0.0
        report = see.any_pain if target.definition == "ANY" else see.notable
        return np.asarray(report(without.without[..., 0], self.theta, shift).mean(1))

    def _onset(self, target: Target, known: Course) -> FloatArray:
        paths = (known.if_susceptible, known.if_not)
        if target.part == "severity":
            reported = [see.survey(see.at(x, self.time, target.week) - x[..., 0], self.theta, 0.0) for x in paths]
            severe = [p * see.at_least_4(see.at(x, self.time, target.week), self.theta)
                      for p, x in zip(reported, paths, strict=True)]  # fmt: skip
            return self.mean(*severe) / self.mean(*reported)
        early = [see.survey(see.peak_rise(x, self.time, target.week), self.theta, 0.0) for x in paths]
        by_a_year = [see.survey(see.peak_rise(x, self.time, 52), self.theta, 0.0) for x in paths]
        return self.mean(*early) / self.mean(*by_a_year)

    def _score(self, target: Target) -> FloatArray:
        k = int(np.searchsorted(self.time, target.week))
        known = self.course(self.theta[f"{target.study}_amplitude_effect"], context=1.0)
        if target.study == "castel2013":
            none = self.course(None, context=0.0).without[..., k].mean(1)
            return np.asarray(self.mean(known.if_susceptible[..., k], known.if_not[..., k]) / none)
        change, square = [], []
        for x in (known.if_susceptible, known.if_not):
            (m0, s0), (m1, s1) = (see.recorded_moments(x[..., j], self.theta) for j in (0, k))
            change.append(m1 - m0)
            square.append(s1 - 2 * m1 * m0 + s0)
        mean = self.mean(*change)
        return mean if "mean" in target.definition else np.asarray(np.sqrt(self.mean(*square) - mean**2))
