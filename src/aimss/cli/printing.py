"""What commands print for machines."""

from __future__ import annotations

import json
from typing import Any

import typer


def print_json(data: Any) -> None:
    """Print data as JSON on standard output; a number that JSON does not know is an error, not NaN."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))
