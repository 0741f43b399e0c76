"""The scores by part that every plan carries: made by `aimss validate --summary`, kept as data in the package.

A plan is made in seconds and cannot run the validation; so its scores are a file, with the hash of everything that they
depend on. A test fails when that data has changed and the file has not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from aimss.body.between_trials import between_trial_sd_percent
from aimss.calibration.sister_trials import NAME as ANOTHER_TRIAL
from aimss.forecast.plan_document import Rival, Validation, ValidationPart

FILE = "validation_summary.json"
COMMAND = f"aimss validate --summary src/aimss/calibration/{FILE}"
JOINT_PARTS = ("prevalence", "onset", "pain", "discontinuation")
UNIT_NAMES = {
    "points": "percentage points of bone density",
    "T-score": "T-scores",
    "pain points": "points on the 0-10 scale",
    "ln": "natural logarithm",
}
OF_CALIBRATION = ("targets/bone.csv", "targets/bone_arms.yaml")


def data_sha256() -> dict[str, str]:
    """Return the hash of every data file that the scores depend on: parameters, draws, targets, arms, spread."""
    body, calibration = files("aimss.body"), files("aimss.calibration")
    found = {f"body/{f.name}": f for f in body.iterdir() if f.name.endswith((".csv", ".npz"))}
    found |= {f"calibration/{name}": calibration.joinpath(name) for name in OF_CALIBRATION}
    return {name: hashlib.sha256(found[name].read_bytes()).hexdigest() for name in sorted(found)}


def summarise(scored: Sequence[Any], record: Mapping[str, Any]) -> Validation:
    """Return the summary of scored targets (`Scored`) and the record of their run."""
    from aimss.calibration.filing import PART_NAMES
    from aimss.calibration.targets_shipped import bone_arms
    from aimss.calibration.unvalidated_ranges import range_errors
    from aimss.calibration.validation_scores import groups

    return Validation(
        command=record["command"],
        version=record["aimss"],
        parameters_sha256=record["parameters_sha256"],
        data_sha256=data_sha256(),
        between_trials_points={
            name: round(between_trial_sd_percent(site), 2)
            for name, site in (("spine", "lumbar_spine"), ("hip", "total_hip"))
        },
        parts=[_part(part, rows) for part, rows in groups(scored).items() if part in PART_NAMES],
        ranges=range_errors(scored, bone_arms()),
    )


def _part(part: str, rows: Sequence[Any]) -> ValidationPart:
    from aimss.calibration.filing import PART_NAMES
    from aimss.calibration.validation_scores import summary_of

    scores = summary_of(rows)
    other = scores["peers"].get(ANOTHER_TRIAL)
    return ValidationPart(
        part=part,
        label=PART_NAMES[part],
        n=len(rows),
        inside=sum(s.inside for s in rows),
        fitted=sum(s.target.role == "calibrate" for s in rows),
        own_study_effect=part in JOINT_PARTS,
        unit=UNIT_NAMES[scores["unit"]],
        n_rmse=scores["n_rmse"],
        rmse=scores["rmse"],
        bias=scores["bias"],
        constant_change=Rival(
            n=scores["n_baseline"],
            rmse=scores["rmse_baseline"],
            rmse_aimss_on_the_same=scores["rmse_where_baseline"],
        )
        if scores["n_baseline"]
        else None,
        other_trials=Rival(**other) if other else None,
    )


def summary_text(summary: Validation) -> str:
    """Return the text of the packaged file."""
    return summary.model_dump_json(indent=1) + "\n"


@cache
def shipped_summary() -> Validation:
    """Return the scores that the package ships."""
    return Validation.model_validate_json((files("aimss.calibration") / FILE).read_text(encoding="utf-8"))
