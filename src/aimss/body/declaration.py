"""What the body holds: its states and the constants that differ from woman to woman; the rates are in `model.py`."""

from __future__ import annotations

from dataclasses import dataclass

SITES: tuple[str, ...] = ("lumbar_spine", "total_hip", "femoral_neck")
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class State:
    """One state variable: `typical` is the size that an error is weighed against."""

    name: str
    symbol: str
    unit: str
    meaning: str
    typical: float


@dataclass(frozen=True, slots=True)
class WomanConstant:
    """A constant of one woman; `neutral` is its value where the model has one that means no effect, else None."""

    name: str
    symbol: str
    unit: str
    meaning: str
    neutral: float | None


STATES: tuple[State, ...] = (
    State("ai_exposure", "X", "1", "aromatase inhibitor as a share of its own steady state", 1.0),
    State("estradiol", "E", "pmol/L", "serum estradiol", 18.0),
    State("serm_receptor_share", "W", "1", "share of estrogen receptors held by tamoxifen or raloxifene", 1.0),
    State("denosumab_depot", "DEPOT", "mg", "denosumab under the skin", 40.0),
    State("denosumab_body", "DCEN", "mg", "denosumab in the body", 0.4),
    State("bisphosphonate_fast", "UF", "mg", "bisphosphonate in the fast bone pool, as zoledronate", 1.0),
    State("bisphosphonate_slow", "US", "mg", "bisphosphonate in the slow bone pool, as zoledronate", 1.0),
    State("preosteoclasts", "P", "1", "preosteoclasts, reference woman 1", 1.0),
    State("osteoclasts", "C", "1", "osteoclasts, which is resorption; reference woman 1", 0.3),
    State("osteoblasts", "B", "1", "osteoblasts, which is formation; reference woman 1", 1.0),
    State("young_bone", "D", "1", "young bone that is not yet filled with mineral, reference woman 1", 1.0),
    State("log_volume_lumbar_spine", "LV_LS", "1", "logarithm of bone volume, lumbar spine", 0.1),
    State("log_volume_total_hip", "LV_TH", "1", "logarithm of bone volume, total hip", 0.1),
    State("log_volume_femoral_neck", "LV_FN", "1", "logarithm of bone volume, femoral neck", 0.1),
)

WOMAN_CONSTANTS: tuple[WomanConstant, ...] = (
    WomanConstant(
        "years_since_final_menstrual_period",
        "y0",
        "y",
        "years since the final menstrual period on day 0; negative before it",
        None,
    ),
    WomanConstant(
        "peripheral_estradiol_pmol_l",
        "E_per",
        "pmol/L",
        "estradiol made outside the ovary when nothing inhibits it",
        None,
    ),
    WomanConstant(
        "resorption_multiplier", "res_mult", "1", "her resorption against other women with the same estrogen", 1.0
    ),
    WomanConstant(
        "vitamin_d_deficit_ng_ml", "d_vd", "ng/mL", "25-hydroxyvitamin D below 30 ng/mL, 0 when not lacking", 0.0
    ),
)

STATE_NAMES: tuple[str, ...] = tuple(s.name for s in STATES)
WOMAN_CONSTANT_NAMES: tuple[str, ...] = tuple(c.name for c in WOMAN_CONSTANTS)
