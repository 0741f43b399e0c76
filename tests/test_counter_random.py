from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aimss.counter_random import normals, uniforms


@given(st.integers(0, 2**31), st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 9), st.data())
def test_any_split_of_the_rows_gives_the_same_bytes(seed, first, count, width, data):
    cut = data.draw(st.integers(0, count))
    whole = uniforms(seed, "women", first, count, width)
    parts = [uniforms(seed, "women", first, cut, width), uniforms(seed, "women", first + cut, count - cut, width)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()
    assert np.all((whole > 0) & (whole < 1))


def test_streams_and_seeds_are_unrelated():
    sample = np.array([normals(s, name, 0, 5000, 1)[:, 0] for s, name in [(1, "a"), (1, "b"), (2, "a")]])
    correlation = np.corrcoef(sample)
    assert np.abs(correlation[np.triu_indices(3, 1)]).max() < 0.06  # 4 standard errors of a null correlation
    np.testing.assert_allclose(sample.mean(axis=1), 0, atol=0.06)
    np.testing.assert_allclose(sample.std(axis=1), 1, atol=0.05)
