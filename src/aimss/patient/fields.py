"""What a field of the record accepts: found by walking the model down a location such as ``("dxa", 0, "site")``."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

Location = tuple[int | str, ...]


def annotation(location: Location, model: type[BaseModel]) -> tuple[Any, list[Any], str]:
    """Type, constraints and description of a field, found by walking down the model."""
    kind: Any = model
    constraints: list[Any] = []
    description = ""
    for part in location:
        if isinstance(part, int):
            kind, constraints = _unwrap(next((a for a in get_args(kind) if a is not Ellipsis), None))
            continue
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)) or part not in kind.model_fields:
            return None, [], ""
        info = kind.model_fields[part]
        description = info.description or ""
        kind, constraints = _unwrap(info.annotation)
        constraints = [*info.metadata, *constraints]
    return kind, constraints, description


def _unwrap(annotation: Any) -> tuple[Any, list[Any]]:
    """Take `Optional` and `Annotated` off a type; what they hold comes back as constraints."""
    constraints: list[Any] = []
    while True:
        if hasattr(annotation, "__metadata__"):
            for item in annotation.__metadata__:
                constraints += getattr(item, "metadata", [item])
            annotation = annotation.__origin__
            continue
        args = [a for a in get_args(annotation) if a is not type(None)]
        if get_origin(annotation) not in {tuple, Literal} and len(args) == 1:
            annotation = args[0]
            continue
        return annotation, constraints


def model_at(location: Location, model: type[BaseModel]) -> type[BaseModel] | None:
    """The part of the record at a location, or None if a plain value stands there."""
    kind = annotation(location, model)[0]
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def accepted_words(location: Location, model: type[BaseModel]) -> tuple[str, ...]:
    """The words that a field accepts."""
    return tuple(str(word) for word in get_args(annotation(location, model)[0])) or ("another word",)


def description(location: Location, model: type[BaseModel]) -> str:
    """The description of a field as a sentence; empty if it has none."""
    text = annotation(location, model)[2]
    return f"{text[0].upper()}{text[1:]}." if text else ""


def bounds(location: Location, model: type[BaseModel]) -> str:
    """The bounds of a number as words: ``18 to 100``, ``more than 0``."""
    limits: dict[str, float] = {}
    for constraint in annotation(location, model)[1]:
        for name in ("gt", "ge", "lt", "le"):
            if getattr(constraint, name, None) is not None:
                limits[name] = getattr(constraint, name)
    low = f"{limits['ge']:g}" if "ge" in limits else f"more than {limits['gt']:g}" if "gt" in limits else ""
    high = f"{limits['le']:g}" if "le" in limits else ""
    if low and high:
        return f"{low} to {high}" if "ge" in limits else f"{low}, at most {high}"
    return low if "gt" in limits else f"at least {low}" if low else f"at most {high}"
