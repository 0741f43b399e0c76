"""Courses of twins: what the engine's states mean for bone density, markers, estradiol and the estrogen signal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body import outputs
from aimss.body.declaration import SITES
from aimss.body.schedule import Schedule
from aimss.forecast.engine.trajectories import FAILED, SOLVED_AGAIN

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Courses:
    """Simulated courses of n twins at t days.

    log_bmd : (n, t, 3) ln BMD up to a constant of the woman, sites in the order of SITES.
    markers : name -> (n, t), 1 in the reference woman.
    estradiol : (n, t), pmol/L.
    signal, formation : (n, t), the estrogen signal and bone formation, 1 in the reference woman.
    final : (n, states) at the last day, before a dose on that day.
    solved : (n,) false where no solver could finish; such a twin is left out of every summary and counted.
    rescued : how many trajectories the tight solver had to finish.
    """

    log_bmd: Array
    markers: Mapping[str, Array]
    estradiol: Array
    signal: Array
    formation: Array
    final: Array
    solved: NDArray[np.bool_]
    rescued: int

    def part(self, rows: slice) -> Courses:
        """Return the courses of some of the twins; the count of rescued ones stays with the first of them."""
        return Courses(
            self.log_bmd[rows],
            {name: v[rows] for name, v in self.markers.items()},
            self.estradiol[rows],
            self.signal[rows],
            self.formation[rows],
            self.final[rows],
            self.solved[rows],
            self.rescued if rows.start == 0 else 0,
        )


def simulate(
    constants: Mapping[str, Any],
    initial: Array | None,
    schedules: Sequence[Schedule],
    schedule_index: NDArray[np.int64],
    start_days: Any,
    output_days: Array,
    *,
    relative_tolerance: float = 1e-4,
    workers: int = 1,
) -> Courses:
    """Integrate n twins over their schedules and read off the courses; shapes as in `forecast.engine.integrate`."""
    from aimss.forecast.engine.integrate import integrate

    run = integrate(
        constants,
        initial,
        list(schedules),
        schedule_index,
        start_days,
        output_days,
        rtol=relative_tolerance,
        workers=workers,
    )
    raloxifene = np.array(
        [[schedule.inputs_at(day)["serm_is_raloxifene"] for day in output_days] for schedule in schedules]
    )
    log_bmd = outputs.log_bmd_all(run.states, constants)
    return Courses(
        log_bmd=np.stack([log_bmd[site] for site in SITES], axis=-1),
        markers=outputs.markers(run.states, constants),
        estradiol=outputs.state(run.states, "estradiol"),
        signal=outputs.estrogen_signal(run.states, constants, raloxifene[schedule_index]),
        formation=outputs.state(run.states, "osteoblasts"),
        final=run.final,
        solved=run.status != FAILED,
        rescued=int(np.count_nonzero(run.status == SOLVED_AGAIN)),
    )
