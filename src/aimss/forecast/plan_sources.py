"""The sources that a forecast rests on, each once, with how far it was verified and what it is used for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aimss.evidence.references import resolve, split_reference
from aimss.evidence.sources import Source, load_sources
from aimss.forecast.plan_document import SourceLine

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.forecast.forecast import Forecast

# what beside the parameters went into a forecast: evidence row or source, used for
FIXED = (
    ("MO026", "death from other causes"),
    ("ES058", "estradiol by body mass index"),
    ("PO108", "vitamin D where it is not measured"),
    ("AS027", "norm of CTX"),
    ("RB073", "spine and hip together"),
)


def plan_sources(parameters: Parameters, made: Forecast) -> list[SourceLine]:
    """List the sources of parameters, T-score references and fillings; an assumption is no source."""
    used: dict[str, set[str]] = {}
    for parameter in map(parameters.parameter, parameters.names):
        for reference in split_reference(parameter.source):
            if reference != "assumption":
                used.setdefault(reference, set()).add("model parameters")
    for reference, purpose in FIXED:
        used.setdefault(reference, set()).add(purpose)
    lines: dict[str, SourceLine] = {}
    for reference, purposes in used.items():
        line = _line(reference, "; ".join(sorted(purposes)))
        known = lines.get(line.id)
        if known is not None:
            purpose = "; ".join(sorted({*known.used_for.split("; "), *purposes}))
            line = known.model_copy(update={"used_for": purpose, "status": min(known.status, line.status, key=_rank)})
        lines[line.id] = line
    for one in made.her_data.series.values():
        for scan in one.scans[-1:]:
            lines.setdefault(
                scan.reference.source,
                SourceLine(
                    id=scan.reference.source, status=scan.reference.status, title="T-score reference",
                    used_for=f"T-score at {scan.site.replace('_', ' ')}",
                ),
            )  # fmt: skip
    return sorted(lines.values(), key=lambda line: line.id)


def _rank(status: str) -> int:
    order = ("no", "derived", "secondary", "partial", "yes")
    return order.index(status) if status in order else 0


def _line(reference: str, purpose: str) -> SourceLine:
    """One line of a reference; the weakest status of all that rests on a source stands for it."""
    found = resolve(reference)[0]
    source = found if isinstance(found, Source) else load_sources().of(found)
    status = found.verified
    if source is None:
        return SourceLine(id=reference, status=status or "no", title="row of the evidence library", used_for=purpose)
    return SourceLine(
        id=source.id, pmid=source.pmid or None, doi=source.doi or None, status=status or source.verified,
        title=source.title or source.citation, used_for=purpose,
    )  # fmt: skip
