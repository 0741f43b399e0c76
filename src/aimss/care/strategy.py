"""`Strategy`: a named list of dated courses, read from YAML, refused with field, value and accepted values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from aimss.care.course import Course
from aimss.care.drugs import AROMATASE_INHIBITORS, BONE_DRUGS, DRUGS, HER_AI, did_you_mean
from aimss.care.timing import refuse
from aimss.errors import AimssError, SeveralErrors, StrategyError
from aimss.patient.files import load_file
from aimss.patient.parts import Part

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

ENDS_NOW = ("ai", "bone_drugs", *(name for name in DRUGS if name != HER_AI))


class Strategy(Part):
    """What is to be done: what goes on of her present treatment, and the courses that come.

    continue : all = everything that she takes now goes on (default); ai = only endocrine treatment; none = nothing.
        A course takes the place of what she takes now in the same slot (endocrine drugs; bone drugs), from its start.
    ends_now : present treatments that end today, by drug, or `ai`, or `bone_drugs`.
    counterfactual : never_ai = as if she took no aromatase inhibitor, before today or after.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    label: Annotated[str, Field(min_length=3, max_length=120)]
    summary: Annotated[str, Field(min_length=3, max_length=600)]
    continues: Literal["all", "ai", "none"] = Field(default="all", alias="continue")
    ends_now: tuple[Annotated[str, Field(json_schema_extra={"enum": sorted(ENDS_NOW)})], ...] = ()
    counterfactual: Literal["never_ai"] | None = None
    courses: Annotated[tuple[Course, ...], Field(max_length=40)] = ()

    @model_validator(mode="after")
    def _sound(self) -> Strategy:
        for name in self.ends_now:
            if name not in ENDS_NOW:
                mend = did_you_mean(name, list(ENDS_NOW))
                raise refuse("one of " + ", ".join(ENDS_NOW), mend, field="ends_now", found=name)
        ids = [course.id for course in self.courses]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            mend = "Give the second an id of its own."
            raise refuse("a different id for each course", mend, field="courses", found=f"{twice[0]} twice")
        for i, course in enumerate(self.courses):
            field = f"courses[{i}]"
            if course.is_ai and self.counterfactual == "never_ai":
                expected = "no aromatase inhibitor beside counterfactual: never_ai"
                raise refuse(expected, field=f"{field}.drug", found=course.drug)
            for edge, moment in course.references:
                if moment.course is not None and moment.course not in {*ids, *DRUGS}:
                    mend = did_you_mean(moment.course, [*ids, *BONE_DRUGS])
                    expected = f"a reference to a course ({', '.join(ids)})"
                    raise refuse(expected, mend, field=f"{field}.{edge}", found=moment.text)
        return self

    @property
    def aromatase_inhibitor(self) -> str:
        """Which AI it holds: `hers`, the named one (or ones), or `none`."""
        named = [c.drug for c in self.courses if c.drug in AROMATASE_INHIBITORS]
        if named:
            return " then ".join(named)
        if any(c.drug == HER_AI for c in self.courses):
            return "hers"
        ended = self.continues == "none" or "ai" in self.ends_now or self.counterfactual == "never_ai"
        replaced = any(c.drug == "tamoxifen" for c in self.courses)
        return "none" if ended or replaced else "hers"


def parse_strategy(data: Any, where: str = "strategy") -> Strategy:
    """Check one strategy given as a mapping; StrategyError (or SeveralErrors) names field, value, accepted values."""
    if not isinstance(data, dict):
        raise StrategyError(where, "a mapping with name, label, summary and courses", f"a {type(data).__name__}")
    try:
        strategy = Strategy.model_validate(data)
    except ValidationError as error:
        raise _as_strategy_errors(error, where) from None
    from aimss.care.check import check_resolvable

    check_resolvable(strategy, where)
    return strategy


def read_strategy(path: str | Path) -> Strategy:
    """Read one strategy from a YAML or JSON file; InputFileError if it cannot be read, StrategyError if unsound."""
    return parse_strategy(load_file(Path(path)), Path(path).name)


_OTHER_FIELDS = {"interval": "every", "frequency": "every", "duration": "lasts", "doses": "number_of_doses"}
_IN_WORDS = {
    "tuple_type": "a list (lines that begin with -)",
    "model_type": "a map (lines of name: value)",
    "model_attributes_type": "a map (lines of name: value)",
    "dict_type": "a map (lines of name: value)",
    "string_type": "a word or text",
    "string_pattern_mismatch": "small letters, digits and _, a letter first",
    "invalid_key": "words as keys",
}


def _field(where: str, loc: tuple[int | str, ...]) -> str:
    text = where
    for part in loc:
        if part in {"moment", "condition"}:
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text


def _as_strategy_errors(error: ValidationError, where: str) -> AimssError:
    errors: list[AimssError] = [_one(details, where) for details in error.errors(include_url=False)]
    return errors[0] if len(errors) == 1 else SeveralErrors(errors)


def _one(details: ErrorDetails, where: str) -> StrategyError:
    context: dict[str, Any] = dict(details.get("ctx") or {})
    field = _field(where, details["loc"])
    found = _shown(details.get("input"))
    kind = details["type"]
    if kind == "aimss":
        inner = f"{field}.{context['field']}" if context["field"] else field
        return StrategyError(inner, str(context["expected"]), str(context["found"]) or found, str(context["mend"]))
    if kind == "missing":
        return StrategyError(field, "a value", "nothing")
    if kind == "extra_forbidden":
        known = [info.alias or name for name, info in Strategy.model_fields.items()]
        if "courses" in details["loc"]:
            known = list(Course.model_fields)
        mend = did_you_mean(str(details["loc"][-1]), known, _OTHER_FIELDS)
        return StrategyError(field, "one of the fields " + ", ".join(known), "an unknown field", mend)
    if kind == "literal_error":
        return StrategyError(field, str(context["expected"]), found)
    message = details["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    if details["type"] in {"less_than", "less_than_equal", "greater_than", "greater_than_equal"}:
        message = f"a number {message}"
    return StrategyError(field, _IN_WORDS.get(details["type"], message[0].lower() + message[1:]), found)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        value = ", ".join(f"{k}: {v}" for k, v in value.items())
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."
