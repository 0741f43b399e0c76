"""What a course may hold: each drug or remedy with its units, routes, accepted doses and intervals.

The limits are guards against slips of the pen (assumed, ours), not clinical limits; standard regimens are those of the
guideline rules and trials named in the strategy library.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from aimss.patient.dates import DAYS_PER_MONTH

AROMATASE_INHIBITORS: tuple[str, ...] = ("letrozole", "anastrozole", "exemestane")
HER_AI = "her_ai"
BISPHOSPHONATES: tuple[str, ...] = ("zoledronate", "alendronate", "risedronate", "ibandronate")
BONE_DRUGS: tuple[str, ...] = (*BISPHOSPHONATES, "denosumab")
EXERCISE: tuple[str, ...] = ("aerobic_exercise", "resistance_exercise")
REMEDIES: tuple[str, ...] = (*EXERCISE, "acupuncture", "duloxetine", "nsaid", "omega_3")

Given = Literal["switch", "rate", "injection"]


@dataclass(frozen=True)
class Drug:
    """One drug or remedy.

    slot : courses in one slot exclude each other in time.
    given : switch (on or off), rate (oral, mg a day) or injection (mg on single days).
    unit : the one accepted unit; None if a dose makes no sense.
    dose_range : smallest and largest accepted dose at one time, in `unit`.
    every_days_range : shortest and longest accepted interval.
    standard_dose, standard_every_days : what holds where a course or a record is silent; None if it has to be said.
    """

    name: str
    slot: str
    given: Given
    routes: tuple[str, ...]
    unit: str | None = None
    dose_range: tuple[float, float] = (0.0, 0.0)
    every_days_range: tuple[float, float] = (1.0, 1.0)
    standard_dose: float | None = None
    standard_every_days: float | None = None


def _endocrine(name: str, dose_mg: float) -> Drug:
    # the model's constants hold for the standard daily dose, so no other is accepted
    return Drug(name, "endocrine", "switch", ("oral",), "mg", (dose_mg, dose_mg), (1, 1), dose_mg, 1.0)


_DRUGS = (
    Drug(HER_AI, "endocrine", "switch", ("oral",)),
    _endocrine("letrozole", 2.5),
    _endocrine("anastrozole", 1.0),
    _endocrine("exemestane", 25.0),
    _endocrine("tamoxifen", 20.0),
    Drug("raloxifene", "raloxifene", "switch", ("oral",), "mg", (60, 60), (1, 1), 60.0, 1.0),
    Drug(
        "ovarian_suppression",
        "ovary",
        "switch",
        ("subcutaneous", "intramuscular", "surgical"),
        "mg",
        (1.8, 30),
        (28, 100),
    ),
    Drug("zoledronate", "bone", "injection", ("intravenous",), "mg", (1, 5), (28, 1100)),
    Drug("denosumab", "bone", "injection", ("subcutaneous",), "mg", (60, 120), (28, 370), 60.0, 6 * DAYS_PER_MONTH),
    Drug("alendronate", "bone", "rate", ("oral",), "mg", (5, 70), (1, 31), 70.0, 7.0),
    Drug("risedronate", "bone", "rate", ("oral",), "mg", (5, 150), (1, 31), 35.0, 7.0),
    Drug("ibandronate", "bone", "rate", ("oral",), "mg", (2.5, 150), (1, 31), 150.0, DAYS_PER_MONTH),
    Drug("calcium", "calcium", "switch", ("oral",), "mg", (100, 2500), (1, 1)),
    Drug("vitamin_d", "vitamin_d", "switch", ("oral", "intramuscular"), "IU", (200, 100000), (1, 100)),
    Drug("duloxetine", "duloxetine", "switch", ("oral",), "mg", (20, 120), (1, 1), 60.0, 1.0),
    Drug("nsaid", "nsaid", "switch", ("oral", "topical"), "mg", (1, 3200), (0.25, 1)),
    Drug("omega_3", "omega_3", "switch", ("oral",), "mg", (100, 6000), (1, 1)),
    Drug("acupuncture", "acupuncture", "switch", (), "sessions", (1, 5), (1, 31)),
    Drug("aerobic_exercise", "aerobic_exercise", "switch", (), "min", (10, 1200), (1, 7)),
    Drug("resistance_exercise", "resistance_exercise", "switch", (), "sessions", (1, 7), (1, 14)),
)
DRUGS: dict[str, Drug] = {drug.name: drug for drug in _DRUGS}
INJECTIONS: tuple[str, ...] = tuple(drug.name for drug in _DRUGS if drug.given == "injection")

# names that people write and that stand for one of ours; offered, never taken silently
OTHER_NAMES: dict[str, str] = {
    "femara": "letrozole", "arimidex": "anastrozole", "aromasin": "exemestane", "ai": HER_AI,
    "aromatase_inhibitor": HER_AI, "zoledronic_acid": "zoledronate", "zometa": "zoledronate", "reclast": "zoledronate",
    "aclasta": "zoledronate", "prolia": "denosumab", "xgeva": "denosumab", "fosamax": "alendronate",
    "alendronic_acid": "alendronate", "actonel": "risedronate", "risedronic_acid": "risedronate",
    "bonviva": "ibandronate", "boniva": "ibandronate", "ibandronic_acid": "ibandronate", "evista": "raloxifene",
    "nolvadex": "tamoxifen", "goserelin": "ovarian_suppression", "zoladex": "ovarian_suppression",
    "leuprolide": "ovarian_suppression", "leuprorelin": "ovarian_suppression", "triptorelin": "ovarian_suppression",
    "ofs": "ovarian_suppression", "cymbalta": "duloxetine", "ibuprofen": "nsaid", "naproxen": "nsaid",
    "celecoxib": "nsaid", "diclofenac": "nsaid", "fish_oil": "omega_3", "cholecalciferol": "vitamin_d",
    "exercise": "aerobic_exercise",
}  # fmt: skip


def did_you_mean(name: str, accepted: tuple[str, ...] | list[str], other_names: dict[str, str] | None = None) -> str:
    """A question naming the accepted name that was probably meant; empty if nothing is near."""
    key = name.strip().lower().replace(" ", "_").replace("-", "_")
    others = other_names or {}
    if key in others:
        return f"Did you mean {others[key]}?"
    near = get_close_matches(key, [*accepted, *others], n=1, cutoff=0.6)
    return f"Did you mean {others.get(near[0], near[0])}?" if near else ""
