"""What to cite with the model: the publications that its parameters, risk ratios and life table come from."""

from __future__ import annotations

from dataclasses import dataclass

from aimss.body.parameters import default
from aimss.body.risk_factors import risk_factors
from aimss.evidence.references import resolve
from aimss.evidence.sources import Source, load_sources

METHODS = (
    "Joerg DJ, et al. eLife 2022;11:e76228, doi 10.7554/eLife.76228 (structure of the bone cells)",
    "Hairer E, Wanner G. Solving Ordinary Differential Equations II. Springer 1996 (RODAS)",
    "Salmon JK, et al. SC 2011, doi 10.1145/2063384.2063405 (counter-based random numbers)",
)


@dataclass(frozen=True, slots=True)
class Citation:
    """A publication and the names of what it supports."""

    source: Source
    supports: tuple[str, ...]


def citations() -> tuple[Citation, ...]:
    """Return the publications of the model, each once, in the order of their ids."""
    parameters = default()
    references = [(name, parameters.parameter(name).source) for name in parameters.names]
    for factor in risk_factors():
        references += [(f"risk ratio of {factor.name}", source) for source in factor.sources.values()]
        references.append((f"prevalence of {factor.name}", factor.prevalence_source))
    supports: dict[str, dict[str, None]] = {}
    for name, reference in references:
        if reference == "assumption":
            continue
        for found in resolve(reference):
            source = found if isinstance(found, Source) else load_sources().of(found)
            if source is not None:
                supports.setdefault(source.id, {})[name] = None
    return tuple(Citation(load_sources().get(key), tuple(supports[key])) for key in sorted(supports))


def bibtex(citation: Citation) -> str:
    """Return one BibTeX entry with the fields that are known."""
    s = citation.source
    fields = {
        "author": f"{s.first_author} and others" if s.first_author else "",
        "title": s.title or s.citation,
        "journal": s.journal,
        "year": str(s.year or ""),
        "doi": s.doi,
        "note": f"PMID {s.pmid}" if s.pmid else "",
        "url": s.url,
    }
    inner = ",\n".join(f"  {key} = {{{value}}}" for key, value in fields.items() if value)
    key = "".join(c if c.isalnum() else "_" for c in s.id)
    return f"@{'article' if s.journal else 'misc'}{{{key},\n{inner}\n}}"
