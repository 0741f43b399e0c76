"""Stage D: the hazards of stopping, with the latent course held at the mean of stage A ("cut").

The equations are those of `body.persistence.stopping`, which a test holds it to. Shares of one setting count as one
multinomial (pain, other reasons, still on the drug) of the printed number of women, at most 800. Import only after
`extra.require_bayes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from scipy.special import ndtr as scipy_ndtr

from aimss.body.joint_draws import Theta as Draws
from aimss.body.joint_draws import assumed
from aimss.body.joint_targets import SEED
from aimss.body.persistence import persistence_targets, population_load
from aimss.calibration.joint_fit.likelihood import Array, Theta
from aimss.calibration.joint_fit.priors import priors

MONTHS, MOST_WOMEN = 60, 800.0
# half the women of `population_stopping`: every share keeps its median within 0.0002
WOMEN_OF_FIT = 256
PAIN, OTHER = "pain_setting_effect/", "other_setting_effect/"
NEW = "new_setting"
AI, PLACEBO, BLINDED = "AI", "placebo", "AI, blinded"
# prevalence/time_course:T023, among the 0.324 of 503 who stopped for symptoms by 24 months (prevalence/adherence:D001)
MEDIAN_MONTH, STOPPED_BY_24 = 6.1, 163.0
# prevalence/adherence:D014: worst pain of 4 or more; read as pain at 12 months, for stopping from then to month 29
HIGH_PAIN_RATIO, HIGH_PAIN_LOG_SE = 2.09, float(np.log(3.80 / 1.14) / 3.92)
# note of prevalence/adherence:D046: anastrozole against placebo, blinded; a ratio of the logarithms of those who stay
BLINDED_SETTING, BLINDED_RATIO, BLINDED_LOG_SE = "sestak2018_ibis2", 0.97, float(np.log(1.09 / 0.87) / 3.92)
# prevalence/adherence:D003, one trial; the draws restate it
EXEMESTANE_RATIO, EXEMESTANE_LOG_SE = 1.5, float(np.log(2.1 / 1.1) / 3.92)
Results = Mapping[str, Any]
MEDIAN_SETTING, EARLY_HALF = "henry2012", "henry2012/by the median"
LOG_RATIOS = {
    "high pain": (float(np.log(HIGH_PAIN_RATIO)), HIGH_PAIN_LOG_SE),
    "blinded": (float(np.log(BLINDED_RATIO)), BLINDED_LOG_SE),
    "exemestane": (float(np.log(EXEMESTANE_RATIO)), EXEMESTANE_LOG_SE),
}


@dataclass(frozen=True, eq=False)
class Hazards:
    """Hazards for rates of 1 a month: pain by kind of woman, (months, women), and other reasons, (months,)."""

    model: StoppingModel
    pain: dict[str, list[Array]]
    other: Array

    @cached_property
    def pain_so_far(self) -> dict[str, list[Array]]:
        """Cumulative hazards for pain, (months, women)."""
        return {arm: [jnp.cumsum(p, axis=0) for p in parts] for arm, parts in self.pain.items()}

    @cached_property
    def other_so_far(self) -> Array:
        """Cumulative hazard for other reasons, (months,)."""
        return jnp.cumsum(self.other)

    def mean_by(self, month: int, arm: str) -> tuple[Array, Array]:
        """Return the mean cumulative hazards of a population by a month, for pain and for other reasons."""
        groups = zip(self.model.loads[arm], self.pain_so_far[arm], strict=True)
        return sum(g.share * p[month - 1].mean() for g, p in groups), self.other_so_far[month - 1]

    def by_cause(self, rates: tuple[Array, Array], months: int, arm: str) -> tuple[Array, Array]:
        """Return cumulative stopping for pain and for other reasons by month, (months,) each."""
        pain, other = jnp.zeros(months), jnp.zeros(months)
        b = rates[1] * self.other[:months, None]
        for k, group in enumerate(self.model.loads[arm]):
            a = rates[0] * self.pain[arm][k][:months]
            so_far = rates[0] * self.pain_so_far[arm][k][:months] + rates[1] * self.other_so_far[:months, None]
            leaving = jnp.exp(a + b - so_far) - jnp.exp(-so_far)
            for_pain = leaving * a / (a + b)
            pain = pain + group.share * for_pain.mean(1)
            other = other + group.share * (leaving - for_pain).mean(1)
        return jnp.cumsum(pain), jnp.cumsum(other)

    def any_cause(self, rates: tuple[Array, Array], month: int, arm: str) -> Array:
        """Return the share that has stopped by a month."""
        kept = jnp.zeros(())
        for k, group in enumerate(self.model.loads[arm]):
            so_far = rates[0] * self.pain_so_far[arm][k][month - 1] + rates[1] * self.other_so_far[month - 1]
            kept = kept + group.share * jnp.exp(-so_far).mean()
        return 1.0 - kept

    def high_pain_ratio(self, rates: tuple[Array, Array]) -> Array:
        """Return the ratio of the hazards of stopping in months 12-29, pain of 4 or more at 12 months against less."""
        start, end = 12, 29
        totals = jnp.zeros((2, 2))
        for k, group in enumerate(self.model.loads[AI]):
            places = np.array([start - 1, end - 1])
            so_far = rates[0] * self.pain_so_far[AI][k][places] + rates[1] * self.other_so_far[places][:, None]
            high = scipy_ndtr((group.pain[:, start] - 3.5) / self.model.error)
            at = jnp.exp(-so_far)
            totals = totals + group.share * jnp.stack([(high * at).mean(1), ((1 - high) * at).mean(1)])
        lost = jnp.log(totals[:, 1] / totals[:, 0])
        return lost[0] / lost[1]


class StoppingModel:
    """The numpyro model of stage D given the draws of stage A."""

    def __init__(self, latent: Draws, women: int = WOMEN_OF_FIT, seed: int = SEED) -> None:
        self.loads = {
            AI: population_load(latent, MONTHS, women, seed, on_drug=True),
            PLACEBO: population_load(latent, MONTHS, women, seed, on_drug=False),
            BLINDED: population_load(latent, MONTHS, women, seed, on_drug=True, context=0.0),
        }
        self.error = float(np.mean(latent["measurement_sd_points"]))
        found: dict[str, dict[str, tuple[int, float, float]]] = {}
        self.arm: dict[str, str] = {}
        for t in persistence_targets():
            women_counted = min(float(t.n or MOST_WOMEN), MOST_WOMEN)
            found.setdefault(t.setting, {})[t.cause] = (int(t.month), t.observed, women_counted)
            self.arm[t.setting] = AI if t.on_drug else PLACEBO
        self.published = found
        # a burden of 0 has a hazard of 0, and its logarithm no gradient
        self.log_loads = {
            arm: [np.log(np.maximum((g.load[:, 1:] + g.load[:, :-1]).T / 6.0, 1e-12)) for g in groups]
            for arm, groups in self.loads.items()
        }

    @property
    def settings(self) -> tuple[str, ...]:
        """Return the settings in the order of their targets."""
        return tuple(self.published)

    def hazards(self, theta: Theta) -> Hazards:
        """Return the hazards for rates of 1; what all settings share."""
        middle, late = np.arange(MONTHS) + 0.5, theta["late_share_of_other_hazard"]
        early = np.exp(-middle / assumed("late_other_hazard_months"))
        other = late + 3.0 * (1.0 - late) * early
        pain = {
            arm: [
                jnp.exp(theta["burden_exponent"] * load - (middle / theta["pain_hazard_fading_months"])[:, None])
                for load in self.log_loads[arm]
            ]
            for arm in self.loads
        }
        return Hazards(self, pain, other)

    def rates(self, theta: Theta, setting: str) -> tuple[Array, Array]:
        """Return the monthly rates of a setting for pain (at a burden of 3) and for other reasons."""
        return (
            jnp.exp(theta["pain_log_rate_mean"] + theta["pain_log_rate_between_setting_sd"] * theta[PAIN + setting]),
            jnp.exp(theta["other_log_rate_mean"] + theta["other_log_rate_between_setting_sd"] * theta[OTHER + setting]),
        )

    def log_likelihood(self, theta: Theta, hazards: Hazards, results: Results | None = None) -> Array:
        """Return the log likelihood of every published share, time and ratio, up to a constant; or of `results`."""
        seen, predicted = results or self.results, self.predicted(theta, hazards)
        parts = []
        for setting, causes in self.published.items():
            n = next(iter(causes.values()))[2]
            shares = [(seen[f"{setting}/{cause}"], predicted[f"{setting}/{cause}"]) for cause in causes]
            parts += [n * share * jnp.log(p) for share, p in shares]
            parts.append(n * (1.0 - sum(s for s, _ in shares)) * jnp.log1p(-sum(p for _, p in shares)))
        half, early = predicted[EARLY_HALF], seen[EARLY_HALF]
        parts.append(STOPPED_BY_24 * (early * jnp.log(half) + (1.0 - early) * jnp.log1p(-half)))
        parts += [-0.5 * ((predicted[name] - seen[name]) / se) ** 2 for name, (_, se) in LOG_RATIOS.items()]
        return jnp.stack(parts)

    def predicted(self, theta: Theta, hazards: Hazards) -> dict[str, Array]:
        """Return what is expected of each of `results`."""
        found: dict[str, Array] = {}
        for setting, causes in self.published.items():
            rates, arm = self.rates(theta, setting), self.arm[setting]
            if "any" in causes:
                found[f"{setting}/any"] = hazards.any_cause(rates, causes["any"][0], arm)
                continue
            by_cause = dict(zip(("pain", "other"), hazards.by_cause(rates, causes["pain"][0], arm), strict=True))
            found |= {f"{setting}/{cause}": by_cause[cause][-1] for cause in causes}
            if setting == MEDIAN_SETTING:
                left, place = by_cause["pain"] + by_cause["other"], int(MEDIAN_MONTH)
                part = MEDIAN_MONTH - place
                found[EARLY_HALF] = ((1 - part) * left[place - 1] + part * left[place]) / left[-1]
        found["high pain"] = jnp.log(hazards.high_pain_ratio(self.rates(theta, "chim2013")))
        rates = self.rates(theta, BLINDED_SETTING)
        on, off = (jnp.log1p(-hazards.any_cause(rates, MONTHS, arm)) for arm in (BLINDED, PLACEBO))
        found["blinded"] = jnp.log(on / off)
        found["exemestane"] = jnp.log(theta["exemestane_hazard_ratio_elph"])
        return found

    @property
    def results(self) -> dict[str, float]:
        """Return what was published: shares by setting and cause, half at the median, logarithms of ratios."""
        shares = {
            f"{s}/{cause}": share for s, causes in self.published.items() for cause, (_, share, _) in causes.items()
        }
        return shares | {EARLY_HALF: 0.5} | {name: log_ratio for name, (log_ratio, _) in LOG_RATIOS.items()}

    def reported(self, name: str) -> bool:
        """Return whether the targets tell of an effect: none of a setting that printed stopping for pain alone."""
        kind, _, setting = name.rpartition("/")
        return kind + "/" != OTHER or setting == NEW or set(self.published[setting]) != {"pain"}

    def __call__(self, results: Results | None = None) -> None:
        """Run as a numpyro model of the published results, or of simulated ones in their place."""
        theta: Theta = {name: numpyro.sample(name, p.as_distribution) for name, p in priors("persistence").items()}
        hazards = self.hazards(theta)
        for setting in self.settings:
            for name, log_rate in self._log_rates(hazards, setting).items():
                kind = "pain" if name == PAIN else "other"
                mean, sd = theta[f"{kind}_log_rate_mean"], theta[f"{kind}_log_rate_between_setting_sd"]
                numpyro.factor(f"between settings/{name}{setting}", dist.Normal(mean, sd).log_prob(log_rate))
                theta[name + setting] = numpyro.deterministic(name + setting, (log_rate - mean) / sd)
            if OTHER + setting not in theta:
                theta[OTHER + setting] = numpyro.sample(OTHER + setting, dist.Normal(0.0, 1.0))
        for prefix in (PAIN, OTHER):
            numpyro.sample(prefix + NEW, dist.Normal(0.0, 1.0))
        numpyro.factor("published", self.log_likelihood(theta, hazards, results).sum())

    def coordinates(self, theta: Theta) -> dict[str, Array]:
        """Return what the model samples in place of the settings' effects in `theta`; the inverse of `_log_rates`."""
        found: dict[str, Array] = {}
        hazards = self.hazards(theta)
        for setting, causes in self.published.items():
            month = next(iter(causes.values()))[0]
            so_far = hazards.mean_by(month, self.arm[setting])
            pain, other = (jnp.log(rate * v) for rate, v in zip(self.rates(theta, setting), so_far, strict=True))
            if "any" in causes:
                found |= {f"log_hazard/{setting}": jnp.logaddexp(pain, other), f"split/{setting}": pain - other}
                continue
            found |= {f"log_hazard/{setting}/{cause}": {"pain": pain, "other": other}[cause] for cause in causes}
        return found

    def _log_rates(self, hazards: Hazards, setting: str) -> dict[str, Array]:
        """Return the log rates of a setting, sampled as what its targets tell: log cumulative hazards at their month.

        A setting that printed one cause tells its own; one that printed any cause tells the sum, and the split is
        sampled as a logit. The rates follow by a map whose determinant is 1, so that no Jacobian is needed.
        """
        causes, arm = self.published[setting], self.arm[setting]
        month, share, _ = causes.get("any") or causes["pain"]
        for_pain, for_other = (jnp.log(v) for v in hazards.mean_by(month, arm))
        if "any" in causes:
            total = _told(f"log_hazard/{setting}", share)
            split = numpyro.sample(f"split/{setting}", dist.Normal(0.0, 1.0).mask(False))
            return {
                PAIN: total + jax.nn.log_sigmoid(split) - for_pain,
                OTHER: total + jax.nn.log_sigmoid(-split) - for_other,
            }
        found = {PAIN: _told(f"log_hazard/{setting}/pain", share) - for_pain}
        if "other" in causes:
            found[OTHER] = _told(f"log_hazard/{setting}/other", causes["other"][1]) - for_other
        return found


def _told(name: str, share: float) -> Array:
    """Sample a log cumulative hazard; chains start about the published one, which does not count (mask)."""
    return numpyro.sample(name, dist.Normal(float(np.log(-np.log1p(-share))), 0.3).mask(False))
