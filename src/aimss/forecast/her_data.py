"""All her measured data against her twins: scans through the level model, markers and estradiol directly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aimss.forecast.her_scans import level_prior, scan_data
from aimss.forecast.levels import LevelPosterior, LevelPrior, ScanData, update_levels
from aimss.forecast.thinness import thinness
from aimss.forecast.turnover_data import (
    TurnoverData,
    estradiol_log_likelihood,
    marker_log_likelihood,
    turnover_data,
)
from aimss.patient.dates import DAYS_PER_MONTH
from aimss.patient.densitometry import young_reference
from aimss.patient.observations import SITES
from aimss.patient.scans import ScanSeries, scan_series

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.forecast.courses import Courses
    from aimss.patient.densitometry import ReferenceSet
    from aimss.patient.observations import Site
    from aimss.patient.patient import Patient

Array = NDArray[np.float64]
CHART_STEP_DAYS = 2 * DAYS_PER_MONTH
LONGEST_PAST_DAYS = 15 * 365.25  # a chart of the past need not go further back


@dataclass(frozen=True, eq=False)
class HerData:
    """Her observations, what is believed of her level before them, and her T-score scale."""

    prior: LevelPrior
    scans: ScanData
    turnover: TurnoverData
    series: dict[Site, ScanSeries]
    reference_set: ReferenceSet

    @classmethod
    def of(cls, patient: Patient, parameters: Parameters, reference_set: ReferenceSet) -> HerData:
        """Collect the data of a record."""
        series = dict(scan_series(patient.dxa, reference_set))
        scans = scan_data(patient, series, parameters)
        return cls(level_prior(patient, parameters), scans, turnover_data(patient), series, reference_set)

    def without_observations(self) -> HerData:
        """Return the same woman before anything was measured; her T-score scale stays."""
        none = np.array([], dtype=np.float64)
        return replace(
            self,
            scans=ScanData(none, np.array([], dtype=np.int64), none, none),
            turnover=TurnoverData({}, (none, none), ()),
        )

    @property
    def count(self) -> int:
        """Number of values that the twins are weighted by."""
        return self.scans.count + self.turnover.count

    @property
    def observation_days(self) -> Array:
        """Days with an observation, and today; ascending, unique."""
        return np.unique(np.concatenate([self.scans.day, self.turnover.days, [0.0]]))

    @property
    def first_day(self) -> float:
        """The earliest day with an observation, at most 0."""
        return float(self.observation_days[0])

    def past_days(self, first_event_day: float) -> Array:
        """Days for the chart of her past, with the observation days among them; the last is 0."""
        first = max(min(first_event_day, self.first_day), -LONGEST_PAST_DAYS)
        grid = np.arange(first, 0.0, CHART_STEP_DAYS)
        return np.unique(np.concatenate([grid, self.observation_days]))

    def levels(self, past: Courses, days: Array) -> LevelPosterior:
        """Level and slope of each twin given her scans; `past` holds courses at `days`, the last today."""
        at = np.searchsorted(days, self.scans.day)
        course = past.log_bmd[:, at, self.scans.site] - past.log_bmd[:, -1, :][:, self.scans.site]
        return update_levels(self.prior, self.scans, course)

    def log_likelihood(self, past: Courses) -> Array:
        """Log likelihood (n,) of everything measured; `past` holds courses at `observation_days`."""
        days = self.observation_days
        total = self.levels(past, days).log_likelihood
        for marker, (when, values) in self.turnover.markers.items():
            at = np.searchsorted(days, np.sort(when))
            log_ratio = np.log(past.markers[marker][:, at])
            total = total + marker_log_likelihood(marker, values[np.argsort(when, kind="stable")], log_ratio)
        when, values = self.turnover.estradiol
        if len(when):
            total = total + estradiol_log_likelihood(values, past.estradiol[:, np.searchsorted(days, when)])
        return total

    def thinness(self, parameters: Parameters) -> dict[str, float]:
        """How thin her bone is at every site, by all her scans; the mean of her age where she has none.

        The scans are taken together before any course is known: what she lost between them moves the answer by less
        than the noise of a scan.
        """
        level = update_levels(self.prior, self.scans, np.zeros((1, self.scans.count))).mean[0, : len(SITES)]
        return {site: float(thinness(site, np.exp(level[i]), parameters)) for i, site in enumerate(SITES)}

    def t_score(self, site: Site, bmd: Array) -> Array:
        """T-score of a BMD (g/cm2, Hologic scale) as her own centre would print it, else by the chosen reference."""
        if site in self.series:
            latest = self.series[site].scans[-1]
            return np.asarray((bmd - latest.reference.mean) / latest.reference.sd + latest.offset)
        reference = young_reference(site, "hologic", self.reference_set)
        return np.asarray((bmd - reference.mean) / reference.sd)
