"""`Job`: a design with everything that a worker needs to make any of its women; the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.parameters import default
from aimss.counter_random import uniforms
from aimss.trials.criteria import holds
from aimss.trials.design import CsvPopulation, TrialDesign
from aimss.trials.population import Population, Women
from aimss.trials.templates import template

if TYPE_CHECKING:
    from aimss.care.compile import CompiledStrategy
    from aimss.care.strategy import Strategy
    from aimss.forecast.joints.calendar import WeeklyExposure
    from aimss.patient.patient import Patient


@dataclass(eq=False)
class Job:
    """A design and a seed. `arm_of` holds the arm of every woman where strata are balanced over the whole trial."""

    design: TrialDesign
    seed: int
    arm_of: NDArray[np.uint8] | None = None
    exposures: dict[tuple[int, int, int], WeeklyExposure] = field(default_factory=dict, repr=False)
    _compiled: dict[tuple[int, int], CompiledStrategy] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> Mapping[str, Any]:
        return {"design": self.design, "seed": self.seed, "arm_of": self.arm_of, "exposures": {}, "_compiled": {}}

    @cached_property
    def parameters(self) -> Any:
        """The model's parameters."""
        return default()

    @cached_property
    def source(self) -> Any:
        """Where women come from: margins or a table."""
        if isinstance(self.design.population, CsvPopulation):
            from aimss.trials.table_of_women import TableOfWomen

            return TableOfWomen.read(self.design.population.csv)
        return Population(self.design.population)

    def women(self, first: int, count: int) -> Women:
        """Return some of the women."""
        found: Women = self.source.women(self.seed, first, count)
        return found

    def patient(self, of_class: int) -> Patient:
        """Return the record that stands for a class of women."""
        if isinstance(self.design.population, CsvPopulation):
            patient: Patient = self.source.patients[of_class]
            return patient
        return template(self.design.population, self.source.classes[of_class])

    def compiled(self, which: int, of_class: int) -> CompiledStrategy:
        """Return the strategy of an arm (-1: what women who lapse have) for a class of women."""
        from aimss.care.compile import compile_strategy

        key = which, of_class
        if key not in self._compiled:
            if len(self._compiled) > 4096:
                self._compiled.clear()  # a table of women has a class a row
            strategy: Any = self.design.adherence.then if which < 0 else self.design.arms[which].strategy
            self._compiled[key] = compile_strategy(strategy, self.patient(of_class), self.design.horizon_years)
        return self._compiled[key]

    def strategy(self, which: int) -> Strategy:
        """Return the strategy of an arm."""
        found: Any = self.design.arms[which].strategy
        return found  # type: ignore[no-any-return]

    def arms_of(self, first: int, count: int) -> NDArray[np.uint8]:
        """Return the arm of each woman, (count,); in blocks of one woman an arm, drawn by the block's number."""
        if self.arm_of is not None:
            return self.arm_of[first : first + count]
        index = first + np.arange(count)
        size = len(self.design.arms)
        low = int(index[0]) // size
        blocks = int(index[-1]) // size - low + 1
        order = np.argsort(uniforms(self.seed, "trial/allocation", low, blocks, size), axis=1, kind="stable")
        return np.asarray(order[index // size - low, index % size], dtype=np.uint8)


def strata(design: TrialDesign, women: Women) -> NDArray[np.uint8]:
    """Return the stratum of each woman: one bit a condition of `stratify_by`."""
    found = np.zeros(len(women), dtype=np.uint8)
    for bit, text in enumerate(design.stratify_by):
        found |= holds(text, women.fields).astype(np.uint8) << np.uint8(bit)
    return found


def balanced_arms(job: Job, chunk: int = 65_536) -> NDArray[np.uint8]:
    """Return the arm of every woman, balanced in blocks within strata (and replicates), for the whole trial."""
    design = job.design
    stratum = np.concatenate(
        [strata(design, job.women(a, min(chunk, design.total - a))) for a in range(0, design.total, chunk)]
    )
    size = len(design.arms)
    arms = np.empty(design.total, dtype=np.uint8)
    replicate = np.arange(design.total) // design.n
    group = replicate * 256 + stratum
    for which, code in enumerate(np.unique(group)):
        members = np.flatnonzero(group == code)
        blocks = -(-len(members) // size)
        drawn = uniforms(job.seed, f"trial/allocation/{which}", 0, blocks, size)
        arms[members] = np.argsort(drawn, axis=1, kind="stable").ravel()[: len(members)]
    return arms
