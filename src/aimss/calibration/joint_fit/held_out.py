"""Each study of the latent course as if it were new: its own effects drawn from the spread between studies.

Two readings. Unweighted, the parameters have still seen the study. Weighted by 1 / p(study | parameters), with the
study's effects integrated out, they have not (leave-one-study-out by Pareto-smoothed importance sampling); a tail shape
above 0.7 says that the weights cannot be trusted. Import only after `extra.require_bayes`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtri
from scipy.stats import qmc

from aimss.calibration.joint_fit.latent import EFFECTS, SINGLE_EFFECTS, LatentModel
from aimss.calibration.joint_fit.priors import priors
from aimss.calibration.joint_fit.sampler import Draws
from aimss.counter_random import normals
from aimss.forecast.pareto_smoothing import effective_sample_size, smoothed_weights

FloatArray = NDArray[np.float64]
# what it is, predictions, sampling errors, observed, predictions with the study's own fitted effect
Column = tuple[str, FloatArray, FloatArray, float, FloatArray]
NEW_STUDIES = 256
TRUSTED = 0.7


def new_study_predictions(
    model: LatentModel, draws: Draws, seed: int, progress: Callable[[str], None]
) -> tuple[FloatArray, FloatArray]:
    """Return predictions and log likelihoods with every study's effects drawn anew, (draws, NEW_STUDIES, targets)."""
    shifts = [name for name in priors("latent") if name.endswith("_threshold_shift_points")]
    widths = {name: draws[name].shape[1] for name in EFFECTS} | dict.fromkeys([*SINGLE_EFFECTS, *shifts], 1)
    trials = draws["trial_adverse_event_intercept"].shape[1]
    z = ndtri(qmc.Sobol(sum(widths.values()) + trials, scramble=True, rng=seed).random(NEW_STUDIES))
    ends = np.cumsum([0, *widths.values()])
    effects = {name: z[:, a:b] for name, a, b in zip(widths, ends[:-1], ends[1:], strict=True)}
    reluctance = z[:, ends[-1] :]

    def one(theta: dict[str, Any], effect: tuple[dict[str, Any], Any]) -> tuple[Any, Any]:
        of_study, own = effect
        made = dict(theta)
        for name, value in of_study.items():
            scale = priors("latent")[name].scale if name in shifts else 1.0
            made[name] = scale * (value if name in EFFECTS else value[0])
        mean, sd = theta["adverse_event_intercept"], theta["adverse_event_intercept_sd"]
        made["trial_adverse_event_intercept"] = mean + sd * own
        predicted, _ = model.predictor(made)
        return predicted, model.of_targets(predicted)

    every = jax.jit(lambda theta: jax.lax.map(lambda e: one(theta, e), (effects, reluctance)))
    count = len(draws["susceptible_logit"])
    predictions, logs = [], []
    for k in range(count):
        predicted, log = every({name: jnp.asarray(v[k]) for name, v in draws.items()})
        predictions.append(np.asarray(predicted))
        logs.append(np.asarray(log))
        if (k + 1) % 100 == 0:
            progress(f"held-out studies, draw {k + 1} of {count}")
    return np.stack(predictions), np.stack(logs)


def held_out(
    model: LatentModel, draws: Draws, *, seed: int = 1, progress: Callable[[str], None] = lambda _: None
) -> list[dict[str, Any]]:
    """Return one row a target, and one a trial's difference between its arms, as told by studies other than its own."""
    predicted, logs = new_study_predictions(model, draws, seed, progress)
    own, _ = jax.jit(jax.vmap(model.predictor))({name: jnp.asarray(v) for name, v in draws.items()})
    own = np.asarray(own)
    studies = np.array([t.study for t in model.predictor.targets])
    noise = _sampling(model, predicted, seed)
    rows = []
    for study in dict.fromkeys(studies):
        members = np.flatnonzero(studies == study)
        marginal = logsumexp(logs[:, :, members].sum(2), axis=1) - np.log(NEW_STUDIES)
        weights, shape = smoothed_weights(-marginal)
        # given the other studies, a draw's own share of new studies counts by its weight alone
        columns: list[Column] = [
            (_name(model, int(i)), predicted[:, :, i], noise[:, :, i], float(model.observed[i]), own[:, i])
            for i in members
        ]
        columns += _difference(model, members, predicted, noise, own)
        for name, values, error, observed, with_effect in columns:
            spread = np.clip(values + error, 0.0, None) if "difference" not in name else values + error
            plain = np.quantile(spread, [0.05, 0.5, 0.95])
            left_out = weighted_quantile(spread, weights, [0.05, 0.5, 0.95])
            rows.append(
                {
                    "study": str(study),
                    "target": name,
                    "observed": observed,
                    "own_effect": float(np.median(with_effect)),
                    "new_study": float(plain[1]),
                    "new_study_low90": float(plain[0]),
                    "new_study_high90": float(plain[2]),
                    "held_out": float(left_out[1]),
                    "held_out_low90": float(left_out[0]),
                    "held_out_high90": float(left_out[2]),
                    "inside": bool(left_out[0] <= observed <= left_out[2]),
                    "pareto_k": shape,
                    "effective_draws": effective_sample_size(weights),
                    "trusted": bool(shape < TRUSTED),
                }
            )
    return rows


def _name(model: LatentModel, i: int) -> str:
    t = model.predictor.targets[i]
    return f"{t.definition}, {t.arm or 'AI open'}, week {t.week:g}"


def _difference(
    model: LatentModel, members: NDArray[np.int64], predicted: FloatArray, noise: FloatArray, own: FloatArray
) -> list[Column]:
    """Return the excess over control of a trial's adverse events."""
    targets = model.predictor.targets
    arms = {targets[i].arm == "AI": i for i in members if targets[i].part == "adverse event"}
    if len(arms) < 2:
        return []
    on, off = arms[True], arms[False]
    return [
        (
            f"AE difference, AI against {targets[on].control}, week {targets[on].week:g}",
            predicted[:, :, on] - predicted[:, :, off],
            noise[:, :, on] - noise[:, :, off],
            float(model.observed[on] - model.observed[off]),
            own[:, on] - own[:, off],
        )
    ]


def _sampling(model: LatentModel, predicted: FloatArray, seed: int) -> FloatArray:
    """Draw the sampling error of a published result of that size, same shape as the predictions."""
    share = np.clip(predicted, 0.0, 1.0)
    # the printed number of women where there is one: the cap stands for definitions, which are drawn anew here
    women = np.array([float(t.n or 800) for t in model.predictor.targets])
    error = np.where(model.is_score, model.error, np.sqrt(share * (1 - share) / women))
    error = np.where(model.is_ratio, error * predicted, error)
    z = normals(seed, "joint/held-out-sampling", 0, predicted.shape[0] * predicted.shape[1], predicted.shape[2])
    return np.asarray(error * z.reshape(predicted.shape))


def weighted_quantile(values: FloatArray, weights: FloatArray, shares: list[float]) -> FloatArray:
    """Return quantiles of values (draws, k) whose draws have weights (draws,)."""
    flat = values.ravel()
    order = np.argsort(flat, kind="stable")
    cumulative = np.cumsum(np.repeat(weights / values.shape[1], values.shape[1])[order])
    places = np.searchsorted(cumulative, np.array(shares) * cumulative[-1])
    return np.asarray(flat[order][np.minimum(places, len(flat) - 1)])
