"""What pydantic found, said in plain words: which field, what was expected, what was found, how to mend it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from aimss.errors import AimssError, OutOfScopeError, RecordError, SeveralErrors
from aimss.patient.fields import Location, accepted_words, bounds, description, model_at
from aimss.patient.parts import Mistake, Refused

# Fields whose content could identify her; also every text that is not one of a few accepted words.
PRIVATE_FIELDS = {"birth_date", "label", "name", "tried", "country"}

# What is often written in place of our drug names.
DRUG_HINTS = {
    "femara": "letrozole", "arimidex": "anastrozole", "aromasin": "exemestane", "nolvadex": "tamoxifen",
    "zoledronic_acid": "zoledronate", "zometa": "zoledronate", "reclast": "zoledronate", "aclasta": "zoledronate",
    "prolia": "denosumab", "xgeva": "denosumab", "fosamax": "alendronate", "alendronic_acid": "alendronate",
    "actonel": "risedronate", "boniva": "ibandronate", "bonviva": "ibandronate", "evista": "raloxifene",
    "goserelin": "ovarian_suppression", "zoladex": "ovarian_suppression", "leuprorelin": "ovarian_suppression",
    "leuprolide": "ovarian_suppression", "triptorelin": "ovarian_suppression", "cymbalta": "duloxetine",
    "ibuprofen": "nsaid", "naproxen": "nsaid", "diclofenac": "nsaid", "celecoxib": "nsaid",
    "acetaminophen": "paracetamol", "apixaban": "anticoagulant", "rivaroxaban": "anticoagulant",
    "prednisone": "glucocorticoid", "prednisolone": "glucocorticoid", "omeprazole": "ppi",
    "cholecalciferol": "vitamin_d", "colecalciferol": "vitamin_d", "venlafaxine": "snri", "hrt": "hormone_replacement",
    "palbociclib": "cdk4_6_inhibitor", "ribociclib": "cdk4_6_inhibitor", "abemaciclib": "cdk4_6_inhibitor",
}  # fmt: skip

_LIMITS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_LIST = ("a list (lines that begin with -)", "Put a dash before each entry.")
_MAP = ("a map (lines of name: value)", "Write name: value, without a dash.")
_NUMBER = ("a number", "Write it without quotes and unit.")
_WHOLE_NUMBER = ("a whole number", "Write it without quotes, unit and decimals.")
_WRONG_KIND = {
    "tuple_type": _LIST, "list_type": _LIST, "model_type": _MAP, "model_attributes_type": _MAP, "dict_type": _MAP,
    "float_type": _NUMBER, "int_type": _WHOLE_NUMBER, "int_from_float": _WHOLE_NUMBER,
    "finite_number": ("a finite number", "Leave an unknown value out; absent means unknown."),
    "bool_type": ("true or false", "Leave it out if unknown."),
    "string_type": ("a word or text", "Put it in quotes."),
    "string_unicode": ("whole characters", "Half of a pair of escapes: write both, or the character itself."),
}  # fmt: skip

# A single word, number or date is shown as found; anything longer may be about a person.
_WORD = re.compile(r"[A-Za-z0-9_.,%/+-]{1,24}")


def explain(error: ValidationError, model: type[BaseModel]) -> AimssError:
    """The errors of a failed validation as one RecordError, or as SeveralErrors if there are more."""
    found: list[AimssError] = [e for detail in error.errors() for e in _explain_one(dict(detail), model)]
    return found[0] if len(found) == 1 else SeveralErrors(found)


def field_path(location: Location) -> str:
    """``('dxa', 1, 't_score')`` as ``dxa[1].t_score``."""
    path = ""
    for part in location:
        if isinstance(part, str) and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,60}", part):
            return f"{path}.(a field not shown)" if path else "(a field not shown)"
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path or "the record"


def _explain_one(detail: dict[str, Any], model: type[BaseModel]) -> Iterator[AimssError]:
    location: Location = detail["loc"]
    cause = (detail.get("ctx") or {}).get("error")
    if isinstance(cause, Refused):
        for mistake in cause.mistakes:
            yield _record_error(location, mistake)
    elif location == ("sex",) and str(detail["input"]).lower() in {"male", "m", "man"}:
        yield OutOfScopeError("sex", "female", "male", "aimss answers for women on an aromatase inhibitor only.")
    else:
        mistake = _mistake(detail, model)
        yield RecordError(field_path(location), mistake.expected, mistake.found, mistake.mend)


def _record_error(location: Location, mistake: Mistake) -> RecordError:
    start = field_path(location) + "." if location else ""
    return RecordError(f"{start}{mistake.field}", mistake.expected, mistake.found, mistake.mend)


def _mistake(detail: dict[str, Any], model: type[BaseModel]) -> Mistake:  # noqa: PLR0911 - one line a kind
    location, kind, value = detail["loc"], detail["type"], detail["input"]
    field, context = str(location[-1]) if location else "", detail.get("ctx") or {}
    if kind == "extra_forbidden":
        return _unknown_field(location, model)
    if kind == "missing":
        return Mistake(field, "a value", "nothing", description(location, model) or f"Add {field}.")
    found = _shown(value, location)
    if kind == "literal_error":
        return _not_accepted(field, value, found, accepted_words(location, model))
    if kind in _LIMITS:
        return Mistake(
            field, bounds(location, model), found, _unit_hint(field, value) or "Check the value and its unit."
        )
    if kind == "string_too_long":
        return Mistake(field, f"at most {context.get('max_length')} characters", "more", "Shorten it.")
    if kind == "value_error":
        return Mistake(field, str(context.get("error", "another value")), found, "Leave it out if unknown.")
    expected, mend = _WRONG_KIND.get(kind, ("another kind of value", "See `aimss patient schema`."))
    return Mistake(field, expected, "NaN or infinity" if kind == "finite_number" else found, mend)


def _shown(value: Any, location: Location) -> str:  # noqa: PLR0911 - one line a kind
    """The offending scalar, or only its kind where it could identify her."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, (list, tuple)):
        return "a list"
    if PRIVATE_FIELDS & {str(part) for part in location}:
        return "something else (not shown)"
    if isinstance(value, bool):
        return "true (or yes)" if value else "false (or no)"
    if isinstance(value, int | float):
        return f"{value:.10g}" if abs(value) < 1e15 else "a huge number"
    text = str(value)
    if _WORD.fullmatch(text) or text.lower().strip().replace(" ", "_") in DRUG_HINTS:
        return repr(text)
    return "a text (not shown)"


def _unknown_field(location: Location, model: type[BaseModel]) -> Mistake:
    owner = model_at(location[:-1], model)
    names = list(owner.model_fields) if owner else []
    close = difflib.get_close_matches(str(location[-1]), names, n=1, cutoff=0.6)
    where = "the record" if len(location) == 1 else field_path(location[:-1])
    mend = f"Did you mean {close[0]}?" if close else "See `aimss patient schema`."
    return Mistake(str(location[-1]), f"a field that {where} has", "an unknown one", mend)


def _not_accepted(field: str, value: Any, found: str, words: tuple[str, ...]) -> Mistake:
    written = str(value).lower().strip().replace(" ", "_").replace("-", "_")
    close = difflib.get_close_matches(written, words, n=1, cutoff=0.6)
    if DRUG_HINTS.get(written) in words:
        close = [DRUG_HINTS[written]]
    if isinstance(value, bool):
        mend = "YAML reads yes, no, on and off as true and false; write the word that is meant."
    elif close:
        mend = f"Did you mean {close[0]}?"
    else:
        mend = "Leave it out if unknown."
    if len(words) > 12:
        expected, mend = f"one of the {len(words)} accepted words", f"{mend} `aimss patient schema` lists them."
    else:
        expected = f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
    return Mistake(field, expected, found, mend)


def _unit_hint(field: str, value: Any) -> str:  # noqa: PLR0911 - one line a trap
    if not isinstance(value, int | float):
        return ""
    if field == "bmd_g_cm2" and 200 <= value <= 2000:
        return f"{value:g} looks like mg/cm2: write {value / 1000:g}."
    if field == "height_cm" and 1.2 <= value <= 2.2:
        return f"{value:g} looks like metres: write {value * 100:g}."
    if field == "height_cm" and 47 <= value <= 87:
        return f"{value:g} looks like inches: write {value * 2.54:.0f}."
    if field == "weight_kg" and 300 < value <= 660:
        return f"{value:g} looks like pounds: write {value * 0.45359237:.0f}."
    if field == "t_score" and 0.2 <= abs(value) / 10 <= 8:
        return "A T-score has one decimal, such as -1.8; a BMD goes into bmd_g_cm2."
    return ""
