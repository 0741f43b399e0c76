from __future__ import annotations

import math

import pytest

from aimss.errors import AimssError, EvidenceError, SeveralErrors
from aimss.evidence.schema import Column, Interval, Schema, Share, choice, number, text
from aimss.evidence.schemas.prevalence import DEFINITION_CLASSES
from aimss.evidence.tables import exceptions, load_table, read_table, table_names
from aimss.evidence.values import Bound, Range, Worded


@pytest.mark.parametrize("name", table_names())
def test_every_table_of_the_library_keeps_its_declaration(name: str) -> None:
    table = load_table(name)
    assert len(table) > 0
    assert len({row.id for row in table}) == len(table)


def test_cells_hold_what_was_printed() -> None:
    bmd = load_table("bone/bmd")
    assert bmd["1"].number("pct_change") == -4.1
    assert Range(12, 24) in {row["time_months"] for row in bmd}
    assert Worded("301/301") in {row["n"] for row in bmd}
    estrogen = load_table("pharmacology/estrogen")
    assert Bound(">", 99.1) in {row["value"] for row in estrogen}
    with pytest.raises(EvidenceError, match=r"expected an exact number; found '>99.1'"):
        next(row for row in estrogen if row["value"] == Bound(">", 99.1)).number("value")


def test_dataframe_never_turns_a_bound_into_a_number() -> None:
    frame = load_table("joint/contrasts").to_dataframe()
    bound = frame[frame.p_as_printed == "<0.001"]
    assert len(bound) >= 3
    assert all(math.isnan(p) for p in bound.p)
    assert frame.mean_difference.dtype == float


def test_every_prevalence_row_is_classed_and_duplicates_stay_in_their_cohort() -> None:
    table = load_table("prevalence/prevalence")
    assert {row["definition_class"] for row in table} <= set(DEFINITION_CLASSES)
    for row in table:
        if row["duplicate_of"]:
            kept = table[row.text("duplicate_of")]
            assert kept["cohort"] == row["cohort"]
            assert kept["duplicate_of"] is None
            assert kept["definition_class"] == row["definition_class"]
            assert row["duplicate_reason"]


def test_penn_survey_is_counted_once() -> None:
    rows = load_table("prevalence/prevalence").where(cohort="Penn/MSK survey")
    assert [row.text("study_id") for row in rows if row["duplicate_of"] is None] == ["romero2020"]


def test_same_cohort_has_one_name_across_the_libraries() -> None:
    cohorts = [
        {row["cohort"] for row in load_table(name)} for name in ("bone/studies", "prevalence/studies", "joint/trials")
    ]
    assert {"ATAC", "IES", "TEAM"} <= cohorts[0] & cohorts[1]
    assert {"HOPE", "SWOG S1200"} <= cohorts[1] & cohorts[2]


SCHEMA = Schema(
    "bone/example",
    "row_id",
    (
        Column("row_id", "integer", required=True),
        text("arm", required=True),
        choice("site", "lumbar_spine", "total_hip"),
        number("value", "%", "bound", low=-100),
        number("ci_low"),
        number("ci_high"),
        number("events"),
        number("n"),
    ),
    (Interval(("value",)), Share("value", "events", "n")),
)
HEADER = "row_id,arm,site,value,ci_low,ci_high,events,n\n"


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ("1,letrozole,lumbar_spine,abc,,,,\n", "line 2, column value", "a number or a bound from -100"),
        ("1,letrozole,lumbar_spine,-101,,,,\n", "line 2, column value", "found '-101'"),
        ("1,letrozole,lumbar_spine,nan,,,,\n", "line 2, column value", "found 'nan'"),
        ("1,letrozole,wrist,1,,,,\n", "line 2, column site", "one of lumbar_spine, total_hip"),
        ("1,,lumbar_spine,1,,,,\n", "line 2, column arm", "found 'nothing'"),
        ("1,a,lumbar_spine,1,2,3,,\n", "line 2, column value", "inside its interval [2, 3]"),
        ("1,a,lumbar_spine,,3,2,,\n", "line 2, column ci_low", "at most ci_high (2)"),
        ("1,a,lumbar_spine,0.47,,,139,300\n", "line 2, column value", "139/300 = 0.4633"),
        ("1,a,lumbar_spine,1,,,,\n1,b,total_hip,1,,,,\n", "line 3, column row_id", "an identity used once"),
        ("1,a,lumbar_spine,1,,,\n", "line 2", "8 cells"),
        ("x,a,lumbar_spine,1,,,,\n", "line 2, column row_id", "a whole number"),
    ],
)
def test_a_broken_row_is_named_by_file_line_and_column(body: str, field: str, message: str) -> None:
    with pytest.raises(SeveralErrors) as caught:
        read_table(SCHEMA, HEADER + body)
    first: AimssError = caught.value.errors[0]
    assert first.field == f"bone/example.csv {field}"
    assert message in str(first)


def test_unknown_and_missing_columns_are_named() -> None:
    with pytest.raises(SeveralErrors) as caught:
        read_table(SCHEMA, HEADER.replace("arm", "group"))
    assert [error.field for error in caught.value.errors] == [
        "bone/example.csv line 1, column group",
        "bone/example.csv line 1, column arm",
    ]


def test_all_faults_of_a_file_are_shown() -> None:
    with pytest.raises(SeveralErrors) as caught:
        read_table(SCHEMA, HEADER + "1,a,wrist,x,,,,\n2,,total_hip,1,,,,\n")
    assert len(caught.value.errors) == 3


def test_an_exception_is_for_one_row_and_one_rule_and_must_still_be_needed() -> None:
    body = HEADER + "1,a,lumbar_spine,0.47,,,139,300\n"
    assert len(read_table(SCHEMA, body, frozenset({("1", "share")}))) == 1
    with pytest.raises(SeveralErrors, match=r"take it off exceptions\.csv"):
        read_table(SCHEMA, body.replace("0.47", "0.463"), frozenset({("1", "share")}))
    with pytest.raises(SeveralErrors, match="no such row"):
        read_table(SCHEMA, body.replace("0.47", "0.463"), frozenset({("9", "share")}))


def test_every_exception_has_a_reason() -> None:
    assert all(len(reason) > 20 for *_, reason in exceptions())


def test_an_id_without_a_study_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from aimss.evidence import tables

    schema = Schema("bone/example", "row_id", (SCHEMA.columns[0], text("study_id", refers_to="bone/studies")))
    table = read_table(schema, "row_id,study_id\n1,ATAC_BONE_2006\n2,NO_SUCH_TRIAL\n")
    with pytest.raises(SeveralErrors, match=r"line 3, column study_id.*'NO_SUCH_TRIAL'"):
        tables._check_references(table)


def test_unknown_table_lists_the_known_ones() -> None:
    with pytest.raises(EvidenceError, match="bone/bmd"):
        load_table("bone/nonsense")
