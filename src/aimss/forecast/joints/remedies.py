"""Remedies on her course of pain: the specific effect against its own comparator, apart from placebo and sham response.

    x(t) <- x(t) + delta f(t) (x(t)/5.5)^gamma          df/dt = (1 - f)/T_on while taken, -f/T_off after

Pills, needles and open programmes were never compared in one trial. Their effects stand apart unless a named assumption
joins them (`merge`). A change within an arm is not an effect: natural course and placebo response are shown beside it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aimss.body.joint import clip_pain, follow
from aimss.body.joint_draws import FloatArray, assumed, joint_parameters, remedy_draws
from aimss.counter_random import normals
from aimss.errors import StrategyError

if TYPE_CHECKING:
    from aimss.evidence.effects import RemedyEffect as TrialEffect

MERGE_ASSUMPTION = (
    "waiting list = usual care, and sham acupuncture = placebo pill plus a difference in response that is drawn from"
    " the responses themselves"
)
CAVEATS: tuple[str, ...] = (
    "Effects are against each remedy's own comparator; remedies of different kinds were not compared with each other.",
    "A change within an arm of a trial is not an effect: it holds natural course and the response to being treated.",
    "Combining remedies was not studied: effects are multiplied on what pain remains, as an assumption.",
)
_STRATEGY_DRUGS = {"aerobic_exercise": "exercise", "resistance_exercise": "exercise"}


@dataclass(frozen=True)
class RemedySwitches:
    """Choices that are assumptions.

    merge : join pills, needles and programmes by MERGE_ASSUMPTION. external_prior : use the fit that borrows from other
    pain trials; off takes the trials in women on an AI alone. bmi_modifier : let effects differ by body mass index
    (exploratory). count_placebo : add the response to placebo, sham or open care to the specific effect.
    """

    merge: bool = False
    external_prior: bool = True
    bmi_modifier: bool = False
    count_placebo: bool = False


@dataclass(frozen=True)
class Remedy:
    """A row of the remedy table.

    kind : what its numbers are: fitted, open, assumed error, trial alone, no trial or no benefit.
    trial_pairs : what the evidence room pools for it, the main pair first. certainty : only where no pair gives one.
    """

    name: str
    label: str
    drug_in_strategy: str
    parameter: str
    response_parameter: str
    timing: str
    own_comparator: str
    component: str
    kind: str
    contrast_rows: tuple[str, ...]
    effect_note: str
    time_to_effect: str
    after_stopping: str
    burden: str
    burden_rows: tuple[str, ...]
    certainty: str
    certainty_reasons: str
    dissent: str
    trial_pairs: tuple[tuple[str, str], ...]

    @property
    def trials_alone(self) -> tuple[TrialEffect, ...]:
        """What the trials in women on an AI say by themselves, pooled by the evidence room, with its certainty."""
        from aimss.evidence.effects import remedy_effect as pooled

        return tuple(pooled(remedy, comparator) for remedy, comparator in self.trial_pairs)


@cache
def remedies() -> Mapping[str, Remedy]:
    """Return the remedies by name."""
    text = (files("aimss.forecast.joints") / "remedies.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(io.StringIO(text)):
        contrasts, burdens = (tuple(row.pop(k).split()) for k in ("contrast_rows", "burden_rows"))
        pairs = tuple((a, b) for a, _, b in (p.partition("|") for p in row.pop("trial_pairs").split(";") if p))
        found[row["name"]] = Remedy(contrast_rows=contrasts, burden_rows=burdens, trial_pairs=pairs, **row)
    return found


@dataclass(frozen=True, eq=False)
class RemedyEffect:
    """Draws of one remedy's parts in points (negative = less pain), (draws,); None where nothing is known.

    specific : beyond its own comparator. response : to the comparator itself beyond the natural course.
    natural : course without treatment in women selected for pain.
    """

    remedy: Remedy
    specific: FloatArray | None
    response: FloatArray | None
    natural: FloatArray
    basis: str

    @property
    def total(self) -> FloatArray | None:
        """Return specific effect and response together, against no treatment."""
        return None if self.specific is None or self.response is None else self.specific + self.response


def remedy_effect(
    name: str, switches: RemedySwitches | None = None, *, bmi_30_or_more: bool | None = None
) -> RemedyEffect:
    """Return the draws of a remedy's effect for a new trial.

    bmi_30_or_more : used only with `bmi_modifier`. Raises StrategyError for an unknown remedy.
    """
    switches = switches or RemedySwitches()
    if name not in remedies():
        raise StrategyError("remedy", "one of " + ", ".join(remedies()), repr(name))
    remedy, theta = remedies()[name], remedy_draws()
    count = len(theta["natural_course_points"])
    z = normals(0, f"joint/remedy/{name}", 0, count, 4)
    natural = theta["natural_course_points"] + theta["natural_course_between_trial_sd_points"] * z[:, 2]
    if not remedy.parameter:
        return RemedyEffect(remedy, None, None, natural, remedy.effect_note)
    specific = theta[remedy.parameter]
    basis = "draws of the joint model's fit to the trials, with external priors where named"
    if not switches.external_prior:
        alone = _trials_alone(remedy, z[:, 3])
        if alone is not None:
            specific, basis = alone, "trials in women on an AI alone, pooled by the evidence room"
    specific = specific + theta["between_trial_sd_points"] * z[:, 0]
    if switches.bmi_modifier and bmi_30_or_more is not None:
        interaction = normals(0, f"joint/remedy-bmi/{name}", 0, count, 1)[:, 0] * 0.4
        specific = specific + (0.5 if bmi_30_or_more else -0.5) * interaction
        basis += "; body mass index as an exploratory modifier"
    response = theta[remedy.response_parameter] + theta["response_between_trial_sd_points"] * z[:, 1]
    return RemedyEffect(remedy, specific, response, natural, basis)


def _trials_alone(remedy: Remedy, z: FloatArray) -> FloatArray | None:
    """Draw from the main pair of trials; None if there is none or if it has no blinded comparator."""
    if remedy.kind != "fitted":
        return None
    main = remedy.trials_alone[0]
    sd = main.se
    if main.k > 1 and main.bayes_low is not None and main.bayes_high is not None:
        # with four trials or fewer the frequentist interval is too narrow
        sd = (main.bayes_high - main.bayes_low) / 3.92
    return np.asarray(main.estimate + sd * z)


def compare(first: str, second: str, switches: RemedySwitches | None = None) -> FloatArray:
    """Return draws of the difference in effect between two remedies, first minus second, points.

    Raises StrategyError for remedies of different kinds unless `merge` is on, and for one without an effect.
    """
    switches = switches or RemedySwitches()
    a, b = remedy_effect(first, switches), remedy_effect(second, switches)
    for effect in (a, b):
        if effect.specific is None:
            raise StrategyError("remedy", "one with a trial", effect.remedy.name, effect.remedy.effect_note)
    assert a.specific is not None
    assert b.specific is not None
    if a.remedy.component == b.remedy.component:
        return a.specific - b.specific
    if not switches.merge:
        raise StrategyError(
            "compare", "two remedies with a common comparator",
            f"{first} against {a.remedy.own_comparator}, {second} against {b.remedy.own_comparator}",
            f"To join them set merge: it assumes that {MERGE_ASSUMPTION}.",
        )  # fmt: skip
    assert a.total is not None
    assert b.total is not None
    return a.total - b.total


def apply_remedies(
    pain: FloatArray,
    taken: Mapping[str, FloatArray],
    draw: NDArray[np.int64],
    switches: RemedySwitches,
    seed: int,
    *,
    forecast_from: int = 0,
    bmi_30_or_more: bool | None = None,
    women: NDArray[np.int64] | None = None,
) -> FloatArray:
    """Return pain (n, t) under remedies; never below 0, and unchanged up to the week of the forecast.

    taken : drug of a strategy -> (t,) or (n, t), 1 while taken; aerobic and strength exercise count once.
    draw : (n,), which draw of the effect each twin takes.
    women : (n,), their numbers where they are some of many; 0 to n - 1 otherwise.
    """
    on: dict[str, FloatArray] = {}
    for drug, weeks in taken.items():
        name = _STRATEGY_DRUGS.get(drug, drug)
        on[name] = np.maximum(on.get(name, np.zeros_like(weeks)), weeks)
    out = pain
    time = np.arange(pain.shape[1], dtype=float)
    for name, weeks in sorted(on.items()):
        effect = remedy_effect(name, switches, bmi_30_or_more=bmi_30_or_more)
        if effect.specific is None or effect.response is None:
            continue
        pick = draw % len(effect.specific)
        future = np.where(time > forecast_from, weeks, 0.0)
        rise, fall, response_fall = _times(effect.remedy.timing, np.arange(len(draw)) if women is None else women, seed)
        change = effect.specific[pick][:, None] * follow(future, time, rise, fall)
        if switches.count_placebo:
            change = change + effect.response[pick][:, None] * follow(future, time, rise, response_fall)
        scale = (out / assumed("reference_pain_points")) ** assumed("remedy_proportionality")
        out = clip_pain(out + change * scale)
    return out


def _times(timing: str, women: NDArray[np.int64], seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weeks to act and to fade of a remedy, and of the response to being treated, (n,) each."""
    low = int(women.min())
    z = normals(seed, f"joint/remedy-times/{timing}", low, int(women.max()) - low + 1, 3)[women - low]
    parameters = joint_parameters()

    def drawn(name: str, spread: str, column: int) -> FloatArray:
        return parameters[name].value * np.exp(parameters[spread].value * z[:, column])

    return (
        drawn(f"{timing}_on_weeks", f"{timing}_on_log_sd", 0),
        drawn(f"{timing}_off_weeks", f"{timing}_off_log_sd", 1),
        drawn("response_fading_weeks", "response_fading_log_sd", 2),
    )
