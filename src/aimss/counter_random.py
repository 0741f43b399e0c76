"""Random numbers addressed by (seed, stream, row): row i is the same however many rows are drawn, in whatever chunks.

The generator is numpy's Philox (Salmon et al. 2011, doi 10.1145/2063384.2063405), a counter-based one: its state can
be set to any row at no cost, so a million women can be split over workers without changing a byte.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

_VALUES_PER_COUNTER = 4  # Philox4x64 makes four 64-bit numbers at each counter


def uniforms(seed: int, stream: str, first: int, count: int, width: int) -> NDArray[np.float64]:
    """Uniform numbers in (0, 1), shape (count, width), for rows `first` to `first + count - 1` of a named stream."""
    counters = -(-width // _VALUES_PER_COUNTER)
    generator = np.random.Philox(key=(seed << 32) + zlib.crc32(stream.encode()))
    generator.advance(first * counters)
    raw = generator.random_raw(count * counters * _VALUES_PER_COUNTER)
    # 52 bits and a half step: neither 0 nor 1 can occur, so that a quantile function never returns infinity
    grid = (raw >> np.uint64(12)).astype(np.float64)
    return ((grid + 0.5) * 2.0**-52).reshape(count, counters * _VALUES_PER_COUNTER)[:, :width]


def normals(seed: int, stream: str, first: int, count: int, width: int) -> NDArray[np.float64]:
    """Standard normal numbers, shape (count, width), by the inverse distribution function."""
    from scipy.special import ndtri

    return np.asarray(ndtri(uniforms(seed, stream, first, count, width)))
