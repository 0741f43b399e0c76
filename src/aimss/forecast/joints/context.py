"""What studies say beside the model: how much of joint pain is the drug, what early stopping goes with, second drugs.

Every number is read from a row of the evidence tables, with its id. Nothing here is multiplied into a woman's forecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aimss.errors import EvidenceError
from aimss.evidence.tables import Row, load_table

# one row a trial: the first report of joint symptoms as an adverse event in both arms; overlapping populations once
BLINDED_ROWS: tuple[str, ...] = ("P030", "P039")
TAMOXIFEN_ROWS: tuple[str, ...] = ("P017", "P022", "P026", "P027", "P029")
OBSERVATIONAL = (
    "observational: women who stop differ in prognosis and in how they look after themselves; not a personal risk"
)
RANDOMISED_BOUND = "randomised, drug against drug or against nothing: a bound for groups, not a gain for one woman"
CONTEXT_ROWS: tuple[tuple[str, str, str], ...] = (
    ("prevalence/adherence", "D026", OBSERVATIONAL),
    ("prevalence/adherence", "D027", OBSERVATIONAL),
    ("prevalence/adherence", "D032", OBSERVATIONAL),
    ("prevalence/adherence", "D033", OBSERVATIONAL),
    ("prevalence/adherence", "D039", OBSERVATIONAL + "; lowest of 7 studies; interval as printed"),
    ("prevalence/adherence", "D040", OBSERVATIONAL + "; highest of 7 studies"),
    ("pharmacology/benefit_harm", "BH009", RANDOMISED_BOUND),
    ("pharmacology/benefit_harm", "BH010", RANDOMISED_BOUND),
    ("pharmacology/benefit_harm", "BH025", RANDOMISED_BOUND),
    ("pharmacology/benefit_harm", "BH026", RANDOMISED_BOUND),
    ("pharmacology/benefit_harm", "BH031", "randomised in extended treatment only; no interval printed here"),
)
SECOND_DRUG_ROWS: tuple[str, ...] = ("D006", "D058", "D060")


@dataclass(frozen=True)
class AttributableReading:
    """One kind of evidence on the share of reports that is due to the drug: a range, never one number."""

    low: float
    high: float
    evidence: str
    definition: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class ContextRow:
    """A published ratio shown beside a strategy, with why it is not hers."""

    row: str
    study: str
    about: str
    estimate: str
    interval: str
    verified: str
    caveat: str


def excess_share(row: Row) -> float:
    """Return (AI - control) / AI of a prevalence row; EvidenceError if either arm is missing or the row is unread."""
    with_drug, control = row.number("prevalence"), row.number("prevalence_c")
    if with_drug is None or control is None or row.verified == "no":
        raise EvidenceError(row.id, "a prevalence in both arms, read in a source", "none")
    return (with_drug - control) / with_drug


def study_readings() -> tuple[AttributableReading, ...]:
    """Return the shares that controlled trials show, by kind of control."""
    table = load_table("prevalence/prevalence")
    kinds = (
        ("blinded trials against placebo", BLINDED_ROWS),
        ("trials against tamoxifen, which may itself change joint pain", TAMOXIFEN_ROWS),
    )
    found = []
    for evidence, keys in kinds:
        rows = [table[key] for key in keys]
        shares = [excess_share(row) for row in rows]
        words = f"adverse-event report, {len(rows)} trials"
        found.append(AttributableReading(min(shares), max(shares), evidence, words, tuple(row.id for row in rows)))
    return tuple(found)


def persistence_context() -> tuple[ContextRow, ...]:
    """Return the published ratios on stopping early and on treatment, each with its caveat."""
    found = []
    for name, key, caveat in CONTEXT_ROWS:
        row = load_table(name)[key]
        if name == "prevalence/adherence":
            about = f"{row.text('outcome')}: {row.text('exposure_or_group')}"
            estimate = f"{row.text('measure')} {row.text('estimate')}"
            interval = f"{row.text('ci_low')}-{row.text('ci_high')}"
            study = row.text("study_id")
        else:
            about = f"{row.text('quantity')} ({row.text('drug_or_model')})"
            estimate, interval, study = f"{row.text('unit')} {row.text('value')}", row.text("spread"), row.text("study")
        found.append(ContextRow(row.id, study, about, estimate, interval, row.verified, caveat))
    return tuple(found)


def second_drug_rows() -> tuple[Row, ...]:
    """Return what is known of a second aromatase inhibitor: how many women stay on it; no comparison of pain exists."""
    table = load_table("prevalence/adherence")
    return tuple(table[key] for key in SECOND_DRUG_ROWS)


def row_ids(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the ids of rows."""
    return tuple(row.id for row in rows)
