"""Joint pain over time: background pain plus what the fall of estradiol adds in susceptible women.

    X(t)    = clip((1 - E2(t)/E2_0) / 0.90, 0, 1)                                    suppression
    dD/dt   = (X - D)/onset time if X >= D, else (X - D)/offset time                  its effect on the joints
    x(t)    = clip(trait + fluctuation(t) + context C(t) + S G a D(t) + tamoxifen T(t), 0, 10)

Pain is worst joint pain over 24 hours in points, 0-10; time is in weeks from the start of the AI. The model gives no
difference between aromatase inhibitors, and no genetic variant, vitamin D, stage or body mass index is an input.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aimss.body.joint_draws import FloatArray, Theta, assumed
from aimss.counter_random import normals, uniforms

PAIN_MINIMUM, PAIN_MAXIMUM = 0.0, 10.0


@dataclass(frozen=True, eq=False)
class WomenNumbers:
    """What makes one woman differ from another, in standard units; each (n,), the fluctuation (n, t)."""

    trait: FloatArray
    amplitude: FloatArray
    onset: FloatArray
    offset: FloatArray
    susceptible_rank: FloatArray
    fluctuation: FloatArray

    def __len__(self) -> int:
        return len(self.trait)


def sobol_women(count: int, times: int, seed: int) -> WomenNumbers:
    """Return a scrambled Sobol sample of women for population results; the first k women do not depend on `count`."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    sample = qmc.Sobol(3 + times, scramble=True, rng=seed).random(count)
    z = ndtri(sample)
    extra = uniforms(seed, "joint/population", 0, count, 2)
    return WomenNumbers(z[:, 0], z[:, 1], z[:, 2], ndtri(extra[:, 0]), extra[:, 1], z[:, 3:])


def static_numbers(
    count: int, seed: int, first: int = 0
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return trait, amplitude, onset, offset numbers and susceptibility rank, each (count,), from woman `first` on."""
    from scipy.special import ndtri

    rows = uniforms(seed, "joint/woman", first, count, 8)
    z = ndtri(rows[:, :4])
    return z[:, 0], z[:, 1], z[:, 2], z[:, 3], rows[:, 4]


def weekly_numbers(
    count: int, first_week: int, weeks: int, seed: int, stream: str = "joint/week", first: int = 0
) -> FloatArray:
    """Return standard normal numbers (count, weeks) of the women from `first` on.

    The number of a woman in a week depends on neither the count of women nor the span of weeks.
    """
    blocks = range(first_week // 4, (first_week + weeks - 1) // 4 + 1)
    drawn = np.concatenate([normals(seed, f"{stream}/{block}", first, count, 4) for block in blocks], axis=1)
    start = first_week - 4 * blocks.start
    return drawn[:, start : start + weeks]


def suppression(estradiol_ratio: FloatArray) -> FloatArray:
    """Return X, the suppression of estradiol relative to full suppression, 0 to 1, same shape.

    estradiol_ratio : estradiol relative to her own before the AI; above 1 counts as no suppression.
    """
    return np.clip((1.0 - np.asarray(estradiol_ratio)) / assumed("full_suppression"), 0.0, 1.0)


def onset_time(theta: Theta, onset: FloatArray) -> FloatArray:
    """Return the onset time of each woman in weeks."""
    return np.asarray(theta["onset_time_weeks"] * np.exp(assumed("onset_time_between_woman_log_sd") * onset))


def offset_time(offset: FloatArray) -> FloatArray:
    """Return the time over which pain eases once estradiol is back, in weeks; a prior: no serial score exists."""
    return assumed("offset_time_weeks") * np.exp(assumed("offset_time_log_sd") * np.asarray(offset))


def amplitude(theta: Theta, number: FloatArray) -> FloatArray:
    """Return the pain that full suppression adds in a susceptible woman, in points."""
    sd = assumed("amplitude_log_sd")
    return np.asarray(theta["amplitude_mean_points"] * np.exp(sd * number - sd**2 / 2))


def follow(
    target: FloatArray,
    time_weeks: FloatArray,
    rise_weeks: FloatArray,
    fall_weeks: FloatArray | None = None,
    start: FloatArray | float = 0.0,
) -> FloatArray:
    """First-order pursuit of a target; exact for a target that holds over each step the value at the step's end.

    target : (..., t), each value held since the time before it; rise_weeks, fall_weeks : (...).
    Returns (..., t); the first value is `start`.
    """
    rise = np.asarray(rise_weeks, dtype=float)
    fall = rise if fall_weeks is None else np.asarray(fall_weeks, dtype=float)
    shape = np.broadcast_shapes(np.shape(target)[:-1], rise.shape, fall.shape)
    out = np.empty((*shape, len(time_weeks)))
    state = np.broadcast_to(np.asarray(start, dtype=float), shape)
    out[..., 0] = state
    step = np.nan
    for k in range(1, len(time_weeks)):
        goal = np.asarray(target)[..., k]
        if time_weeks[k] - time_weeks[k - 1] != step:
            step = time_weeks[k] - time_weeks[k - 1]
            rising, falling = np.exp(-step / rise), np.exp(-step / fall)
        state = goal + (state - goal) * np.where(goal >= state, rising, falling)
        out[..., k] = state
    return out


def fluctuation(theta: Theta, innovations: FloatArray, time_weeks: FloatArray) -> FloatArray:
    """Return her pain's ups and downs, an Ornstein-Uhlenbeck process started in its stationary law, (..., t)."""
    sd, scale = theta["fluctuation_sd_points"], theta["fluctuation_time_weeks"]
    shape = np.broadcast_shapes(np.shape(sd), innovations.shape[:-1])
    out = np.empty((*shape, len(time_weeks)))
    out[..., 0] = sd * innovations[..., 0]
    step = np.nan
    for k in range(1, len(time_weeks)):
        if time_weeks[k] - time_weeks[k - 1] != step:
            step = time_weeks[k] - time_weeks[k - 1]
            keep = np.exp(-step / scale)
            fresh = np.sqrt(1.0 - keep**2) * sd
        out[..., k] = keep * out[..., k - 1] + fresh * innovations[..., k]
    return out


def context_build_up(time_weeks: FloatArray) -> FloatArray:
    """Return C(t), the share of the pain of starting treatment knowingly that has built up; 0 before the start."""
    since = np.maximum(time_weeks, 0.0)
    return np.asarray(1.0 - np.exp(-since / assumed("context_time_weeks")))


def background(theta: Theta, women: WomenNumbers, time_weeks: FloatArray, context: float) -> FloatArray:
    """Return the unclipped pain she would have without the drug, (..., t) points.

    context : 1 for a woman who starts adjuvant treatment knowingly, 0 for one in a blinded trial.
    """
    trait = theta["trait_mean_points"] + theta["trait_sd_points"] * women.trait
    ups = fluctuation(theta, women.fluctuation, time_weeks)
    knowing = np.asarray(theta["context_points"])[..., None] * context * context_build_up(time_weeks)
    return np.asarray(trait[..., None] + ups + knowing)


def clip_pain(points: FloatArray) -> FloatArray:
    """Hold a latent pain to the scale it is felt on, 0-10 points (part of the model, not a repair of input)."""
    return np.clip(points, PAIN_MINIMUM, PAIN_MAXIMUM)


@dataclass(frozen=True, eq=False)
class Course:
    """Latent pain (..., t) without the drug's effect on the joints, and with it if she is susceptible."""

    time_weeks: FloatArray
    without: FloatArray
    if_susceptible: FloatArray
    if_not: FloatArray


def course(
    theta: Theta,
    women: WomenNumbers,
    time_weeks: FloatArray,
    suppressed: FloatArray | float = 1.0,
    *,
    context: float = 1.0,
    population_amplitude: FloatArray | float = 1.0,
    tamoxifen_on: FloatArray | None = None,
) -> Course:
    """Return the latent pain of women under a course of estradiol suppression.

    theta : arrays that broadcast against the women, (n,) for one draw a woman or (draws, 1) for all pairs.
    suppressed : X(t), (..., t) or a constant from time 0 on; tamoxifen_on : (..., t), 1 while taken.
    population_amplitude : a_s, multiplies the amplitude in one population or trial.
    """
    time_weeks = np.asarray(time_weeks, dtype=float)
    goal = np.full(len(time_weeks), suppressed) if np.ndim(suppressed) == 0 else np.asarray(suppressed)
    rise = onset_time(theta, women.onset)
    driven = follow(goal, time_weeks, rise, offset_time(women.offset))
    base = background(theta, women, time_weeks, context)
    extra = (amplitude(theta, women.amplitude) * population_amplitude)[..., None] * driven
    if tamoxifen_on is not None:
        exposure = follow(tamoxifen_on, time_weeks, rise)
        with_tamoxifen = base + np.asarray(theta["tamoxifen_points"])[..., None] * exposure
    else:
        with_tamoxifen = base
    return Course(time_weeks, clip_pain(base), clip_pain(with_tamoxifen + extra), clip_pain(with_tamoxifen))
