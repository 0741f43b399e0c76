"""The methods paragraph of a trial, with the publications that its population and comparisons rest on."""

from __future__ import annotations

from aimss.errors import EvidenceError
from aimss.evidence.references import resolve
from aimss.evidence.sources import Source, load_sources
from aimss.trials.columns import fracture_kinds
from aimss.trials.design import CsvPopulation, TrialDesign

_TOOLS = (
    "Salmon JK et al. Parallel random numbers: as easy as 1, 2, 3. SC11, 2011. doi 10.1145/2063384.2063405.",
    "Newcombe RG. Interval estimation for the difference between independent proportions. Stat Med 1998;17:873-890.",
    "Davidson-Pilon C. lifelines: survival analysis in Python. J Open Source Softw 2019;4:1317."
    " doi 10.21105/joss.01317.",
)


def methods(design: TrialDesign, seed: int) -> tuple[str, list[str]]:
    """Return the paragraph and its list of sources."""
    sources: list[str] = []
    population = design.population
    if isinstance(population, CsvPopulation):
        who = "the women of a table of records"
        why = ""
    else:
        who = f"virtual women ({population.label.lower()})"
        statuses = [m.status for m in population.margins.values()]
        assumed = statuses.count("assumed")
        why = (
            f" Their characteristics come from a Gaussian copula over {len(statuses)} margins,"
            f" {len(statuses) - assumed} of them published or derived from publications and {assumed} assumed;"
            " implausible or ineligible candidates were drawn again."
        )
        for reference in (*population.sources, *(m.source for m in population.margins.values())):
            sources += _described(reference)
    arms = "; ".join(f"{arm.name} ({getattr(arm.strategy, 'label', arm.strategy)})" for arm in design.arms)
    how = (
        "Every woman went through every arm, and contrasts are means of differences within women."
        if design.allocation == "crossover"
        else "Women were allocated at random in balanced blocks"
        + (f", within strata of {' and '.join(design.stratify_by)}." if design.stratify_by else ".")
    )
    noise = (
        "Scans, markers and pain scores carry measurement error."
        if design.measurement_error.enabled
        else "Values are true values, without measurement error."
    )
    parameters = {
        "central": "Parameters of the bone model are at their fitted values",
        "draw_per_woman": "Each woman has her own draw of the bone model's parameters",
        "draw_per_replicate": "Each replicate has its own draw of the bone model's parameters",
    }[design.parameters]
    survival = (
        " Time to fracture was analysed with death as a competing event (Aalen-Johansen; cause-specific Cox model;"
        " lifelines)."
        if fracture_kinds(design)
        else ""
    )
    repeated = f" The trial was repeated {design.replicates} times." if design.replicates > 1 else ""
    text = (
        f"In-silico trial of {design.n} {who} over {design.horizon_years:g} years. Arms: {arms}.{why} {how} {noise}"
        f" {parameters}; women differ by its between-woman spread. Continuous endpoints of parallel arms were compared"
        f" by {'analysis of covariance with the first measurement' if design.analysis.ancova else 'Welch intervals'},"
        f" shares by Newcombe's interval.{survival}{repeated} Random numbers are counter-based (Philox, seed {seed}),"
        " so that the result does not depend on how the work was divided."
    )
    for wanted in design.compare_with:
        source = load_sources().find(wanted.study)
        sources += [_words(source)] if source else []
    return text, [*dict.fromkeys(sources), *(_TOOLS if fracture_kinds(design) else _TOOLS[:2])]


def _described(reference: str) -> list[str]:
    if not reference:
        return []
    try:
        found = resolve(reference)
    except EvidenceError:
        return [reference]
    words = []
    for item in found:
        source = item if isinstance(item, Source) else load_sources().of(item)
        words.append(_words(source) if source is not None else item.id)
    return words


def _words(source: Source) -> str:
    marks = [f"PMID {source.pmid}" if source.pmid else "", f"doi {source.doi}" if source.doi else ""]
    head = ". ".join(part for part in (source.first_author, source.title or source.citation, source.journal) if part)
    year = f" {source.year}." if source.year else ""
    return " ".join([f"{head or source.id}.{year}", *(m for m in marks if m)]).strip()
