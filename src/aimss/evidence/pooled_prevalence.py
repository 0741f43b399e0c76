"""Our own prevalence rows pooled by definition, beside the published pooled value, with why the two differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from aimss.errors import EvidenceError
from aimss.evidence.schemas.prevalence import DEFINITION_CLASSES, POPULATION_CLASSES
from aimss.evidence.synthesis.bayesian import BayesResult, pool_bayes
from aimss.evidence.synthesis.binomial_normal import pool_exact
from aimss.evidence.synthesis.effect_sizes import EffectSizes, Excluded, effect_sizes
from aimss.evidence.synthesis.random_effects import SMALL_K
from aimss.evidence.synthesis.results import MetaResult
from aimss.evidence.synthesis.tables import Table
from aimss.evidence.tables import Row, load_table

TABLE = "prevalence/prevalence"
POOLABLE = tuple(d for d in DEFINITION_CLASSES if d != "meta_analysis")


@dataclass(frozen=True)
class PublishedPrevalence:
    """A pooled prevalence that a review published; fractions."""

    row: str
    pmid: str
    estimate: float
    ci_low: float | None
    ci_high: float | None
    women: float | None
    definition: str


@dataclass(frozen=True)
class PooledPrevalence:
    """Prevalence of a phenotype under one definition: exact binomial-normal pool of one row a cohort.

    ``set_aside`` lists every row of the phenotype and definition that was not pooled, with the reason; ``bayes`` is
    the Bayesian interval where four studies or fewer make the other one too narrow.
    """

    phenotype: str
    definition: str
    population: str
    result: MetaResult
    bayes: BayesResult | None
    rows: tuple[str, ...]
    from_percentage: tuple[str, ...]
    set_aside: tuple[Excluded, ...]
    published: tuple[PublishedPrevalence, ...]

    def table(self) -> Table:
        """Return the studies and the pooled prevalence."""
        return self.result.table()

    def why_different(self) -> tuple[str, ...]:
        """Return, for each published value, how it was made otherwise than ours."""
        if not self.published:
            return ()
        women = float(np.sum(self.result.data.totals)) if self.result.data.totals is not None else 0.0
        reasons = [
            f"ours asks one question ({self.definition}: {DEFINITION_CLASSES[self.definition]}) of one kind of women "
            f"({POPULATION_CLASSES[self.population]}): {self.result.k} cohorts, {women:.0f} women",
            *(f"the review pools every definition: {p.definition}" for p in self.published),
            "only rows that were read in a source are pooled here, and only those in our tables",
        ]
        doubled = sum("same women" in e.reason for e in self.set_aside)
        if doubled:
            reasons.append(f"{doubled} further report(s) of the same women were left out here")
        return tuple(reasons)

    def to_json(self) -> dict[str, Any]:
        """Return plain types for ``json.dumps``."""
        return {
            "phenotype": self.phenotype,
            "definition": self.definition,
            "population": self.population,
            "pooled": self.result.to_json(),
            "bayesian": None if self.bayes is None else self.bayes.to_json(),
            "rows": list(self.rows),
            "events_from_percentage": list(self.from_percentage),
            "set_aside": [vars(e) for e in self.set_aside],
            "published": [vars(p) for p in self.published],
            "why_different": list(self.why_different()),
        }

    def summary(self) -> str:
        """Return the result for the terminal."""
        back = self.result.back_transformed()
        lines = [f"{self.phenotype}, {self.definition}, {POPULATION_CLASSES[self.population]}", str(self.table()), ""]
        lines.append(
            f"pooled {_percent(back['estimate'], back['ci_low'], back['ci_high'])} (exact binomial-normal model)"
        )
        if self.bayes is not None:
            b = self.bayes.back_transformed()
            lines.append(
                f"Bayesian {_percent(b['estimate'], b['ci_low'], b['ci_high'])}: {self.result.k} studies, prior on tau "
                f"half-normal({self.bayes.tau_scale:g}) on the logit scale (assumed)"
            )
        lines.append(f"tau² = {self.result.tau2:.3f}, I² = {self.result.I2:.0f} %")
        lines += [f"published {_percent(p.estimate, p.ci_low, p.ci_high)} (PMID {p.pmid or 'not known'}, {p.row})"
                  for p in self.published]  # fmt: skip
        lines += [f"differs: {text}" for text in self.why_different()]
        lines += [f"note: {n}" for n in self.result.notes]
        lines += [f"events computed from a printed percentage: {r}" for r in self.from_percentage]
        lines += [f"set aside {e.study}: {e.reason}" for e in self.set_aside]
        return "\n".join(lines)


def _percent(estimate: Any, low: Any, high: Any) -> str:
    interval = "" if low is None or high is None else f" ({100 * low:.1f} to {100 * high:.1f})"
    return f"{100 * estimate:.1f} %{interval}"


def pool_prevalence(
    phenotype: str, definition: str, *, population: str = "ai_users", level: float = 0.95
) -> PooledPrevalence:
    """Pool the rows of one phenotype, definition class and population class of the library.

    Never pooled: rows that were not seen in a source, further reports of the same women, pooled values of reviews, rows
    without a number of women.

    Raises
    ------
    EvidenceError : unknown phenotype, definition or population; no row that can be pooled.
    """
    table = load_table(TABLE)
    known = sorted({r.text("phenotype") for r in table})
    if phenotype not in known:
        raise EvidenceError("--phenotype", "one of " + ", ".join(known), repr(phenotype))
    if definition not in POOLABLE:
        raise EvidenceError("--definition", "one of " + ", ".join(POOLABLE), repr(definition))
    if population not in POPULATION_CLASSES:
        raise EvidenceError("--population", "one of " + ", ".join(POPULATION_CLASSES), repr(population))
    used: list[Row] = []
    aside: list[Excluded] = []
    for row in table.where(phenotype=phenotype, definition_class=definition):
        reason = _why_not(row, population, used)
        if reason:
            aside.append(Excluded(f"{row.id} ({row.text('study_id')})", reason))
        else:
            used.append(row)
    if not used:
        raise EvidenceError(f"{phenotype}, {definition}, {population}", "at least one row that can be pooled", "none",
                            "; ".join(f"{e.study}: {e.reason}" for e in aside))  # fmt: skip
    data, computed = _counts(used)
    bayes = pool_bayes(data, level=level) if data.k <= SMALL_K else None
    return PooledPrevalence(
        phenotype=phenotype,
        definition=definition,
        population=population,
        result=pool_exact(data, level=level),
        bayes=bayes,
        rows=tuple(r.id for r in used),
        from_percentage=computed,
        set_aside=tuple(aside),
        published=_published(phenotype),
    )


def _why_not(row: Row, population: str, used: list[Row]) -> str:
    """Return why a row may not be pooled, or '' when it may."""
    if row.verified == "no":
        return "not seen in any source (verified no)"
    if row.text("duplicate_of"):
        return f"same women as {TABLE}:{row.text('duplicate_of')}: {row.text('duplicate_reason')}"
    if row.text("population_class") != population:
        return f"other women: {POPULATION_CLASSES[row.text('population_class')]}"
    if row.number("n") is None:
        return "no number of women"
    if row.number("events") is None and row.number("prevalence") is None:
        return "neither a count nor a percentage"
    same = [u for u in used if u.text("cohort") == row.text("cohort")]
    return f"same women as {same[0].id}" if same else ""


def _counts(rows: list[Row]) -> tuple[EffectSizes, tuple[str, ...]]:
    events, totals, computed = [], [], []
    for row in rows:
        total, count = row.number("n") or 0.0, row.number("events")
        if count is None:
            count = float(round((row.number("prevalence") or 0.0) * total))
            computed.append(f"{row.id} ({row.text('study_id')})")
        events.append(count)
        totals.append(total)
    labels = [r.text("study_id") for r in rows]
    return effect_sizes("PLO", {"xi": events, "ni": totals}, labels), tuple(computed)


def _published(phenotype: str) -> tuple[PublishedPrevalence, ...]:
    """Return what reviews published on the phenotype; their interval stands in the text of the definition."""
    studies = load_table("prevalence/studies")
    found = []
    for row in load_table(TABLE).where(phenotype=phenotype, definition_class="meta_analysis"):
        if row.verified == "no":
            continue
        interval = re.search(r"95% CI (0?\.\d+)-(0?\.\d+)", row.text("definition"))
        found.append(
            PublishedPrevalence(
                row=row.id,
                pmid=studies[row.text("study_id")].text("pmid"),
                estimate=row.number("prevalence") or 0.0,
                ci_low=float(interval[1]) if interval else None,
                ci_high=float(interval[2]) if interval else None,
                women=row.number("n"),
                definition=row.text("definition"),
            )
        )
    return tuple(found)


def by_definition(phenotype: str, *, population: str = "ai_users") -> tuple[PooledPrevalence, ...]:
    """Pool a phenotype under every definition that has rows to pool.

    Raises
    ------
    EvidenceError : unknown phenotype, or nothing to pool under any definition.
    """
    results = []
    for definition in POOLABLE:
        rows = load_table(TABLE).where(phenotype=phenotype, definition_class=definition)
        if any(not _why_not(row, population, []) for row in rows):
            results.append(pool_prevalence(phenotype, definition, population=population))
    if not results:
        known = sorted({r.text("phenotype") for r in load_table(TABLE)})
        raise EvidenceError("--phenotype", "a phenotype with rows to pool: " + ", ".join(known), repr(phenotype))
    return tuple(results)


def definitions_table(results: tuple[PooledPrevalence, ...]) -> Table:
    """Return one line a definition and one a published value, in per cent."""
    rows: list[tuple[str | float | int | None, ...]] = []
    for r in results:
        b = r.result.back_transformed()
        low, middle, high = (100 * float(b[k] or 0.0) for k in ("ci_low", "estimate", "ci_high"))
        rows.append((f"ours, {r.definition}", r.result.k, middle, low, high))
    for p in results[0].published:
        rows.append((f"published, PMID {p.pmid}", None, 100 * p.estimate,
                     None if p.ci_low is None else 100 * p.ci_low,
                     None if p.ci_high is None else 100 * p.ci_high))  # fmt: skip
    columns = ("definition", "cohorts", "prevalence %", "ci low", "ci high")
    return Table(columns, tuple(rows), title=results[0].phenotype, digits=1)
