"""Joints: trials of remedies on pain, their arms, outcomes and contrasts, safety, published pooled estimates."""

from __future__ import annotations

from aimss.evidence.schema import URL, Column, Interval, Schema, choice, identifier, number, text, verified

_KEY = Column("row_id", "integer", required=True)
_TRIAL = text("trial_id", required=True, refers_to="joint/trials")

TRIALS = Schema(
    "joint/trials",
    "trial_id",
    (
        text("trial_id", required=True),
        text("trial_name", required=True),
        identifier("pmid", "pmid"),
        identifier("doi", "doi"),
        text("first_author"),
        number("year", low=1950, high=2100),
        text("journal"),
        text("title"),
        text("design", required=True),
        number("n_randomised", "women", low=1),
        text("population", required=True),
        text("ai", required=True),
        text("country"),
        identifier("pmcid", "pmcid"),
        text("registry_id"),
        choice("pmid_verified", "yes", "no", required=False),
        URL,
        text("note"),
        text("cohort"),
    ),
    meaning="trials of remedies",
)

ARMS = Schema(
    "joint/arms",
    "arm_id",
    (
        _TRIAL,
        text("arm_id", required=True),
        text("intervention_class", required=True),
        text("description", required=True),
        text("dose_schedule"),
        number("n", "women", low=1),
        URL,
        text("note"),
    ),
    meaning="arms of the trials",
    study_column="trial_id",
)

OUTCOMES = Schema(
    "joint/outcomes",
    "row_id",
    (
        _KEY,
        _TRIAL,
        text("arm_id", required=True, refers_to="joint/arms"),
        text("outcome", required=True),
        text("scale_range", required=True),
        number("time_weeks", "weeks", low=0),
        number("baseline_mean", "see scale_range"),
        number("baseline_sd", "see scale_range", low=0),
        number("followup_mean", "see scale_range"),
        number("followup_sd", "see scale_range", low=0),
        number("change_mean", "see scale_range"),
        text("change_sd_or_se"),
        choice("change_spread_kind", "ci", "ci_of_followup_mean", "ci_of_percent_reduction", required=False),
        number("n", "women", low=1),
        URL,
        text("quote_location", required=True),
        verified(),
        text("note"),
    ),
    meaning="outcomes by arm and week",
    study_column="trial_id",
)

CONTRASTS = Schema(
    "joint/contrasts",
    "row_id",
    (
        _KEY,
        _TRIAL,
        text("arm_a", required=True, refers_to="joint/arms"),
        text("arm_b", required=True, refers_to="joint/arms"),
        text("outcome", required=True),
        number("time_weeks", "weeks", required=True, low=0),
        number("mean_difference", "points of the outcome"),
        number("ci_low", "points of the outcome"),
        number("ci_high", "points of the outcome"),
        number("se", "points of the outcome", low=0),
        number("p", "", "bound", "worded", low=0, high=1),
        number("smd", "SD"),
        number("responder_a", "fraction", low=0, high=1),
        number("responder_b", "fraction", low=0, high=1),
        URL,
        verified(),
        text("md_source"),
        text("se_source"),
        choice("nma_ready", "yes", "approx", "no"),
        choice("primary_for_nma", "0", "1"),
        number("n_a", "women", low=1),
        number("n_b", "women", low=1),
        text("note"),
    ),
    (Interval(("mean_difference",)),),
    meaning="contrasts of two arms, a minus b; an SE from a printed p bound is an upper bound (`se_source`)",
    study_column="trial_id",
)

SAFETY = Schema(
    "joint/safety",
    "row_id",
    (
        _KEY,
        _TRIAL,
        text("arm_id", required=True, refers_to="joint/arms"),
        text("event", required=True),
        choice("grade", "-", "any", "1", "1-2", "2", "3-4"),
        number("value", "see unit", low=0),
        text("unit", required=True),
        number("denominator", "women", low=1),
        URL,
        verified(),
        text("note"),
    ),
    meaning="adverse events by arm",
    study_column="trial_id",
)

NETWORK_META = Schema(
    "joint/network_meta",
    "row_id",
    (
        _KEY,
        text("review_id", required=True),
        text("first_author"),
        number("year", low=1950, high=2100),
        text("kind", required=True),
        text("comparison"),
        text("outcome"),
        text("measure"),
        number("estimate", "see measure"),
        number("ci_low", "see measure"),
        number("ci_high", "see measure"),
        number("p", "", "bound", "worded", low=0, high=1),
        text("i2"),
        number("n_trials", "trials", low=1),
        number("n_participants", "people", low=1),
        identifier("pmid", "pmid"),
        identifier("doi", "doi"),
        text("identifier_note"),
        URL,
        verified(),
        text("conclusion"),
        text("note"),
    ),
    (Interval(("estimate",)),),
    meaning="published pooled estimates and ranks",
    study_column="review_id",
)

MUSCLE_FUNCTION = Schema(
    "joint/muscle_function",
    "row_id",
    (
        _KEY,
        text("study_id", required=True),
        text("study", required=True),
        text("design", required=True),
        text("population", required=True),
        text("group", required=True),
        text("measure", required=True),
        number("time_weeks", "weeks", "range", low=0),
        number("value", "see unit", "range", "worded"),
        text("unit"),
        number("comparator_value", "see unit", "worded"),
        number("between_group", "see unit", "worded"),
        number("p", "", "bound", "worded", low=0, high=1),
        number("n", "people", "worded", low=1),
        URL,
        verified(),
        text("note"),
    ),
    meaning="strength, muscle and physical function",
    study_column="study_id",
)

TABLES = (TRIALS, ARMS, OUTCOMES, CONTRASTS, SAFETY, NETWORK_META, MUSCLE_FUNCTION)
