"""Her own markers and estradiol as evidence about her twins.

A marker is compared with the twin's turnover on that day; the level of her assay is unknown, so it is a normal random
effect around the published norm of women after the menopause, and one value alone says little. Two values say a lot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aimss.evidence.tables import Row

if TYPE_CHECKING:
    from aimss.patient.patient import Patient

Array = NDArray[np.float64]

# assay row of the central 95 % or of the mean and SD, row of the within-woman CV; the unit of the norm
_NORM_ROWS = {
    "ctx": ("AS027", "AS016", "ng/mL"),
    "p1np": ("AS019", "AS005", "ng/mL"),
    "bsap": ("AS020", "AS001", "ug/L"),
    "ntx": ("AS043", "AS008", "nmol BCE/mmol creatinine"),
}
_TO_NORM_UNIT = {
    ("ctx", "ng/mL"): 1.0, ("ctx", "ug/L"): 1.0, ("ctx", "ng/L"): 1e-3, ("ctx", "pg/mL"): 1e-3,
    ("p1np", "ng/mL"): 1.0, ("p1np", "ug/L"): 1.0,
    ("bsap", "ug/L"): 1.0, ("bsap", "ng/mL"): 1.0,
    ("ntx", "nmol BCE/mmol creatinine"): 1.0,
}  # fmt: skip
LEVEL_SHARE = 0.5  # half of the between-woman variance is level of assay and excretion, half is turnover. Assumed.
ESTRADIOL_LN_SD = (
    0.25  # day-to-day spread of a woman's estradiol and the assay (total CV 9 % at 1.7 pmol/L, AS046). Assumed.
)
ESTRADIOL_LIMIT_PMOL_L = 0.6  # limit of quantification of the best assay, AS044


@dataclass(frozen=True)
class MarkerNorm:
    """ln of the norm, SD of her own level around it, and SD within a woman, all of ln value."""

    log_mean: float
    level_sd: float
    within_sd: float


@cache
def marker_norm(marker: str) -> MarkerNorm:
    """Norm of a marker in women after the menopause, from the evidence library (rows of population/assay)."""
    norm_id, within_id, _ = _NORM_ROWS[marker]
    norm, within = _row(norm_id), _row(within_id)
    low, high = norm.number("ci_low"), norm.number("ci_high")
    if low is not None and high is not None:
        log_mean, total_sd = np.log(low * high) / 2, np.log(high / low) / 3.92
    else:
        variation = _number(norm, "sd") / _number(norm, "value")
        total_sd = np.sqrt(np.log1p(variation**2))
        log_mean = np.log(_number(norm, "value")) - total_sd**2 / 2
    within_sd = np.log1p(_number(within, "value") / 100)
    between = max(total_sd**2 - within_sd**2, 0.0)
    return MarkerNorm(float(log_mean), float(np.sqrt(LEVEL_SHARE * between)), float(within_sd))


def _row(reference: str) -> Row:
    from aimss.evidence.references import resolve

    (row,) = resolve(reference)
    assert isinstance(row, Row)
    return row


def _number(row: Row, column: str) -> float:
    value = row.number(column)
    assert value is not None, f"{row.id} has no {column}"
    return value


@dataclass(frozen=True, eq=False)
class TurnoverData:
    """What can be compared: marker -> (days, ln values in the unit of the norm); estradiol (days, pmol/L)."""

    markers: Mapping[str, tuple[Array, Array]]
    estradiol: tuple[Array, Array]
    unused: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of values used."""
        return sum(len(days) for days, _ in self.markers.values()) + len(self.estradiol[0])

    @property
    def days(self) -> Array:
        """All days with a value."""
        return np.concatenate([*(days for days, _ in self.markers.values()), self.estradiol[0]])


def turnover_data(patient: Patient) -> TurnoverData:
    """Collect her marker and estradiol values; each one that cannot be used says why in `unused`."""
    markers: dict[str, tuple[list[float], list[float]]] = {}
    unused: list[str] = []
    for i, result in enumerate(patient.markers):
        factor = _TO_NORM_UNIT.get((result.marker, result.unit))
        if factor is None:
            unused.append(f"markers[{i}]: no published norm of {result.marker} in {result.unit}; not used")
            continue
        days, values = markers.setdefault(result.marker, ([], []))
        days.append(patient.days_from_record(result.date))
        values.append(float(np.log(result.value * factor)))
    estradiol: list[tuple[float, float]] = []
    for i, lab in enumerate(patient.laboratory):
        if lab.test != "estradiol":
            continue
        if lab.assay != "lc_ms_ms":
            unused.append(f"laboratory[{i}]: estradiol is used only if measured by LC-MS/MS; not used")
            continue
        estradiol.append((patient.days_from_record(lab.date), lab.standard_value))
    pairs = np.array(estradiol).reshape(-1, 2)
    return TurnoverData(
        {name: (np.array(days), np.array(values)) for name, (days, values) in markers.items()},
        (pairs[:, 0], pairs[:, 1]),
        tuple(unused),
    )


def marker_log_likelihood(marker: str, values: Array, log_ratio: Array) -> Array:
    """Log likelihood (n,) of ln values (j,) given each twin's ln marker relative to the reference woman, (n, j)."""
    norm = marker_norm(marker)
    residual = values - norm.log_mean - log_ratio
    count = len(values)
    covariance = np.full((count, count), norm.level_sd**2) + np.eye(count) * norm.within_sd**2
    factor = np.linalg.cholesky(covariance)
    white = np.linalg.solve(factor, residual.T)
    return np.asarray(-0.5 * np.sum(white**2, axis=0) - np.log(np.diag(factor)).sum())


def estradiol_log_likelihood(values_pmol_l: Array, predicted_pmol_l: Array) -> Array:
    """Log likelihood (n,) of measured estradiol (j,) given each twin (n, j); below the limit only that is known."""
    from scipy.special import log_ndtr

    with np.errstate(divide="ignore"):
        z = (np.log(np.maximum(values_pmol_l, ESTRADIOL_LIMIT_PMOL_L)) - np.log(predicted_pmol_l)) / ESTRADIOL_LN_SD
    below = values_pmol_l < ESTRADIOL_LIMIT_PMOL_L
    return np.asarray(np.where(below, log_ndtr(z), -0.5 * z**2).sum(axis=1))
