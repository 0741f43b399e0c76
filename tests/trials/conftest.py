from __future__ import annotations

from typing import Any

import pytest

from aimss.trials.design import TrialDesign
from aimss.trials.design_reading import read_design

SMALL: dict[str, Any] = {
    "name": "small",
    "title": "A small trial",
    "population": "ai_starters",
    "n": 300,
    "arms": [
        {"name": "zoledronate", "strategy": "zoledronate_4mg_6_monthly"},
        {"name": "ai_alone", "strategy": "ai_alone"},
    ],
    "horizon_years": 2,
    "endpoints": [
        {"measure": "bmd_percent_change", "site": "total_hip", "months": [12, 24]},
        {"measure": "marker_percent_change", "marker": "ctx", "months": [12]},
        {"measure": "fracture", "kind": "any_clinical"},
    ],
}
EVERYTHING: dict[str, Any] = {
    **SMALL,
    "name": "everything",
    "arms": [
        {"name": "if_osteoporotic", "strategy": "zoledronate_when_osteoporotic"},
        {"name": "duloxetine", "strategy": "duloxetine_if_pain_lasts"},
        {"name": "ai_alone", "strategy": "ai_alone"},
    ],
    "stratify_by": ["t_score_lowest < -2", "chemotherapy"],
    "endpoints": [
        *SMALL["endpoints"],
        {"measure": "t_score", "site": "lumbar_spine", "months": [24]},
        {"measure": "bmd_responder", "site": "total_hip", "months": [24], "at_most_percent": -3},
        {"measure": "pain_change", "weeks": [12, 52]},
        {"measure": "pain_responder", "weeks": [52]},
        {"measure": "aimss", "definition": "S-CUM", "weeks": [26, 52]},
        {"measure": "persistence", "months": [12, 24]},
    ],
    "adherence": {"never_start": 0.05, "stop_per_year": 0.3, "then": "no_ai"},
    "dropout": {"per_year": 0.1, "rises_with": "pain", "hazard_ratio_per_unit": 1.2},
    "parameters": "draw_per_woman",
    "trajectories": True,
}


def make(**changes: Any) -> TrialDesign:
    return read_design({**SMALL, **changes})


@pytest.fixture
def small() -> TrialDesign:
    return make()


@pytest.fixture
def everything() -> TrialDesign:
    return read_design(EVERYTHING)
