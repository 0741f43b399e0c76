"""What one draw of the parameters predicts for every target of the latent course, in jax.

The equations are those of `body.joint`, `body.joint_observation` and `body.joint_targets`, which a test holds it to.
What several targets need is made once: both kinds of women with and without context pain; a study's own
amplitude enters by one product and one maximum a visit. Import only after `extra.require_bayes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aimss.body.joint import WomenNumbers, sobol_women
from aimss.body.joint_draws import assumed
from aimss.body.joint_observation import VISITS_WEEKS
from aimss.body.joint_targets import GRID_WEEKS, SEED, WOMEN, Target, targets
from aimss.calibration.joint_fit.untreated import UNTREATED, Untreated

Array = Any  # a jax array or a tracer of one
Theta = dict[str, Array]
SHIFTS = {
    ("fenlon2014_jacs", "ANY"): "fenlon2014_threshold_shift_points",
    ("fenlon2013", "ANY"): "fenlon2013_threshold_shift_points",
    ("mskqol2014", "ANY"): "mskqol2014_threshold_shift_points",
    ("hadji2014_compact", "NOTABLE"): "hadji2014_threshold_shift_points",
}
_ERROR_NODES = 20


@jax.custom_jvp
def ndtr(z: Array) -> Array:
    """Return the standard normal distribution function; one evaluation where jax's own takes three."""
    return 0.5 * jax.lax.erfc(z * -np.sqrt(0.5))


@ndtr.defjvp
def _ndtr_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (z,), (dz,) = primals, tangents
    return ndtr(z), density(z) * dz


def density(z: Array) -> Array:
    """Return the standard normal density."""
    return jnp.exp(-0.5 * z**2) * (1.0 / np.sqrt(2.0 * np.pi))


_ENTRY_WEEK = 52.0  # an AI taken for a year: the effect on the joints has built up


def labels() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the trials and the surveys in the order of their columns."""
    trials = dict.fromkeys(t.study for t in targets() if t.part == "adverse event")
    surveys = dict.fromkeys(t.study for t in targets() if t.part == "survey")
    return tuple(trials), tuple(surveys)


class LatentPredictor:
    """Predictions of all targets, then of the untreated arms, from one draw of the parameters."""

    def __init__(self, women: int = WOMEN, seed: int = SEED) -> None:
        self.women: WomenNumbers = sobol_women(women, len(GRID_WEEKS), seed)
        self.weeks = np.array(GRID_WEEKS)
        self.trials, self.surveys = labels()
        self.targets: tuple[Target, ...] = targets()
        nodes, weights = np.polynomial.hermite_e.hermegauss(_ERROR_NODES)
        self.nodes, self.weights = nodes, weights / weights.sum()

    def index(self, week: float) -> int:
        """Return the place of a week on the grid."""
        return int(np.flatnonzero(self.weeks == week)[0])

    def visits(self, week: float) -> list[int]:
        """Return the places of all visits up to a week."""
        return [self.index(v) for v in VISITS_WEEKS if v <= week] or [self.index(week)]

    def __call__(self, theta: Theta) -> tuple[Array, Array]:
        """Return predictions (targets,) and the untreated arms' change (3,)."""
        return Courses(self, theta).everything()


class Courses:
    """Latent pain of one draw, (t, women); what a study adds is asked for with its multiplier (k,)."""

    def __init__(self, plan: LatentPredictor, theta: Theta) -> None:
        self.plan, self.theta = plan, theta
        women, weeks = plan.women, plan.weeks
        self.share = jax.nn.sigmoid(theta["susceptible_logit"])
        trait = theta["trait_mean_points"] + theta["trait_sd_points"] * women.trait
        self.plain = trait + self._fluctuation()
        build_up = 1.0 - np.exp(-weeks / assumed("context_time_weeks"))
        self.knowing = self.plain + theta["context_points"] * build_up[:, None]
        rise = theta["onset_time_weeks"] * np.exp(assumed("onset_time_between_woman_log_sd") * women.onset)
        self.built = 1.0 - jnp.exp(-weeks[:, None] / rise)
        sd = assumed("amplitude_log_sd")
        self.extra = theta["amplitude_mean_points"] * np.exp(sd * women.amplitude - sd**2 / 2) * self.built
        self.start = jnp.clip(self.plain[0], 0.0, 10.0)

    def _fluctuation(self) -> Array:
        weeks, spread = self.plan.weeks, self.theta["fluctuation_sd_points"]
        decay = 1.0 / self.theta["fluctuation_time_weeks"]
        apart = np.tril(weeks[:, None] - weeks)
        fresh = jnp.concatenate([jnp.ones(1), jnp.sqrt(-jnp.expm1(-2.0 * np.diff(weeks) * decay))])
        carried = jnp.where(np.tri(len(weeks)) > 0, jnp.exp(-apart * decay) * fresh, 0.0)
        return spread * (carried @ self.plan.women.fluctuation.T)

    def highest(self, base: Array, places: Sequence[int], multiplier: Array | None) -> Array:
        """Return the highest pain at any of the visits, (women,) or (k, women) with a multiplier of the amplitude."""
        at = np.array(places)
        x = base[at] if multiplier is None else base[at] + multiplier[:, None, None] * self.extra[at]
        return jnp.clip(x.max(axis=-2), 0.0, 10.0)

    def mix(self, if_susceptible: Array, if_not: Array) -> Array:
        """Average over women of both kinds."""
        return self.share * if_susceptible.mean(-1) + (1.0 - self.share) * if_not.mean(-1)

    def everything(self) -> tuple[Array, Array]:
        """Return predictions (targets,) and the untreated arms' change (3,)."""
        found: dict[int, Array] = {}
        self._surveys(found)
        self._adverse_events(found)
        for i, target in enumerate(self.plan.targets):
            if target.part == "background":
                found[i] = self._background(target)
            elif target.part == "score":
                found[i] = self._score(target)
            elif target.part in ("severity", "onset"):
                found[i] = self._first_year(target)
        return jnp.stack([found[i] for i in range(len(found))]), jnp.stack([self._untreated(u) for u in UNTREATED])

    def _multiplier(self, effect: Array) -> Array:
        return jnp.exp(self.theta["population_amplitude_log_sd"] * effect)

    def _of(self, part: str) -> list[int]:
        return [i for i, t in enumerate(self.plan.targets) if t.part == part and t.arm != t.control]

    def _by_week(self, members: list[int], week_only: str = "") -> dict[tuple[int, ...], list[int]]:
        """Group targets by the visits that they look at."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for i in members:
            t = self.plan.targets[i]
            places = [self.plan.index(t.week)] if t.definition == week_only else self.plan.visits(t.week)
            groups.setdefault(tuple(places), []).append(i)
        return groups

    def _survey(self, rise: Array, effect: Array) -> Array:
        theta = self.theta
        cut = theta["survey_threshold_points"] + theta["survey_between_study_sd_points"] * effect
        return ndtr((rise - cut) / theta["survey_spread_points"])

    def _surveys(self, found: dict[int, Array]) -> None:
        theta, plan = self.theta, self.plan
        order, tops, plain = list[int](), list[Array](), list[Array]()
        for places, members in self._by_week(self._of("survey"), "S-CUR").items():
            columns = np.array([plan.surveys.index(plan.targets[i].study) for i in members])
            order += members
            tops.append(self.highest(self.knowing, places, self._multiplier(theta["survey_amplitude_effect"][columns])))
            plain += [self.highest(self.knowing, places, None)] * len(members)
        columns = np.array([plan.surveys.index(plan.targets[i].study) for i in order])
        effect = theta["survey_threshold_effect"][columns][:, None]
        p = self._survey(jnp.stack([jnp.concatenate(tops), jnp.stack(plain)]) - self.start, effect)
        free = ndtr((1.5 - self.start) / theta["measurement_sd_points"])
        whole, of_the_free = self.mix(p[0], p[1]), self.mix(p[0] * free, p[1] * free) / free.mean()
        for k, i in enumerate(order):
            found[i] = of_the_free[k] if plan.targets[i].definition == "S-PF" else whole[k]

    def _adverse_events(self, found: dict[int, Array]) -> None:
        theta, plan = self.theta, self.plan
        on_tamoxifen = self.plain + theta["tamoxifen_points"] * self.built
        order, drug, none, tamoxifen = list[int](), list[Array](), list[Array](), list[Array]()
        for places, members in self._by_week(self._of("adverse event")).items():
            columns = np.array([plan.trials.index(plan.targets[i].study) for i in members])
            order += members
            drug.append(self.highest(self.plain, places, self._multiplier(theta["trial_amplitude_effect"][columns])))
            none += [self.highest(self.plain, places, None)] * len(members)
            tamoxifen += [self.highest(on_tamoxifen, places, None)] * len(members)
        columns = np.array([plan.trials.index(plan.targets[i].study) for i in order])
        top = jnp.stack([jnp.concatenate(drug), jnp.stack(none), jnp.stack(tamoxifen)]) - self.start
        intercept = theta["trial_adverse_event_intercept"][columns][:, None]
        p = ndtr(top / theta["adverse_event_spread_points"] - intercept)
        on, control = self.mix(p[0], p[1]), {"placebo": p[1].mean(-1), "tamoxifen": p[2].mean(-1)}
        place_of = {(t.study, t.arm): i for i, t in enumerate(plan.targets) if t.part == "adverse event"}
        for k, i in enumerate(order):
            comparator = plan.targets[i].control
            found[i] = on[k]
            found[place_of[plan.targets[i].study, comparator]] = control[comparator][k]

    def intercepts(self, report_probit: Array) -> tuple[Array, Array]:
        """Return the intercept of each trial (k,) from its probit of reports without the drug, and the slope.

        The probit is what a control arm tells almost by itself, so that the sampler need not follow a narrow ridge; it
        takes the largest rise as normal, which is a choice of coordinates and no part of the model.
        """
        plan, columns = self.plan, dict[int, Array]()
        for places, members in self._by_week(self._of("adverse event")).items():
            rise = (self.highest(self.plain, places, None) - self.start) / self.theta["adverse_event_spread_points"]
            for i in members:
                columns[plan.trials.index(plan.targets[i].study)] = jnp.stack([rise.mean(), jnp.sqrt(1.0 + rise.var())])
        mean, scale = jnp.stack([columns[k] for k in range(len(columns))]).T
        return mean - scale * report_probit, scale

    def _background(self, target: Target) -> Array:
        theta = self.theta
        sd = theta["measurement_sd_points"]
        if target.arm == "AI":
            place = self.plan.index(target.week)
            without = jnp.clip(self.plain[place], 0.0, 10.0)
            with_drug = jnp.clip(self.plain[place] + self.extra[place], 0.0, 10.0)
            return self.mix(*(ndtr((x - 0.5) / sd) for x in (with_drug, without)))
        name = SHIFTS.get((target.study, target.definition))
        cut = 0.5 if target.definition == "ANY" else theta["notable_threshold_points"]
        return ndtr((self.start - cut - (theta[name] if name else 0.0)) / sd).mean()

    def _pair(self, places: Sequence[int], effect: Array | None) -> tuple[Array, Array]:
        """Highest pain at the visits of women who know, susceptible and not."""
        multiplier = jnp.ones(1) if effect is None else self._multiplier(effect)[None]
        return self.highest(self.knowing, places, multiplier)[0], self.highest(self.knowing, places, None)

    def _first_year(self, target: Target) -> Array:
        plan = self.plan
        if target.part == "severity":
            now = self._pair([plan.index(target.week)], None)
            reported = [self._survey(x - self.start, 0.0) for x in now]
            sd = self.theta["measurement_sd_points"]
            severe = [p * ndtr((x - 3.5) / sd) for p, x in zip(reported, now, strict=True)]
            return self.mix(*severe) / self.mix(*reported)
        early, year = (
            self.mix(*(self._survey(x - self.start, 0.0) for x in self._pair(plan.visits(week), None)))
            for week in (target.week, 52.0)
        )
        return early / year

    def _recorded(self, x: Array) -> tuple[Array, Array]:
        y = jnp.clip(x + self.theta["measurement_sd_points"] * self.plan.nodes[:, None], 0.0, 10.0)
        weights = self.plan.weights[:, None]
        return (weights * y).sum(0), (weights * y**2).sum(0)

    def _score(self, target: Target) -> Array:
        place = self.plan.index(target.week)
        pair = self._pair([place], self.theta[f"{target.study}_amplitude_effect"])
        if target.study == "castel2013":
            return self.mix(*pair) / jnp.clip(self.plain[place], 0.0, 10.0).mean()
        first, first_square = self._recorded(self.start)
        change, square = [], []
        for x in pair:
            now, now_square = self._recorded(x)
            change.append(now - first)
            square.append(now_square - 2 * now * first + first_square)
        mean = self.mix(*change)
        return mean if "mean" in target.definition else jnp.sqrt(self.mix(*square) - mean**2)

    def _untreated(self, arm: Untreated) -> Array:
        """Change without treatment in women selected for pain: regression to the mean and drift."""
        theta, place = self.theta, self.plan.index(_ENTRY_WEEK)
        sd, spread = theta["measurement_sd_points"], theta["fluctuation_sd_points"]
        keep = jnp.exp(-arm.weeks / theta["fluctuation_time_weeks"])
        now_u = self._fluctuation_at(place)
        # the next number of the same woman stands for the ups and downs between entry and follow-up
        step = jnp.sqrt(1.0 - keep**2) * spread * self.plan.women.fluctuation[:, place + 1]
        moved = (keep - 1.0) * now_u + step
        weight, gained = [], []
        for base in (self.knowing[place] + self.extra[place], self.knowing[place]):
            x = jnp.clip(base, 0.0, 10.0)
            later = jnp.clip(base + moved, 0.0, 10.0)
            chosen, recorded = _selected(x, arm.entry_points, sd)
            weight.append(chosen)
            gained.append(later * chosen - recorded)
        return self.mix(*gained) / self.mix(*weight) + theta["no_treatment_drift_points"]

    def _fluctuation_at(self, place: int) -> Array:
        trait = self.theta["trait_mean_points"] + self.theta["trait_sd_points"] * self.plan.women.trait
        return self.plain[place] - trait


def _selected(x: Array, entry: float, sd: Array) -> tuple[Array, Array]:
    """Probability that a recorded score min(x + error, 10) is `entry` or more, and its mean over those, as a sum."""
    low, high = (entry - x) / sd, (10.0 - x) / sd
    above, top = ndtr(-low), ndtr(-high)
    return above, x * (above - top) + sd * (density(low) - density(high)) + 10.0 * top
