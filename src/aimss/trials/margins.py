"""One margin of a population: how one quantity is spread over women, with where the numbers came from."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from aimss.patient.parts import Part, refuse

Array = NDArray[np.float64]
Status = Literal["yes", "secondary", "derived", "assumed"]
_NEEDS = {"normal": ("mean", "sd"), "lognormal": ("median", "ln_sd"), "share": ("share",), "fixed": ("value",)}


class Margin(Part):
    """A distribution with its source; a number that was not seen in print may not stand behind one.

    normal (mean, sd) and lognormal (median, ln_sd) are cut at `low` and `high`; share: yes for so many of all women;
    fixed: one value.
    """

    distribution: Literal["normal", "lognormal", "share", "fixed"]
    mean: float | None = None
    sd: Annotated[float, Field(gt=0)] | None = None
    median: Annotated[float, Field(gt=0)] | None = None
    ln_sd: Annotated[float, Field(gt=0)] | None = None
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    status: Status
    source: str = Field(default="", description="evidence row, such as population/population:PO001; empty if assumed")
    note: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Margin:
        for name in _NEEDS[self.distribution]:
            if getattr(self, name) is None:
                raise refuse(name, f"a number, since distribution is {self.distribution}", "nothing")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise refuse("high", f"above low ({self.low:g})", f"{self.high:g}")
        if self.status != "assumed" and not self.source:
            raise refuse("source", f"the evidence row of a number with status {self.status}", "nothing")
        return self

    def values(self, z: Array) -> NDArray[np.float64] | NDArray[np.bool_]:
        """Return the quantiles of standard normal numbers, same shape; yes or no for a share."""
        from scipy.special import ndtr, ndtri

        if self.distribution == "fixed":
            return np.full(z.shape, float(self.value or 0.0))
        if self.distribution == "share":
            return np.asarray(ndtr(-z) < float(self.share or 0.0))
        if self.distribution == "normal":
            centre, spread = float(self.mean or 0.0), float(self.sd or 1.0)
        else:
            centre, spread = float(np.log(self.median or 1.0)), float(self.ln_sd or 1.0)
        edges = [
            None if v is None else v if self.distribution == "normal" else np.log(v) for v in (self.low, self.high)
        ]
        under, upto = (
            fallback if edge is None else float(ndtr((edge - centre) / spread))
            for edge, fallback in zip(edges, (0.0, 1.0), strict=True)
        )
        if (under, upto) != (0.0, 1.0):
            z = ndtri(np.clip(under + (upto - under) * ndtr(z), 1e-15, 1 - 1e-15))
        found = centre + spread * z
        return np.asarray(found if self.distribution == "normal" else np.exp(found))
