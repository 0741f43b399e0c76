"""Prevalence: how often women on an aromatase inhibitor hurt, by phenotype and definition; who, when, what then."""

from __future__ import annotations

from aimss.evidence.schema import (
    URL,
    AtMost,
    Interval,
    Schema,
    Share,
    choice,
    identifier,
    number,
    text,
    verified,
)

DEFINITION_CLASSES = {
    "survey": "women asked once, by questionnaire or interview",
    "survey_cumulative": "women asked repeatedly; the share who reported it at any time so far",
    "scale": "above a cut-off on a validated scale (HAQ, VAS, BCPT)",
    "adverse_event": "reported by trial staff as an adverse event or on a case-report form",
    "clinic_record": "recorded or diagnosed by the treating clinic",
    "registry": "from claims or a registry",
    "meta_analysis": "pooled by a published review: never pooled again",
}

POPULATION_CLASSES = {
    "ai_users": "women on an aromatase inhibitor",
    "pain_free_at_start": "on an aromatase inhibitor, without pain when it was started",
    "completers": "still on it after the full course",
    "intolerant_switchers": "stopped one aromatase inhibitor for pain and started another",
    "with_arthralgia": "a subset who already report arthralgia",
    "mixed_endocrine": "tamoxifen or an aromatase inhibitor, not separated",
    "before_treatment": "before any endocrine therapy: the background",
    "breast_cancer_survivors": "in follow-up after breast cancer, not selected by drug",
    "prevention": "healthy women at high risk",
    "studies": "the participants of the studies that a review pooled",
}

_KEY = text("row_id", required=True)
_STUDY = text("study_id", required=True, refers_to="prevalence/studies")
_END = (URL, text("quote_location", required=True), verified(), text("notes"))

STUDIES = Schema(
    "prevalence/studies",
    "study_id",
    (
        text("study_id", required=True),
        identifier("pmid", "pmid"),
        identifier("doi", "doi"),
        text("first_author"),
        number("year", low=1950, high=2100),
        text("journal"),
        text("title", required=True),
        choice("design", "rct", "cohort", "cross-sectional", "review", "meta-analysis"),
        text("country"),
        number("n", "women", low=1),
        text("population", required=True),
        text("ai", required=True),
        choice("pmid_seen", "yes", required=False),
        URL,
        text("notes"),
        text("cohort"),
    ),
    meaning="studies of symptoms; `cohort` is the same where one population was reported more than once",
)

PREVALENCE = Schema(
    "prevalence/prevalence",
    "row_id",
    (
        _KEY,
        _STUDY,
        text("phenotype", required=True),
        text("definition", required=True),
        choice("definition_class", *DEFINITION_CLASSES),
        choice("population_class", *POPULATION_CLASSES),
        text("cohort", required=True),
        text("duplicate_of", refers_to="prevalence/prevalence"),
        text("duplicate_reason"),
        number("timepoint_months", "months", low=0),
        number("events", "women", low=0),
        number("n", "women", low=1),
        number("prevalence", "fraction", required=True, low=0, high=1),
        text("comparator"),
        number("events_c", "women", low=0),
        number("n_c", "women", low=1),
        number("prevalence_c", "fraction", low=0, high=1),
        *_END,
    ),
    (
        AtMost("events", "n"),
        AtMost("events_c", "n_c"),
        Share("prevalence", "events", "n"),
        Share("prevalence_c", "events_c", "n_c"),
    ),
    meaning="prevalence by phenotype and definition; a row with `duplicate_of` is left out of pooling",
    study_column="study_id",
)

RISK_FACTORS = Schema(
    "prevalence/risk_factors",
    "row_id",
    (
        _KEY,
        _STUDY,
        text("factor", required=True),
        text("contrast", required=True),
        text("outcome", required=True),
        text("measure", required=True),
        number("estimate", "see measure", "range"),
        number("ci_low"),
        number("ci_high"),
        number("p", "", "bound", low=0, high=1),
        choice("adjusted", "y", "n", required=False),
        number("n", "women", low=1),
        *_END,
    ),
    (Interval(("estimate",)),),
    meaning="who gets symptoms",
    study_column="study_id",
)

TIME_COURSE = Schema(
    "prevalence/time_course",
    "row_id",
    (
        _KEY,
        _STUDY,
        text("kind", required=True),
        text("measure", required=True),
        text("timepoint"),
        number("value", "see unit"),
        number("sd", "see unit", low=0),
        number("n", "women", low=1),
        text("unit", required=True),
        *_END,
    ),
    meaning="when symptoms start, how they run, when they ease",
    study_column="study_id",
)

ADHERENCE = Schema(
    "prevalence/adherence",
    "row_id",
    (
        _KEY,
        _STUDY,
        text("kind", required=True),
        text("exposure_or_group", required=True),
        text("outcome", required=True),
        number("timepoint_months", "months", low=0),
        choice("measure", "proportion", "HR", "OR", "range", "count", "bounds"),
        number("estimate", "see measure", "range", "worded"),
        number("ci_low"),
        number("ci_high"),
        number("p", "", "bound", low=0, high=1),
        number("events", "women", low=0),
        number("n", "women", low=1),
        *_END,
    ),
    (Interval(("estimate",)), AtMost("events", "n")),
    meaning="staying on treatment, stopping it, and what that does to recurrence and survival",
    study_column="study_id",
)

GENETICS = Schema(
    "prevalence/genetics",
    "row_id",
    (
        _KEY,
        _STUDY,
        text("variant", required=True),
        text("gene"),
        text("outcome", required=True),
        text("model"),
        text("measure", required=True),
        number("estimate"),
        number("ci_low"),
        number("ci_high"),
        number("p", "", "bound", "range", "worded", low=0, high=1),
        text("drug", required=True),
        number("n", "women", low=1),
        text("significant"),
        *_END,
    ),
    (Interval(("estimate",)),),
    meaning="genetic variants: kept as evidence, never an input of the model",
    study_column="study_id",
)

QUALITY_OF_LIFE = Schema(
    "prevalence/quality_of_life",
    "row_id",
    (
        _KEY,
        _STUDY,
        text("instrument", required=True),
        text("domain", required=True),
        text("comparison", required=True),
        number("timepoint_months", "months", low=0),
        text("measure", required=True),
        number("value", "see measure", "range", "worded"),
        number("value_comparator", "see measure"),
        number("ci_low"),
        number("ci_high"),
        number("p", "", "bound", low=0, high=1),
        number("n", "women", low=1),
        *_END,
    ),
    (Interval(("value",)),),
    meaning="quality of life on the drugs",
    study_column="study_id",
)

INSTRUMENTS = Schema(
    "prevalence/instruments",
    "row_id",
    (
        _KEY,
        text("instrument", required=True),
        text("what_it_measures", required=True),
        text("items"),
        text("range"),
        text("scoring_rule"),
        text("direction"),
        text("mcid"),
        text("mcid_source"),
        text("licence", required=True),
        text("free_to_implement", required=True),
        URL,
        verified(),
        text("notes"),
    ),
    meaning="scales of pain, function and quality of life, and their licences",
)

TABLES = (
    STUDIES,
    PREVALENCE,
    RISK_FACTORS,
    TIME_COURSE,
    ADHERENCE,
    GENETICS,
    QUALITY_OF_LIFE,
    INSTRUMENTS,
)
