"""Stage D: the hazards of stopping, with the latent course held at the mean of stage A ("cut").

The equations are those of `body.persistence.stopping`, which a test holds it to. Shares of one setting count as one
multinomial (pain, other reasons, still on the drug) of the printed number of women, at most 800. Import only after
`extra.require_bayes`.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist

from aimss.body.joint_draws import Theta as Draws
from aimss.body.joint_draws import assumed
from aimss.body.joint_targets import SEED, WOMEN
from aimss.body.persistence import PopulationLoad, persistence_targets, population_load
from aimss.calibration.joint_fit.likelihood import Array, Theta, ndtr
from aimss.calibration.joint_fit.priors import priors

MONTHS, MOST_WOMEN = 60, 800.0
PAIN, OTHER = "pain_setting_effect/", "other_setting_effect/"
NEW = "new_setting"
# prevalence/time_course:T023, among the 0.324 of 503 who stopped for symptoms by 24 months (prevalence/adherence:D001)
MEDIAN_MONTH, STOPPED_BY_24 = 6.1, 163.0
# prevalence/adherence:D014: worst pain of 4 or more; read as pain at 12 months, for stopping from then to month 29
HIGH_PAIN_RATIO, HIGH_PAIN_LOG_SE = 2.09, float(np.log(3.80 / 1.14) / 3.92)
# prevalence/adherence:D003, one trial; the draws restate it
EXEMESTANE_RATIO, EXEMESTANE_LOG_SE = 1.5, float(np.log(2.1 / 1.1) / 3.92)


class StoppingModel:
    """The numpyro model of stage D given the draws of stage A."""

    def __init__(self, latent: Draws, women: int = WOMEN, seed: int = SEED) -> None:
        self.loads = {on: population_load(latent, MONTHS, women, seed, on_drug=on) for on in (True, False)}
        self.error = float(np.mean(latent["measurement_sd_points"]))
        found: dict[str, dict[str, tuple[int, float, float]]] = {}
        self.on_drug: dict[str, bool] = {}
        for t in persistence_targets():
            women_counted = min(float(t.n or MOST_WOMEN), MOST_WOMEN)
            found.setdefault(t.setting, {})[t.cause] = (int(t.month), t.observed, women_counted)
            self.on_drug[t.setting] = t.on_drug
        self.published = found
        self.middle = np.arange(MONTHS) + 0.5

    @property
    def settings(self) -> tuple[str, ...]:
        """Return the settings in the order of their targets."""
        return tuple(self.published)

    def _mean_load(self, group: PopulationLoad, months: int) -> Array:
        return (group.load[:, 1 : months + 1] + group.load[:, :months]) / 2

    def _hazards(self, theta: Theta, group: PopulationLoad, months: int) -> tuple[Array, Array]:
        """Hazards for a rate of 1 in a month, (women, months) for pain and (months,) for other reasons."""
        middle, late = self.middle[:months], theta["late_share_of_other_hazard"]
        # a burden of 0 has a hazard of 0, and its logarithm no gradient
        log_load = jnp.log(jnp.maximum(self._mean_load(group, months) / 3.0, 1e-12))
        pain = jnp.exp(theta["burden_exponent"] * log_load - middle / theta["pain_hazard_fading_months"])
        early = np.exp(-middle / assumed("late_other_hazard_months"))
        return pain, late + 3.0 * (1.0 - late) * early

    def by_cause(self, theta: Theta, rates: tuple[Array, Array], months: int, on_drug: bool) -> tuple[Array, Array]:
        """Return cumulative stopping for pain and for other reasons by month, (months,) each."""
        pain, other = jnp.zeros(months), jnp.zeros(months)
        for group in self.loads[on_drug]:
            a, b = self._hazards(theta, group, months)
            a, b = rates[0] * a, rates[1] * b
            staying = jnp.exp(-jnp.cumsum(a + b, axis=1))
            leaving = jnp.concatenate([jnp.ones((len(staying), 1)), staying[:, :-1]], axis=1) - staying
            for_pain = leaving * a / (a + b)
            pain = pain + group.share * for_pain.mean(0)
            other = other + group.share * (leaving - for_pain).mean(0)
        return jnp.cumsum(pain), jnp.cumsum(other)

    def any_cause(self, theta: Theta, rates: tuple[Array, Array], month: int, on_drug: bool) -> Array:
        """Return the share that has stopped by a month."""
        stopped = jnp.zeros(())
        for group in self.loads[on_drug]:
            a, b = self._hazards(theta, group, month)
            stopped = stopped + group.share * (1.0 - jnp.exp(-(rates[0] * a.sum(1) + rates[1] * b.sum())).mean())
        return stopped

    def high_pain_ratio(self, theta: Theta, rates: tuple[Array, Array]) -> Array:
        """Return the ratio of the hazards of stopping in months 12-29, pain of 4 or more at 12 months against less."""
        start, end = 12, 29
        totals = jnp.zeros((2, 2))
        for group in self.loads[True]:
            a, b = self._hazards(theta, group, end)
            steps = jnp.cumsum(rates[0] * a + rates[1] * b, axis=1)
            high = ndtr((group.pain[:, start] - 3.5) / self.error)
            at = jnp.exp(-steps[:, np.array([start - 1, end - 1])])
            totals = totals + group.share * jnp.stack(
                [(high[:, None] * at).mean(0), ((1 - high)[:, None] * at).mean(0)]
            )
        lost = jnp.log(totals[:, 1] / totals[:, 0])
        return lost[0] / lost[1]

    def rates(self, theta: Theta, setting: str) -> tuple[Array, Array]:
        """Return the monthly rates of a setting for pain (at a burden of 3) and for other reasons."""
        return (
            jnp.exp(theta["pain_log_rate_mean"] + theta["pain_log_rate_between_setting_sd"] * theta[PAIN + setting]),
            jnp.exp(theta["other_log_rate_mean"] + theta["other_log_rate_between_setting_sd"] * theta[OTHER + setting]),
        )

    def log_likelihood(self, theta: Theta) -> Array:
        """Return the log likelihood of every published share, time and ratio, up to a constant."""
        parts = []
        for setting, causes in self.published.items():
            rates, on = self.rates(theta, setting), self.on_drug[setting]
            if "any" in causes:
                month, share, n = causes["any"]
                p = self.any_cause(theta, rates, month, on)
                parts.append(n * (share * jnp.log(p) + (1 - share) * jnp.log1p(-p)))
                continue
            month, for_pain, n = causes["pain"]
            for_other = causes["other"][1] if "other" in causes else 0.0
            pain, other = self.by_cause(theta, rates, month, on)
            rest = 1.0 - pain[-1] - (other[-1] if "other" in causes else 0.0)
            parts.append(n * (for_pain * jnp.log(pain[-1]) + (1 - for_pain - for_other) * jnp.log(rest)))
            if "other" in causes:
                parts.append(n * for_other * jnp.log(other[-1]))
            if setting == "henry2012":
                left, place = pain + other, int(MEDIAN_MONTH)
                part = MEDIAN_MONTH - place
                half = ((1 - part) * left[place - 1] + part * left[place]) / left[-1]
                parts.append(STOPPED_BY_24 * 0.5 * (jnp.log(half) + jnp.log1p(-half)))
        ratio = self.high_pain_ratio(theta, self.rates(theta, "chim2013"))
        parts.append(-0.5 * (jnp.log(ratio / HIGH_PAIN_RATIO) / HIGH_PAIN_LOG_SE) ** 2)
        miss = jnp.log(theta["exemestane_hazard_ratio_elph"] / EXEMESTANE_RATIO) / EXEMESTANE_LOG_SE
        return jnp.stack([*parts, -0.5 * miss**2])

    def reported(self, name: str) -> bool:
        """Return whether the targets tell of an effect: none of a setting that printed stopping for pain alone."""
        kind, _, setting = name.rpartition("/")
        return kind + "/" != OTHER or setting == NEW or set(self.published[setting]) != {"pain"}

    def __call__(self) -> None:
        """Run as a numpyro model."""
        theta: Theta = {name: numpyro.sample(name, p.as_distribution) for name, p in priors("persistence").items()}
        for prefix in (PAIN, OTHER):
            for setting in (*self.settings, NEW):
                theta[prefix + setting] = numpyro.sample(prefix + setting, dist.Normal(0.0, 1.0))
        numpyro.factor("published", self.log_likelihood(theta).sum())
