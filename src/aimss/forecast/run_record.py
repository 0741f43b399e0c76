"""The record of a run: hashes, versions, seed, solver and counts, enough to make the same numbers again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from aimss.forecast.plan_document import RunRecord

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.care.strategy import Strategy
    from aimss.forecast.forecast import Forecast
    from aimss.patient.patient import Patient

LIBRARIES = ("numpy", "numba", "scipy", "xarray", "pydantic")


def sha256_of(value: Any) -> str:
    """Hash of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def record_dump(patient: Patient) -> dict[str, Any]:
    """Return the record as JSON, only what it states."""
    return patient.model_dump(mode="json", exclude_defaults=True)


def parameters_sha256(parameters: Parameters) -> str:
    """Hash of the values, uncertainties and covariance that the draws are made of."""
    table = [
        (p.name, p.value, p.distribution, p.ln_sd, p.between_woman_ln_sd, p.ci95_low, p.ci95_high)
        for p in map(parameters.parameter, parameters.names)
    ]
    return sha256_of([table, parameters.covariance_text])


def run_record(
    patient: Patient, strategies: Sequence[Strategy], parameters: Parameters, made: Forecast, command: str
) -> RunRecord:
    """Describe a forecast."""
    settings = made.settings
    shipped = parameters_sha256(parameters)
    own = {name: values.tolist() for name, values in settings.draws.items()} if settings.draws else None
    inputs = {
        "record": record_dump(patient),
        "strategies": [s.model_dump(mode="json") for s in strategies],
        "years": settings.years,
        "twins": settings.twins,
        "seed": settings.seed,
        "t_score_reference": settings.reference_set,
    }
    return RunRecord(
        seed=settings.seed,
        twins=settings.twins,
        years=settings.years,
        inputs_sha256=sha256_of(inputs),
        parameters_sha256=sha256_of([shipped, own]) if own else shipped,
        version=version("aimss"),
        libraries={name: version(name) for name in LIBRARIES},
        solver={"relative_tolerance": 1e-4, "output": "monthly"},
        failures=made.failures,
        resolved_by_reference=made.rescued,
        t_score_reference=settings.reference_set,
        command=command,
    )
