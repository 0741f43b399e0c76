"""Questionnaires: scores by their rule, no score where too little was answered, nothing that may not be computed."""

import pytest

from aimss.errors import OutOfScopeError, RecordError
from aimss.patient.instruments import INSTRUMENTS, SHOWN_ONLY, convert, score


@pytest.mark.parametrize(
    ("name", "items", "value"),
    [
        ("nrs", [7], 7),
        ("bpi_severity", [8, 2, 5, 5], 5.0),
        ("bpi_interference", [4, 4, 4, 4, None, None, None], 4.0),
        ("fact_es", [4] * 19, 76),
        ("fact_es", [2] * 10 + [None] * 9, 38),  # prorated: 20 x 19 / 10
        ("dash", [3] * 30, 50),
        ("dash", [5] * 27 + [None] * 3, 100),
        ("quick_dash", [1] * 10 + [None], 0),
        ("bcpt_ms", [1, 2, 3], 2),
        ("sf_mpq", [3] * 15, 45),
    ],
)
def test_a_score_follows_its_rule(name, items, value):
    assert score(name, items).value == pytest.approx(value)


def test_haq_takes_the_highest_item_of_each_category():
    items = {f"c{i}": [0, 2] for i in range(6)} | {"c6": [1], "c7": [None]}
    assert score("haq_di", items).value == pytest.approx(13 / 7)


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("bpi_severity", [8, 2, None, 5]),
        ("bpi_interference", [4, 4, 4, None, None, None, None]),
        ("dash", [3] * 26 + [None] * 4),
        ("quick_dash", [1] * 9 + [None] * 2),
        ("fact_es", [2] * 9 + [None] * 10),
        ("haq_di", {f"c{i}": [1] if i < 5 else [None] for i in range(8)}),
    ],
)
def test_too_few_answers_give_no_score_and_say_so(name, items):
    made = score(name, items)
    assert made.value is None
    assert "no score" in made.note


@pytest.mark.parametrize(
    ("name", "items", "words"),
    [
        ("nrs", [11], "0 to 10"),
        ("smiley", [3], "known range"),
        ("dash", [3] * 29, "30 entries"),
        ("haq_di", [1] * 8, "category"),
        ("nrs", {"a": [1]}, "list"),
    ],
)
def test_bad_items_are_refused(name, items, words):
    with pytest.raises(RecordError, match=words):
        score(name, items)


def test_what_may_only_be_shown_is_never_computed():
    for name in SHOWN_ONLY:
        with pytest.raises(OutOfScopeError):
            score(name, [1])
    assert "treatment decisions" in SHOWN_ONLY["pro_ctcae"]


def test_only_the_same_question_is_converted():
    assert convert(55, "vas_100", "nrs") == pytest.approx(5.5)
    assert convert(5.5, "nrs", "vas_100") == pytest.approx(55)
    for given, wanted in (("haq_di", "nrs"), ("bpi_average", "bpi_worst"), ("bcpt_ms", "nrs")):
        with pytest.raises(RecordError, match="source converts"):
            convert(2, given, wanted)
    with pytest.raises(RecordError):
        convert(101, "vas_100", "nrs")


def test_every_questionnaire_names_its_licence_and_the_status_of_its_rule():
    for instrument in INSTRUMENTS.values():
        assert instrument.licence
        assert instrument.missing_rule_status in {"source", "assumed"}
    assert "permission" in INSTRUMENTS["bpi_severity"].licence
    assert "2 points" in INSTRUMENTS["bpi_worst"].meaningful_change
