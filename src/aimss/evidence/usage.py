"""Where aimss uses a number: every parameter, rule and sentence of the upper rooms, with the reference it gives.

The upper rooms keep those as data files; they are read here as package data, so that nothing is imported upward.
A new kind of file that carries numbers is one line in `PLACES`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from aimss.errors import EvidenceError, InputFileError
from aimss.evidence.identifiers import find_identifiers
from aimss.evidence.references import resolve
from aimss.evidence.sources import Source, load_sources
from aimss.evidence.tables import Row

ASSUMED = ("assumed", "assumption")


@dataclass(frozen=True, slots=True)
class Use:
    """One number, rule or sentence of aimss and the reference that it rests on.

    `kind` is parameter, rule, strategy or sentence; `where` is the file; `status` is what the file says of it
    (fitted, fixed, assumed, yes, secondary, ...). `url` is the page that was read, where no publication is known.
    """

    kind: str
    where: str
    name: str
    what: str
    reference: str
    status: str
    url: str = ""

    @property
    def assumed(self) -> bool:
        """Return whether the file says that this rests on an assumption, not on a source."""
        return self.status.lower().startswith(ASSUMED)

    def targets(self) -> tuple[Source | Row, ...]:
        """Return what the reference leads to; raise EvidenceError for an orphan."""
        try:
            return resolve(self.reference)
        except EvidenceError as error:
            raise EvidenceError(
                f"{self.where}, {self.name}", error.expected, error.found, "Name a source id or an evidence row."
            ) from None


# How the table of the joint model spells its statuses.
_STATUSES = {"E": "fitted", "D": "derived", "P": "assumed"}


def _from_csv(where: str, text: str) -> Iterator[Use]:
    """Yield one use a row and column of references.

    A column x has its reference in `x_source` or `x_rows`; the row as a whole in the first there is of `rows`,
    `source` and `study_id`. A reference that starts with "assum" is an assumption in words.
    """
    lines = csv.DictReader(io.StringIO(text))
    names = lines.fieldnames or ()
    columns = [name for name in names if name.endswith(("_source", "_rows"))]
    columns += [name for name in ("rows", "source", "study_id") if name in names][:1]
    if not columns:
        yield Use("parameter", where, "whole file", "a table without a column of references", "", "")
    for number, line in enumerate(lines, start=2):
        name = line.get("name") or line.get("factor") or line.get("id") or f"line {number}"
        status = _STATUSES.get(line.get("status") or "", line.get("status") or "")
        for column in columns:
            about = column.rpartition("_")[0] if column not in ("rows", "source", "study_id") else ""
            value, reference = line.get(about or "value") or line.get("observed") or "", line[column] or ""
            if about and not reference and not any(letter.isdigit() for letter in value):
                continue  # no number, nothing to source
            words = reference.lower().startswith(ASSUMED)
            yield Use(
                "parameter",
                where,
                f"{name}.{about}" if about else name,
                f"{line.get('meaning') or line.get('label') or name}: {value} {line.get('unit') or ''}".strip(": "),
                "" if words else reference,
                "assumed" if words else status,
            )


def _by_row_id(where: str, text: str) -> Iterator[Use]:
    """Yield one use a row of a table whose `id` names the evidence rows that it copies (``RB071-RB072``)."""
    for line in csv.DictReader(io.StringIO(text)):
        copied = "; ".join(re.findall(r"\b[A-Z]{2}\d{3}\b", line["id"]))
        yield Use("parameter", where, line["id"], f"{line['topic']} {line['site']}", copied, line["status"])


def _from_yaml(kind: str) -> Callable[[str, str], Iterator[Use]]:
    def read(where: str, text: str) -> Iterator[Use]:
        import yaml

        yield from _walk(kind, where, yaml.safe_load(text), "")

    return read


def _walk(kind: str, where: str, node: object, inherited: str) -> Iterator[Use]:
    """Yield one use for each mapping that is a rule, course or sentence with evidence of its own or of its file.

    Its reference is `source(s)`, else the publication that its `citation` names, else the source that the file is.
    """
    if isinstance(node, list):
        for item in node:
            yield from _walk(kind, where, item, inherited)
    if not isinstance(node, dict):
        return
    given = node.get("sources", node.get("source", _cited(str(node.get("citation", "")))))
    reference = "; ".join(map(str, given)) if isinstance(given, list) else str(given or inherited)
    name = next((str(node[key]) for key in ("id", "rule_id", "name") if key in node), "")
    if name and ("verified" in node or "source" in node or "sources" in node):
        what = next((" ".join(str(node[key]).split()) for key in _TELLING if node.get(key)), name)
        status = str(node.get("verified", node.get("status", "")))
        yield Use(kind, where, name, what, reference, status, str(node.get("source_url", "")))
    is_source = name and load_sources().find(name) is not None
    for key, item in node.items():
        if key not in ("source", "sources"):
            yield from _walk(kind, where, item, name if is_source else inherited)


def _from_preset(where: str, text: str) -> Iterator[Use]:
    """Yield one use a margin, correlation or rule of eligibility of a population of virtual women."""
    import yaml

    data = yaml.safe_load(text)
    parts = dict(data.get("margins", {}))
    parts |= {" and ".join(item["between"]): item for item in data.get("correlations", ())}
    parts |= {item["name"]: item for item in data.get("eligibility", ())}
    for name, part in parts.items():
        numbers = ", ".join(f"{k} {v}" for k, v in part.items() if isinstance(v, int | float) or k == "require")
        yield Use("population", where, name, numbers, part.get("source", ""), str(part["status"]))


_TELLING = ("text", "action", "do", "what_to_do", "summary", "why", "title", "label")


def _cited(citation: str) -> str:
    """Return the source that a citation names by PMID, PMCID or DOI, where the library holds it; else ''."""
    named = find_identifiers(citation)
    known = (load_sources().find(identifier) for identifier in (named.pmid, named.doi, named.pmcid) if identifier)
    return next((source.id for source in known if source), "")


# Says how parameters vary together; each of them has its source in parameters.csv.
_WITHOUT_SOURCES = ("parameter_covariance.csv", "parameter_covariance_first_fit.csv")

Reader = Callable[[str, str], Iterator[Use]]

PLACES: tuple[tuple[str, str, str, Reader], ...] = (
    ("body", ".", ".csv", _from_csv),
    ("forecast", "joints", ".csv", _from_csv),
    ("calibration", "joint_fit", "remedy_results.csv", _from_csv),
    ("patient", ".", "densitometry.csv", _by_row_id),
    ("care", "guidelines", ".yaml", _from_yaml("rule")),
    ("care", "safety", ".yaml", _from_yaml("rule")),
    ("care", "strategies", ".yaml", _from_yaml("strategy")),
    ("report", "words", ".yaml", _from_yaml("sentence")),
    ("trials", "presets", ".yaml", _from_preset),
)


def _files(room: str, folder: str, ending: str) -> list[Traversable]:
    """Return the files of a place, none where the room does not have them (yet)."""
    root = resources.files("aimss") / room
    directory = root if folder == "." else root / folder
    if not directory.is_dir():
        return []
    found = (item for item in directory.iterdir() if item.is_file() and item.name.endswith(ending))
    return sorted((item for item in found if item.name not in _WITHOUT_SOURCES), key=lambda item: item.name)


@cache
def uses() -> tuple[Use, ...]:
    """Return every use of evidence in aimss."""
    return tuple(
        use
        for room, folder, ending, read in PLACES
        for file in _files(room, folder, ending)
        for use in read("/".join(part for part in (room, folder, file.name) if part != "."), file.read_text("utf-8"))
    )


def uses_in_plan(path: Path) -> tuple[Use, ...]:
    """Return the sources that a plan (JSON) lists, as uses; raise InputFileError when it is not JSON."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputFileError(str(path), "a plan in JSON", str(error)) from None
    return tuple(_listed(path.name, document, ""))


def _listed(where: str, node: object, inside: str) -> Iterator[Use]:
    """Yield one use for each source that a plan gives, at whatever depth."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, item in items:
        name = f"{inside}.{key}" if inside else str(key)
        if key in ("source", "sources") and item:
            for line in item if isinstance(item, list) else [item]:
                yield _line(where, name, line, node if isinstance(node, dict) else {})
        else:
            yield from _listed(where, item, name)


def _line(where: str, name: str, line: object, around: dict[str, object]) -> Use:
    """Return one line of sources as a use: by id, guideline, PMID or DOI, else by the page that was read."""
    if not isinstance(line, dict):
        return Use("page", where, name, "", str(line), "")
    cited = line.get("citations") or [line]
    url = next((str(item["url"]) for item in cited if isinstance(item, dict) and item.get("url")), "")
    reference = line.get("id") or around.get("guideline") or _cited(f"PMID {line.get('pmid')} doi {line.get('doi')}")
    status = str(line.get("status") or around.get("verified") or "")
    return Use("page", where, name, str(line.get("used_for", "")), str(reference or ""), status, url)


def uses_of(source: Source) -> tuple[Use, ...]:
    """Return every use that rests on a source, directly or through one of its rows."""
    found: list[Use] = []
    for use in uses():
        try:
            targets = use.targets()
        except EvidenceError:
            continue  # the audit reports it as an orphan
        owners = (load_sources().of(target) if isinstance(target, Row) else target for target in targets)
        if any(owner is source for owner in owners):
            found.append(use)
    return tuple(found)
