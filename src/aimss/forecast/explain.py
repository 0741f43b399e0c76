"""What makes her interval wide, and which test would narrow it most.

Shares are first-order Sobol' indices (Sobol' 1993; given-data estimator of Plischke, Borgonovo, Smith 2013, doi
10.1016/j.ejor.2012.11.047, with a cubic in place of bins): the part of the outcome's variance over her twins that its
mean given one input explains. The value of a test
is the same share for its result, its noise included: the expected fall of the variance once the result is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aimss.counter_random import normals as standard_normals
from aimss.forecast.her_scans import scan_sd_percent
from aimss.forecast.turnover_data import ESTRADIOL_LN_SD, marker_norm
from aimss.patient.dates import DAYS_PER_MONTH
from aimss.patient.densitometry import precision_percent
from aimss.patient.observations import SITES

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.forecast.forecast import Forecast

Array = NDArray[np.float64]
SITE_WORDS = {"lumbar_spine": "spine", "total_hip": "hip", "femoral_neck": "femoral neck"}
UNKNOWN_OF_ALL = "what we do not know of any woman"
DIFFERS = "how one woman differs from another"
METHOD = "first-order Sobol' shares over the twins, given the record; inputs that the record ties together share a part"
OWN_ERROR = "the model's own error"
LEAST_SHARE = 0.01  # smaller shares cannot be told from the noise of some hundred twins
WOMAN_WORDS = {
    "estrogen_log_gain": "how strongly bone answers estrogen",
    "log_turnover_drift": "how fast high turnover costs bone",
    "turnover": "how fast bone turns over",
    "ageing_loss": "loss by age",
    "preosteoclast_differentiation_rate": "how fast osteoclasts form",
    "denosumab_half_block_concentration": "how sensitive bone is to denosumab",
    "bisphosphonate_half_amount": "how sensitive bone is to bisphosphonates",
}
INPUT_WORDS = {
    "bmi": "body mass index",
    "age_at_final_menstrual_period": "date of the final menstrual period",
    "peripheral_estradiol": "estradiol without the drug",
    "vitamin_d": "vitamin D",
    "resorption_level": "level of bone resorption",
}


@dataclass(frozen=True, eq=False)
class Input:
    """Something that differs between her twins: `values` (n,); `site` where it belongs to one site alone."""

    name: str
    label: str
    kind: str
    values: Array
    site: str = ""


def first_order_share(x: Array, y: Array) -> float:
    """Share of the variance of y (n,) that a cubic in x (n,) explains, corrected for its three degrees of freedom.

    Zero where x does not vary; never below zero.
    """
    spread = x.std()
    if spread < 1e-12 * max(1.0, abs(float(x.mean()))) or y.std() == 0:
        return 0.0
    z = (x - x.mean()) / spread
    design = np.stack([np.ones_like(z), z, z**2, z**3], axis=1)
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    n = len(y)
    return float(max(0.0, 1 - (residual.var() / y.var()) * (n - 1) / (n - 4)))


def explain(made: Forecast, parameters: Parameters) -> dict[str, Any]:
    """Explain the outcomes of the first strategy, five years on or at the end: T-score by site, any fracture."""
    course = made.strategies[0]
    at = int(np.argmin(np.abs(made.months - min(60.0, float(made.months[-1])))))
    years = f"in {float(made.months[at]) / 12:g} years"
    outcomes: list[tuple[str, str, Array]] = [
        (f"T-score at the {SITE_WORDS[site]}, {years}", site, course.t_score[:, at, i]) for i, site in enumerate(SITES)
    ]
    outcomes.append((f"any clinical fracture, {years} (log odds)", "", _logit(course.fracture["any_clinical"][:, at])))
    inputs, tests = _inputs(made, parameters), _tests(made, parameters)
    return {
        "method": METHOD,
        "strategy": course.compiled.name,
        "twins": len(course.bmd),
        "outcomes": [_explained(name, site, y, inputs, tests) for name, site, y in outcomes],
    }


def _explained(name: str, site: str, y: Array, inputs: list[Input], tests: dict[str, Array]) -> dict[str, Any]:
    """Drivers and tests of one outcome; the level, slope and error of another site only echo those of its own."""
    own = [(i, first_order_share(i.values, y)) for i in inputs if not site or i.site in {"", site}]
    drivers = sorted((d for d in own if d[1] >= LEAST_SHARE), key=lambda d: -d[1])
    narrowing = {test: 100 * (1 - np.sqrt(1 - first_order_share(x, y))) for test, x in tests.items()}
    return {
        "outcome": name,
        "interval90_width": round(float(np.subtract(*np.quantile(y, [0.95, 0.05]))), 4),
        "drivers": [{"input": i.name, "label": i.label, "kind": i.kind, "share": round(s, 3)} for i, s in drivers[:10]],
        "tests": [
            {"test": test, "narrows_interval_percent": round(value, 1)}
            for test, value in sorted(narrowing.items(), key=lambda t: -t[1])
        ],
    }


def _logit(p: Array) -> Array:
    bounded = np.clip(p, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(bounded / (1 - bounded)))


def _inputs(made: Forecast, parameters: Parameters) -> list[Input]:
    found = []
    for column, values in zip(made.columns, made.twins.normals[made.solved].T, strict=True):
        kind, name = column.split(":", 1)
        if kind == "parameter":
            label, words = parameters.parameter(name).meaning, UNKNOWN_OF_ALL
        elif kind == "woman":
            label, words = WOMAN_WORDS.get(name, name.replace("_", " ")), DIFFERS
        else:
            label, words = INPUT_WORDS[name], "not in the record"
        found.append(Input(column, label, words, values))
    level = made.today.level_and_slope[made.solved]
    errors = made.today.errors[made.solved]
    for i, site in enumerate(SITES):
        words = f"at the {SITE_WORDS[site]}"
        found += [
            Input(f"level:{site}", f"bone density today {words}", "measurement", level[:, i], site),
            Input(f"slope:{site}", f"own yearly change {words}", DIFFERS, level[:, 3 + i], site),
            Input(f"structural:{site}", f"what the model gets wrong {words}", OWN_ERROR, errors[:, i], site),
        ]
    return found


def _tests(made: Forecast, parameters: Parameters) -> dict[str, Array]:
    """Result of each test that could be made today, for every twin, with the noise of the test."""
    course, seed = made.strategies[0], made.settings.seed
    n = len(course.bmd)
    noise = standard_normals(seed, "tests", 0, n, 9)
    tests: dict[str, Array] = {}
    for i, site in enumerate(SITES):
        sd = scan_sd_percent(site, precision_percent(site), parameters) / 100
        tests[f"DXA of the {SITE_WORDS[site]} today"] = np.log(course.bmd[:, 0, i]) + sd * noise[:, i]
        if made.days[-1] >= 12 * DAYS_PER_MONTH:
            tests[f"DXA of the {SITE_WORDS[site]} in a year"] = np.log(course.bmd[:, 12, i]) + sd * noise[:, 3 + i]
    for column, marker in enumerate(("ctx", "p1np")):
        norm = marker_norm(marker)
        spread = float(np.hypot(norm.level_sd, norm.within_sd))
        tests[f"{marker.upper()} today"] = np.log(course.markers[marker][:, 0]) + spread * noise[:, 6 + column]
    tests["estradiol by LC-MS/MS today"] = np.log(course.estradiol[:, 0]) + ESTRADIOL_LN_SD * noise[:, 8]
    return tests
