"""Scores of groups of targets, each error on the scale of its own kind of result, and the whole as one document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from aimss.calibration.scores import interval_score, rmse
from aimss.calibration.target import PARTS, Target
from aimss.calibration.validation import Scored, short

SCHEMA = "aimss-validation/1"
UNITS = ("points", "T-score", "pain points", "ln")
"""Scales of errors: percentage points of change (density), T-scores, points of pain 0-10, natural logarithm (the rest).
The scores of a group are of the first that it holds."""


def unit_of(target: Target) -> str:
    """Return the scale that the error of a target is told on, one of UNITS."""
    if target.scale != "points":
        return "ln"
    return {"t_score": "T-score", "pain_change": "pain points"}.get(target.quantity, "points")


def summary(scored: Iterable[Scored]) -> dict[str, Any]:
    """Return n, inside, coverage over all targets; RMSE in points of BMD change (other units have their own part)."""
    rows = list(scored)
    bmd = [s for s in rows if s.target.quantity == "bmd"]
    whole: dict[str, Any] = {"n": len(rows), "inside": sum(s.inside for s in rows)}
    whole["coverage"] = short(whole["inside"] / whole["n"]) if rows else None
    whole["rmse"] = _rmse([(s.median, s) for s in bmd])
    whole["rmse_baseline"] = _rmse([(s.baseline, s) for s in bmd if s.baseline is not None])
    whole["rmse_unit"] = "percentage points of BMD change"
    whole["n_rmse"] = len(bmd)
    return whole


def _rmse(pairs: Sequence[tuple[Any, Scored]]) -> float | None:
    return short(rmse([p for p, _ in pairs], [s.target.observed for _, s in pairs])) if pairs else None


def summary_of(rows: Sequence[Scored]) -> dict[str, Any]:
    """Return the scores of one group of targets: coverage of all, errors, interval score and width on one scale.

    Where a group holds results on several scales the others stand under `other_scales`: errors in points and on a
    logarithm have no common mean.
    """
    by_unit = {unit: [s for s in rows if unit_of(s.target) == unit] for unit in UNITS}
    of_one_scale = [_errors(unit, members) for unit, members in by_unit.items() if members]
    return {
        "n": len(rows),
        "inside": sum(s.inside for s in rows),
        "coverage": short(float(np.mean([s.inside for s in rows]))),
        **of_one_scale[0],
        "other_scales": of_one_scale[1:],
    }


def _errors(unit: str, rows: Sequence[Scored]) -> dict[str, Any]:
    """Errors, widths and what they have to beat of targets on one scale."""
    seen, median, low, high = (
        np.array([float(s.target.to_scale(v)) for s, v in zip(rows, values, strict=True)])
        for values in (
            [s.target.observed for s in rows],
            [s.median for s in rows],
            [s.low90 for s in rows],
            [s.high90 for s in rows],
        )
    )
    simple = np.array([np.nan if s.baseline is None else float(s.target.to_scale(s.baseline)) for s in rows])
    found: dict[str, Any] = {
        "unit": unit,
        "n_rmse": len(rows),
        "rmse": short(rmse(median, seen)),
        "bias": short(float(np.mean(median - seen))),
        "mean_interval_score": short(float(np.mean(interval_score(seen, low, high)))),
        "mean_width": short(float(np.mean(high - low))),
        "rmse_baseline": None,
        "n_baseline": 0,
        "rmse_where_baseline": None,
        "peers": {},
    }
    if (answered := ~np.isnan(simple)).any():
        found["n_baseline"] = int(answered.sum())
        found["rmse_baseline"] = short(rmse(simple[answered], seen[answered]))
        found["rmse_where_baseline"] = short(rmse(median[answered], seen[answered]))
    for name in sorted({n for s in rows for n in s.peers}):
        at = [i for i, s in enumerate(rows) if name in s.peers]
        theirs = [float(rows[i].target.to_scale(rows[i].peers[name])) for i in at]
        found["peers"][name] = {
            "n": len(at),
            "rmse": short(rmse(theirs, seen[at])),
            "rmse_aimss_on_the_same": short(rmse(median[at], seen[at])),
        }
    return found


def groups(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """Return the parts that hold targets, in reading order, then BMD by site and by role."""
    found = {p: [s for s in scored if s.part == p] for p in PARTS}
    for site in ("lumbar_spine", "total_hip", "femoral_neck"):
        found[f"all_bmd_{site}"] = [s for s in scored if s.target.quantity == "bmd" and s.target.site == site]
    for role in ("calibrate", "check", "blind"):
        found[f"role_{role}"] = [s for s in scored if s.target.role == role]
    return {name: rows for name, rows in found.items() if rows}


def document(scored: Sequence[Scored], run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole result in the shape of aimss-validation/1."""
    return {
        "schema": SCHEMA,
        "targets": [s.to_json() for s in scored],
        "summary": summary(scored),
        "parts": {name: summary_of(rows) for name, rows in groups(scored).items()},
        "run": dict(run),
    }
