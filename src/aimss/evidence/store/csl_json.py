"""CSL-JSON, the format of Zotero, Mendeley and citeproc."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aimss.evidence.identifiers import normalise_doi
from aimss.evidence.store.record import BibRecord, Read, Refused, checked, one_line, refuse, year_of

_MOST_RECOVERIES = 1000
_KINDS = {"article-journal": "article", "book": "book", "chapter": "chapter", "thesis": "thesis"}


class _RepeatedKeyError(ValueError):
    """An object names one key twice, so one of its values would be lost."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RepeatedKeyError("an object that names a key twice")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


def read_csl_json(text: str) -> Read:
    """Yield the items of a CSL-JSON file (an array, or one item); a damaged item is refused, the next ones are read."""
    for start, end, item, reason in _items(text):
        raw = text[start:end]
        line = text.count("\n", 0, start) + 1
        yield refuse(line, raw, reason) if item is None else _item(item, raw, line)


def _items(text: str) -> Iterator[tuple[int, int, dict[str, Any] | None, str]]:
    """Yield (start, end, item or None, reason); every character but brackets, commas and blanks is in one of them."""
    position, damaged, reason, failures = 0, -1, "", 0
    while position < len(text):
        if text[position] in " \t\r\n[],\ufeff" and damaged < 0:
            position += 1
            continue
        if text[position] == "{" and failures < _MOST_RECOVERIES:
            try:
                item, end = _DECODER.raw_decode(text, position)
            except (ValueError, RecursionError) as error:
                failures += 1
                reason = reason or (str(error) if isinstance(error, _RepeatedKeyError) else f"is not JSON ({error})")
            else:
                if damaged < 0 or "title" in item:
                    if damaged >= 0:
                        yield damaged, position, None, reason
                        damaged, reason = -1, ""
                    yield position, end, item, ""
                    position = end
                    continue
        if damaged < 0:
            damaged = position
            reason = reason or "is not an item"
        following = text.find("{", position + 1)
        position = following if following > 0 and failures < _MOST_RECOVERIES else len(text)
    if damaged >= 0:
        yield damaged, len(text), None, reason


def _item(item: dict[str, Any], raw: str, line: int) -> BibRecord | Refused:
    def get(*names: str) -> str:
        value = next((item[name] for name in names if item.get(name) not in (None, "")), "")
        return one_line(str(value)) if isinstance(value, (str, int)) else ""

    if raw.count('"title"') > 1:
        return refuse(line, raw, "holds two records run together", get("title")[:80])
    issued = item.get("issued")
    return checked(
        BibRecord(
            title=get("title"),
            authors=_authors(item.get("author")),
            year=year_of(json.dumps(issued).replace('"', " ")) if isinstance(issued, dict) else None,
            journal=get("container-title-short", "container-title", "journalAbbreviation"),
            volume=get("volume"),
            issue=get("issue"),
            pages=get("page"),
            pmid=get("PMID") if get("PMID").isdecimal() else "",
            pmcid=get("PMCID"),
            doi=normalise_doi(get("DOI")),
            abstract=get("abstract"),
            kind=_KINDS.get(get("type"), "other"),
            line=line,
        ),
        raw,
    )


def _authors(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    names = []
    for author in value:
        if isinstance(author, dict):
            family, given = str(author.get("family") or ""), str(author.get("given") or "")
            names.append(f"{family}, {given}" if family and given else family or str(author.get("literal") or given))
    return tuple(name for name in names if name)
