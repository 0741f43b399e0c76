"""Rules as data: a guideline is a file of decisions, a decision a set of rules; files are checked as they are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aimss.errors import AimssError, RuleError, SeveralErrors
from aimss.patient.files import load_file

Verdict = Literal[
    "treat", "monitor", "consider", "refer", "no_branch_fits", "unknown", "not_available", "not_applicable"
]
RuleVerdict = Literal["treat", "monitor", "consider", "refer"]
Verified = Literal["yes", "secondary", "no"]
Domain = Literal[
    "bone", "bone_risk", "bone_monitor", "lifestyle", "adjuvant", "denosumab_stop", "joint", "joint_workup",
    "joint_assess", "endocrine", "safety", "meta",
]  # fmt: skip
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
T = TypeVar("T", bound=BaseModel)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Part):
    """One rule of a guideline: when it holds of her, what it says, and where that was read."""

    id: Annotated[str, Field(min_length=2)]
    role: Literal["decide", "option", "note"] = Field(
        default="decide", description="decide: makes the verdict; option: a regimen once treated; note: shown beside it"
    )
    domain: str = Field(description="the domain in the table of rules")
    population: str = Field(default="", description="whom the source means, in its words")
    applies_when: str | None = Field(default=None, description="that population as a condition")
    condition: str
    source_condition: str = Field(default="", description="the condition as written down from the source")
    interpretation: str = Field(default="", description="where our condition goes beyond the source's words")
    action: str
    verdict: RuleVerdict | None = Field(default=None, description="needed for role decide")
    dose: str = ""
    interval: str = ""
    duration: str = ""
    monitoring: str = ""
    rescan_months: tuple[int, int] | None = Field(
        default=None, description="earliest and latest month of the next bone scan, counted from the last one"
    )
    strength: str = ""
    citation: str
    source_url: str = ""
    verified: Verified
    verified_note: str = ""
    effective: int | None = Field(default=None, description="year, when other than the guideline's")
    superseded_by: str | None = None
    drugs: tuple[str, ...] = Field(default=(), description="drugs it offers, for the safety rules")
    strategies: tuple[str, ...] = Field(
        default=(), description="strategies of the library that carry it out; `name if condition` for some women only"
    )
    disagreement: tuple[str, ...] = Field(default=(), description="what the sources say differently, side by side")


class Reading(_Part):
    """One way to read an ambiguous text; the first is the default, the others replace conditions of single rules."""

    name: str
    why: str = ""
    conditions: Mapping[str, str] = {}


class Caution(_Part):
    """A word beside the verdict for some women."""

    condition: str
    text: str


class Otherwise(_Part):
    """The answer when no branch holds; without one the answer is that no branch fits."""

    verdict: Literal["monitor", "not_applicable", "not_available"]
    action: str
    rule_ids: tuple[str, ...] = Field(default=(), description="rules whose text this is")


class Decision(_Part):
    """A question that one guideline answers: its branches, the population, and the readings of its text."""

    domain: Domain
    applies_when: str = "true"
    not_for_her: str = Field(default="", description="what to say of a woman outside the population")
    logic: Literal["ladder", "each"] = Field(
        default="ladder", description="ladder: branches exclude each other; each: recommendations that stand alone"
    )
    otherwise: Otherwise | None = None
    caveat: str = ""
    cautions: tuple[Caution, ...] = ()
    readings: tuple[Reading, ...] = ()
    rules: tuple[Rule, ...] = Field(min_length=1)


class Guideline(_Part):
    """One source of rules, with its date, what replaced it, and how far it was read."""

    id: Annotated[str, Field(min_length=2)]
    title: str
    body: str
    year: int | None = None
    scope: str
    use: str = ""
    effective: int | None = Field(default=None, description="year from which it holds")
    superseded_by: str | None = None
    superseded: int | None = Field(default=None, description="year in which it was replaced")
    pmid: str = ""
    doi: str = ""
    page_seen: str = ""
    how_far_verified: str
    not_available: str | None = Field(default=None, description="why it cannot be answered for")
    headline: Domain | None = Field(default=None, description="the decision its row shows; else the first that applies")
    definitions: Mapping[str, tuple[str, ...]] = {}
    decisions: tuple[Decision, ...] = ()


class SafetyLevel(_Part):
    """A milder form of a safety rule, with its own condition."""

    condition: str
    severity: Literal["contraindicated", "avoid", "caution", "action", "monitor"]
    indicator: Literal["critical", "warning", "info"]


class SafetyRule(_Part):
    """One safety rule: it warns whatever its verification status, and shows that status."""

    id: str
    context: str = Field(description="drug or situation, in the words of the source")
    drugs: tuple[str, ...] = Field(default=(), description="drugs or classes it is about; empty for symptoms")
    condition: str
    source_condition: str
    interpretation: str = ""
    severity: Literal["contraindicated", "avoid", "caution", "action", "monitor"]
    indicator: Literal["critical", "warning", "info"]
    milder: SafetyLevel | None = None
    standing: bool = Field(default=False, description="an instruction that goes with the drug whatever her facts")
    red_flag: bool = Field(default=False, description="routes to a clinician before anything else")
    holds: tuple[Domain, ...] = Field(default=(), description="domains that wait while it fires")
    why: str
    do: str
    citation: str = ""
    source_url: str = ""
    verified: Verified
    verified_note: str = ""


class SafetyFile(_Part):
    """The safety rules of one drug or situation."""

    title: str
    rules: tuple[SafetyRule, ...]


def read_guideline(path: str | Path) -> Guideline:
    """Read a guideline file; raises InputFileError or RuleError, naming each field that is wrong."""
    return _checked(Guideline, load_file(Path(path)), Path(path).name)


@cache
def guideline_library() -> dict[str, Guideline]:
    """The guidelines that ship with aimss, by id."""
    return {item.id: item for item in _all(Guideline, "guidelines")}


@cache
def safety_library() -> dict[str, SafetyRule]:
    """The safety rules that ship with aimss, by id."""
    return {rule.id: rule for file in _all(SafetyFile, "safety") for rule in file.rules}


def rule_schema() -> dict[str, Any]:
    """JSON Schema of a guideline file and of a safety file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rules of aimss",
        "anyOf": [{"$ref": "#/$defs/Guideline"}, {"$ref": "#/$defs/SafetyFile"}],
        "$defs": {
            **_definitions(Guideline),
            **_definitions(SafetyFile),
        },
    }


def _definitions(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/$defs/{model}")
    nested: dict[str, Any] = schema.pop("$defs", {})
    return {**nested, model.__name__: schema}


def _all(model: type[T], folder: str) -> Iterable[T]:
    room = resources.files("aimss.care").joinpath(folder)
    for file in sorted(room.iterdir(), key=lambda item: item.name):
        if file.name.endswith(".yaml"):
            yield _checked(model, yaml.load(file.read_bytes(), Loader=_LOADER), f"{folder}/{file.name}")


def _checked(model: type[T], content: Any, where: str) -> T:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems: list[AimssError] = [
            RuleError(f"{where}: {'.'.join(str(part) for part in e['loc'])}", "a rule file", e["msg"])
            for e in error.errors(include_url=False, include_input=False)
        ]
        raise SeveralErrors(problems) from None
