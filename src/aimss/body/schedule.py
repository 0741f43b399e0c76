"""`Schedule`: what is given to her and when, as arrays for the engine; a new strategy is new data, never new code.

Inputs are constant between the times of the schedule; doses are added at a time, before integration goes on.
Day 0 is the day of the forecast; the past is negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

INPUTS: tuple[str, ...] = (
    "ai_on",  # 1 while an aromatase inhibitor is taken
    "ai_elimination_rate_per_day",  # constants of the AI taken last: they hold while it washes out
    "ai_half_inhibition",
    "ai_max_inhibition",
    "ai_residual_floor",
    "ovarian_suppression",  # share of ovarian estradiol removed, 0 to 1
    "serm_on",  # 1 while tamoxifen or raloxifene is taken
    "serm_is_raloxifene",  # 1 if the SERM taken last is raloxifene
    "alendronate_mg_per_day",
    "risedronate_mg_per_day",
    "ibandronate_mg_per_day",
    "exercise_on",
    "vitamin_d_replaced",  # 1 while vitamin D is replaced to sufficiency
)
# what is given, as against the constants of what was given last
GIVEN: tuple[str, ...] = (
    "ai_on", "ovarian_suppression", "serm_on", "alendronate_mg_per_day", "risedronate_mg_per_day",
    "ibandronate_mg_per_day", "exercise_on", "vitamin_d_replaced",
)  # fmt: skip
DOSES: tuple[str, ...] = ("denosumab_mg", "zoledronate_mg")


@dataclass(frozen=True, eq=False)
class Schedule:
    """Piecewise-constant inputs and doses over time.

    times_days : (k,), strictly increasing; row i holds from times_days[i] to times_days[i + 1]; the first row
        also holds before its time.
    inputs : (k, len(INPUTS)).
    doses : (k, len(DOSES)), mg given at times_days[i].
    """

    times_days: NDArray[np.float64]
    inputs: NDArray[np.float64]
    doses: NDArray[np.float64]

    def __post_init__(self) -> None:
        k = len(self.times_days)
        if self.inputs.shape != (k, len(INPUTS)) or self.doses.shape != (k, len(DOSES)):
            raise ValueError(f"a schedule of {k} times needs inputs ({k}, {len(INPUTS)}) and doses ({k}, {len(DOSES)})")
        if k == 0 or not np.all(np.diff(self.times_days) > 0):
            raise ValueError("times_days must be non-empty and strictly increasing")

    @classmethod
    def build(
        cls,
        changes: Iterable[tuple[float, Mapping[str, float]]],
        doses: Iterable[tuple[float, str, float]] = (),
    ) -> Schedule:
        """Make a schedule from changes of inputs (day, {input: new value}) and doses (day, name, mg).

        Inputs not named in a change keep their value; all are 0 before the first change. Doses on the same day add up.
        """
        change_at: dict[float, dict[str, float]] = {}
        for day, values in sorted(changes, key=lambda c: c[0]):
            unknown = set(values) - set(INPUTS)
            if unknown:
                raise ValueError(f"unknown inputs {sorted(unknown)}")
            change_at.setdefault(float(day), {}).update(values)
        dose_at: dict[float, dict[str, float]] = {}
        for day, name, amount_mg in doses:
            given = dose_at.setdefault(float(day), {})
            given[name] = given.get(name, 0.0) + amount_mg
        times = sorted({*change_at, *dose_at}) or [0.0]
        inputs = np.zeros((len(times), len(INPUTS)))
        amounts = np.zeros((len(times), len(DOSES)))
        current: dict[str, Any] = dict.fromkeys(INPUTS, 0.0)
        for i, day in enumerate(times):
            current.update(change_at.get(day, {}))
            inputs[i] = [current[name] for name in INPUTS]
            amounts[i] = [dose_at.get(day, {}).get(name, 0.0) for name in DOSES]
        if any(inputs[0, INPUTS.index(name)] for name in GIVEN):
            # the first row holds before its time too: nothing was taken before the first change
            times = [times[0] - 1.0, *times]
            inputs = np.vstack([np.zeros(len(INPUTS)), inputs])
            amounts = np.vstack([np.zeros(len(DOSES)), amounts])
        return cls(np.array(times), inputs, amounts)

    def inputs_at(self, day: float) -> dict[str, float]:
        """The inputs that hold on a day."""
        i = max(0, int(np.searchsorted(self.times_days, day, side="right")) - 1)
        return dict(zip(INPUTS, (float(v) for v in self.inputs[i]), strict=True))
