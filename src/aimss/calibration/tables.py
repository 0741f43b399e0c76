"""Tables as CSV text: rows of a check, and a shipped table of parameters with some lines renewed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

Line = dict[str, str]


def as_csv(rows: Sequence[Mapping[str, Any]], digits: int) -> str:
    """Return rows as CSV text, numbers to so many digits; the columns are those of the first row."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: f"{v:.{digits}g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)
    return stream.getvalue()


def renewed(name: str, renew: Callable[[Line], Line]) -> str:
    """Return a table of the body with the cells that `renew` gives for each of its lines, all others as they are."""
    reader = csv.DictReader((files("aimss.body") / name).read_text(encoding="utf-8").splitlines())
    assert reader.fieldnames is not None
    stream = io.StringIO()
    writer = csv.DictWriter(stream, reader.fieldnames, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row | renew(row) for row in reader)
    return stream.getvalue()
