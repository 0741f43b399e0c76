"""`aimss calibrate`: the parameter files of the bone half, made again from the evidence.

Bone first (changes of density and markers) and how far women differ, in turn, since the mean of an arm needs both; then
fracture hazards with bone held at its values.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.parameters import Parameters, default, first_fit
from aimss.calibration.between_trials import by_study, group_of, is_wide
from aimss.calibration.between_women import SLOPES, BetweenWomen, fit_between_women
from aimss.calibration.fit import (
    Fit,
    Problem,
    bone_problem,
    fit,
    priors,
)
from aimss.calibration.tables import Line, renewed
from aimss.calibration.targets_shipped import bone_arms, bone_targets, evidence_row
from aimss.calibration.women_of_arms import women_of_arms
from aimss.normal import NORMAL_95

Array = NDArray[np.float64]
BONE_ITERATIONS, FRACTURE_ITERATIONS, ROUNDS = 40, 12, 2
ESTRADIOL_SOURCE = "ES062"  # spread of estradiol between women; between assays it is taken as more than half of that
INFORMS = 0.03  # a study is named as a source if it holds this share of what the data say of a parameter


@dataclass(frozen=True, eq=False)
class Calibration:
    """Both stages of the fit, the spread between women, and the parameters that they give."""

    bone: Fit
    fracture: Fit
    women: BetweenWomen
    parameters: Parameters

    @property
    def spread(self) -> dict[str, float]:
        """Spread between trials of every group; estradiol is not fitted."""
        return {**self.bone.spread, "fracture": self.fracture.spread["fracture"], "estradiol": 0.4}


def calibrate(
    *,
    from_shipped: bool = False,
    parameters: Parameters | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Calibration:
    """Fit bone and the spread between women, then fractures; from the priors' centre, or from the shipped values."""
    start = parameters or default()
    first = np.log([start[p.name] for p in priors("bone")]) if from_shipped else None
    now = start.replace_between_women(first_fit().between_women)
    for number in range(1, ROUNDS + 1):
        problem = bone_problem(bone_arms(), bone_targets(), now)
        progress(f"bone, round {number} of {ROUNDS}")
        bone = fit(problem, first, iterations=BONE_ITERATIONS, progress=lambda s: progress(f"bone, {s}"))
        first = bone.ln_values
        women = fit_between_women(now.replace(bone.values))
        now = women.parameters
    wanted = tuple(t for t in bone_targets() if t.role == "calibrate" and group_of(t) == "fracture")
    of_fractures = Problem(bone_arms(), wanted, priors("fracture"), now, women_of_arms(now))
    fractured = fit(of_fractures, iterations=FRACTURE_ITERATIONS, progress=lambda s: progress(f"fracture, {s}"))
    return Calibration(bone, fractured, women, now.replace(fractured.values))


def informing_studies(stage: Fit) -> dict[str, list[str]]:
    """Return for each parameter the studies that hold most of what the data say of it."""
    problem = stage.problem
    precision = problem.scatter(stage.spread).precision(stage.weights)
    blocks = by_study(problem.targets)
    share = np.array(
        [np.einsum("ik,ij,jk->k", stage.derivatives[k], precision[np.ix_(k, k)], stage.derivatives[k]) for k in blocks]
    )
    share /= np.maximum(share.sum(axis=0), 1e-300)
    found: dict[str, list[str]] = {}
    for column, name in enumerate(problem.names):
        sources: dict[str, None] = {}
        for block, value in zip(blocks, share[:, column], strict=True):
            if value >= INFORMS:
                sources |= dict.fromkeys(_source(problem.targets[i].source) for i in block)
        found[name] = sorted(sources)
    return found


def _source(reference: str) -> str:
    row = evidence_row(reference)
    if "study_id" in row.cells:
        return row.text("study_id")
    return reference if row.key.isdigit() else row.key


def parameter_table(result: Calibration) -> str:
    """Return `parameters.csv` with the fitted lines renewed and all others as they are."""
    lines = {**_lines(result.bone), **_lines(result.fracture)}
    of_women = result.parameters.between_women

    def renew(row: Line) -> Line:
        name = row["name"]
        spread = {"between_woman_ln_sd": f"{of_women[name]:.4g}"} if name in of_women else {}
        if name in SLOPES:
            spread = {"value": f"{result.parameters[name]:.4g}"}
        return lines.get(name, {}) | spread

    return renewed("parameters.csv", renew)


def _lines(stage: Fit) -> dict[str, dict[str, str]]:
    sources, sd = informing_studies(stage), np.sqrt(np.diag(stage.covariance))
    found = {}
    for i, (name, value) in enumerate(stage.values.items()):
        half = np.exp(NORMAL_95 * sd[i])
        found[name] = {
            "value": f"{value:.5g}",
            "ln_sd": f"{sd[i]:.3g}",
            "ci95_low": f"{value / half:.4g}",
            "ci95_high": f"{value * half:.4g}",
            "status": "fitted",
            "source": ";".join(sources[name]) or "assumption",
        }
    return found


def covariance_table(result: Calibration) -> str:
    """Return `parameter_covariance.csv`: ln parameters of bone."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = result.bone.problem.names
    writer.writerow(["ln_parameter", *names])
    for name, row in zip(names, result.bone.covariance, strict=True):
        writer.writerow([name, *(f"{v:.8g}" for v in row)])
    return stream.getvalue()


def spread_table(result: Calibration) -> str:
    """Return `between_trials.csv`: every spread with the studies whose scatter it describes."""
    units = {"spine": "points of BMD change", "hip": "points of BMD change", "wide": "factor"}
    targets = (*result.bone.problem.targets, *result.fracture.problem.targets)
    lines = ["group,value,unit,status,source"]
    for group, value in result.spread.items():
        own = [t for t in targets if (is_wide(t) if group == "wide" else group_of(t) == group)]
        sources = ";".join(sorted({_source(t.source) for t in own}))
        status, source = ("fitted", sources) if own else ("assumed", ESTRADIOL_SOURCE)
        lines.append(f"{group},{value:.4g},{units.get(group, 'ln')},{status},{source}")
    return "\n".join(lines) + "\n"


def identifiability_table(result: Calibration) -> str:
    """Return how far the data narrowed each prior, widest first."""
    rows = [
        (c, name, p)
        for stage in (result.bone, result.fracture)
        for (name, c), p in zip(stage.contraction.items(), stage.problem.priors, strict=True)
    ]
    lines = ["name,stage,prior_median,prior_ln_sd,value,contraction,verdict"]
    for c, name, p in sorted(rows, reverse=True, key=lambda r: r[0]):
        verdict = "informed" if c >= 0.5 else "partly" if c >= 0.2 else "prior only"
        lines.append(f"{name},{p.stage},{p.median:g},{p.ln_sd:g},{result.parameters[name]:.5g},{c:.3f},{verdict}")
    return "\n".join(lines) + "\n"


def inputs_sha256() -> dict[str, str]:
    """Return the hash of everything that the fit is made from: priors, targets, arms and the values observed."""
    folder = files("aimss.calibration")
    found = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("priors.csv", "targets/bone.csv", "targets/bone_arms.yaml")
    }
    observed = [(t.id, t.observed, t.role) for t in bone_targets()]
    return found | {"observed values": hashlib.sha256(repr(observed).encode()).hexdigest()}


def shipped_provenance() -> dict[str, Any]:
    """Return what the shipped parameter files were made of, as the calibration that made them wrote it."""
    text = (files("aimss.calibration") / "provenance.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def provenance(result: Calibration) -> dict[str, Any]:
    """Return what the files were made of: hashes of inputs and of the result, and the fit's own figures."""
    made = parameter_table(result) + covariance_table(result) + spread_table(result)
    return {
        "command": "aimss calibrate",
        "inputs_sha256": inputs_sha256(),
        "result_sha256": hashlib.sha256(made.encode()).hexdigest(),
        "targets": len(result.bone.problem.targets) + len(result.fracture.problem.targets),
        "objective": round(result.bone.objective, 3),
        "iterations": result.bone.iterations,
        "spread_between_trials": {k: round(v, 4) for k, v in result.spread.items()},
        "spread_between_women": {
            "factor": round(result.women.factor, 4),
            "slope_sd_percent_a_year": [round(v, 4) for v in result.women.slopes],
            "sd_of_change_12_24_60_months": result.women.spreads.round(2).tolist(),
        },
    }


def write(result: Calibration, folder: Path) -> list[Path]:
    """Write parameters, covariance, spread, identifiability and provenance; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {
        "parameters.csv": parameter_table(result),
        "parameter_covariance.csv": covariance_table(result),
        "between_trials.csv": spread_table(result),
        "identifiability.csv": identifiability_table(result),
        "provenance.json": json.dumps(provenance(result), indent=1) + "\n",
    }
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in made]
