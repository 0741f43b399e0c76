from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from aimss.trials.analysis import difference, summarise, women_per_arm
from aimss.trials.events import DEATH, DROPOUT, END, EVENT, censored, first_time
from aimss.trials.survival import curve, hazard_ratio


def test_newcombe_s_own_example() -> None:
    # Newcombe 1998, Stat Med 17:873, table II, first column, method 10: 56/70 - 48/80
    a, b = np.repeat([1.0, 0.0], [56, 14]), np.repeat([1.0, 0.0], [48, 32])
    found = difference(a, b, share=True)
    assert (found.estimate, found.low95, found.high95) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_welch_is_scipy_s() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(1, 2, 60), rng.normal(0, 5, 40)
    found = difference(np.append(a, np.nan), b)
    expected = stats.ttest_ind(a, b, equal_var=False)
    low, high = expected.confidence_interval()
    assert (found.p, found.low95, found.high95) == pytest.approx((expected.pvalue, low, high), rel=1e-9)


def test_paired_is_scipy_s() -> None:
    rng = np.random.default_rng(2)
    a = rng.normal(1, 2, 50)
    b = a + rng.normal(0.3, 0.5, 50)
    found = difference(a, b, paired=True)
    expected = stats.ttest_rel(a, b)
    assert (found.estimate, found.p) == pytest.approx((np.mean(a - b), expected.pvalue), rel=1e-9)


def test_ancova_finds_the_adjusted_difference() -> None:
    rng = np.random.default_rng(3)
    base = rng.normal(0, 1, 4000)
    arm = rng.random(4000) < 0.5
    value = 2.0 * base + 0.5 * arm + rng.normal(0, 0.2, 4000)
    found = difference(value[arm], value[~arm], baselines=(base[arm], base[~arm]))
    assert found.low95 < 0.5 < found.high95
    x = np.column_stack([np.ones(4000), arm, base])
    expected = np.linalg.lstsq(x, value, rcond=None)[0][1]
    assert found.estimate == pytest.approx(expected, rel=1e-9)
    residual = value - x @ np.linalg.lstsq(x, value, rcond=None)[0]
    se = np.sqrt(residual @ residual / 3997 * np.linalg.inv(x.T @ x)[1, 1])
    assert (found.high95 - found.low95) / 2 == pytest.approx(stats.t.ppf(0.975, 3997) * se, rel=1e-9)


def test_sample_size_is_the_textbook_s() -> None:
    # 2 (1.96 + 0.8416)^2 / 0.5^2 = 62.8
    assert women_per_arm(0.5, 1.0, 0.8, 0.05) == 63
    assert women_per_arm(0.0, 1.0, 0.8, 0.05) is None


def test_summary_leaves_out_what_is_missing() -> None:
    found = summarise(np.array([1.0, 2.0, 3.0, np.nan], dtype=np.float32), share=False)
    assert (found.n, found.mean, found.sd, found.median) == (3, 2.0, 1.0, 2.0)
    assert summarise(np.array([np.nan]), share=False).n == 0


def test_times_follow_the_hazard() -> None:
    days = np.linspace(0, 3652.5, 41)
    rng = np.random.default_rng(4)
    threshold = rng.exponential(size=20_000)
    when = first_time(np.full((20_000, 41), 0.1), days, threshold)
    assert np.allclose(when[threshold < 1], threshold[threshold < 1] * 3652.5, rtol=1e-9)
    assert np.isinf(when[threshold >= 1]).all()
    # a rising hazard, against the integral of its straight lines
    rising = np.broadcast_to(days / 3652.5, (20_000, 41))
    early = first_time(rising, days, threshold) < 1826.25
    assert early.mean() == pytest.approx(1 - np.exp(-(0.5**2) * 10 / 2), abs=0.01)


def test_what_ends_the_watching() -> None:
    inf = np.inf
    event, death, dropout = np.array([10, inf, inf, inf, 50, 30]), np.array([20, 5, inf, inf, 50, inf]), np.array(
        [inf, 9, 7, inf, inf, 30]
    )  # fmt: skip
    months, cause = censored(event * 1.0, death * 1.0, dropout * 1.0, 100.0)
    assert cause.tolist() == [EVENT, DEATH, DROPOUT, END, EVENT, EVENT]
    assert np.allclose(months * 30.4375, [10, 5, 7, 100, 50, 30])


def test_curves_against_the_known_law() -> None:
    rng = np.random.default_rng(5)
    n = 6000
    event, death = rng.exponential(60, n), rng.exponential(120, n)
    end = np.full(n, 60.0)
    which = np.argmin([event, death, end], axis=0)
    cause = np.array([EVENT, DEATH, END], dtype=np.uint8)[which]
    months = np.minimum(np.minimum(event, death), end)
    found = curve(months, cause, 60.0)
    rate = 1 / 60 + 1 / 120
    assert found.incidence[-1] == pytest.approx((1 / 60) / rate * (1 - np.exp(-60 * rate)), abs=0.02)
    assert found.event_free[-1] == pytest.approx(np.exp(-1), abs=0.02)
    assert found.low95[-1] < np.exp(-1) < found.high95[-1]
    # no dropout: the variance of a share
    p = found.incidence[-1]
    assert found.incidence_se == pytest.approx(np.sqrt(p * (1 - p) / n), rel=0.35)
    small = curve(months[:1000], cause[:1000], 60.0)
    assert small.incidence_se == pytest.approx(np.sqrt(p * (1 - p) / 1000), rel=0.1)


def test_hazard_ratio_of_two_exponentials() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.exponential(20, 3000), rng.exponential(10, 3000)
    ratio, low, high, p = hazard_ratio((a, b), (np.ones(3000, bool), np.ones(3000, bool)))
    assert low < 0.5 < high
    assert ratio == pytest.approx(0.5, abs=0.04)
    assert p < 1e-6
