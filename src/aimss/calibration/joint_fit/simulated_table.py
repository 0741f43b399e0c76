"""Simulated data sets on disk: a row a data set and parameter as they come, and the summary over data sets.

A run that was broken off goes on where it stopped: data sets have numbers, and each its own seed.
"""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from aimss.calibration.simulation_check import SimulationCheck
from aimss.errors import RunError

COLUMNS = ("stage", "data_set", "seed", "warmup", "draws", "parameter", "rank", "effective_sample_size",
           "divergences", "leapfrog_steps", "seconds")  # fmt: skip
SEEDS_APART = 10_000
SIGNIFICANCE = 0.05  # of the smallest p value among the parameters of a stage (Bonferroni)


def collect(
    path: Path,
    stage: str,
    data_sets: int,
    seed: int,
    settings: dict[str, int],
    ranked: Callable[[int], list[dict[str, Any]]],
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Add the data sets of a stage that `path` does not hold yet, each written when it is done.

    Raises RunError where the file was made with another seed or other settings.
    """
    done = _done(path, stage, {"seed": seed, **settings})
    wanted = [k for k in range(1, data_sets + 1) if k not in done]
    if not path.exists():
        path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    started = time.monotonic()
    for number, k in enumerate(wanted):
        rows = ranked(seed * SEEDS_APART + k)
        with path.open("a", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
            for row in rows:
                whole = {**row, **settings, "stage": stage, "data_set": k, "seed": seed}
                writer.writerow({c: f"{v:.6g}" if isinstance(v := whole[c], float) else v for c in COLUMNS})
        if number == 0:
            started, left = time.monotonic(), ""  # the first also compiles, and tells nothing of the rest
        else:
            left = f", about {(time.monotonic() - started) / number * (len(wanted) - number - 1) / 60:.0f} min left"
        progress(f"{stage}, simulated data set {k} of {data_sets}{left}")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _done(path: Path, stage: str, made_with: dict[str, int]) -> set[int]:
    rows = [r for r in _rows(path) if r["stage"] == stage] if path.exists() else []
    mend = "Choose another folder (--out), or remove the file."
    for row in rows:
        found = {name: int(row[name]) for name in made_with}
        if found != made_with:
            raise RunError(str(path), f"data sets made with {made_with}", str(found), mend)
    counted = Counter(int(row["data_set"]) for row in rows)
    cut = [k for k, n in counted.items() if n < max(counted.values())]
    if cut:
        raise RunError(str(path), "whole data sets", f"data set {cut[0]} of stage {stage} cut short", mend)
    return set(counted)


def checks(path: Path) -> dict[str, SimulationCheck]:
    """Return by stage the ranks that a file holds."""
    rows, found = _rows(path), {}
    for stage in dict.fromkeys(r["stage"] for r in rows):
        own = [r for r in rows if r["stage"] == stage]
        names = tuple(dict.fromkeys(r["parameter"] for r in own))
        found[stage] = SimulationCheck(names, np.array([float(r["rank"]) for r in own]).reshape(-1, len(names)))
    return found


def summary(path: Path) -> list[dict[str, Any]]:
    """Return for each parameter the p value of uniform ranks, coverage, and how well its chains moved."""
    rows, out = _rows(path), []
    for stage, check in checks(path).items():
        p_values = check.p_values()
        for name in check.names:
            own = [r for r in rows if r["stage"] == stage and r["parameter"] == name]
            effective = np.array([float(r["effective_sample_size"]) for r in own])
            out.append(
                {
                    "stage": stage,
                    "parameter": name,
                    "p_uniform": p_values[name],
                    "coverage_50": check.coverage(0.5, name),
                    "coverage_90": check.coverage(0.9, name),
                    "effective_sample_size_median": float(np.median(effective)),
                    "effective_sample_size_5_percent": float(np.quantile(effective, 0.05)),
                    "data_sets": len(own),
                    "data_sets_with_divergences": sum(int(r["divergences"]) > 0 for r in own),
                }
            )
    return out


def faults(path: Path) -> list[str]:
    """Return the stages with a parameter whose ranks are not uniform, by the smallest p value of its stage."""
    found = []
    for stage, check in checks(path).items():
        p_values = check.p_values()
        name = min(p_values, key=lambda n: p_values[n])
        bound = SIGNIFICANCE / len(p_values)
        if p_values[name] < bound:
            found.append(f"{stage}: ranks of {name} in simulated data sets are not uniform (p {p_values[name]:.2g}, "
                         f"bound {bound:.2g})")  # fmt: skip
    return found
