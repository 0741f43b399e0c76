"""Her scans as the level model takes them, and what is believed of her level before them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from aimss.forecast.levels import LevelPrior, ScanData
from aimss.patient.densitometry import population_bmd, precision_percent, site_correlation
from aimss.patient.observations import SITES, Site

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.patient.patient import Patient
    from aimss.patient.scans import ScanSeries

SLOPE_PARAMETERS = ("random_slope_sd_lumbar_spine", "random_slope_sd_hip", "random_slope_sd_hip")


def level_prior(patient: Patient, parameters: Parameters) -> LevelPrior:
    """Level and slope of a woman of her age without a scan; both are correlated between sites."""
    population = [population_bmd(site, patient.age) for site in SITES]
    level_sd = np.array([q.sd / q.value for q in population])
    slope_sd = np.array([parameters[name] for name in SLOPE_PARAMETERS]) / 100
    correlation = np.array([[site_correlation(a, b).value for b in SITES] for a in SITES])
    covariance = np.zeros((6, 6))
    covariance[:3, :3] = correlation * np.outer(level_sd, level_sd)
    covariance[3:, 3:] = correlation * np.outer(slope_sd, slope_sd)
    # the mean of the lognormal is the population's mean
    mean = np.concatenate([np.log([q.value for q in population]) - level_sd**2 / 2, np.zeros(3)])
    return LevelPrior(mean, covariance)


def scan_sd_percent(site: Site, precision_of_scan_percent: float, parameters: Parameters) -> float:
    """SD of one scan around her true BMD, in percent.

    The published spread of measured changes is wider than the precision of a machine allows: positioning over the
    years, degenerative change and body mass move a scan too. Half of the variance of a measured change belongs to each
    scan; its machine part is replaced by that of her scan.
    """
    of_a_change = parameters[f"measurement_noise_sd_{site}"]
    beyond_machine = max(of_a_change**2 / 2 - precision_percent(site) ** 2, 0.0)
    return float(np.hypot(np.sqrt(beyond_machine), precision_of_scan_percent))


def scan_data(patient: Patient, series: Mapping[Site, ScanSeries], parameters: Parameters) -> ScanData:
    """All her scans on one scale; a scan known to the month or year stands at the middle of it."""
    day, site_index, log_bmd, sd = [], [], [], []
    for index, site in enumerate(SITES):
        if site not in series:
            continue
        for scan in series[site].scans:
            day.append(min(patient.days_from_record(scan.date), 0.0))
            site_index.append(index)
            log_bmd.append(np.log(scan.bmd_g_cm2))
            sd.append(scan_sd_percent(site, scan.sd_percent, parameters) / 100)
    return ScanData(np.array(day), np.array(site_index, dtype=np.int64), np.array(log_bmd), np.array(sd))
