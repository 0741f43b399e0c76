"""How long women stay on the drug: competing hazards of stopping for pain and for other reasons.

    burden V(t) = 0.5 x(t) + 0.5 max(0, x(t) - x(0))                                     points
    pain hazard  = lambda (V/3)^nu exp(-t/zeta) Z          other hazard = h (w + 3 (1 - w) exp(-t/6)) Z      per month

The setting (trial, cohort, clinic) moves both hazards more than anything known about a woman, so a stopping risk is
always shown with its setting; the default is a new, unknown setting. Non-adherence without stopping is not modelled.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from aimss.body.joint import clip_pain, course, sobol_women
from aimss.body.joint_draws import FloatArray, Theta, assumed, latent_draws, persistence_draws
from aimss.counter_random import normals
from aimss.errors import ParameterError

NEW_SETTING = "new setting"
WEEKS_PER_MONTH = 365.25 / 12 / 7
_PAIN, _OTHER = "pain_setting_effect/", "other_setting_effect/"


def settings() -> tuple[str, ...]:
    """Return the settings whose hazards were fitted for both causes, and the unknown new one."""
    draws = persistence_draws()
    both = [
        name.removeprefix(_PAIN)
        for name in draws
        if name.startswith(_PAIN) and _OTHER + name.removeprefix(_PAIN) in draws and not name.endswith("new_setting")
    ]
    return (NEW_SETTING, *both)


def burden(x: FloatArray, x_start: FloatArray) -> FloatArray:
    """Return V, half present pain and half the rise over the start of treatment, (..., t) points."""
    share = assumed("burden_share_of_present_pain")
    return np.asarray(share * x + (1 - share) * np.maximum(0.0, x - x_start[..., None]))


def setting_rates(theta: Theta, setting: str, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Return the monthly rates for pain (at a burden of 3) and for other reasons, one a draw.

    A new setting is drawn from the spread between settings; ParameterError names the fitted settings otherwise.
    """
    count = len(theta["pain_log_rate_mean"])
    effects: list[FloatArray] = []
    z = normals(seed, "joint/setting", 0, count, 2)
    for k, prefix in enumerate((_PAIN, _OTHER)):
        if setting == NEW_SETTING:
            effects.append(z[:, k])
        elif prefix + setting in theta:
            effects.append(theta[prefix + setting])
        elif prefix == _OTHER and _PAIN + setting in theta:
            effects.append(z[:, k])  # the study reported stopping for pain only
        else:
            known = [NEW_SETTING, *sorted(n.removeprefix(_PAIN) for n in theta if n.startswith(_PAIN))]
            raise ParameterError("persistence setting", "one of " + ", ".join(known), repr(setting))
    pain = np.exp(theta["pain_log_rate_mean"] + theta["pain_log_rate_between_setting_sd"] * effects[0])
    other = np.exp(theta["other_log_rate_mean"] + theta["other_log_rate_between_setting_sd"] * effects[1])
    return pain, other


@dataclass(frozen=True, eq=False)
class Stopping:
    """Cumulative probability of having stopped, by cause, (..., t); they add up to `any_cause`."""

    time_months: FloatArray
    for_pain: FloatArray
    for_other_reasons: FloatArray

    @property
    def any_cause(self) -> FloatArray:
        """Return the probability of having stopped for any reason."""
        return self.for_pain + self.for_other_reasons


def stopping(
    load: FloatArray,
    time_months: FloatArray,
    theta: Theta,
    rates: tuple[FloatArray, FloatArray],
    *,
    multiplier: FloatArray | float = 1.0,
    on_treatment: FloatArray | None = None,
) -> Stopping:
    """Return cumulative stopping by cause while the drug is taken.

    load : V, (..., t) points; time_months : (t,) since the start of the AI; theta and rates broadcast against load
    without its last axis; on_treatment : (t,) or (..., t), 1 where the step ending there is on the drug (default all).
    """
    step = np.diff(time_months)
    middle = time_months[:-1] + step / 2
    v = (load[..., 1:] + load[..., :-1]) / 2
    lam, other = (np.asarray(r)[..., None] for r in rates)
    nu, zeta, late = (
        np.asarray(theta[k])[..., None]
        for k in ("burden_exponent", "pain_hazard_fading_months", "late_share_of_other_hazard")
    )
    early = np.exp(-middle / assumed("late_other_hazard_months"))
    factor = np.asarray(multiplier)[..., None] * step * (1.0 if on_treatment is None else on_treatment[..., 1:])
    pain_hazard = lam * (v / 3.0) ** nu * np.exp(-middle / zeta) * factor
    other_hazard = other * (late + 3.0 * (1.0 - late) * early) * factor
    both = pain_hazard + other_hazard
    staying = np.exp(-np.cumsum(both, axis=-1))
    before = np.concatenate([np.ones((*both.shape[:-1], 1)), staying[..., :-1]], axis=-1)
    leaving = before - staying
    share = np.divide(pain_hazard, both, out=np.zeros_like(both), where=both > 0)
    start = np.zeros((*both.shape[:-1], 1))

    def cumulative(part: FloatArray) -> FloatArray:
        return np.concatenate([start, np.cumsum(leaving * part, axis=-1)], axis=-1)

    return Stopping(time_months, cumulative(share), cumulative(1.0 - share))


@dataclass(frozen=True)
class PersistenceTarget:
    """A published share of women who had stopped, by cause; `rows` are evidence rows it was read or derived from."""

    setting: str
    cause: str
    month: float
    observed: float
    n: int | None
    on_drug: bool
    rows: str
    note: str


@cache
def persistence_targets() -> tuple[PersistenceTarget, ...]:
    """Return the discontinuation results that the hazards were fitted to."""
    text = (files("aimss.body") / "persistence_targets.csv").read_text(encoding="utf-8")
    return tuple(
        PersistenceTarget(
            r["setting"], r["cause"], float(r["month"]), float(r["observed"]), int(r["n"]) if r["n"] else None,
            r["arm"] == "AI", r["rows"], r["note"],
        )
        for r in csv.DictReader(io.StringIO(text))
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class PopulationLoad:
    """Pain and burden (women, t) of the women of one kind, who are `share` of a population."""

    share: float
    pain: FloatArray
    load: FloatArray


def population_load(
    latent: Theta, months: int, women: int, seed: int, *, on_drug: bool, context: float | None = None
) -> tuple[PopulationLoad, ...]:
    """Return the burden by month of women susceptible and not, with the latent course at the mean of its draws.

    context : 1 for women who know that they take the drug (default if on it), 0 in a blinded trial.
    """
    weeks = np.arange(months + 1, dtype=np.float64) * WEEKS_PER_MONTH
    mean = {name: np.array([[v.mean()]]) for name, v in latent.items() if v.ndim == 1}
    share = float((1.0 / (1.0 + np.exp(-latent["susceptible_logit"]))).mean())
    numbers = sobol_women(women, len(weeks), seed)
    followed = course(mean, numbers, weeks, context=float(on_drug) if context is None else context)
    paths = [(share, followed.if_susceptible[0]), (1 - share, followed.if_not[0])] if on_drug else [
        (1.0, clip_pain(followed.without[0]))]  # fmt: skip
    return tuple(PopulationLoad(weight, x, burden(x, x[:, 0])) for weight, x in paths)


def population_stopping(
    setting: str = NEW_SETTING,
    *,
    months: int = 60,
    women: int = 512,
    seed: int = 6,
    on_drug: bool = True,
    context: float | None = None,
    draws: tuple[Theta, Theta] | None = None,
) -> Stopping:
    """Return stopping over a population, (draws, t), with the latent course at its posterior mean as in the fit.

    context : 1 for women who know that they take the drug (default if on it), 0 in a blinded trial. draws : of the
    latent course and of the hazards, instead of the shipped ones.
    """
    latent, theta = draws or (latent_draws(), persistence_draws())
    groups = population_load(latent, months, women, seed, on_drug=on_drug, context=context)
    time_months = np.arange(months + 1, dtype=float)
    rates = setting_rates(theta, setting, seed)
    pain, other = (np.zeros((len(rates[0]), months + 1)) for _ in range(2))
    for d in range(len(rates[0])):
        one = {name: values[d] for name, values in theta.items()}
        for group in groups:
            left = stopping(group.load, time_months, one, (rates[0][d], rates[1][d]))
            pain[d] += group.share * left.for_pain.mean(0)
            other[d] += group.share * left.for_other_reasons.mean(0)
    return Stopping(time_months, pain, other)
