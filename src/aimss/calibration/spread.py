"""The fitted spread between trials that aimss ships: `spread.csv`, written by the fit."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files


@cache
def shipped_spread() -> dict[str, float]:
    """Return the SD between trials of each group of targets and the factor of the wide ones."""
    text = (files("aimss.calibration") / "spread.csv").read_text(encoding="utf-8")
    return {row["group"]: float(row["value"]) for row in csv.DictReader(text.splitlines())}
