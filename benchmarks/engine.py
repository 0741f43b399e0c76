"""Our engine beside its peers on one problem, in one run: `python benchmarks/engine.py --json out/engine.json`.

All times are processor time of all threads together, best of several, so that a busy machine does not decide.
"""

from __future__ import annotations

import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from peers import diffrax_vmap, lsoda, roadrunner_cvode
from problem import BMD_POINTS, DAYS, VARIED, Problem, best_cpu_seconds, make_problem

from aimss.forecast.engine.integrate import integrate
from aimss.forecast.engine.kernel_cache import load_kernel
from aimss.forecast.engine.reference import integrate_reference
from aimss.forecast.engine.rosenbrock import STAGES

COLD = """
import time
begin = time.perf_counter()
from aimss.body.schedule import Schedule
from aimss.forecast.engine.integrate import integrate
constants = {"years_since_final_menstrual_period": 5.0, "peripheral_estradiol_pmol_l": 18.0}
integrate(constants, None, [Schedule.build([])], [0], 0.0, [1.0])
print(time.perf_counter() - begin, time.process_time())
"""


def say(words: str) -> None:
    sys.stderr.write(words + "\n")


def ours(problem: Problem, repeats: int) -> dict[str, Any]:
    n = len(problem.start)
    index = np.zeros(n, dtype=int)
    tried = []
    for rtol in (3e-3, 2e-3, 1.5e-3, 1.2e-3, 1e-3, 7e-4, 5e-4, 3e-4, 1e-4):
        seconds, run = best_cpu_seconds(
            lambda rtol=rtol: integrate(
                problem.constants, problem.start, [problem.schedule], index, 0.0, DAYS, rtol=rtol
            ),
            repeats,
        )
        tried.append(
            {
                "setting": f"rtol {rtol:g}",
                "ms_per_woman_decade": 1e3 * seconds / n,
                "error_points": problem.error(run.states),
                "steps": float(run.steps.mean()),
                "failures": run.failures,
                "solved_again": int((run.status == 1).sum()),
            }
        )
    right = [t for t in tried if t["error_points"] <= BMD_POINTS]
    with_run_in, _ = best_cpu_seconds(
        lambda: integrate(problem.constants, None, [problem.schedule], index, -18 * 365.25, DAYS, rtol=1e-3), repeats
    )
    return {
        "engine": "aimss",
        "best": min(right, key=lambda t: t["ms_per_woman_decade"]),
        "tried": tried,
        "with_18_years_run_in_ms_per_woman": 1e3 * with_run_in / n,
    }


def check_truth(problem: Problem, women: int) -> float:
    """Largest difference in BMD points between the truth of the benchmark and the independent slow reference."""
    part = problem.first(women)
    slow = integrate_reference(part.constants, part.start, [part.schedule], np.zeros(women, dtype=int), 0.0, DAYS)
    return part.error(slow.states)


def cold_and_warm() -> dict[str, float]:
    """A first and a second process with one empty cache directory between them."""
    found = {}
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "AIMSS_CACHE_DIR": directory}
        for name in ("cold", "warm"):
            done = subprocess.run(
                [sys.executable, "-c", COLD], env=environment, capture_output=True, text=True, check=True
            )
            wall, processor = (float(x) for x in done.stdout.split())
            found |= {f"{name}_start_seconds": wall, f"{name}_start_cpu_seconds": processor}
    return found


def roofline() -> dict[str, float]:
    """Vector instructions of a step, what this core can do of them, and the least time a woman-step can take."""
    with tempfile.TemporaryDirectory() as directory:
        code = COLD.replace(
            "print(",
            "from aimss.forecast.engine import kernel_cache; r = kernel_cache.load_kernel()[1].run\n#",
        )
        code += "\nprint(r.inspect_asm(r.signatures[0]))"
        text = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "AIMSS_CACHE_DIR": directory},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    parts = re.split(r"^\S*(aimss_\w+?):", text, flags=re.MULTILINE)
    bodies = {k: v.split(".cfi_endproc")[0] for k, v in zip(parts[1::2], parts[2::2], strict=True)}
    # the women of this problem take the plain step: no bisphosphonate, no tamoxifen
    calls = {"aimss_plain_first": 1, "aimss_plain_again": STAGES - 1, "aimss_commit": 1}
    calls |= {f"aimss_plain_solve_{k}": 1 for k in range(STAGES)}
    arithmetic = re.compile(r"^\s+v(?!mov|broad|div|sqrt|zero)\w+\s+.*%[yz]mm", re.MULTILINE)
    division = re.compile(r"^\s+vdivpd\s+.*%[yz]mm", re.MULTILINE)
    work = sum(len(arithmetic.findall(bodies[k])) * times for k, times in calls.items())
    divisions = sum(len(division.findall(bodies[k])) * times for k, times in calls.items())
    multiply, divide = peaks()
    seconds = max(work / multiply, divisions / divide)
    return {
        "vector_arithmetic_per_step": work,
        "vector_divisions_per_step": divisions,
        "peak_vector_multiply_adds_per_second": multiply,
        "peak_vector_divisions_per_second": divide,
        "least_ns_per_woman_step": 1e9 * seconds / 8,
    }


def peaks() -> tuple[float, float]:
    """Measured vector multiply-adds and divisions a second of one core."""
    return vector_rate("multiply", "x{k} = x{k} * 0.999999 + 1e-6"), vector_rate("divide", "x{k} = 1.000001 / x{k}")


def vector_rate(name: str, statement: str, chains: int = 16, repeats: int = 8) -> float:
    """How often a core does a statement a second when sixteen chains of it need not wait for each other."""
    from numba import njit, types
    from numba.extending import intrinsic

    from aimss.forecast.engine.lanes import vector_function

    middle = [statement.format(k=k) for k in range(chains)] * repeats
    code = "\n".join([*(f"x{k} = w[{k}]" for k in range(chains)), *middle, *(f"w[{k}] = x{k}" for k in range(chains))])

    @intrinsic
    def work(_, w):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
            builder.call(vector_function(builder.module, name, code), [data])
            return context.get_dummy_value()

        return types.none(w), codegen

    @njit
    def loop(w, count):  # type: ignore[no-untyped-def]
        for _ in range(count):
            work(w)

    whole = np.ones(chains * 8 + 8)
    w = whole[(-whole.ctypes.data % 64) // 8 :]
    loop(w, 1)
    count = 200_000
    seconds, _ = best_cpu_seconds(lambda: loop(w, count), 5)
    return count * chains * repeats / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--women", type=int, default=2048, help="women on our engine")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--only-ours", action="store_true")
    options = parser.parse_args()

    say(f"problem: {options.women} women, {len(DAYS)} outputs, {len(VARIED)} varied parameters")
    problem = make_problem(options.women)
    say("truth against the independent reference (8 women)")
    truth = check_truth(problem, 8)
    say("aimss")
    us = ours(problem, options.repeats)
    kernel, _ = load_kernel()
    result: dict[str, Any] = {
        "machine": {"processor": platform.processor() or platform.machine(), "python": platform.python_version()},
        "limit_error_points": BMD_POINTS,
        "truth_against_reference_points": truth,
        "aimss": us,
        "start": cold_and_warm(),
        "kernel_rows": kernel.rows,
        "woman_decades_per_second_per_core": 1e3 / us["best"]["ms_per_woman_decade"],
        "max_relative_error": us["best"]["error_points"] / 100,
        "failures": sum(t["failures"] + t["solved_again"] for t in us["tried"]),
    }
    result["roofline"] = roofline()
    result["roofline"]["measured_ns_per_woman_step"] = 1e6 * us["best"]["ms_per_woman_decade"] / us["best"]["steps"]
    if not options.only_ours:
        say("scipy LSODA")
        peers = list(lsoda(problem.first(16), 2))
        say("libRoadRunner")
        peers.append(roadrunner_cvode(problem.first(32), 3))
        say("diffrax (minutes: every setting is compiled)")
        peers.append(diffrax_vmap(problem.first(128), 2))
        result["peers"] = peers
        result["mrgsolve"] = "the R package is not installed here: not run"
        best = {p["engine"]: p["best"]["ms_per_woman_decade"] for p in peers if p["best"]}
        mine = us["best"]["ms_per_woman_decade"]
        result["fastest_peer"] = min(best, key=lambda name: best[name])
        # by the door of scipy that its manual recommends, and by the older one with less Python a call
        result["ratio_lsoda"] = best["scipy LSODA (solve_ivp)"] / mine
        result["ratio_lsoda_odeint"] = best["scipy LSODA (odeint)"] / mine
        result["ratio_fastest_peer"] = best[result["fastest_peer"]] / mine
    text = json.dumps(result, indent=1)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n")
    print(text)
    say(f"done in {time.process_time():.0f} s of processor time")


if __name__ == "__main__":
    main()
