"""Virtual twins of her: each is one draw of the model's parameters and one woman who shares her record.

A twin is a row of standard normal numbers. The first columns are the parameters' uncertainty (what we do not know of
any woman), the next what differs between women (biology), the last what her record does not say. Everything else
follows from the row: the same rows always make the same twins, and a step in the rows is a step among plausible twins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.density_response import scaled_by_density
from aimss.counter_random import normals as standard_normals
from aimss.forecast.unknowns import UNKNOWNS, record_inputs

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.patient.patient import Patient

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Twins:
    """n virtual twins.

    normals : (n, width) the rows they were made of.
    drawn : name -> (n,), the uncertain parameters, before what is her own: differences between women, her density.
    constants : name -> number or (n,), what the engine takes: model parameters and her own inputs.
    bmi_kg_m2 : (n,).
    plausible : (n,), false where a share of the draw is not below 1.
    """

    normals: Array
    drawn: Mapping[str, Array]
    constants: Mapping[str, Any]
    bmi_kg_m2: Array
    plausible: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.normals)

    def repeated(self, times: int) -> dict[str, Any]:
        """Return the constants of all twins `times` over, for as many strategies."""
        return {name: np.tile(v, times) if np.ndim(v) else v for name, v in self.constants.items()}


@dataclass(frozen=True)
class TwinSpace:
    """How rows of standard normal numbers become twins of one woman.

    vary_parameters, vary_women : hold one of the two sources of spread at its centre, to see the other alone.
    draws : parameters of the user's own, name -> (d,); each twin takes one row of them, by its first column.
    thinness : of her bone, by site, for the response by density; nothing leaves that to the caller.
    """

    patient: Patient
    parameters: Parameters
    vary_parameters: bool = True
    vary_women: bool = True
    draws: Mapping[str, Array] | None = None
    thinness: Mapping[str, float] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """What each column of a row stands for: ``parameter:x``, ``woman:x`` or ``input:x``."""
        return (
            *(f"parameter:{name}" for name in self.parameters.drawn_names),
            *(f"woman:{name}" for name in self.parameters.differences_between_women),
            *(f"input:{name}" for name in UNKNOWNS),
        )

    def twins(self, normals: Array) -> Twins:
        """Make the twins of these rows, (n, len(columns))."""
        n_parameters = len(self.parameters.drawn_names)
        differences = self.parameters.differences_between_women
        parameter_part = normals[:, :n_parameters] if self.vary_parameters else np.zeros((len(normals), n_parameters))
        woman_part = normals[:, n_parameters : n_parameters + len(differences)]
        if not self.vary_women:
            woman_part = np.zeros_like(woman_part)
        drawn = self.parameters.from_normals(parameter_part)
        plausible = self.parameters.plausible(drawn)
        if self.draws:
            drawn |= self._own(normals[:, 0])
            plausible = self.parameters.plausible(drawn)
        constants: dict[str, Any] = {**self.parameters, **drawn}
        for column, members in enumerate(differences.values()):
            for name in members:
                sd = self.parameters.between_women[name]
                # centred on the mean of the lognormal, so that the average woman stays the fitted one
                constants[name] = constants[name] * np.exp(sd * woman_part[:, column] - sd**2 / 2)
        constants.update(record_inputs(self.patient, normals[:, n_parameters + len(differences) :]))
        constants = scaled_by_density(constants, self.thinness)
        return Twins(normals, drawn, constants, constants.pop("bmi_kg_m2"), plausible)

    def _own(self, column: Array) -> dict[str, Array]:
        """Rows of the user's draws, chosen evenly by a column of standard normal numbers."""
        from scipy.special import ndtr

        assert self.draws is not None
        size = len(next(iter(self.draws.values())))
        row = np.minimum((ndtr(column) * size).astype(np.int64), size - 1)
        return {name: values[row] for name, values in self.draws.items()}

    def rows(self, seed: int, first: int, count: int) -> Array:
        """Rows `first` to `first + count - 1` of a seed, (count, width); an implausible one is made again."""
        width = len(self.columns)
        rows = standard_normals(seed, "twins", first, count, width)
        attempt, todo = 0, np.arange(count)
        while todo.size:
            todo = todo[~self.twins(rows[todo]).plausible]
            attempt += 1
            if todo.size:
                again = standard_normals(seed, f"twins/{attempt}", first, count, width)
                rows[todo] = again[todo]
        return rows
