"""Do 90 % intervals hold nine in ten truths? Women whose truth is known are forecast from their simulated scans.

    python benchmarks/conditioning_coverage.py --women 500

Each woman is drawn from the prior of a record (her truth: a twin, her own level and slope, her share of the structural
error), scanned with the machine's noise at each visit, then forecast as any patient would be. Printed: the share of
truths inside the 90 % and 50 % interval by site and year, with the standard error of that share.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np

from aimss.body.density_response import scaled_by_density
from aimss.body.parameters import default
from aimss.body.schedule import Schedule
from aimss.care.compile import compile_strategy, history_schedule
from aimss.care.library import find_strategy
from aimss.counter_random import normals
from aimss.forecast.branches import Branch, Today
from aimss.forecast.courses import simulate
from aimss.forecast.forecast import Settings, forecast
from aimss.forecast.her_data import HerData
from aimss.forecast.past import past_start_days, simulate_past
from aimss.forecast.structural_error import site_errors
from aimss.forecast.thinness import thinness
from aimss.forecast.twins import TwinSpace
from aimss.patient.observations import SITES
from aimss.patient.reading import read_record

VISITS = ("2023-01-10", "2024-01-20", "2025-06-15", "2026-06-01")
YEARS = (1, 2, 5)


def template(scans: list[dict[str, Any]]) -> dict[str, Any]:
    """A woman three and a half years into letrozole."""
    return {
        "sex": "female", "record_date": "2026-06-01", "age_years": 63, "bmi_kg_m2": 26.0,
        "menopause": {"status": "postmenopausal", "age_at_final_menstrual_period_years": 50},
        "aromatase_inhibitor": {"status": "current", "drug": "letrozole", "start": "2023-01-15", "planned_years": 5},
        "complete_lists": ["drugs", "fractures"], "dxa": scans,
    }  # fmt: skip


def coverage(women: int, twins: int, visits: int, seed: int) -> dict[str, Any]:
    """Share of truths inside the intervals."""
    parameters = default()
    dates = VISITS[-visits:]
    placeholder = [{"date": d, "site": s, "bmd_g_cm2": 0.9, "device": "hologic"} for s in SITES for d in dates]
    patient = read_record(template(placeholder))
    strategy = find_strategy("ai_alone")
    compiled = compile_strategy(strategy, patient, max(YEARS))
    data = HerData.of(patient, parameters, "nhanes3_manufacturer")
    white = normals(seed, "truth levels", 0, women, 6)
    levels = data.prior.mean + white @ np.linalg.cholesky(data.prior.covariance).T
    space = TwinSpace(patient, parameters)
    drawn = space.twins(space.rows(seed + 10_000, 0, women))
    # each true woman answers by her own density, which her forecast knows from her scans alone
    thin = {site: thinness(site, np.exp(levels[:, i]), parameters) for i, site in enumerate(SITES)}
    truth = replace(drawn, constants=scaled_by_density(drawn.constants, thin))
    start = past_start_days(truth.constants, data.first_day)
    history = Schedule.build(*history_schedule(patient))
    past = simulate_past(truth.constants, history, data.observation_days, start)
    errors = site_errors(normals(seed, "truth structural", 0, women, 4))
    today = Today(truth, past, start, levels, errors, 1)
    days = np.array([0.0, *(365.25 * y for y in YEARS)])
    run = simulate(truth.constants, past.final, [compiled.schedule], np.zeros(women, dtype=np.int64), 0.0, days)
    true_bmd = today.bmd(run, Branch(compiled, (compiled,), np.zeros(women, dtype=np.int64)), days)
    at = np.searchsorted(data.observation_days, data.scans.day)
    seen = today.log_bmd(past, data.observation_days)[:, at, data.scans.site]
    seen = seen + normals(seed, "scan noise", 0, women, data.scans.count) * data.scans.sd
    order = [(site, date) for site in SITES for date in dates]
    inside90, inside50, width, size, moves = [], [], [], [], []
    for i in range(women):
        scans = [
            {"date": date, "site": site, "bmd_g_cm2": float(np.exp(value)), "device": "hologic"}
            for (site, date), value in zip(order, seen[i], strict=True)
        ]
        her = read_record(template(scans))
        made = forecast(her, [compile_strategy(strategy, her, max(YEARS))], parameters,
                        Settings(years=max(YEARS), twins=twins, seed=seed + i, workers=1))  # fmt: skip
        months = [12 * y for y in YEARS]
        level = made.strategies[0].bmd[:, months, :]
        low, q1, q3, high = np.quantile(level, [0.05, 0.25, 0.75, 0.95], axis=0)
        value = true_bmd[i, 1:, :]
        inside90.append((value >= low) & (value <= high))
        inside50.append((value >= q1) & (value <= q3))
        width.append((high - low) / value)
        size.append(made.conditioned.effective_sample_size)
        moves.append(made.conditioned.moves)
        if sys.stderr.isatty() or (i + 1) % 50 == 0:
            print(f"{i + 1}/{women} women, 90 %: {np.mean(inside90):.3f}", file=sys.stderr, flush=True)
    share = np.mean(inside90, axis=0)
    return {
        "women": women, "visits": visits, "twins": twins,
        "inside90": {
            site: dict(zip(map(str, YEARS), share[:, k].round(3).tolist(), strict=True)) for k, site in enumerate(SITES)
        },
        "inside90_all": round(float(np.mean(inside90)), 4), "inside50_all": round(float(np.mean(inside50)), 4),
        "standard_error": round(float(np.sqrt(0.09 / women)), 4),
        "mean_width_percent": round(float(np.mean(width)) * 100, 2),
        "median_effective_sample_size": float(np.median(size)), "women_moved": int(np.count_nonzero(moves)),
    }  # fmt: skip


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--women", type=int, default=500)
    parser.add_argument("--twins", type=int, default=200)
    parser.add_argument("--visits", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    started = time.perf_counter()
    found = coverage(given.women, given.twins, given.visits, given.seed)
    print(json.dumps({**found, "seconds": round(time.perf_counter() - started, 1)}, indent=1))


if __name__ == "__main__":
    main()
