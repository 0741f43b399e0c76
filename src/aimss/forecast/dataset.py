"""The twins as an `xarray.Dataset`, for analysis beyond the page: every twin, strategy and month, with units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aimss.forecast.fracture_risk import DEFINITIONS
from aimss.patient.observations import SITES

if TYPE_CHECKING:
    import xarray as xr

    from aimss.forecast.forecast import Forecast

BODY_SOURCES = "body/parameters.csv (aimss model describe)"


def to_dataset(made: Forecast) -> xr.Dataset:
    """Return dims (strategy, draw, time): BMD and T-score by site, markers, estradiol, fracture; attributes say units.

    A draw is one twin: one set of parameters and one woman who shares the record. `time` is in months from the record
    date.
    """
    import xarray as xr

    dims = ("strategy", "draw", "time")
    variables: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]] = {}

    def add(name: str, parts: list[np.ndarray], units: str, long_name: str, sources: str = BODY_SOURCES) -> None:
        variables[name] = (dims, np.stack(parts), {"units": units, "long_name": long_name, "sources": sources})

    courses = made.strategies
    for i, site in enumerate(SITES):
        words = site.replace("_", " ")
        add(f"bmd_{site}", [c.bmd[..., i] for c in courses], "g/cm2", f"bone mineral density, {words}, Hologic scale")
        reference = f"T-score reference {made.settings.reference_set}"
        add(f"t_score_{site}", [c.t_score[..., i] for c in courses], "1", f"T-score, {words}", reference)
    add("estradiol", [c.estradiol for c in courses], "pmol/L", "serum estradiol")
    for marker in courses[0].markers:
        words = f"{marker.upper()}, 1 in the reference woman after the menopause"
        add(marker, [c.markers[marker] for c in courses], "1", words)
    for kind, definition in DEFINITIONS.items():
        sources = "body/parameters.csv, body/risk_ratios.csv, population/mortality"
        add(f"fracture_{kind}", [c.fracture[kind] for c in courses], "1", f"probability of a {definition}", sources)
    return xr.Dataset(
        variables,
        coords={"strategy": [c.compiled.name for c in courses], "time": ("time", made.months, {"units": "months"})},
        attrs={"seed": made.settings.seed, "failures": made.failures, "effective_sample_size":
               made.conditioned.effective_sample_size},
    )  # fmt: skip
