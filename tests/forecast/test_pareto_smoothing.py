from __future__ import annotations

import numpy as np

from aimss.forecast.pareto_smoothing import (
    effective_sample_size,
    generalised_pareto_fit,
    smoothed_weights,
    systematic_resample,
)


def test_tail_shape_is_recovered():
    rng = np.random.default_rng(5)
    for k in (0.2, 0.5, 0.9):
        u = rng.uniform(size=20_000)
        x = np.sort(2.0 / k * ((1 - u) ** -k - 1))
        fitted, sigma = generalised_pareto_fit(x)
        assert abs(fitted - k) < 0.04
        assert abs(sigma - 2.0) < 0.1


def test_normal_proposal_and_target_give_the_right_mean_and_a_low_k():
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1.3, 4000)
    log_w = -0.5 * (x - 0.4) ** 2 + 0.5 * (x / 1.3) ** 2
    weights, k = smoothed_weights(log_w)
    assert k < 0.5
    assert abs(weights @ x - 0.4) < 0.06
    assert 0 < effective_sample_size(weights) <= 4000


def test_a_hopeless_proposal_is_told_by_k():
    rng = np.random.default_rng(2)
    x = rng.normal(0, 0.3, 2000)  # far narrower than its target
    _, k = smoothed_weights(-0.5 * x**2 + 0.5 * (x / 0.3) ** 2)
    assert k > 0.7


def test_equal_weights_resample_every_draw_once():
    assert list(systematic_resample(np.full(7, 1 / 7), 7, 0.5)) == list(range(7))
