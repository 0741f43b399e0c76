"""Columns under way: values of some women of one arm at a time; what is not put stays missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Sheet:
    """The columns of a chunk, each (arms or 1, women); `failed` (women,) counts those without a solution."""

    def __init__(self, shape: tuple[int, int], columns: dict[str, NDArray[Any]]) -> None:
        self.shape, self.columns = shape, columns
        self.failed = np.zeros(shape[1], dtype=bool)

    def put(self, key: str, row: int, members: NDArray[np.int64], values: NDArray[Any], missing: Any = np.nan) -> None:
        """Put values (members,) of an arm; bytes stay bytes, all else becomes float32."""
        if key not in self.columns:
            kind = values.dtype if values.dtype == np.uint8 else np.float32
            self.columns[key] = np.full(self.shape, missing, dtype=kind)
        self.columns[key][row, members] = values

    def put_course(self, key: str, row: int, members: NDArray[np.int64], values: NDArray[Any]) -> None:
        """Put values (members, t) by visit."""
        if key not in self.columns:
            self.columns[key] = np.full((*self.shape, values.shape[1]), np.nan, dtype=np.float32)
        self.columns[key][row, members] = values
