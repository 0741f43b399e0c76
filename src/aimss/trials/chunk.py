"""One chunk of a trial: some of the women through their arms, as columns of endpoint data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.patient.dates import DAYS_PER_YEAR
from aimss.patient.observations import SITES
from aimss.trials.bones import Bones
from aimss.trials.events import END, censored
from aimss.trials.job import Job, strata
from aimss.trials.joints import Joints
from aimss.trials.leaving import death_days, dropout_days, lapse_months
from aimss.trials.sheet import Sheet

STORED_FIELDS = ("age_years", "years_since_menopause", "bmi_kg_m2", *(f"t_score_{site}" for site in SITES))


@dataclass(frozen=True, eq=False)
class Chunk:
    """Columns of women `first` to `first + count - 1`: (arms or 1, count) each; counts add up over chunks."""

    first: int
    count: int
    columns: Mapping[str, NDArray[Any]]
    counts: Mapping[str, int]


def run_chunk(job: Job, first: int, count: int) -> Chunk:
    """Run some of the women; the columns of a woman are the same in whatever chunk she is."""
    design = job.design
    women = job.women(first, count)
    crossover = design.allocation == "crossover"
    arm = None if crossover else job.arms_of(first, count)
    shape = (len(design.arms) if crossover else 1, count)
    sheet = Sheet(shape, {f"entry/{name}": women.fields[name].astype(np.float32)[None] for name in STORED_FIELDS})
    if arm is not None:
        sheet.columns["arm"] = arm[None]
    if design.stratify_by:
        sheet.columns["stratum"] = strata(design, women)[None]
    counts = {f"rejected/{name}": number for name, number in women.rejected.items()} | {"women": count}
    dies = death_days(job, women)
    bone = Bones(job, women) if design.needs_bone else None
    joints = Joints(job, women) if design.needs_joints else None
    for which in range(len(design.arms)):
        members = np.arange(count) if arm is None else np.flatnonzero(arm == which)
        if not members.size:
            continue
        row = which if crossover else 0
        stops = lapse_months(job, which, first, count)[members]
        leaves = dropout_days(job, first, count)[members]
        # joints first: a dropout that rises with pain hides scans as well
        if joints is not None:
            leaves = joints.run(which, members, stops, dies[members], leaves, sheet, row)
        if bone is not None:
            settled = joints.settled if joints is not None else {}
            leaves = bone.run(which, members, stops, dies[members], leaves, sheet, row, settled)
        end = design.horizon_years * DAYS_PER_YEAR
        months, cause = censored(np.full(len(members), np.inf), dies[members], leaves, end)
        sheet.put("end/month", row, members, months)
        sheet.put("end/cause", row, members, cause, missing=END)
    counts["failed"] = int(np.count_nonzero(sheet.failed))
    return Chunk(first, count, sheet.columns, counts)
