"""What the fit is held to: held-out trials and simulated data sets, written as tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from aimss.calibration.baselines import constant_change, seen
from aimss.calibration.fit import Fit
from aimss.calibration.leave_one_out import leave_one_trial_out, refitted
from aimss.calibration.sampler_check import sampler_check
from aimss.calibration.scores import coverage, interval_score, rmse
from aimss.calibration.simulation_check import engine_check, linear_check
from aimss.calibration.tables import as_csv

SITES = ("lumbar_spine", "total_hip", "femoral_neck")
DIGITS = 5


def held_out_rows(whole: Fit) -> list[dict[str, Any]]:
    """Return every target with what the fit without its trial says of it, and the constant change beside."""
    problem, held = whole.problem, leave_one_trial_out(whole)
    low, high = held.quantiles((0.05, 0.95))
    simple = constant_change(problem.arms, problem.targets, problem.targets)
    return [
        {
            "id": t.id,
            "study": t.study,
            "part": t.part,
            "outcome": t.site or t.quantity,
            "month": t.month,
            "observed": float(problem.observed[i]),
            "fitted": float(whole.predicted[i]),
            "held_out": float(held.predicted[i]),
            "low90": float(low[i]),
            "high90": float(high[i]),
            "baseline": simple[i],
            "regimen_seen_elsewhere": seen(problem.arms, t, problem.targets),
            "by": "linear deletion",
            "shift": 0.0,
        }
        for i, t in enumerate(problem.targets)
    ]


def held_out_summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return RMSE, coverage, width and interval score by site: of all trials, of regimens seen and unseen."""
    found = []
    for site in SITES:
        for name, wanted in (("all", (True, False)), ("seen", (True,)), ("unseen", (False,))):
            part = [r for r in rows if r["outcome"] == site and r["regimen_seen_elsewhere"] in wanted]
            if not part:
                continue
            column = {
                k: np.array([r[k] for r in part], dtype=float) for k in ("observed", "held_out", "low90", "high90")
            }
            score = interval_score(column["observed"], column["low90"], column["high90"])
            found.append(
                {
                    "site": site,
                    "regimens": name,
                    "n": len(part),
                    "by_full_fits": sum(r["by"] == "full fit" for r in part),
                    "rmse": rmse(column["held_out"], column["observed"]),
                    "rmse_fitted": rmse([r["fitted"] for r in part], column["observed"]),
                    "rmse_constant_change": rmse([r["baseline"] for r in part], column["observed"]),
                    "coverage_90": coverage(column["observed"], column["low90"], column["high90"]),
                    "mean_width": float(np.mean(column["high90"] - column["low90"])),
                    "mean_interval_score": float(np.mean(score)),
                }
            )
    return found


def write_leave_one_out(
    whole: Fit, folder: Path, refits: int = 0, progress: Callable[[str], None] = lambda _: None
) -> Path:
    """Write held-out predictions and their summary; the trials that move most by full fits, up to `refits` of them."""
    rows = held_out_rows(whole)
    moved = sorted({r["study"] for r in rows}, key=lambda s: -_moved(rows, s))[:refits]
    for number, study in enumerate(moved, start=1):
        progress(f"without {study} ({number} of {len(moved)})")
        again = refitted(whole, study)
        for row, value in zip((r for r in rows if r["study"] == study), again, strict=True):
            shift = float(value) - row["held_out"]
            row.update({k: row[k] + shift for k in ("held_out", "low90", "high90")})
            row.update({"by": "full fit", "shift": shift})
    (folder / "leave_one_out.csv").write_text(as_csv(rows, DIGITS), encoding="utf-8")
    path = folder / "leave_one_out_summary.csv"
    path.write_text(as_csv(held_out_summary(rows), DIGITS), encoding="utf-8")
    return path


def _moved(rows: list[dict[str, Any]], study: str) -> float:
    moved: float = max(abs(r["held_out"] - r["fitted"]) for r in rows if r["study"] == study)
    return moved


def write_simulation(
    whole: Fit, folder: Path, data_sets: int, progress: Callable[[str], None] = lambda _: None
) -> Path:
    """Write the p values of uniform ranks and the coverage of the posterior over simulated data sets, both checks."""
    rows = [
        {
            "check": check,
            "parameter": name,
            "p_uniform": p,
            "mean_rank": found.mean_ranks()[name],
            "coverage_90_all": found.coverage(0.9),
            "data_sets": data_sets,
        }
        for check, found in (
            ("linear, from the priors", linear_check(whole, data_sets)),
            ("engine, from the posterior", engine_check(whole, data_sets, progress=progress)),
        )
        for name, p in found.p_values().items()
    ]
    path = folder / "simulation_check.csv"
    path.write_text(as_csv(rows, DIGITS), encoding="utf-8")
    return path


def write_sampler(whole: Fit, folder: Path, steps: int, progress: Callable[[str], None] = lambda _: None) -> Path:
    """Write the Laplace posterior beside an ensemble sampler's, parameter by parameter."""
    found = sampler_check(whole, steps, progress)
    rows = [
        {
            "parameter": name,
            "laplace_ln_mean": float(found.laplace_mean[i]),
            "laplace_ln_sd": float(found.laplace_sd[i]),
            "sampler_ln_mean": float(found.mean[i]),
            "sampler_ln_sd": float(found.sd[i]),
            "shift_in_sd": float(found.shift[i]),
            "r_hat": float(found.r_hat[i]),
            "autocorrelation_steps": float(found.autocorrelation[i]),
            "steps": found.steps,
            "accepted": found.accepted,
        }
        for i, name in enumerate(found.names)
    ]
    path = folder / "sampler_check.csv"
    path.write_text(as_csv(rows, DIGITS), encoding="utf-8")
    return path
