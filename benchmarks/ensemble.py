"""100,000 women, four strategies, ten years by quarters, in chunks: time, and memory that does not grow with them.

`python benchmarks/ensemble.py [--women 100000] [--workers 2] [--chunk 2000] [--json FILE]`
The run-in from six years before the final period is integrated once a woman; the strategies branch at day 0. What is
kept is a summary (mean and spread of spine BMD by strategy and quarter); every chunk draws its women by number.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np

from aimss.body.outputs import log_bmd
from aimss.body.parameters import default
from aimss.body.schedule import Schedule
from aimss.counter_random import normals
from aimss.forecast.engine.integrate import integrate
from aimss.forecast.engine.trajectories import complete_constants

DAYS = np.arange(41) * 91.3125


def strategies() -> list[Schedule]:
    p = default()
    drug = {
        "ai_on": 1.0,
        "ai_elimination_rate_per_day": p["ai_letrozole_elimination_rate"],
        "ai_half_inhibition": p["ai_letrozole_half_inhibition"],
        "ai_max_inhibition": p["ai_letrozole_max_inhibition"],
        "ai_residual_floor": p["ai_letrozole_residual_floor"],
    }
    course = [(-36525.0, {}), (0.0, drug), (5 * 365.25, {"ai_on": 0.0})]
    half_year = 182.625
    return [
        Schedule.build([(-36525.0, {})]),
        Schedule.build(course),
        Schedule.build(course, [(k * half_year, "zoledronate_mg", 4.0) for k in range(10)]),
        Schedule.build(course, [(k * half_year, "denosumab_mg", 60.0) for k in range(20)]),
    ]


def run(women: int, chunk: int, workers: int, rtol: float) -> dict[str, object]:
    schedules = strategies()
    total, squares = np.zeros((4, len(DAYS))), np.zeros((4, len(DAYS)))
    failures = again = 0
    begin, cpu = time.perf_counter(), time.process_time()
    for first in range(0, women, chunk):
        n = min(chunk, women - first)
        constants = default().draws(n, 1, first)
        z = normals(1, "ensemble", first, n, 2)
        constants["peripheral_estradiol_pmol_l"] = 18.0 * np.exp(0.7 * z[:, 0])
        constants["years_since_final_menstrual_period"] = np.clip(13 + 8 * z[:, 1], -5, 40)
        start = -365.25 * (constants["years_since_final_menstrual_period"] + 6) - 1
        run_in = integrate(constants, None, schedules[:1], np.zeros(n, int), start, [0.0], rtol=rtol, workers=workers)
        four = {k: np.tile(v, 4) for k, v in constants.items()}
        found = integrate(
            four,
            np.tile(run_in.final, (4, 1)),
            schedules,
            np.repeat(np.arange(4), n),
            0.0,
            DAYS,
            rtol=rtol,
            workers=workers,
        )
        level = log_bmd(found.states, complete_constants(four, 4 * n), "lumbar_spine").reshape(4, n, -1)
        change = 100 * np.expm1(level - level[..., :1])
        total += change.sum(axis=1)
        squares += (change**2).sum(axis=1)
        failures += found.failures + run_in.failures
        again += int((found.status == 1).sum() + (run_in.status == 1).sum())
    mean = total / women
    return {
        "women": women,
        "strategies": 4,
        "workers": workers,
        "chunk": chunk,
        "rtol": rtol,
        "wall_seconds": time.perf_counter() - begin,
        "cpu_seconds": time.process_time() - cpu,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "failures": failures,
        "solved_again": again,
        "mean_spine_change_at_5_years_percent": mean[:, 20].round(4).tolist(),
        "sd_spine_change_at_5_years_percent": np.sqrt(squares[:, 20] / women - mean[:, 20] ** 2).round(4).tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--women", type=int, default=100_000)
    parser.add_argument("--chunk", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rtol", type=float, default=1e-3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    # a tenth first: the peak of the whole run shows whether memory grows with the number of women
    tenth = run(options.women // 10, options.chunk, options.workers, options.rtol)
    whole = run(options.women, options.chunk, options.workers, options.rtol)
    text = json.dumps({"tenth": tenth, "whole": whole}, indent=1)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
