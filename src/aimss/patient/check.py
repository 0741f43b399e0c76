"""What a sound record holds, in one dictionary: her scans on one scale, what is missing and what stands in for it."""

from __future__ import annotations

from typing import Any

from aimss.patient.densitometry import t_scores, young_reference
from aimss.patient.missing import missing_fields
from aimss.patient.patient import Patient
from aimss.patient.scans import ScanSeries, StandardScan, scan_series


def check_record(patient: Patient) -> dict[str, Any]:
    """Describe a record that was read: ``record``, ``scans`` (g/cm2, Hologic scale) by site, ``missing``."""
    return {
        "record": patient.model_dump(mode="json", exclude_unset=True),
        "scans": {site: _series(series) for site, series in scan_series(patient.dxa).items()},
        "missing": [gap._asdict() for gap in missing_fields(patient)],
    }


def _series(series: ScanSeries) -> dict[str, Any]:
    return {
        "mixed_devices": series.mixed_devices,
        "annual_change_percent": series.annual_change_percent(),
        "change_percent": series.change_percent(),
        "least_significant_change_percent": series.least_significant_change_percent,
        "change_is_real": series.change_is_real(),
        "notes": list(series.notes),
        "results": [_scan(scan) for scan in series.scans],
    }


def _scan(scan: StandardScan) -> dict[str, Any]:
    return {
        "date": str(scan.date),
        "bmd_g_cm2": scan.bmd_g_cm2,
        "t_score": scan.t_score,
        "t_score_by_reference": {
            name: {"t_score": value, "status": young_reference(scan.site, "hologic", name).status}
            for name, value in t_scores(scan.bmd_g_cm2, scan.site).items()
        },
        "sd_percent": scan.sd_percent,
        "steps": list(scan.steps),
    }
