from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from aimss.cli import app
from aimss.errors import AimssError, DesignError, SeveralErrors
from aimss.trials.checking import check_design
from aimss.trials.design import design_schema
from aimss.trials.design_reading import read_design
from tests.trials.conftest import SMALL

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "trials").rglob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_are_sound(path: Path) -> None:
    design = read_design(path)
    check_design(design)
    assert read_design(design) == design
    jsonschema.validate(yaml.safe_load(path.read_text()), _with_names(design_schema()))


def _with_names(schema: dict[str, Any]) -> dict[str, Any]:
    """A population is a name, or changes to a preset: the full form is not asked of a file."""
    schema["properties"]["population"] = {}
    return schema


def test_the_published_schema_is_current() -> None:
    written = (files("aimss.trials") / "design.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == design_schema(), "aimss trial --schema > src/aimss/trials/design.schema.json"


BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"n": 1}, "design.n", "greater than or equal to 2"),
    ({"population": "nobody"}, "population", "one of"),
    ({"arms": [{"name": "a", "strategy": "zoledronat"}]}, "arms[0].strategy", "strategies of the library"),
    ({"arms": [SMALL["arms"][0], SMALL["arms"][0]]}, "arms", "a different name for each arm"),
    ({"horizon_years": 1}, "endpoints[0]", "within the horizon"),
    ({"endpoints": [{"measure": "bmd", "site": "total_hip", "months": [1]}]}, "endpoints[0]", "bmd_percent_change"),
    ({"endpoints": [{"measure": "t_score", "site": "wrist", "months": [1]}]}, "site", "lumbar_spine"),
    ({"endpoints": [SMALL["endpoints"][0], SMALL["endpoints"][0]]}, "endpoints[1]", "each endpoint once"),
    ({"analysis": {"contrasts": [["zoledronate", "other"]]}}, "analysis.contrasts[0]", "arms out of"),
    ({"stratify_by": ["height > 3"]}, "stratify_by", "fields out of"),
    ({"allocation": "crossover", "stratify_by": ["age_years > 60"]}, "stratify_by", "none beside crossover"),
    ({"dropout": {"per_year": 0.1, "rises_with": "pain"}}, "dropout.rises_with", "joint endpoint"),
    ({"populaton": "ai_starters"}, "design.populaton", "known field"),
    ({"population": {"based_on": "ai_starters", "margins": {"age_years": {"distribution": "normal", "mean": 60,
      "status": "yes", "source": "population/population:PO001"}}}}, "margins.age_years", "a number"),
    ({"population": {"based_on": "ai_starters", "margins": {"age_years": {"distribution": "fixed", "value": 60,
      "status": "yes"}}}}, "margins.age_years.source", "evidence row"),
    ({"population": {"based_on": "ai_starters", "eligibility": [{"name": "xx", "require": "age > 60"}]}},
     "eligibility[0].require", "fields out of"),
    ({"compare_with": [{"study": "NOBODY_1999", "arms": {"a": "zoledronate"}}]}, "compare_with[0].study", "bone/bmd"),
    ({"compare_with": [{"study": "ZFAST_2007", "arms": {"early": "zoledronate"}}]}, "compare_with[0].arms", "arms of"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field", "expected"), BROKEN, ids=[f"{i}-{b[1]}" for i, b in enumerate(BROKEN)])
def test_mistakes_are_told(change: dict[str, Any], field: str, expected: str) -> None:
    with pytest.raises(AimssError) as caught:
        check_design(read_design({**SMALL, **change}))
    error = caught.value
    errors = error.errors if isinstance(error, SeveralErrors) else [error]
    assert any(field in e.field and expected in e.expected for e in errors), [str(e) for e in errors]
    assert all(e.found for e in errors)


def test_a_mistake_has_its_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "design.yaml"
    file.write_text(yaml.safe_dump({**SMALL, "n": 1}))
    result = CliRunner().invoke(app, ["trial", str(file), "--check"])
    assert isinstance(result.exception, DesignError)
    assert result.exception.exit_code == 11


def test_definitions_that_count_from_the_start_need_starters() -> None:
    design = read_design({**SMALL, "population": "s1202", "endpoints": [
        {"measure": "aimss", "definition": "S-CUM", "weeks": [12]}]})  # fmt: skip
    with pytest.raises(DesignError, match="ANY or GE4"):
        check_design(design)


def test_an_ai_before_menopause_needs_suppression() -> None:
    design = read_design({**SMALL, "population": "premenopausal_suppression"})
    with pytest.raises(AimssError, match="ovarian suppression"):
        check_design(design)
