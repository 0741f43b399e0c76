"""Her scans on one scale: what was given, what was converted or assumed, and whether two of them may be compared."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from aimss.patient.dates import PartialDate, years_between
from aimss.patient.densitometry import (
    DEFAULT_REFERENCE_SET,
    DEVICES,
    ReferenceSet,
    YoungReference,
    conversion_error_percent,
    least_significant_change_percent,
    precision_percent,
    to_hologic,
    young_reference,
)
from aimss.patient.observations import SITES, Device, DxaScan, Site

# A printed T-score has one decimal: uniform error of 0.1 / sqrt(12).
T_SCORE_ROUNDING_SD = 0.1 / math.sqrt(12)
# T-score and BMD of one scan tell the maker when they fit one pair this closely and no other.
SAME_PAIR_T = 0.15


@dataclass(frozen=True)
class StandardScan:
    """One scan on the Hologic scale.

    `t_score` is as printed under the default reference set, recomputed under another. `offset` is what is added to
    (BMD - mean)/SD to give it, so that her report and her forecast agree on the day of the scan.
    """

    date: PartialDate
    site: Site
    bmd_g_cm2: float
    t_score: float
    reference: YoungReference
    offset: float
    device: Device | None
    sd_percent: float
    steps: tuple[str, ...] = ()

    def t_score_of(self, bmd_g_cm2: float) -> float:
        """T-score of another BMD of hers on the Hologic scale."""
        return self.reference.t_score(bmd_g_cm2) + self.offset


@dataclass(frozen=True)
class ScanSeries:
    """All scans of one site on the Hologic scale, oldest first; mixed makers are flagged and not compared."""

    site: Site
    scans: tuple[StandardScan, ...]
    mixed_devices: bool
    least_significant_change_percent: float | None
    notes: tuple[str, ...] = field(default=())

    def change_percent(self) -> float | None:
        """Change in percent from the first to the last scan; None for one scan or mixed makers."""
        if len(self.scans) < 2 or self.mixed_devices:
            return None
        return 100 * (self.scans[-1].bmd_g_cm2 / self.scans[0].bmd_g_cm2 - 1)

    def annual_change_percent(self) -> float | None:
        """Change in percent a year between the first and the last scan; None if they are under half a year apart."""
        change = self.change_percent()
        years = years_between(self.scans[0].date, self.scans[-1].date) if self.scans else 0.0
        return None if change is None or years < 0.5 else change / years

    def change_is_real(self) -> bool | None:
        """Whether the change exceeds the least significant change; None if it cannot be told."""
        change = self.change_percent()
        if change is None or self.least_significant_change_percent is None:
            return None
        return abs(change) >= self.least_significant_change_percent


def standardise(scan: DxaScan, reference_set: ReferenceSet = DEFAULT_REFERENCE_SET) -> StandardScan | None:
    """A scan in g/cm2 on the Hologic scale with its T-score and the pair that joins them; None for a Z-score alone."""
    if scan.t_score is None and scan.bmd_g_cm2 is None:
        return None
    steps: list[str] = []
    device = scan.device or _device_from_pair(scan, steps)
    maker = young_reference(scan.site, device)
    spread = precision_percent(scan.site) ** 2
    if scan.bmd_g_cm2 is not None:
        own = scan.bmd_g_cm2
    else:
        assert scan.t_score is not None
        own = maker.bmd_g_cm2(scan.t_score)
        steps.append(f"BMD from the T-score by {maker.mean:.3f}/{maker.sd:.3f} g/cm2 ({maker.source}, {maker.status})")
        spread += (100 * T_SCORE_ROUNDING_SD * maker.sd / own) ** 2
    bmd = to_hologic(own, scan.site, device)
    if device != "hologic":
        steps.append(
            f"{device} to the Hologic scale by Hui 1997 (error {conversion_error_percent(scan.site):g} % for one woman)"
        )
    reference = young_reference(scan.site, "hologic", reference_set)
    computed = reference.t_score(bmd)
    if scan.t_score is None:
        t_score = maker.t_score(own) if reference_set == DEFAULT_REFERENCE_SET else computed
        steps.append("T-score computed from the BMD")
    elif reference_set == DEFAULT_REFERENCE_SET:
        t_score = scan.t_score
        if abs(t_score - maker.t_score(own)) > 0.3:
            steps.append("the centre uses another T-score reference; its T-score is kept as printed")
    else:
        t_score = computed
        steps.append(f"T-score recomputed with {reference_set}; printed as {scan.t_score:g}")
    return StandardScan(
        scan.date, scan.site, bmd, t_score, reference, t_score - computed, scan.device, math.sqrt(spread), tuple(steps)
    )


def _device_from_pair(scan: DxaScan, steps: list[str]) -> Device:
    """The maker whose pair joins T-score and BMD; Hologic, said as an assumption, where that cannot be told."""
    if scan.t_score is not None and scan.bmd_g_cm2 is not None:
        fits = [
            device
            for device in DEVICES
            if abs(young_reference(scan.site, device).t_score(scan.bmd_g_cm2) - scan.t_score) <= SAME_PAIR_T
        ]
        if len(fits) == 1:
            steps.append(f"device not given; T-score and BMD fit together on {fits[0]} only")
            return fits[0]
    steps.append("device not given: Hologic scale assumed")
    return "hologic"


def same_scale(scans: Iterable[DxaScan], reference_set: ReferenceSet = DEFAULT_REFERENCE_SET) -> ScanSeries:
    """The scans of one site as a series; says per scan what was converted, and flags mixed makers.

    Raises
    ------
    ValueError : scans of different sites, or none with a T-score or BMD.
    """
    given = sorted((s for s in scans if s.t_score is not None or s.bmd_g_cm2 is not None), key=_by_date)
    sites = {s.site for s in given}
    if len(sites) != 1:
        raise ValueError(f"scans of one site are needed, found {sorted(sites)}")
    standard = tuple(s for s in (standardise(scan, reference_set) for scan in given) if s is not None)
    site = given[0].site
    makers = {scan.device for scan in given}
    stated = [s.least_significant_change_percent for s in given if s.least_significant_change_percent is not None]
    change = None if len(makers) > 1 else (stated[-1] if stated else least_significant_change_percent(site))
    notes = []
    if len(makers) > 1:
        names = ", ".join(sorted(m or "unknown" for m in makers))
        notes.append(
            f"scans of different devices ({names}): levels are converted, but their difference is not read as a change"
            f" (conversion errs by {conversion_error_percent(site):g} % for one woman)"
        )
        standard = tuple(_with_conversion_error(s) for s in standard)
    elif makers == {None}:
        notes.append("device not given: the level assumes the Hologic scale, a change assumes one device throughout")
    return ScanSeries(site, standard, len(makers) > 1, change, tuple(notes))


def scan_series(
    scans: Iterable[DxaScan], reference_set: ReferenceSet = DEFAULT_REFERENCE_SET
) -> dict[Site, ScanSeries]:
    """One series a site, for the sites that have a T-score or a BMD."""
    given = [s for s in scans if s.t_score is not None or s.bmd_g_cm2 is not None]
    return {
        site: same_scale([s for s in given if s.site == site], reference_set)
        for site in SITES
        if any(s.site == site for s in given)
    }


def _with_conversion_error(scan: StandardScan) -> StandardScan:
    if scan.device == "hologic":
        return scan
    return replace(scan, sd_percent=math.hypot(scan.sd_percent, conversion_error_percent(scan.site)))


def _by_date(scan: DxaScan) -> dt.date:
    return scan.date
