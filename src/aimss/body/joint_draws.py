"""The shipped draws of the joint model: posterior parameters kept together, because they are correlated.

Medians alone are never used: susceptible share, amplitude, context and adverse-event spread are correlated.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from aimss.errors import ParameterError

FloatArray = NDArray[np.float64]
Theta = Mapping[str, FloatArray]
VARIANTS: tuple[str, ...] = ("v1",)
DRAWS_SHA256 = "55a9a799e461bece27eebf94bfa815709ff3ea28757626620cbb6ce4db165b50"
_BODY = files("aimss.body")


@dataclass(frozen=True)
class JointParameter:
    """One parameter of the joint model as the table of parameters shows it; status E fitted, P assumed, D derived.

    `source` holds ids of sources and evidence rows, `basis` the words about them.
    """

    name: str
    symbol: str
    value: float
    unit: str
    meaning: str
    distribution: str
    ci95_low: float | None
    ci95_high: float | None
    status: str
    source: str
    basis: str


def joint_parameters() -> Mapping[str, JointParameter]:
    """Return every parameter by its full name, with unit, meaning, status and source."""
    return _parameter_table()


@cache
def _parameter_table() -> Mapping[str, JointParameter]:
    text = (_BODY / "joint_parameters.csv").read_text(encoding="utf-8")
    found: dict[str, JointParameter] = {}
    for row in csv.DictReader(io.StringIO(text)):
        low, high = (float(row[k]) if row[k] else None for k in ("ci95_low", "ci95_high"))
        found[row["name"]] = JointParameter(
            row["name"], row["symbol"], float(row["value"]), row["unit"], row["meaning"], row["distribution"],
            low, high, row["status"], row["source"], row["basis"],
        )  # fmt: skip
    return MappingProxyType(found)


def assumed(name: str) -> float:
    """Return the value of a parameter that the data do not inform (status P)."""
    return _parameter_table()[name].value


@cache
def _archive(variant: str) -> Mapping[str, NDArray[np.generic]]:
    if variant not in VARIANTS:
        raise ParameterError("variant of the joint model", "one of " + ", ".join(VARIANTS), repr(variant))
    raw = (_BODY / "joint_draws.npz").read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    if digest != DRAWS_SHA256:
        raise ParameterError(
            "joint_draws.npz",
            f"sha256 {DRAWS_SHA256[:12]}…",
            f"{digest[:12]}…",
            "Reinstall aimss: the file was changed.",
        )
    with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
        return MappingProxyType({name: archive[name] for name in archive.files})


def _part(part: str, variant: str) -> Theta:
    prefix = part + "/"
    return MappingProxyType(
        {
            name.removeprefix(prefix): values.astype(np.float64)
            for name, values in _archive(variant).items()
            if name.startswith(prefix)
        }
    )


@cache
def latent_draws(variant: str = "v1") -> Theta:
    """Return the 500 joint draws of the latent course and the measurement, each (500,) or (500, studies)."""
    return _part("latent", variant)


@cache
def remedy_draws(variant: str = "v1") -> Theta:
    """Return the 300 joint draws of remedy effects, placebo and sham responses and natural course, in points."""
    return _part("remedy", variant)


@cache
def persistence_draws(variant: str = "v1") -> Theta:
    """Return the 200 joint draws of the hazards of stopping."""
    return _part("persistence", variant)


def trial_labels(variant: str = "v1") -> tuple[str, ...]:
    """Return the studies behind the columns of the adverse-event effects."""
    return tuple(str(name) for name in _archive(variant)["labels/trials"])


def survey_labels(variant: str = "v1") -> tuple[str, ...]:
    """Return the studies behind the columns of the survey effects."""
    return tuple(str(name) for name in _archive(variant)["labels/surveys"])


def take(theta: Theta, index: NDArray[np.int64] | slice, extra_axes: int = 0) -> Theta:
    """Pick draws from every array; `extra_axes` length-1 axes are added behind, to broadcast against women."""
    shape = (-1,) + (1,) * extra_axes
    return {name: values[index].reshape(shape) if values.ndim == 1 else values[index] for name, values in theta.items()}
