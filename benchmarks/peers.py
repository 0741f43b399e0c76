"""The same problem on other engines, each as fast as we could make it: the fastest right setting counts."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from problem import BMD_POINTS, DAYS, DOSE_GAP, OUTPUTS_PER_DOSE, Problem, best_cpu_seconds, python_rates

from aimss.body.declaration import STATE_NAMES
from aimss.body.parameters import default
from aimss.body.sbml import to_sbml
from aimss.forecast.engine.trajectories import complete_constants

DEPOT = STATE_NAMES.index("denosumab_depot")


def columns(problem: Problem, names: tuple[str, ...]) -> np.ndarray:
    n = len(problem.start)
    whole = complete_constants(problem.constants, n)
    return np.stack([np.broadcast_to(np.asarray(whole[k], dtype=float), (n,)) for k in names], axis=1)


def inputs_by_dose(problem: Problem, names: tuple[str, ...]) -> np.ndarray:
    return np.array([[problem.schedule.inputs_at(k * DOSE_GAP + 1e-6)[n] for n in names] for k in range(20)])


def fastest(name: str, tried: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the settings that are right, the fastest; all are kept for the record."""
    right = [t for t in tried if t["error_points"] <= BMD_POINTS]
    best = min(right, key=lambda t: t["ms_per_woman_decade"]) if right else None
    return {"engine": name, "best": best, "tried": tried}


def lsoda(problem: Problem, repeats: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """scipy's LSODA by its two doors, `solve_ivp` and the older, leaner `odeint`; right-hand side compiled by numba."""
    import numba
    from scipy.integrate import odeint, solve_ivp

    text, constant_names, input_names = python_rates("math.")
    text = text.replace("maximum(", "max(").replace("minimum(", "min(")
    space: dict[str, Any] = {"math": __import__("math"), "max": max, "min": min}
    exec(text, space)
    inner = numba.njit(space["rates"])

    @numba.njit
    def compiled(t, y, c, u):  # type: ignore[no-untyped-def]
        found = np.empty(14)
        for i, value in enumerate(inner(t, y, c, u)):
            found[i] = value
        return found

    c, u = columns(problem, constant_names), inputs_by_dose(problem, input_names)
    begin = time.process_time()
    compiled(0.0, problem.start[0], c[0], u[0])
    compile_seconds = time.process_time() - begin
    dose = default()["denosumab_bioavailability"] * 60.0

    def by_odeint(y: np.ndarray, at: np.ndarray, arguments: tuple[Any, ...], rtol: float) -> np.ndarray:
        return odeint(compiled, y, at, arguments, tfirst=True, rtol=rtol, atol=rtol * 1e-2, mxstep=5000)[1:]

    def by_solve_ivp(y: np.ndarray, at: np.ndarray, arguments: tuple[Any, ...], rtol: float) -> np.ndarray:
        span = (at[0], at[-1])
        return solve_ivp(compiled, span, y, "LSODA", t_eval=at[1:], args=arguments, rtol=rtol, atol=rtol * 1e-2).y.T

    doors = []
    for name, door in (("scipy LSODA (solve_ivp)", by_solve_ivp), ("scipy LSODA (odeint)", by_odeint)):
        tried = []
        for rtol in (1e-2, 3e-3, 1e-3, 5e-4, 3e-4, 1e-4, 1e-5):

            def work(rtol: float = rtol, door: Any = door) -> np.ndarray:
                states = np.empty((len(c), len(DAYS), 14))
                for i in range(len(c)):
                    y = problem.start[i]
                    for k in range(20):
                        y = y.copy()
                        y[DEPOT] += dose
                        part = slice(k * OUTPUTS_PER_DOSE, (k + 1) * OUTPUTS_PER_DOSE)
                        states[i, part] = door(y, np.concatenate([[k * DOSE_GAP], DAYS[part]]), (c[i], u[k]), rtol)
                        y = states[i, part][-1]
                return states

            seconds, states = best_cpu_seconds(work, repeats)
            tried.append(
                {
                    "setting": f"rtol {rtol:g}, atol {rtol * 1e-2:g}",
                    "ms_per_woman_decade": 1e3 * seconds / len(c),
                    "error_points": problem.error(states),
                    "compile_seconds": compile_seconds,
                }
            )
        doors.append(fastest(name, tried))
    return doors[0], doors[1]


def roadrunner_cvode(problem: Problem, repeats: int) -> dict[str, Any]:
    """libRoadRunner (CVODE, right-hand side compiled by LLVM) on the exported SBML; doses are its events."""
    import roadrunner

    n = len(problem.start)
    whole = complete_constants(problem.constants, n)
    typical = {k: float(np.ravel(v)[0]) for k, v in whole.items()}
    begin = time.process_time()
    model = roadrunner.RoadRunner(to_sbml(typical, list(problem.start[0]), problem.schedule, 1e-6))
    compile_seconds = time.process_time() - begin
    model.timeCourseSelections = list(STATE_NAMES)
    varied = [k for k, v in problem.constants.items() if np.ndim(v)]
    dose = default()["denosumab_bioavailability"] * 60.0
    tried = []
    for rtol in (1e-3, 3e-4, 1e-4, 5e-5, 2e-5, 1e-5):
        model.integrator.relative_tolerance = rtol
        model.integrator.absolute_tolerance = rtol * 1e-2
        model.integrator.maximum_num_steps = 100_000

        def work() -> np.ndarray:
            states = np.empty((n, len(DAYS), 14))
            for i in range(n):
                model.reset()
                for name in varied:
                    model[name] = float(whole[name][i])
                model["ai_on"] = 1.0  # an event switched it off in the run before
                for k, name in enumerate(STATE_NAMES):
                    # the dose of day 0 is in the start state, the later ones are events
                    model[name] = float(problem.start[i, k]) + (dose if k == DEPOT else 0.0)
                states[i] = np.asarray(model.simulate(0.0, float(DAYS[-1]), len(DAYS) + 1))[1:]
            return states

        try:
            seconds, states = best_cpu_seconds(work, repeats)
        except RuntimeError:
            continue
        # outputs at a dose come after it here: only the depot differs, which BMD does not read on that day
        tried.append(
            {
                "setting": f"CVODE BDF, rtol {rtol:g}, atol {rtol * 1e-2:g}",
                "ms_per_woman_decade": 1e3 * seconds / n,
                "error_points": problem.error(states),
                "compile_seconds": compile_seconds,
            }
        )
    return fastest("libRoadRunner (CVODE)", tried)


def diffrax_vmap(problem: Problem, repeats: int) -> dict[str, Any]:
    """diffrax, vmapped over all women and compiled by XLA: a scan over the 20 dose intervals; explicit and implicit."""
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    text, constant_names, input_names = python_rates("jnp.")
    text = text.replace("maximum(", "jnp.maximum(").replace("minimum(", "jnp.minimum(")
    space: dict[str, Any] = {"jnp": jnp}
    exec(text, space)

    def field(t: Any, y: Any, args: Any) -> Any:
        return jnp.stack(space["rates"](t, y, *args))

    c = jnp.asarray(columns(problem, constant_names))
    u = jnp.asarray(inputs_by_dose(problem, input_names))
    start = jnp.asarray(problem.start)
    dose = default()["denosumab_bioavailability"] * 60.0
    offsets = jnp.asarray(DAYS[:OUTPUTS_PER_DOSE])
    tried = []
    settings = [
        ("Tsit5", diffrax.Tsit5, (1e-2, 3e-3, 1e-3, 1e-4)),
        ("Kvaerno3", diffrax.Kvaerno3, (1e-3, 1e-4)),
        ("Kvaerno5", diffrax.Kvaerno5, (1e-3,)),
    ]
    for name, method, tolerances in settings:
        for rtol in tolerances:
            solver = method()
            control = diffrax.PIDController(rtol=rtol, atol=rtol * 1e-2)

            def woman(y0: Any, constants: Any, solver: Any = solver, control: Any = control) -> Any:
                def interval(y: Any, part: Any) -> Any:
                    begin, inputs = part
                    y = y.at[DEPOT].add(dose)
                    found = diffrax.diffeqsolve(
                        diffrax.ODETerm(field),
                        solver,
                        begin,
                        begin + DOSE_GAP,
                        0.3,
                        y,
                        (constants, inputs),
                        saveat=diffrax.SaveAt(ts=begin + offsets),
                        stepsize_controller=control,
                        max_steps=4096,
                        throw=False,
                    )
                    return found.ys[-1], found.ys

                return jax.lax.scan(interval, y0, (jnp.arange(20) * DOSE_GAP, u))[1].reshape(len(DAYS), 14)

            run = jax.jit(jax.vmap(woman))
            begin_time = time.process_time()
            run(start, c).block_until_ready()
            first_seconds = time.process_time() - begin_time
            seconds, states = best_cpu_seconds(lambda run=run: run(start, c).block_until_ready(), repeats)
            tried.append(
                {
                    "setting": f"{name}, rtol {rtol:g}, atol {rtol * 1e-2:g}, {len(start)} women a batch",
                    "ms_per_woman_decade": 1e3 * seconds / len(start),
                    "error_points": problem.error(np.asarray(states)),
                    "compile_seconds": first_seconds - seconds,
                }
            )
    return fastest("diffrax vmap", tried)
