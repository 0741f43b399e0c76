"""The declaration of an evidence table: its columns, their types and units, and the rules a row must keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aimss.evidence.values import Value, Worded, parse_bound, parse_number, parse_range

VERIFIED = ("yes", "secondary", "no", "derived")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it holds, in which unit, and what else than an exact number it may hold.

    `forms` lists the printed forms accepted beside an exact number: ``bound``, ``range``, ``worded``.
    `refers_to` names a table whose identities this column must be one of.
    """

    name: str
    kind: str
    required: bool = False
    unit: str = ""
    allowed: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    refers_to: str = ""

    def expected(self) -> str:
        """Return in words what the column accepts, for an error message."""
        if self.allowed:
            return "one of " + ", ".join(self.allowed)
        if self.kind == "number":
            text = " or ".join(("a number", *(f"a {form}" for form in self.forms)))
            if self.low is not None or self.high is not None:
                text += (
                    f" from {'any' if self.low is None else self.low} to {'any' if self.high is None else self.high}"
                )
            return f"{text} in {self.unit}" if self.unit else text
        return {
            "integer": "a whole number",
            "pmid": "a PubMed identifier (digits)",
            "doi": "a DOI (10.xxxx/...)",
            "pmcid": "a PMC identifier (PMC and digits)",
            "url": "one or more http addresses",
        }.get(self.kind, "text")

    def parse(self, text: str) -> Value:
        """Return the value of a cell; raise ValueError when it is not what the column accepts."""
        if text == "":
            if self.required:
                raise ValueError("nothing")
            return None
        if self.allowed and text not in self.allowed:
            raise ValueError(text)
        if self.kind == "number":
            return self._parse_number(text)
        if self.kind == "integer":
            if not text.isdecimal():
                raise ValueError(text)
            return int(text)
        check = _FORMATS.get(self.kind)
        if check is not None and not check(text):
            raise ValueError(text)
        return text

    def _parse_number(self, text: str) -> Value:
        number = parse_number(text)
        if number is not None:
            if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
                raise ValueError(text)
            return number
        for form in self.forms:
            parsed: Value = {"bound": parse_bound, "range": parse_range, "worded": Worded}[form](text)
            if parsed is not None:
                return parsed
        raise ValueError(text)


_FORMATS: dict[str, Callable[[str], bool]] = {
    "pmid": lambda text: text.isdecimal() and 4 <= len(text) <= 8,
    "doi": lambda text: text.startswith("10.") and "/" in text and " " not in text,
    "pmcid": lambda text: text.startswith("PMC") and text[3:].isdecimal(),
    "url": lambda text: all(part.startswith(("http://", "https://")) for part in text.split(" ; ")),
}


def text(name: str, *, required: bool = False, refers_to: str = "") -> Column:
    """Declare free text, or a reference into another table."""
    return Column(name, "text", required, refers_to=refers_to)


def choice(name: str, *allowed: str, required: bool = True) -> Column:
    """Declare a column with a closed list of values."""
    return Column(name, "text", required, allowed=allowed)


def number(
    name: str,
    unit: str = "",
    *forms: str,
    required: bool = False,
    low: float | None = None,
    high: float | None = None,
) -> Column:
    """Declare a quantity; `forms` are accepted beside an exact number."""
    return Column(name, "number", required, unit, forms=forms, low=low, high=high)


def identifier(name: str, kind: str) -> Column:
    """Declare a PMID, DOI, PMCID or web address."""
    return Column(name, kind)


def verified() -> Column:
    """Declare how far a row was seen: yes, secondary, no, derived."""
    return choice("verified", *VERIFIED)


URL = identifier("source_url", "url")


@dataclass(frozen=True, slots=True)
class Interval:
    """The interval (low, high) is ordered and holds the first of `estimates` that the row gives."""

    estimates: tuple[str, ...]
    low: str = "ci_low"
    high: str = "ci_high"
    name: str = "interval"


@dataclass(frozen=True, slots=True)
class AtMost:
    """A count of events is not larger than its denominator."""

    events: str
    total: str
    name: str = "events"


@dataclass(frozen=True, slots=True)
class Share:
    """A printed share agrees with events / total to the last digit printed."""

    share: str
    events: str
    total: str
    name: str = "share"


Rule = Interval | AtMost | Share


@dataclass(frozen=True, slots=True)
class Schema:
    """One table: its name (folder/file), the column that identifies a row, its columns and rules."""

    name: str
    key: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    meaning: str = ""
    study_column: str = ""

    def column(self, name: str) -> Column:
        """Return the declaration of one column."""
        return next(column for column in self.columns if column.name == name)
