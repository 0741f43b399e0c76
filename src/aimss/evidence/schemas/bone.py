"""Bone: bone mineral density (BMD), markers, fractures, recovery after stopping, gradients of risk, incidence."""

from __future__ import annotations

from aimss.evidence.schema import (
    URL,
    AtMost,
    Column,
    Interval,
    Schema,
    choice,
    identifier,
    number,
    text,
    verified,
)

_KEY = Column("row_id", "integer", required=True)
_STUDY = text("study_id", required=True, refers_to="bone/studies")
_SOURCE = text("source_id", required=True, refers_to="bone/studies")
_END = (text("notes"), URL, text("quote_location", required=True), verified())

STUDIES = Schema(
    "bone/studies",
    "study_id",
    (
        text("study_id", required=True),
        text("trial_name"),
        identifier("pmid", "pmid"),
        identifier("doi", "doi"),
        choice("pmid_verified", "yes", "no", required=False),
        text("first_author"),
        number("year", low=1950, high=2100),
        text("journal"),
        text("title", required=True),
        text("design", required=True),
        number("n", "women", "worded", low=1),
        text("population"),
        text("drug"),
        text("comparator"),
        URL,
        choice("metadata_verified", "yes", "partial", "no"),
        text("cohort"),
        text("metadata_note"),
    ),
    meaning="studies of bone; `cohort` is the same where one population was reported more than once",
)

BMD = Schema(
    "bone/bmd",
    "row_id",
    (
        _KEY,
        _STUDY,
        text("arm", required=True),
        text("regimen", required=True),
        choice(
            "site",
            "lumbar_spine",
            "total_hip",
            "femoral_neck",
            "proximal_femur",
            "total_hip_vBMD_QCT",
            "distal_radius_total_vBMD",
            "distal_tibia_total_vBMD",
        ),
        number("time_months", "months", "range", "bound", "worded", low=-60),
        text("statistic", required=True),
        number("pct_change", "%", low=-100, high=100),
        number("se_or_sd", "%", low=0),
        text("dispersion"),
        number("ci_low", "%"),
        number("ci_high", "%"),
        number("n", "women", "worded", low=1),
        number("between_arm_difference", "% points"),
        number("diff_ci_low", "% points"),
        number("diff_ci_high", "% points"),
        *_END,
    ),
    (
        Interval(("pct_change",)),
        Interval(("between_arm_difference",), "diff_ci_low", "diff_ci_high"),
    ),
    meaning="change of BMD by arm, site and month; a range of months is the change within it",
    study_column="study_id",
)

MARKERS = Schema(
    "bone/markers",
    "row_id",
    (
        _KEY,
        _STUDY,
        text("arm", required=True),
        text("regimen", required=True),
        text("marker", required=True),
        number("time_months", "months", "range", "worded", low=0),
        number("pct_change", "%", low=-100),
        text("statistic", required=True),
        number("value_if_not_pct", "see units", "worded"),
        text("units"),
        number("se_or_sd", "see units", low=0),
        text("dispersion"),
        number("ci_low"),
        number("ci_high"),
        number("n", "women", "worded", low=1),
        *_END,
    ),
    # Where a row gives both, the printed interval is that of the value in its own unit.
    (Interval(("value_if_not_pct", "pct_change")),),
    meaning="bone turnover markers and estrogens by arm and month",
    study_column="study_id",
)

FRACTURES = Schema(
    "bone/fractures",
    "row_id",
    (
        _KEY,
        _STUDY,
        text("arm", required=True),
        text("comparator", required=True),
        text("regimen"),
        text("fracture_type", required=True),
        number("time_months", "months", "range", "bound", "worded", low=0),
        number("events_arm", "events", low=0),
        number("n_or_py_arm", "see denominator", "worded", low=1),
        choice("denominator", "persons", required=False),
        number("pct_arm", "%", low=0, high=100),
        number("rate_per_1000py_arm", "per 1000 person-years", low=0),
        number("events_comp", "events", low=0),
        number("n_or_py_comp", "see denominator", low=1),
        number("pct_comp", "%", low=0, high=100),
        number("rate_per_1000py_comp", "per 1000 person-years", low=0),
        text("measure"),
        number("estimate"),
        number("ci_low"),
        number("ci_high"),
        number("p_value", low=0, high=1),
        *_END,
    ),
    (Interval(("estimate",)), AtMost("events_arm", "n_or_py_arm"), AtMost("events_comp", "n_or_py_comp")),
    meaning="fractures by arm against a comparator",
    study_column="study_id",
)

RECOVERY = Schema(
    "bone/recovery",
    "row_id",
    (
        _KEY,
        _STUDY,
        text("arm", required=True),
        text("what_stopped", required=True),
        text("site_or_outcome", required=True),
        number("months_after_stop", "months", "worded", low=0),
        number("value", "see unit"),
        text("unit", required=True),
        number("ci_low"),
        number("ci_high"),
        number("se", low=0),
        number("n", "women", "worded", low=1),
        text("comparator_value"),
        choice("measure", "mean", "median"),
        *_END,
    ),
    (Interval(("value",)),),
    meaning="what happens to bone after a drug is stopped",
    study_column="study_id",
)

RISK_GRADIENTS = Schema(
    "bone/risk_gradients",
    "row_id",
    (
        _KEY,
        _STUDY,
        text("factor", required=True),
        text("outcome", required=True),
        choice("sex", "women", "men", "both"),
        number("age", "years", "range", "worded"),
        choice("bmd_adjusted", "yes", "no"),
        text("measure", required=True),
        number("estimate", required=True),
        number("ci_low"),
        number("ci_high"),
        text("per_unit"),
        *_END,
    ),
    (Interval(("estimate",)),),
    meaning="how fracture risk changes with BMD and clinical risk factors",
    study_column="study_id",
)

INCIDENCE = Schema(
    "bone/incidence",
    "row_id",
    (
        _KEY,
        _SOURCE,
        text("population", required=True),
        choice("sex", "women", "both", "men v women"),
        text("age_band", required=True),
        text("fracture_type", required=True),
        text("measure", required=True),
        number("value", "see unit", "range", required=True),
        text("unit", required=True),
        *_END,
    ),
    meaning="fracture incidence in populations",
    study_column="source_id",
)

REFERENCE_BMD = Schema(
    "bone/reference_bmd",
    "row_id",
    (
        _KEY,
        _SOURCE,
        text("kind", required=True),
        text("population", required=True),
        text("device_or_method", required=True),
        choice("sex", "women", "both"),
        text("age_band"),
        text("site", required=True),
        number("mean_g_cm2", "g/cm2", low=0.2, high=2),
        number("sd_g_cm2", "g/cm2", low=0.01, high=1),
        number("n", "people", low=1),
        *_END,
    ),
    meaning="reference BMD as printed in studies of bone",
    study_column="source_id",
)

TABLES = (STUDIES, BMD, MARKERS, FRACTURES, RECOVERY, RISK_GRADIENTS, INCIDENCE, REFERENCE_BMD)
