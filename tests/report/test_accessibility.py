"""The page for a keyboard, a screen reader, weak eyes: checked on the markup and computed from the style sheet."""

from __future__ import annotations

import itertools
import re

import pytest
from html_reading import read_html
from plan_factory import whole_document

from aimss.charting import PALETTE
from aimss.report.page import render_page, stylesheet


@pytest.fixture(scope="module")
def page():
    return read_html(render_page(whole_document()))


def test_language_title_and_one_main(page):
    assert page.all("html")[0].attributes["lang"] == "en"
    assert page.all("title")[0].text
    assert len(page.all("main")) == 1
    assert len(page.all("h1")) == 1
    assert page.all("header")
    assert page.all("footer")


def test_headings_go_down_one_step_at_a_time(page):
    levels = [int(h.tag[1]) for h in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_every_chart_is_named_described_and_has_its_numbers(page):
    charts = [s for s in page.all("svg") if s.attributes.get("role") == "img"]
    assert len(charts) >= 6
    for chart in charts:
        titles, descriptions = chart.all("title"), chart.all("desc")
        assert len(titles) == 1
        assert titles[0].text
        assert len(descriptions) == 1
        assert len(descriptions[0].text) > 40
        assert chart.attributes["aria-labelledby"].split() == [
            titles[0].attributes["id"],
            descriptions[0].attributes["id"],
        ]
        figure = chart
        while figure.tag != "figure":
            assert figure.parent is not None, titles[0].text
            figure = figure.parent
        assert figure.all("table"), titles[0].text


def test_pictures_that_say_nothing_are_hidden(page):
    for svg in page.all("svg"):
        assert svg.attributes.get("role") == "img" or svg.attributes.get("aria-hidden") == "true"


def test_ids_are_unique_and_references_resolve(page):
    everything = page.all(*{e.tag for e in _walk(page)})
    ids = [e.attributes["id"] for e in everything if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in everything:
        for name in ("aria-labelledby", "aria-describedby"):
            for reference in element.attributes.get(name, "").split():
                assert reference in ids
        for match in re.findall(r"url\(#([^)]+)\)", " ".join(element.attributes.values())):
            assert match in ids


def _walk(element):
    for child in element.children:
        yield child
        yield from _walk(child)


def test_every_table_has_a_caption_and_scoped_headers(page):
    assert page.all("table")
    for table in page.all("table"):
        assert table.all("caption")[0].text
        for header in table.all("th"):
            assert header.attributes.get("scope") in {"col", "row", "rowgroup"}
        assert any(h.attributes["scope"] == "col" for h in table.all("th"))


def test_what_scrolls_can_be_reached_by_keyboard(page):
    for box in page.all("div"):
        if "scroll" in box.attributes.get("class", "").split():
            assert box.attributes.get("tabindex") == "0"
            assert box.attributes.get("role") == "region"
            assert box.attributes.get("aria-label")


def test_strategies_differ_by_letter_and_dash_not_by_colour_alone(page):
    chart = next(s for s in page.all("svg") if s.all("title") and s.all("title")[0].text == "T-score at the spine")
    texts = {t.text for t in chart.all("text")}
    assert {"A", "B", "C", "D"} <= texts
    dashes = {p.attributes["stroke-dasharray"] for p in chart.all("path") if "stroke-dasharray" in p.attributes}
    assert len(dashes) >= 4


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(a: str, b: str) -> float:
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _schemes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", stylesheet(), flags=re.DOTALL)
    light, dark = (dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    return {"light": light, "dark": dark}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_at_least_aa(scheme):
    colours = _schemes()[scheme]
    papers = [colours[name] for name in ("paper", "soft", "alert-paper", "warn-paper")]
    inks = [name for name in colours if name not in {"paper", "soft", "alert-paper", "warn-paper", "line"}]
    assert len(inks) == 5 + len(PALETTE)
    for ink in inks:
        for paper in papers:
            assert _contrast(colours[ink], paper) >= 4.5, (scheme, ink, paper)


def test_contrast_formula_on_known_pairs():
    # WCAG 2.2: black on white is 21:1; #767676 is the lightest grey that passes on white.
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert 4.5 <= _contrast("#767676", "#ffffff") < 4.6


def test_each_data_colour_has_a_variable_in_both_schemes():
    text = stylesheet()
    for index, colour in enumerate(PALETTE, start=1):
        assert f'[stroke="{colour}"] {{ stroke: var(--s{index}); }}' in text
        assert all(f"s{index}" in scheme for scheme in _schemes().values())
