"""Parameters: one sourced line each; draws that depend on seed and number alone, shares that stay shares."""

from __future__ import annotations

import numpy as np
import pytest

from aimss.body.declaration import SITES
from aimss.body.parameters import _covariance, default, first_fit
from aimss.errors import ParameterError
from aimss.evidence.references import resolve

P = default()


def test_every_parameter_names_a_source_that_resolves():
    for name in P.names:
        source = P.parameter(name).source
        if source == "assumption":
            assert P.parameter(name).status == "assumed", name
        else:
            assert resolve(source), name


def test_lookup_is_by_full_name_and_refuses_others():
    assert first_fit()["estrogen_hill"] == 1.2221
    assert P["estrogen_hill"] != 1.2221
    assert P.names == first_fit().names
    assert P.unit("osteoclast_loss_rate") == "1/d"
    with pytest.raises(ParameterError, match="no such name"):
        P["psi"]
    assert "estrogen_hill" in P
    assert "psi" not in P
    with pytest.raises(ParameterError):
        P.replace({"nonsense": 1.0})
    before = P["estrogen_hill"]
    assert P.replace({"estrogen_hill": 2.0})["estrogen_hill"] == 2.0
    assert P["estrogen_hill"] == before


def test_draws_do_not_depend_on_how_many_or_in_which_chunks():
    whole = P.draws(300, seed=7)
    for name, values in P.draws(40, seed=7).items():
        np.testing.assert_array_equal(values, whole[name][:40])
    for name, values in P.draws(50, seed=7, first=200).items():
        np.testing.assert_array_equal(values, whole[name][200:250])
    assert P.draws(0, seed=7)["estrogen_hill"].shape == (0,)
    assert not np.array_equal(P.draws(40, seed=8)["estrogen_hill"], whole["estrogen_hill"][:40])


def test_draws_have_the_fitted_spread_and_correlation_and_shares_stay_shares():
    drawn = P.draws(20_000, seed=1)
    names, covariance = _covariance(P.covariance_text)
    shares = [n for n in P.drawn_names if "(0,1)" in P.parameter(n).distribution]
    assert {"zoledronate_slow_fraction", "alendronate_slow_fraction", "ibandronate_slow_fraction"} <= set(shares)
    assert {"risedronate_slow_fraction", "denosumab_max_block", "estrogen_share_on_differentiation"} <= set(shares)
    for name in shares:
        assert ((drawn[name] > 0) & (drawn[name] < 1)).all(), name
    # against the truncated normal made another way: numpy's generator, rejection of whole rows
    centre = np.log([P[n] for n in names])
    other = np.random.default_rng(3).multivariate_normal(centre, covariance, size=30_000)
    other = other[(other[:, [names.index(n) for n in shares]] < 0).all(axis=1)]
    found = np.log([drawn[n] for n in names]).T
    scale = np.sqrt(np.diag(covariance))
    assert np.abs((found.mean(axis=0) - other.mean(axis=0)) / scale).max() < 0.04
    assert np.abs((np.cov(found.T) - np.cov(other.T)) / np.outer(scale, scale)).max() < 0.05
    assert np.percentile(drawn["exercise_drift"], [2.5, 97.5]) == pytest.approx([-0.3, 0.5], abs=0.02)
    assert all(f"turnover_{site}" in drawn for site in SITES)
