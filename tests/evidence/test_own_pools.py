"""Our own tables pooled: what enters, what is set aside and why, and what the joint model draws from."""

from __future__ import annotations

import json
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from typer.testing import CliRunner

from aimss.cli import app
from aimss.errors import EvidenceError
from aimss.evidence import effects, pain_contrasts, pooled_prevalence
from aimss.evidence.certainty import remedy_certainty
from aimss.evidence.effects import prevalence_estimate, remedy_effect, remedy_effects, risk_factor_effects
from aimss.evidence.pain_contrasts import usable_contrasts
from aimss.evidence.pain_network import pain_network
from aimss.evidence.pooled_prevalence import by_definition, pool_prevalence
from aimss.evidence.references import resolve
from aimss.evidence.synthesis.binomial_normal import pool_exact
from aimss.evidence.synthesis.effect_sizes import effect_sizes
from aimss.evidence.tables import load_table

RUN = CliRunner()


def test_survey_prevalence_is_the_exact_pool_of_its_rows() -> None:
    pooled = pool_prevalence("arthralgia", "survey")
    table = load_table("prevalence/prevalence")
    rows = [table[r.split(":")[1]] for r in pooled.rows]
    again = pool_exact(
        effect_sizes("PLO", {"xi": [r.number("events") for r in rows], "ni": [r.number("n") for r in rows]})
    )
    assert pooled.result.estimate == pytest.approx(again.estimate, abs=1e-12)
    assert all(r.verified != "no" and not r.text("duplicate_of") for r in rows)
    assert all(r.text("definition_class") == "survey" and r.text("population_class") == "ai_users" for r in rows)
    cohorts = [r.text("cohort") for r in rows]
    assert len(set(cohorts)) == len(cohorts), "the same women are pooled once"
    reasons = {e.study.split()[0].split(":")[1]: e.reason for e in pooled.set_aside}
    assert "same women" in reasons["P011"]
    assert "background" in reasons["P068"]
    assert set(reasons) | {r.key for r in rows} == {
        r.key for r in table.where(phenotype="arthralgia", definition_class="survey")
    }


def _with_cell(monkeypatch: pytest.MonkeyPatch, module: ModuleType, row_id: str, **cells: object) -> None:
    """Let a module read the library with some cells of one row changed."""
    name, key = row_id.split(":")
    table = load_table(name)
    changed = replace(
        table,
        rows=tuple(replace(r, cells={**r.cells, **cells}) if r.key == key else r for r in table.rows),  # type: ignore[arg-type]
    )
    monkeypatch.setattr(module, "load_table", lambda wanted: changed if wanted == name else load_table(wanted))


def test_a_row_never_seen_is_never_pooled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library has no such row in these tables today, so one that is pooled is made one."""
    before = pool_prevalence("arthralgia", "survey")
    _with_cell(monkeypatch, pooled_prevalence, before.rows[0], verified="no")
    after = pool_prevalence("arthralgia", "survey")
    # its cohort may step in with an earlier report, which was set aside as a duplicate of it
    assert before.rows[0] not in after.rows
    assert any(e.study.startswith(before.rows[0]) and "verified no" in e.reason for e in after.set_aside)

    used = usable_contrasts()[0][0].id
    _with_cell(monkeypatch, pain_contrasts, used, verified="no")
    kept, aside = usable_contrasts()
    assert used not in [r.id for r in kept]
    assert any(e.study.startswith(used) and "verified no" in e.reason for e in aside)

    source = risk_factor_effects()[0].sources[0]
    _with_cell(monkeypatch, effects, source, verified="no")
    assert all(source not in e.sources for e in risk_factor_effects.__wrapped__())


def test_a_row_without_count_and_percentage_is_not_read_as_no_events(monkeypatch: pytest.MonkeyPatch) -> None:
    row = pool_prevalence("arthralgia", "survey").rows[0]
    _with_cell(monkeypatch, pooled_prevalence, row, events=None, prevalence=None)
    after = pool_prevalence("arthralgia", "survey")
    assert row not in after.rows
    assert any("neither a count nor a percentage" in e.reason for e in after.set_aside)


def test_published_value_stands_beside_with_why_they_differ() -> None:
    pooled = pool_prevalence("arthralgia", "survey")
    (published,) = pooled.published
    assert (published.pmid, published.estimate, published.ci_low, published.ci_high) == ("28204994", 0.459, 0.397, 0.52)
    text = pooled.summary()
    assert "45.9 % (39.7 to 52.0)" in text
    assert "PMID 28204994" in text
    assert "the review pools every definition" in text
    assert "Bayesian" in text, "four cohorts"


def test_definition_decides_the_answer() -> None:
    found = {r.definition: r.result.back_transformed()["estimate"] for r in by_definition("arthralgia")}
    assert found["survey"] > found["adverse_event"] > found["clinic_record"]


def test_percentages_become_counts_that_are_listed() -> None:
    pooled = pool_prevalence("stiffness", "survey", population="completers")
    assert pooled.from_percentage == ("prevalence/prevalence:P065 (yagata2016)",)
    assert pooled.result.data.events[0] == round(0.591 * 330)


@pytest.mark.parametrize(
    ("phenotype", "definition", "population", "field"),
    [
        ("gout", "survey", "ai_users", "--phenotype"),
        ("arthralgia", "meta_analysis", "ai_users", "--definition"),
        ("arthralgia", "survey", "men", "--population"),
        ("arthralgia", "registry", "ai_users", "arthralgia, registry"),
    ],
)
def test_what_cannot_be_pooled_is_refused(phenotype: str, definition: str, population: str, field: str) -> None:
    with pytest.raises(EvidenceError) as error:
        pool_prevalence(phenotype, definition, population=population)
    assert error.value.field.startswith(field)


def test_pain_network_stays_apart_and_joins_only_by_name() -> None:
    apart = pain_network()
    assert len(apart.result.components) == 3
    with pytest.raises(EvidenceError, match="separate components"):
        apart.result.compare("true acupuncture", "duloxetine")
    assert all(r.verified != "no" for r in apart.rows)
    together = pain_network(joins=[("waitlist", "usual care")])
    assert len(together.result.components) == 2
    assert "assumption: waitlist = usual care" in together.summary()
    duloxetine = apart.result.compare("duloxetine", "placebo")
    assert (duloxetine.estimate, duloxetine.se) == (pytest.approx(-0.82), pytest.approx(0.214))
    text = apart.summary()
    assert "standard error is an upper bound" in text
    assert "33586504" in text
    assert "certainty" in text


def test_acupuncture_shrinks_with_the_large_trial() -> None:
    effect = remedy_effect("true acupuncture", "sham acupuncture")
    rows = [load_table("joint/contrasts")[s.split(":")[1]] for s in effect.sources]
    y, v = np.array([r.number("mean_difference") for r in rows]), np.array([r.number("se") for r in rows]) ** 2
    assert effect.k == 2
    weight = 1 / (v + effect.tau**2)
    assert effect.estimate == pytest.approx(float(weight @ y / weight.sum()))
    assert effect.bayes_low < effect.ci_low < effect.ci_high < effect.bayes_high + 1.0
    assert effect.certainty.level in ("low", "very low")


def test_every_effect_leads_to_its_rows_and_says_what_lowers_it() -> None:
    for effect in remedy_effects():
        for source in effect.sources:
            assert resolve(source)
        assert effect.certainty.level == "high" or effect.certainty.reasons
        assert effect.tau is None or effect.k > 1
    exercise = remedy_effect("aerobic exercise", "usual care")
    assert any("did not select women with pain" in r for r in exercise.certainty.reasons)
    assert any("knew" in r for r in exercise.certainty.reasons)
    with pytest.raises(EvidenceError, match="duloxetine against placebo"):
        remedy_effect("homeopathy", "placebo")


def test_certainty_falls_by_rule() -> None:
    def line(**change: object) -> str:
        base: dict = {"comparator": "placebo", "ci_low": -3.0, "ci_high": -1.5, "people": 900, "k": 4, "i2_percent": 10,
                      "indirect": (), "remarks": ()}  # fmt: skip
        return remedy_certainty(**{**base, **change}).level

    assert line() == "high"
    assert line(comparator="waitlist") == "moderate"
    assert line(ci_high=0.2) == "moderate"
    assert line(people=None) == "moderate"
    assert line(i2_percent=80, indirect=["other disease"]) == "low"
    assert line(comparator="waitlist", ci_high=0.2, people=10, i2_percent=80) == "very low"


def test_prevalence_and_risk_factors_for_the_model() -> None:
    estimate = prevalence_estimate("arthralgia", "survey")
    assert estimate.ci_low < estimate.estimate < estimate.ci_high
    assert estimate.logit_tau > 0
    factors = {(f.factor, f.contrast, f.measure): f for f in risk_factor_effects()}
    chemotherapy = factors["chemotherapy", "yes vs no", "OR"]
    assert chemotherapy.k == 3
    assert 1.24 < chemotherapy.estimate < 2.29
    assert factors["menopause_years", "<5 y vs >10 y", "OR"].k == 1, "two reports of one survey"
    assert not any("genotype" in f.factor for f in factors.values())


def test_the_commands() -> None:
    run = RUN.invoke(
        app, ["evidence", "pool", "prevalence", "--phenotype", "arthralgia", "--definition", "survey", "--json"]
    )
    assert run.exit_code == 0, run.output
    out = json.loads(run.stdout)
    assert out["pooled"]["method"] == "GLMM"
    assert out["published"][0]["estimate"] == 0.459
    run = RUN.invoke(app, ["evidence", "pool", "prevalence", "--phenotype", "arthralgia"])
    assert "ours, survey" in run.stdout
    run = RUN.invoke(app, ["evidence", "network", "pain", "--json"])
    out = json.loads(run.stdout)
    assert len(out["network"]["components"]) == 3
    assert out["effects"][0]["certainty"]["level"]
    assert isinstance(RUN.invoke(app, ["evidence", "pool", "x", "--phenotype", "y"]).exception, EvidenceError)
