"""Bone density on one scale: T-score references, device conversion, precision, and what women of her age have.

The common scale is Hologic. A scan of another maker is converted by the published equations (standardised BMD,
Hui 1997), which err by 3.5 % and more for one patient: a change between two makers' scans is not a change of hers.
Every number stands in ``densitometry.csv`` with its source and status.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from aimss.patient.observations import Device, Site

ReferenceSet = Literal["nhanes3_manufacturer", "nhanes_2005_2014"]
REFERENCE_SETS: tuple[ReferenceSet, ...] = get_args(ReferenceSet)
DEFAULT_REFERENCE_SET: ReferenceSet = "nhanes3_manufacturer"
DEVICES: tuple[Device, ...] = get_args(Device)


@dataclass(frozen=True)
class YoungReference:
    """Mean and SD in g/cm2 of young women on the scale of one device, which turn a BMD into a T-score."""

    site: Site
    device: Device
    mean: float
    sd: float
    status: str
    source: str

    def t_score(self, bmd_g_cm2: float) -> float:
        """T-score of a BMD on the scale of this device."""
        return (bmd_g_cm2 - self.mean) / self.sd

    def bmd_g_cm2(self, t_score: float) -> float:
        """BMD in g/cm2, on the scale of this device, of a T-score."""
        return self.mean + t_score * self.sd


@dataclass(frozen=True)
class Quantity:
    """A number with its spread (SD, same unit), unit, status and source id."""

    value: float
    sd: float
    unit: str
    status: str
    source: str


@cache
def table() -> tuple[dict[str, str], ...]:
    """The rows of ``densitometry.csv``."""
    with files("aimss.patient").joinpath("densitometry.csv").open(encoding="utf-8") as stream:
        return tuple(csv.DictReader(stream))


def _row(topic: str, site: str = "", device: str = "", reference_set: str = "") -> dict[str, str] | None:
    wanted = {"topic": topic, "site": site, "device": device, "reference_set": reference_set}
    exact = {"topic", "site"}
    for row in table():
        if all(row[key] == value or (key not in exact and not value) for key, value in wanted.items()):
            return row
    return None


def _given(topic: str, site: str = "", device: str = "") -> dict[str, str]:
    row = _row(topic, site, device)
    assert row is not None, f"densitometry.csv lacks {topic} {site} {device}"
    return row


@cache
def young_reference(
    site: Site, device: Device = "hologic", reference_set: ReferenceSet = DEFAULT_REFERENCE_SET
) -> YoungReference:
    """The T-score reference of a site.

    `nhanes_2005_2014` has no total hip: the pair of `nhanes3_manufacturer` stands in, as its source says. A pair that
    was not found for a device is the Hologic pair carried over by the conversion equations (status assumed).
    """
    row = _row("t_score_reference", site, device, reference_set)
    if row is not None:
        return YoungReference(site, device, float(row["mean"]), float(row["sd"]), row["status"], row["id"])
    if device == "hologic":
        other = young_reference(site, "hologic", DEFAULT_REFERENCE_SET)
        return YoungReference(
            site, device, other.mean, other.sd, other.status, f"{other.source} in place of a missing pair"
        )
    base = young_reference(site, "hologic", reference_set)
    mean = from_hologic(base.mean, site, device)
    sd = from_hologic(base.mean + base.sd, site, device) - mean
    return YoungReference(
        site, device, mean, sd, "assumed", f"{base.source} carried over by {_equation(site, device)[2]}"
    )


def _equation(site: Site, device: Device) -> tuple[float, float, str]:
    row = _given("standardised_bmd", site, device)
    return float(row["intercept"]), float(row["slope"]), row["id"]


def to_hologic(bmd_g_cm2: float, site: Site, device: Device) -> float:
    """BMD in g/cm2 of another device on the Hologic scale, through the standardised BMD (Hui 1997; RB054-RB064)."""
    return _converted(bmd_g_cm2, site, device, "hologic")


def from_hologic(bmd_g_cm2: float, site: Site, device: Device) -> float:
    """BMD in g/cm2 of the Hologic scale on the scale of another device; the inverse of `to_hologic`."""
    return _converted(bmd_g_cm2, site, "hologic", device)


def _converted(bmd_g_cm2: float, site: Site, device: Device, other: Device) -> float:
    if device == other:
        return bmd_g_cm2
    intercept, slope, _ = _equation(site, device)
    base, rise, _ = _equation(site, other)
    return (intercept + slope * bmd_g_cm2 - base) / rise


def conversion_error_percent(site: Site) -> float:
    """Error in percent of one converted scan (RB065); larger at the neck, where a comparison of devices showed it."""
    row = _row("conversion_error", site) or _given("conversion_error")
    return float(row["value"])


def precision_percent(site: Site) -> float:
    """Short-term coefficient of variation of a scan in percent (RB085-RB089)."""
    return float(_given("precision", site)["value"])


def least_significant_change_percent(site: Site) -> float:
    """Change in percent beyond which two scans on one device differ with 95 % confidence (RB081)."""
    return float(_given("least_significant_change_factor")["value"]) * precision_percent(site)


def site_correlation(one: Site, other: Site) -> Quantity:
    """Correlation of BMD between two sites among women of an age."""
    if one == other:
        return Quantity(1.0, 0.0, "r", "derived", "identity")
    row = _row("site_correlation", f"{one} {other}") or _given("site_correlation", f"{other} {one}")
    return Quantity(float(row["value"]), math.nan, "r", row["status"], row["id"])


def population_bmd(site: Site, age_years: float) -> Quantity:
    """Mean and SD of BMD in g/cm2 (Hologic) of women of an age, for a site where she has no scan.

    Spine: NHANES bands, linear between the middles of the bands; beyond the last band the last value stands and the
    source says so. Hip and neck: the model's assumed line of mean T for age from 50 on, joined to the young mean below.
    """
    points = _age_points(site)
    ages = [p[0] for p in points]
    if age_years <= ages[0] or age_years >= ages[-1]:
        age, mean, sd, status, source = points[0] if age_years <= ages[0] else points[-1]
        beyond = "" if age_years == age else f" (age {age:g}; nothing was found beyond)"
        return Quantity(mean, sd, "g/cm2", status, f"{source}{beyond}")
    upper = next(i for i, age in enumerate(ages) if age > age_years)
    low, high = points[upper - 1], points[upper]
    share = (age_years - low[0]) / (high[0] - low[0])
    status = "assumed" if "assumed" in {low[3], high[3]} else high[3]
    source = low[4] if low[4] == high[4] else f"{low[4]}, {high[4]}"
    return Quantity(low[1] + share * (high[1] - low[1]), low[2] + share * (high[2] - low[2]), "g/cm2", status, source)


@cache
def _age_points(site: Site) -> tuple[tuple[float, float, float, str, str], ...]:
    """Age, mean, SD, status and source of the supports between which `population_bmd` is linear."""
    points = [
        (
            (float(r["age_low_years"]) + float(r["age_high_years"])) / 2,
            float(r["mean"]),
            float(r["sd"]),
            r["status"],
            r["id"],
        )
        for r in table()
        if r["topic"] == "mean_by_age" and r["site"] == site
    ]
    line = _row("mean_t_by_age", site)
    if line is None:
        return tuple(points)
    young = young_reference(site)
    if not points:
        # women of the T-score reference were 20-29
        points.append((25.0, young.mean, young.sd, young.status, young.source))
    for age in (float(line["age_low_years"]), float(line["age_high_years"])):
        t = float(line["intercept"]) + float(line["slope"]) * (age - 50)
        points.append((age, young.bmd_g_cm2(t), float(line["sd"]) * young.sd, line["status"], line["id"]))
    return tuple(points)


def t_scores(bmd_g_cm2: float, site: Site) -> dict[ReferenceSet, float]:
    """The T-score of a BMD on the Hologic scale under every reference set: what the choice of set changes."""
    return {name: young_reference(site, "hologic", name).t_score(bmd_g_cm2) for name in REFERENCE_SETS}
