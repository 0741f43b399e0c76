"""Numbers in plain words."""

from __future__ import annotations

import itertools

import pytest
from html_reading import read_html
from hypothesis import given
from hypothesis import strategies as st
from plan_factory import JOINTS, RULES, document, safety_rule, strategy

from aimss.forecast.plan_document import Series
from aimss.report.answer import at_first_sight, short_answer
from aimss.report.charts.layers import spread_labels, thin
from aimss.report.page import render_page
from aimss.report.reading import Estimate, at, t_score_scale
from aimss.report.words import (
    base_of,
    interval,
    month_from_today,
    number,
    of_base,
    of_base_interval,
    plain_field,
    years,
)


@pytest.mark.parametrize(
    ("value", "text"), [(-2.14, "−2.1"), (0.04, "0.0"), (-0.04, "0.0"), (1.25, "1.2"), (-10, "−10.0")]
)
def test_number(value, text):
    assert number(value) == text


def test_interval_has_a_true_minus():
    assert interval(Estimate(-1.5, -2.0, -0.9)) == "−2.0 to −0.9"


def test_natural_frequencies():
    seven = Estimate(0.07, 0.041, 0.118)
    assert (of_base(seven), of_base_interval(seven)) == ("7 of 100", "4 to 12")
    rare = Estimate(0.004, 0.0003, 0.012)
    assert base_of([seven, rare]) == 100
    assert base_of([rare, None]) == 1000
    assert of_base(rare) == "under 1 of 100"
    assert (of_base(rare, 1000), of_base_interval(rare, 1000)) == ("4 of 1000", "under 1 to 12")
    assert base_of([seven, None]) == 100
    assert of_base(Estimate(0, 0, 0)) == "0 of 100"


@pytest.mark.parametrize(("months", "text"), [(12, "1 year"), (24, "2 years"), (30, "2.5 years"), (120, "10 years")])
def test_years(months, text):
    assert years(months) == text


@pytest.mark.parametrize(
    ("month", "text"), [(None, "no date given"), (0, "today"), (1, "in 1 month"), (-26, "26 months ago")]
)
def test_months(month, text):
    assert month_from_today(month) == text


def test_value_between_two_times_lies_on_the_line_and_outside_is_none():
    series = Series(median=[0, 2], low90=[-1, 0], high90=[1, 4], low50=[0, 1], high50=[0, 3])
    assert at(series, [0, 12], 6) == Estimate(1, -0.5, 2.5)
    assert at(series, [0, 12], 12) == Estimate(2, 0, 4)
    assert at(series, [0, 12], 13) is None


def test_t_score_scale_is_read_back_from_a_forecast():
    scale = t_score_scale(document().strategies[0].bmd["lumbar_spine"])
    assert scale is not None
    assert (scale.young_mean, scale.young_sd) == (pytest.approx(1.047), pytest.approx(0.110))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6))
def test_labels_keep_their_order_and_their_middle(positions):
    moved = spread_labels(positions, 0.3)
    assert sum(moved) == pytest.approx(sum(positions), abs=1e-6)
    order = sorted(range(len(moved)), key=lambda i: positions[i])
    ranked = [moved[i] for i in order]
    assert all(b - a > 0.25 for a, b in itertools.pairwise(ranked))


@given(st.integers(1, 5000))
def test_thinned_series_keep_both_ends(count):
    kept = thin(count)
    assert kept[0] == 0
    assert kept[-1] == count - 1
    assert len(kept) <= 62


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("laboratory: vitamin_d_25oh", "vitamin D level"),
        ("dxa (total_hip)", "bone scan (DXA) of the hip"),
        ("risk_factors.smoking", "smoking"),
        ("complete_lists: drugs", "whether the list of medicines is complete"),
        ("drugs[0].start", "drugs 0 start"),
    ],
)
def test_fields_have_plain_names(field, text):
    assert plain_field(field) == text


def test_short_answer_is_plain_and_complete():
    text = " ".join(short_answer(document()))
    assert "T-score of about −1.6 today (" in text
    assert "women like you break a bone within 5 years (range 6 to 18)" in text
    assert "Counted: a first hip" in text
    assert "Not in the record" in text
    assert "%" not in text


def test_short_answer_says_when_there_is_no_scan():
    assert "No scan of your spine is in the record" in " ".join(short_answer(document(scans=[])))


def test_one_strategy_is_compared_with_nothing():
    text = " ".join(short_answer(document(strategies=[strategy("one", "One")], banners=[])))
    assert "other choice" not in text


def test_a_comparison_is_not_called_a_choice():
    never = strategy("no_ai", "Never", fracture=0.08, flags=["counterfactual"])
    text = " ".join(short_answer(document(strategies=[strategy("a", "A", fracture=0.2), never], banners=[])))
    assert "other choice" not in text
    assert (
        "Without any aromatase inhibitor it would be 8 of 100 (range 4 to 14), but without what the drug does" in text
    )


def test_overlap_is_said_only_when_there_is_one():
    far = document(strategies=[strategy("a", "A", fracture=0.2), strategy("b", "B", fracture=0.02)], banners=[])
    near = document(strategies=[strategy("a", "A", fracture=0.2), strategy("b", "B", fracture=0.19)], banners=[])
    assert "overlap" not in " ".join(short_answer(far))
    assert "overlap" in " ".join(short_answer(near))


def loaded():
    """A plan on which everything fires: a red flag, a contraindication, denosumab, guidelines, gaps."""
    rules = {
        **RULES,
        "safety": [*RULES["safety"], safety_rule("SAF-RED-02", "fires", red_flag=True, seen=["night pain"])],
    }
    return document(rules=rules, joints=JOINTS)


def test_short_answer_shows_six_the_most_important_first():
    shown, more = at_first_sight(short_answer(loaded()))
    assert len(shown) == 6
    starts = [
        "First: a clinician",
        "Stiff or achy",
        "Your ",
        "With that choice",
        "As the record stands",
        "Denosumab must",
    ]
    for sentence, start in zip(shown, starts, strict=True):
        assert sentence.startswith(start)
    assert any("Not in the record" in sentence for sentence in more)


def test_nothing_of_the_short_answer_is_lost_from_the_page():
    page = read_html(render_page(loaded()))
    answer = next(s for s in page.all("section") if s.attributes.get("id") == "answer")
    assert len(answer.all("li")) == 6
    assert "#more-answer" in [a.attributes["href"] for a in answer.all("a")]
    items = [
        li.text
        for s in page.all("section")
        if s.attributes.get("id") in {"answer", "more-answer"}
        for li in s.all("li")
    ]
    assert items == [" ".join(sentence.split()) for sentence in short_answer(loaded())]


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (6, 6), (7, 7), (8, 6), (12, 6)])
def test_one_sentence_alone_is_not_sent_below(count, shown):
    sentences = [str(i) for i in range(count)]
    first, rest = at_first_sight(sentences)
    assert len(first) == shown
    assert first + rest == sentences


def test_a_frax_score_is_not_laid_beside_any_fracture():
    record = {**document().record, "frax": [{"country": "US", "major_osteoporotic_percent": 10.5, "hip_percent": 1.4}]}
    plan = document(record=record)
    text = read_html(render_page(plan)).text
    assert (
        "FRAX in the record (US), within 10 years: 10.5 of 100 for a major osteoporotic fracture and 1.4 of 100" in text
    )
    hip = plan.strategies[0].fracture["hip"].cumulative_probability.median[-1]
    assert f"choice A comes to {round(1000 * hip)} of 1000" in text
    bare = read_html(render_page(document())).text
    assert "Not to be laid beside a FRAX score" in bare
    assert "FRAX in the record" not in bare
