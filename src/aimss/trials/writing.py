"""What a run leaves in its folder beside the chunks: result.json, tables, methods, charts, endpoint data."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aimss.trials.store import write_atomic

if TYPE_CHECKING:
    from pydantic import BaseModel

    from aimss.trials.result import TrialResult


def write_result(result: TrialResult, folder: Path) -> list[Path]:
    """Write everything; returns the files."""
    from aimss.trials.charts import all_plots
    from aimss.trials.dataset import write_endpoints, write_trajectories

    document = result.document
    endpoints = [(arm.name, e) for arm in document.arms for e in arm.endpoints]
    texts = {
        "result.json": result.to_json() + "\n",
        "endpoints.csv": _csv([e for _, e in endpoints], {"arm": [name for name, _ in endpoints]}),
        "contrasts.csv": _csv(document.contrasts),
        "methods.txt": result.methods_text(),
        **({"published.csv": _csv(document.published)} if document.published else {}),
        **({"power.csv": _csv(document.power)} if document.power else {}),
        **{f"{name}.svg": svg for name, svg in all_plots(document).items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in texts.items():
        write_atomic(folder / name, text.encode())
        written.append(folder / name)
    written += write_endpoints(result.data, folder)
    if result.design.trajectories:
        written += write_trajectories(result.data, folder)
    return written


def _csv(rows: Sequence[BaseModel], more: dict[str, list[str]] | None = None) -> str:
    stream = io.StringIO()
    data = [row.model_dump() for row in rows]
    if not data:
        return ""
    extra = more or {}
    writer = csv.DictWriter(stream, [*extra, *data[0]])
    writer.writeheader()
    for i, row in enumerate(data):
        writer.writerow({**{name: values[i] for name, values in extra.items()}, **row})
    return stream.getvalue()
