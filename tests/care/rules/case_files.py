"""The specification cases: YAML files of records in and findings out, all over one base record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "cases"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)


def base_record() -> dict[str, Any]:
    return load(FOLDER / "base.yaml")


def case_files() -> list[Path]:
    return sorted(path for path in FOLDER.glob("*.yaml") if path.name != "base.yaml")


def cases_of(path: Path) -> list[dict[str, Any]]:
    return load(path)["cases"]


def cases_by_rule() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path in case_files():
        for case in cases_of(path):
            for subject in case["expect"]:
                found.setdefault(subject, []).append(case)
    return found
