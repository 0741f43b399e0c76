"""The verdicts of every guideline for many women of a CSV file, a row a woman, streamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from aimss.care.compiled import CompiledGuideline, compiled_library
from aimss.care.evaluate import evaluate
from aimss.patient.csv_reader import BadRow, numbered_rows


def columns(library: Sequence[CompiledGuideline]) -> list[str]:
    """The header: row of the file, one column a guideline, the safety rules that fire, the red flags."""
    return ["row", *(item.guideline.id for item in library), "safety", "red_flags"]


def verdict_rows(path: Path, library: Sequence[CompiledGuideline] | None = None) -> Iterator[list[str] | BadRow]:
    """Yield one row a woman in the order of `columns`, or the bad row with its errors; memory does not grow."""
    guidelines = compiled_library() if library is None else library
    for number, item in numbered_rows(path):
        if isinstance(item, BadRow):
            yield item
            continue
        report = evaluate(item, guidelines)
        fired = " ".join(found.rule.id for found in report.safety if found.state == "fires")
        flags = " ".join(found.rule.id for found in report.red_flags)
        yield [str(number), *(finding.verdict for finding in report.findings), fired, flags]
