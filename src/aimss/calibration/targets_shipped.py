"""The targets that aimss ships: every usable published result on bone, its numbers read from the evidence tables."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files
from typing import Any

from aimss.calibration.arms import Arm
from aimss.calibration.target import MARKERS, Target
from aimss.evidence.tables import Row, load_table

FOLDER = files("aimss.calibration") / "targets"
INTERQUARTILE = 1.349  # of a normal distribution, in SD
# the columns of a table that hold the result of one arm, in the order in which they are tried
_VALUES = {
    "bone/bmd": ("pct_change", "between_arm_difference"),
    "bone/markers": ("pct_change",),
    "bone/recovery": ("value",),
    "bone/fractures": ("estimate",),
    "pharmacology/estrogen": ("value",),
}
_ONE, _TWO = re.compile(r"(\d+)(?: randomised)?"), re.compile(r"(\d+) ?/ ?(\d+)")


@cache
def bone_arms() -> dict[str, Arm]:
    """Return the arms of the shipped targets by name."""
    import yaml

    text = (FOLDER / "bone_arms.yaml").read_text(encoding="utf-8")
    return {name: Arm.model_validate(body) for name, body in yaml.safe_load(text).items()}


@cache
def bone_targets() -> tuple[Target, ...]:
    """Return the shipped targets of the bone half in the order of their file."""
    lines = csv.DictReader((FOLDER / "bone.csv").read_text(encoding="utf-8").splitlines())
    return tuple(_target(line) for line in lines)


@cache
def left_out() -> dict[str, str]:
    """Return the rows of the evidence that are no target, each with its reason."""
    lines = csv.DictReader((FOLDER / "left_out.csv").read_text(encoding="utf-8").splitlines())
    return {line["row"]: line["reason"] for line in lines}


def evidence_row(reference: str) -> Row:
    """Return the row of the evidence that a target rests on."""
    table, _, key = reference.partition(":")
    return load_table(table)[key]


def _target(line: dict[str, str]) -> Target:
    row = evidence_row(line["row"])
    own: dict[str, Any] = {k: float(line[k]) for k in ("se", "n", "n_comparator", "from_month") if line[k]}
    if line["t_score_low"] or line["t_score_high"]:
        own["t_score_range"] = tuple(float(line[k]) if line[k] else None for k in ("t_score_low", "t_score_high"))
    if line["ci_low"]:
        own["ci95"] = (float(line["ci_low"]), float(line["ci_high"]))
    observed = float(line["value"]) if line["value"] else _value(row)
    if not line["value"] and not {"se", "ci95"} & set(own):
        own |= _printed_spread(row, line, observed)
    for name, n in zip(("n", "n_comparator"), _counts(row), strict=False):
        own.setdefault(name, n)
    if line["measure"] != "hazard_ratio" and not line["comparator"]:
        own.pop("n_comparator", None)
    statistic = line["statistic"] or ("median" if "median" in _text(row, "statistic") else "mean")
    return Target(
        id=line["id"],
        study=line["trial"],
        part=line["part"],
        arm=line["arm"],
        comparator=line["comparator"] or None,
        quantity=line["quantity"],
        site=line["site"] or None,
        measure=line["measure"] or None,
        relative=bool(line["relative"]),
        month=float(line["month"]),
        observed=observed,
        statistic=statistic,
        verified=row.verified or "yes",
        role=line["role"],
        source=line["row"],
        note=line["note"],
        **own,
    )


def _text(row: Row, column: str) -> str:
    return row.text(column) if column in row.cells else ""


def _value(row: Row) -> float:
    for column in _VALUES[row.table]:
        value = row.number(column)
        if value is not None:
            return value
    raise ValueError(f"{row.id} has no number; the target must give one with a note")


def _printed_spread(row: Row, line: dict[str, str], observed: float) -> dict[str, Any]:
    """The interval or error that the row prints; an interquartile range becomes an SD."""
    names = ("diff_ci_low", "diff_ci_high") if line["comparator"] and row.table == "bone/bmd" else ("ci_low", "ci_high")
    low, high = (row.number(n) if n in row.cells else None for n in names)
    if low is not None and high is not None:
        if "IQR" in _text(row, "statistic"):
            return {"sd": (high - low) / INTERQUARTILE}
        if low <= observed <= high and line["quantity"] not in MARKERS:
            return {"ci95": (low, high)}
    spread = row.number("se_or_sd") if "se_or_sd" in row.cells else None
    if spread is None:
        return {}
    return {"se": spread} if _text(row, "dispersion").startswith("SE") else {"sd": spread}


def _counts(row: Row) -> list[float]:
    text = _text(row, "n")
    if match := _TWO.fullmatch(text):
        return [float(match[1]), float(match[2])]
    match = _ONE.fullmatch(text)
    return [float(match[1])] if match else []
