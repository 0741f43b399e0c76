"""Plain data out of YAML and JSON files that nobody has vetted: bounded in size and depth, no aliases, no tags.

Field paths in errors name the place in the file by line; contents are never repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import yaml

from aimss.errors import InputFileError

MAX_BYTES = 1_000_000
MAX_DEPTH = 12

# YAML 1.1 reads 064 as octal, 12:30 as sexagesimal and 1_000 as 1000; in a record each is a slip of the pen.
_TRAP_NUMBER = re.compile(r"[-+]?(0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*(:[0-5]?[0-9])+|[0-9]+_[0-9_]*)")


def load_file(path: Path) -> Any:
    """Plain data of a `.json`, `.yaml` or `.yml` file; InputFileError if it cannot be read as such."""
    text = read_text(path, MAX_BYTES)
    json_inside = path.suffix.lower() == ".json" or _is_json(text)
    return load_json(text, path.name) if json_inside else load_yaml(text, path.name)


def _is_json(text: str) -> bool:
    """Whether the text is a JSON map; YAML takes JSON in, but for characters written as two escapes."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def read_text(path: Path, max_bytes: int) -> str:
    """The text of a file of at most `max_bytes`, UTF-8 with or without a byte-order mark."""
    name = path.name or str(path)
    try:
        if path.is_dir():
            raise InputFileError(name, "a file", "a directory", "Name the record itself.")
        with path.open("rb") as stream:
            raw = stream.read(max_bytes + 1)
    except FileNotFoundError:
        raise InputFileError(name, "a file that exists", "no such file", "Check the path.") from None
    except OSError as error:
        raise InputFileError(name, "a file that can be read", error.strerror or "an error", "Check the path.") from None
    if len(raw) > max_bytes:
        limit = f"{max_bytes / 1e6:g} MB"
        raise InputFileError(name, f"a record of at most {limit}", "a larger file", "Is this the right file?")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputFileError(f"{name}, line {line}", "UTF-8 text", "other bytes", "Save the file as UTF-8.") from None


def load_json(text: str, name: str) -> Any:
    """Plain data of JSON text; NaN, infinity, duplicate keys and deep nesting are refused."""

    def constant(word: str) -> NoReturn:
        raise InputFileError(name, "numbers", word, "Leave an unknown value out; absent means unknown.")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise InputFileError(f"{name}, {_key(key)}", "each key once", "a second one", "Keep one of them.")
            found[key] = value
        return found

    try:
        data = json.loads(text, parse_constant=constant, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        place = f"{name}, line {error.lineno}, column {error.colno}"
        raise InputFileError(place, "JSON", "a syntax error", f"{error.msg}.") from None
    except RecursionError:
        raise _too_deep(name) from None
    except ValueError:
        raise InputFileError(name, "numbers of a few digits", "one of thousands of digits", "Correct it.") from None
    check_depth(data, name)
    return data


def check_depth(data: Any, name: str) -> None:
    """InputFileError for data nested deeper than any record is."""
    level = [data]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for item in level
            for child in (
                item.values() if isinstance(item, Mapping) else item if isinstance(item, (list, tuple)) else ()
            )
        ]
        if not level:
            return
    raise _too_deep(name)


def _too_deep(name: str) -> InputFileError:
    return InputFileError(name, f"at most {MAX_DEPTH} levels of nesting", "more", "A record is nested three deep.")


def _key(key: object) -> str:
    text = str(key)
    return text if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ -]{0,40}", text) else "an unknown key"


def load_yaml(text: str, name: str) -> Any:
    """Plain data of one YAML document; aliases, tags, duplicate keys, deep nesting and odd numbers are refused."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # events are checked before anything is built, so that a bomb never unfolds
        _check_events(text, name, loader)
        return yaml.load(text, Loader=_record_loader(loader, name))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}, line {mark.line + 1}, column {mark.column + 1}" if mark else name
        problem = str(error.problem or "syntax error").split("'")[0].strip() or "syntax error"
        raise InputFileError(place, "YAML", "a syntax error", f"{problem[0].upper()}{problem[1:]}.") from None
    except yaml.YAMLError:
        raise InputFileError(name, "YAML", "a character that YAML forbids", "Save the file as plain text.") from None
    except RecursionError:
        raise _too_deep(name) from None
    except ValueError:
        raise InputFileError(name, "numbers of a few digits", "one of thousands of digits", "Correct it.") from None


def _check_events(text: str, name: str, loader: Any) -> None:
    depth = documents = 0
    for event in yaml.parse(text, Loader=loader):
        place = f"{name}, line {event.start_mark.line + 1}" if event.start_mark else name
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise InputFileError(place, "no anchors (&) or aliases (*)", "one", "Write the value out.")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise InputFileError(place, "one record in the file", "a second document", "Use one file a woman.")
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _too_deep(place)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if getattr(event, "tag", None) not in {None, "!"}:
            raise InputFileError(place, "no YAML tags (!)", "one", "Drop the tag.")
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and _TRAP_NUMBER.fullmatch(event.value):
            raise InputFileError(
                place,
                "plain decimal numbers",
                "a leading zero, a colon, an underscore or another base",
                "Write 64, not 064.",
            )


def _record_loader(base: Any, name: str) -> Any:
    class Loader(base):  # type: ignore[misc]
        # dates stay text: the record reads them itself and names the field of one that does not exist
        yaml_implicit_resolvers = {  # noqa: RUF012 - as yaml declares it
            first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
            for first, pairs in base.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen: set[str] = set()
            for key_node, _ in node.value:
                place = f"{name}, line {key_node.start_mark.line + 1}"
                if not isinstance(key_node, yaml.ScalarNode):
                    raise InputFileError(place, "words as keys", "a list or map as key", "Check the colons and dashes.")
                if key_node.value in seen:
                    raise InputFileError(
                        f"{place}, {_key(key_node.value)}", "each key once", "a second one", "Keep one of them."
                    )
                seen.add(key_node.value)
            return super().construct_mapping(node, deep)

    return Loader
