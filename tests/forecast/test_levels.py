from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from aimss.forecast.levels import LevelPrior, ScanData, update_levels


def make_prior(rng):
    a = rng.normal(size=(6, 6)) * 0.1
    return LevelPrior(rng.normal(size=6) * 0.1, a @ a.T + 0.01 * np.eye(6))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 5))
def test_agrees_with_conditioning_of_the_joint_normal(seed, n_scans):
    rng = np.random.default_rng(seed)
    prior = make_prior(rng)
    scans = ScanData(
        -rng.uniform(0, 2000, n_scans),
        rng.integers(0, 3, n_scans),
        rng.normal(size=n_scans),
        rng.uniform(0.01, 0.1, n_scans),
    )
    course = rng.normal(size=(4, n_scans)) * 0.05
    posterior = update_levels(prior, scans, course)
    design = np.array(
        [
            [float(s == c) for c in range(3)] + [float(s == c) * d / 365.25 for c in range(3)]
            for s, d in zip(scans.site, scans.day, strict=True)
        ]
    ).reshape(n_scans, 6)
    # the slow way: build the joint normal of (theta, y) and condition it
    cov_y = design @ prior.covariance @ design.T + np.diag(scans.sd**2)
    cross = prior.covariance @ design.T
    for i in range(4):
        mean_y = design @ prior.mean + course[i]
        expected = prior.mean + (cross @ np.linalg.inv(cov_y) @ (scans.log_bmd - mean_y) if n_scans else 0)
        np.testing.assert_allclose(posterior.mean[i], expected, atol=1e-8)
        if n_scans:
            density = multivariate_normal(mean_y, cov_y).logpdf(scans.log_bmd) + 0.5 * n_scans * np.log(2 * np.pi)
            np.testing.assert_allclose(posterior.log_likelihood[i], density, atol=1e-7)
    covariance = prior.covariance - cross @ np.linalg.inv(cov_y) @ cross.T if n_scans else prior.covariance
    np.testing.assert_allclose(posterior.factor @ posterior.factor.T, covariance, atol=1e-9)


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_one_scan_fewer_never_narrows(seed):
    rng = np.random.default_rng(seed)
    prior = make_prior(rng)
    scans = ScanData(-np.array([900.0, 400.0, 0.0]), np.array([0, 0, 1]), np.zeros(3), np.full(3, 0.02))
    fewer = ScanData(scans.day[1:], scans.site[1:], scans.log_bmd[1:], scans.sd[1:])
    course = np.zeros((1, 3))
    full = update_levels(prior, scans, course).factor
    less = update_levels(prior, fewer, course[:, 1:]).factor
    difference = less @ less.T - full @ full.T
    assert np.linalg.eigvalsh(difference).min() > -1e-9
