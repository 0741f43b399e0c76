"""Joints, remedies, stopping, benefits and harms on the page: ranges, definitions, and no outcome alone."""

from __future__ import annotations

import pytest
from html_reading import read_html
from hypothesis import given
from hypothesis import strategies as st
from plan_factory import EXPLAIN, HARMS, JOINTS, document, whole_document

import aimss
from aimss.report.answer import short_answer
from aimss.report.charts.people import people_svg
from aimss.report.joints import joint_sentence, pictured
from aimss.report.page import render_page


@pytest.fixture(scope="module")
def page():
    return read_html(render_page(whole_document()))


def section(page, name):
    return next(s for s in page.all("section") if s.attributes.get("id") == name)


def test_sections_come_in_the_order_of_the_product(page):
    contents = next(n for n in page.all("nav") if n.attributes.get("aria-label") == "On this page")
    assert [a.attributes["href"][1:] for a in contents.all("a")] == [
        "joints", "choices", "remedies", "bones", "guidelines", "safety", "harms", "missing", "width", "believe",
    ]  # fmt: skip


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_hundred_marks_always(without, with_drug):
    svg = people_svg("x", without, with_drug, "title")
    background, drug, other = (svg.count(f'class="{kind}"') for kind in ("background", "drug", "other"))
    assert background + drug + other == 100
    assert background == round(100 * min(without, with_drug))
    assert background + drug == round(100 * with_drug)


def test_marks_differ_in_shape_not_only_in_colour():
    svg = people_svg("x", 0.3, 0.5, "title")
    assert svg.count("<path") == 20
    assert svg.count("<circle") == 80


def test_a_probability_of_more_than_one_is_refused():
    with pytest.raises(ValueError, match="from 0 to 1"):
        people_svg("x", 0.2, 66, "title")


def test_counts_stand_with_range_and_definition(page):
    text = section(page, "joints").text
    assert "66 of 100 with the drug (59 to 73), 60 of 100 without it (52 to 66)." in text
    assert text.count("Counted: new or worse joint pain, asked repeatedly.") == 4
    assert "worst joint pain in the last 24 hours, 0-10" in text


def test_the_share_is_a_range_for_each_kind_of_evidence(page):
    text = section(page, "joints").text
    for words in ("8 to 18 of 100 reports", "14 to 49 of 100 reports", "4 to 23 of 100 reports", "this model"):
        assert words in text
    assert "Nobody can say this of one woman" in text


def test_every_choice_shows_all_four_outcomes(page):
    table = section(page, "choices").all("table")[0]
    assert len(table.all("th")) == 5 + 3
    for row in table.all("tbody")[0].all("tr"):
        cells = row.all("td")
        assert len(cells) == 4
        assert all(cell.text for cell in cells)


def test_what_limits_a_figure_stands_beside_it(page):
    stop = section(page, "choices").all("tbody")[0].all("tr")[1]
    visible = [s.text for s in stop.all("span") if not s.inside("details")]
    assert "No trial shows less pain." in visible
    assert "The rest folds." in stop.all("details")[0].text


def test_an_outcome_without_data_says_so_and_does_not_vanish():
    joints = {**JOINTS, "choices": [{"name": "stop", "label": "Stop it"}, JOINTS["choices"][0]]}
    table = section(read_html(render_page(document(joints=joints))), "choices").all("table")[0]
    assert [c.text for c in table.all("td")[:4]] == [
        "not forecast",
        "not forecast",
        "not forecast",
        "no figure was found",
    ]


def test_one_choice_is_none():
    joints = {**JOINTS, "choices": JOINTS["choices"][:1]}
    ids = [s.attributes.get("id") for s in read_html(render_page(document(joints=joints))).all("section")]
    assert "choices" not in ids


def test_remedies_show_the_specific_effect_apart_and_their_comparator(page):
    rows = [r for t in section(page, "remedies").all("tbody") for r in t.all("tr")]
    assert rows[0].all("th")[0].text == "Duloxetine against placebo pill"
    assert rows[0].all("td")[0].text == "−0.6 −0.9 to −0.2"
    assert rows[0].all("td")[1].text == "−1.5 −2.3 to −0.8"
    assert [c.text for c in rows[1].all("td")[:2]] == ["no number", "no number"]
    assert "the order here is no ranking" in section(page, "remedies").text


def test_a_remedy_without_a_weighed_trial_folds_away(page):
    part = section(page, "remedies")
    rows = {r.all("th")[0].text: r for t in part.all("tbody") for r in t.all("tr")}
    assert rows["Vitamin D"].inside("details")
    assert not rows["Duloxetine against placebo pill"].inside("details")


def test_a_plan_with_half_of_the_joint_data_has_half_of_the_sections():
    joints = {k: v for k, v in JOINTS.items() if k in {"schema", "instrument", "remedies"}}
    ids = [s.attributes.get("id") for s in read_html(render_page(document(joints=joints))).all("section")]
    assert "remedies" in ids
    assert "joints" not in ids
    assert "choices" not in ids


def test_benefit_stands_before_harm_and_an_unverified_number_is_flagged(page):
    part = section(page, "harms")
    near, far = part.all("tbody")
    rows = near.all("tr")
    assert [r.all("th")[0].text for r in rows] == ["benefit recurrence", "harm osteonecrosis of the jaw"]
    assert "not verified, read the source" in rows[1].text
    assert "not verified" not in rows[0].text
    assert "low calcium on dialysis" in far.text
    assert "another population" in far.text
    assert part.all("summary")[0].text == "Zoledronate B 1 benefit, 2 harms"


def test_explanation_names_driver_and_test(page):
    text = section(page, "width").text
    assert "44 of 100: her own yearly change" in text or "45 of 100: her own yearly change" in text
    assert "DXA of the spine in a year: narrower by 27 of 100" in text
    assert "no single test by as much as 1 of 100" in text


def test_short_answer_begins_with_the_joints():
    first = short_answer(whole_document())[0]
    assert first.startswith(
        "Stiff or achy joints: 66 of 100 women like you within 12 months with the drug (range 59 to 73)"
    )
    assert "Counted: new or worse joint pain, asked repeatedly." in first


def test_absent_parts_are_absent():
    ids = [s.attributes.get("id") for s in read_html(render_page(document())).all("section")]
    assert not {"joints", "choices", "remedies", "harms", "width"} & set(ids)


def test_markup_in_joint_and_harm_texts_is_shown_and_not_run():
    bad = "<script>alert(1)</script>"
    joints = {**JOINTS, "onset": bad, "caveats": [bad], "instrument": bad}
    html = render_page(
        document(joints=joints, harms=[{**HARMS[0], "outcome": bad}], explain={**EXPLAIN, "method": bad})
    )
    assert "<script" not in html
    assert bad in read_html(html).text


def test_a_woman_long_on_the_drug_reads_how_much_it_hurts_not_whether_it_ever_did() -> None:
    document = aimss.plan("examples/letrozole-three-years-falling-dxa.yaml", ["ai_alone"], years=2, twins=60)
    assert pictured(document) == "GE4"
    assert "4 or more out of 10" in joint_sentence(document)
    starting = aimss.plan("examples/early-menopause-starting-letrozole.yaml", ["ai_alone"], years=2, twins=60)
    assert pictured(starting) == "S-CUM"
