"""What pydantic says of a broken design, in the words of aimss: field, expected, found, how to mend it."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from aimss.errors import AimssError, DesignError, SeveralErrors
from aimss.patient.parts import Refused

_WORDS = {"missing": "a value", "extra_forbidden": "a known field", "model_type": "a map (lines of name: value)"}


def design_errors(error: ValidationError, where: str) -> AimssError:
    """Return one DesignError for each mistake, as one exception."""
    found: list[AimssError] = []
    for details in error.errors(include_url=False):
        field = where
        for part in details["loc"]:
            field += f"[{part}]" if isinstance(part, int) else f".{part}"
        inner = (details.get("ctx") or {}).get("error")
        if isinstance(inner, Refused):
            found += [DesignError(f"{field}.{m.field}", m.expected, m.found, m.mend) for m in inner.mistakes]
            continue
        message = details["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        expected = _WORDS.get(details["type"], message)
        seen = "nothing" if details["type"] == "missing" else _shown(details.get("input"))
        if "; found " in expected:
            expected, seen = expected.split("; found ", 1)
        found.append(DesignError(field, expected, seen))
    return found[0] if len(found) == 1 else SeveralErrors(found)


def _shown(value: Any) -> str:
    text = ", ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."
