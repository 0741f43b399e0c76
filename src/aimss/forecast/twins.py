"""Virtual twins of her: each is one draw of the model's parameters and one woman who shares her record.

A twin is a row of standard normal numbers. The first columns are the parameters' uncertainty (what we do not know of
any woman), the next what differs between women (biology), the last what her record does not say. Everything else
follows from the row: the same rows always make the same twins, and a step in the rows is a step among plausible twins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aimss.forecast.unknowns import UNKNOWNS, record_inputs

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.patient.patient import Patient

Array = NDArray[np.float64]
_SITE_SUFFIXES = ("_lumbar_spine", "_total_hip", "_femoral_neck")


@dataclass(frozen=True, eq=False)
class Twins:
    """n virtual twins.

    normals : (n, width) the rows they were made of.
    constants : name -> (n,), what the engine takes: model parameters and her own inputs.
    """

    normals: Array
    constants: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.normals)


@dataclass(frozen=True)
class TwinSpace:
    """How rows of standard normal numbers become twins of one woman.

    vary_parameters, vary_women : hold one of the two sources of spread at its centre, to see the other alone.
    """

    patient: Patient
    parameters: Parameters
    vary_parameters: bool = True
    vary_women: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """What each column of a row stands for: ``parameter:x``, ``woman:x`` or ``input:x``."""
        return (
            *(f"parameter:{name}" for name in self.parameters.uncertain),
            *(f"woman:{name}" for name in self._differences),
            *(f"input:{name}" for name in UNKNOWNS),
        )

    @property
    def _differences(self) -> dict[str, list[str]]:
        """Groups of parameters that differ between women; the sites of one process differ together."""
        groups: dict[str, list[str]] = {}
        for name in self.parameters.between_women:
            group = name
            for suffix in _SITE_SUFFIXES:
                group = group.removesuffix(suffix)
            groups.setdefault(group, []).append(name)
        return groups

    def twins(self, normals: Array) -> Twins:
        """Make the twins of these rows, (n, len(columns))."""
        n_parameters = len(self.parameters.uncertain)
        differences = self._differences
        parameter_part = normals[:, :n_parameters] if self.vary_parameters else np.zeros((len(normals), n_parameters))
        woman_part = normals[:, n_parameters : n_parameters + len(differences)]
        if not self.vary_women:
            woman_part = np.zeros_like(woman_part)
        constants: dict[str, Array] = dict(self.parameters.from_normals(parameter_part))
        for column, members in enumerate(differences.values()):
            for name in members:
                sd = self.parameters.between_women[name]
                # centred on the mean of the lognormal, so that the average woman stays the fitted one
                constants[name] = constants[name] * np.exp(sd * woman_part[:, column] - sd**2 / 2)
        constants.update(record_inputs(self.patient, normals[:, n_parameters + len(differences) :]))
        return Twins(normals, constants)
