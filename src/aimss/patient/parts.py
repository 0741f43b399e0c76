"""The common base of every part of a record, and how a part says what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, StrictBool, StrictFloat, StrictInt

# Strict: text, true and false are not numbers, and 1 is not "yes"; a record that mixes them has a mistake in it.
Number = StrictFloat
WholeNumber = StrictInt
YesNo = StrictBool


class Part(BaseModel):
    """A frozen piece of the record; unknown fields, NaN and infinity are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


@dataclass(frozen=True)
class Mistake:
    """One thing wrong: the field (relative to the part), what was expected, what was found, how to mend it."""

    field: str
    expected: str
    found: str
    mend: str = ""


class Refused(ValueError):  # noqa: N818 - a verdict, caught by pydantic
    """Raised by a validator with one or more `Mistake`; the reader turns each into a `RecordError`."""

    def __init__(self, *mistakes: Mistake) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(f"{m.field}: expected {m.expected}; found {m.found}" for m in mistakes))


def refuse(field: str, expected: str, found: str, mend: str = "") -> Refused:
    """One mistake as an exception, to be raised."""
    return Refused(Mistake(field, expected, found, mend))
