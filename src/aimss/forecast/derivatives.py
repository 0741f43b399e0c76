"""How the outcome moves with each parameter: derivatives for the twin at the centre of everything that is unknown.

Central differences of a tenth of a standard deviation, all copies of the twin run together at a tolerance of 1e-9, a
million times finer than the differences: two runs of one woman then differ by the parameter and not by their steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.density_response import scaled_by_density
from aimss.body.schedule import Schedule
from aimss.care.compile import CompiledStrategy, history_schedule
from aimss.forecast.courses import simulate
from aimss.forecast.past import past_start_days
from aimss.forecast.twins import TwinSpace
from aimss.patient.dates import DAYS_PER_MONTH
from aimss.patient.observations import SITES

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.patient.patient import Patient

Array = NDArray[np.float64]
STEP_SD = 0.1
TOLERANCE = 1e-9
SHOWN = 12


def bmd_derivatives(
    patient: Patient,
    compiled: CompiledStrategy,
    parameters: Parameters,
    months: float,
    thinness: Mapping[str, float],
) -> dict[str, list[dict[str, Any]]]:
    """Return for each site what one SD of a parameter adds to the BMD change (% points) from today to `months`.

    thinness : of her bone, by site; the response by density follows the steps, so that its exponent has one too.
    Largest first, twelve a site: parameter, meaning, points_per_sd, and points per one per cent of its value.
    """
    space = TwinSpace(patient, parameters)
    names = parameters.drawn_names
    n = 2 * len(names)
    centre = space.twins(np.zeros((n, len(space.columns))))
    twins = replace(centre, constants={name: np.broadcast_to(v, n).copy() for name, v in centre.constants.items()})
    for i, name in enumerate(names):
        p, own = parameters.parameter(name), twins.constants[name]
        for row, step in ((2 * i, STEP_SD), (2 * i + 1, -STEP_SD)):
            own[row] = own[row] + step * p.sd if p.distribution == "normal" else own[row] * np.exp(step * p.sd)
    twins = replace(twins, constants=scaled_by_density(twins.constants, thinness))
    history = Schedule.build(*history_schedule(patient))
    first = min(0.0, float(compiled.schedule.times_days[0]), float(history.times_days[0]))
    start = past_start_days(twins.constants, first)
    same = np.zeros(n, dtype=np.int64)
    days = np.array([0.0, months * DAYS_PER_MONTH])
    past_schedule = history if compiled.shares_past else compiled.schedule
    past = simulate(twins.constants, None, [past_schedule], same, start, days[:1], relative_tolerance=TOLERANCE)
    run = simulate(twins.constants, past.final, [compiled.schedule], same, 0.0, days, relative_tolerance=TOLERANCE)
    change = 100 * (np.exp(run.log_bmd[:, 1] - run.log_bmd[:, 0]) - 1)
    slope = (change[0::2] - change[1::2]) / (2 * STEP_SD)
    found: dict[str, list[dict[str, Any]]] = {}
    for column, site in enumerate(SITES):
        order = np.argsort(-np.abs(slope[:, column]))[:SHOWN]
        found[site] = [
            {
                "parameter": names[i],
                "meaning": parameters.parameter(names[i]).meaning,
                "points_per_sd": round(float(slope[i, column]), 4),
            }
            for i in order
        ]
    return found
