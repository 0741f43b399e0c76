"""The short answer: a handful of plain sentences, the most important first, each with its range and definition."""

from __future__ import annotations

from collections.abc import Sequence

from aimss.forecast.plan_document import PlanDocument, StrategyForecast
from aimss.report.guidance import contraindicated, guideline_sentence, safety
from aimss.report.joints import joint_sentence
from aimss.report.reading import COUNTERFACTUAL, SITES, Estimate, fracture_at, mentions_denosumab, t_score_at
from aimss.report.words import base_of, interval, number, of_base, of_base_interval, plain_field, years

SHOWN = 6
DENOSUMAB_WARNING = (
    "Denosumab must never be stopped or delayed without a plan: within a year the bone gained is lost again, and "
    "bones of the spine can break, several at once. Settle what follows before the first injection."
)


def lowest_site(strategy: StrategyForecast) -> str | None:
    """Return the site with the lowest T-score today; None if no site is forecast."""
    today = {site: value.median for site in SITES if (value := t_score_at(strategy, site, strategy.times_months[0]))}
    return min(today, key=lambda site: today[site]) if today else None


def _horizon(strategy: StrategyForecast, wanted: int) -> float:
    return min(float(wanted), strategy.times_months[-1])


def _bone(document: PlanDocument, first: StrategyForecast) -> tuple[str, str]:
    """Return what is expected of her lowest site, and what her scans there did."""
    site = lowest_site(first)
    if site is None:
        return "", ""
    month = _horizon(first, 60)
    now, later = t_score_at(first, site, first.times_months[0]), t_score_at(first, site, month)
    if now is None or later is None:
        return "", ""
    sentence = (
        f"Your {SITES[site]} has a T-score of about {number(now.median)} today ({interval(now)}). "
        f"With “{first.label}” it is expected at {number(later.median)} in {years(month)}; "
        f"for nine in ten women like you it will lie within {interval(later)}."
    )
    scans = sorted((s for s in document.scans if s.site == site), key=lambda s: s.month)
    if not scans:
        whose = "so today's value is that of women like you, not your own"
        return f"{sentence} No scan of your {SITES[site]} is in the record, {whose}.", ""
    if len(scans) == 1:
        return sentence, ""
    before, last = scans[0], scans[-1]
    machines = "" if before.converted == last.converted else ", on different scanners: part of it may be the machines'"
    return sentence, (
        f"Your scans of the {SITES[site]} went from {number(before.t_score)} to {number(last.t_score)} "
        f"in {round(last.month - before.month)} months{machines}."
    )


def _fracture(document: PlanDocument, first: StrategyForecast) -> tuple[str, str]:
    """Return how likely a fracture is with the first choice, and how the other choices compare."""
    parts: list[str] = []
    months = sorted({_horizon(first, 60), _horizon(first, 120)})
    base = base_of(fracture_at(s, "any_clinical", m) for s in document.strategies for m in months)
    for month in months:
        value = fracture_at(first, "any_clinical", month)
        if value is not None:
            whom = of_base(value, base) + (" women like you break a bone" if not parts else "")
            parts.append(f"{whom} within {years(month)} (range {of_base_interval(value, base)})")
    if not parts:
        return "", ""
    definition = first.fracture["any_clinical"].definition
    counted = f"With that choice about {' and '.join(parts)}. Counted: {definition}."
    sentences: list[str] = []
    last = _horizon(first, 120)
    own = fracture_at(first, "any_clinical", last)
    choices = [s for s in document.strategies[1:] if COUNTERFACTUAL not in s.flags]
    others = [v for s in choices if (v := fracture_at(s, "any_clinical", last))]
    if own and others:
        sentences.append(_others(own, others, base, last))
    never = next((s for s in document.strategies[1:] if COUNTERFACTUAL in s.flags), None)
    compared = fracture_at(never, "any_clinical", last) if never else None
    if compared and COUNTERFACTUAL not in first.flags:
        sentences.append(
            f"Without any aromatase inhibitor it would be {of_base(compared, base)} (range "
            f"{of_base_interval(compared, base)}), but without what the drug does against the cancer: a comparison, "
            "not a choice."
        )
    return counted, " ".join(sentences)


def _others(own: Estimate, others: list[Estimate], base: int, last: float) -> str:
    low, high = min(others, key=lambda v: v.median), max(others, key=lambda v: v.median)
    span = of_base(high, base)
    if of_base(low, base) != span:
        span = f"between {of_base(low, base)} and {span}"
    overlap = any(v.high >= own.low and v.low <= own.high for v in others)
    whom = "the other choice comes" if len(others) == 1 else f"the {len(others)} other choices shown come"
    doubt = "; the ranges overlap" if overlap else ""
    return f"Any fracture within {years(last)}: {whom} to {span}{doubt}."


def _seen_first(document: PlanDocument) -> list[str]:
    warnings = safety(document)
    if not (warnings and warnings.red_flags):
        return []
    seen = "; ".join(dict.fromkeys(str(sign) for flag in warnings.red_flags for sign in flag.get("seen") or []))
    return [
        "First: a clinician should look at what the record tells before anything else"
        f"{f' ({seen})' if seen else ''}. It must not be put down to the drug until its cause is known."
    ]


def _gaps(document: PlanDocument) -> list[str]:
    if not document.missing:
        return []
    names = [plain_field(m.field) for m in document.missing]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return [f"Not in the record, so ranges are wider or questions stay open: {shown}."]


def short_answer(document: PlanDocument) -> list[str]:
    """Return the short answer of a plan, the most important first; empty without a strategy.

    What must be acted on comes first (red flags, what the record speaks against), then her questions in their order,
    then what denosumab asks for, what guidelines say and what is missing, then comparisons.
    """
    if not document.strategies:
        return []
    first = document.strategies[0]
    bone, of_bone = _bone(document, first)
    fracture, of_fracture = _fracture(document, first)
    sentences = [
        *_seen_first(document),
        joint_sentence(document),
        bone,
        fracture,
        contraindicated(document, brief=True),
        DENOSUMAB_WARNING if mentions_denosumab(document) else "",
        guideline_sentence(document),
        *_gaps(document),
        of_fracture,
        of_bone,
    ]
    return [sentence for sentence in sentences if sentence]


def at_first_sight(sentences: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the sentences that are shown at once and those that follow below; one alone is not sent away."""
    cut = len(sentences) if len(sentences) <= SHOWN + 1 else SHOWN
    return list(sentences[:cut]), list(sentences[cut:])
