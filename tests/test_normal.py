"""Wilson's interval against printed numbers, and what it must do for any share."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aimss.normal import NORMAL_95, wilson


def test_the_quantile_is_that_of_the_normal():
    assert pytest.approx(stats.norm.ppf(0.975), rel=1e-15) == NORMAL_95


def test_wilson_as_printed():
    # Newcombe 1998, Stat Med 17:857, table I, method 3
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    # R: prop.test(8, 10, correct = FALSE)
    assert wilson(8, 10) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.floats(0, n), st.just(n))))
def test_the_ends_are_where_the_score_test_is_at_its_limit(case):
    events, n = case
    share = events / n
    low, high = wilson(events, n)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
    for end in (low, high):
        if 1e-9 < end < 1 - 1e-9:
            score = abs(share - end) / math.sqrt(end * (1 - end) / n)
            assert score == pytest.approx(NORMAL_95, rel=1e-6)


@pytest.mark.parametrize(("events", "n"), [(1, 0), (-1, 5), (6, 5), (math.nan, 5)])
def test_no_share_no_interval(events, n):
    with pytest.raises(ValueError, match="events"):
        wilson(events, n)
