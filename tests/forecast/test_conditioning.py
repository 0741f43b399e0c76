from __future__ import annotations

import numpy as np
import pytest

from aimss.counter_random import normals
from aimss.forecast.conditioning import condition


def gaussian_case(observed, sd, width=12):
    # z ~ N(0, I), one noisy observation of the first two coordinates' sum: the posterior is known exactly
    a = np.zeros(width)
    a[:2] = 1.0
    precision = np.eye(width) + np.outer(a, a) / sd**2
    covariance = np.linalg.inv(precision)
    mean = covariance @ a * observed / sd**2
    return (lambda z: -0.5 * ((observed - z @ a) / sd) ** 2), mean, covariance


@pytest.mark.parametrize(("observed", "sd", "moved"), [(0.5, 1.0, False), (4.0, 0.05, True), (-6.0, 0.2, True)])
def test_posterior_mean_and_spread_are_right_with_and_without_moves(observed, sd, moved):
    log_likelihood, mean, covariance = gaussian_case(observed, sd)
    found = condition(normals(3, "pool", 0, 4000, 12), log_likelihood, 4000, 3)
    assert (found.moves > 0) == moved
    np.testing.assert_allclose(found.rows.mean(axis=0), mean, atol=0.15)
    total = found.rows[:, 0] + found.rows[:, 1]
    a = np.zeros(12)
    a[:2] = 1.0
    np.testing.assert_allclose(total.std(), np.sqrt(a @ covariance @ a), rtol=0.15)
    # what the data do not speak of keeps its prior spread
    np.testing.assert_allclose(found.rows[:, 2:].std(axis=0), 1.0, atol=0.12)


def test_no_information_leaves_the_pool_as_it_is():
    pool = normals(3, "pool", 0, 300, 5)
    found = condition(pool, lambda z: np.zeros(len(z)), 300, 1)
    assert found.moves == 0
    np.testing.assert_array_equal(np.sort(found.rows[:, 0]), np.sort(pool[:, 0]))


def test_failed_twins_are_never_chosen():
    pool = normals(3, "pool", 0, 2000, 3)
    found = condition(pool, lambda z: np.where(z[:, 0] > 0, -np.inf, 0.0), 500, 1)
    assert (found.rows[:, 0] <= 0).all()
