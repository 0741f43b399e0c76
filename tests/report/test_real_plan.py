"""Pages of real plans: the example women through the model, the rules and the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from html_reading import read_html

import aimss
from aimss.forecast.plan_document import PlanDocument
from aimss.forecast.plan_schema import plan_schema
from aimss.report.page import render_page
from aimss.report.words import plain_field

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.stem)
def plan(request) -> PlanDocument:
    return aimss.plan(request.param, twins=50, years=10)


@pytest.fixture(scope="module")
def page(plan):
    return read_html(render_page(plan))


def test_it_keeps_to_the_published_schema(plan):
    jsonschema.validate(json.loads(plan.model_dump_json(by_alias=True)), plan_schema())


def test_every_strategy_and_site_is_on_the_page(plan, page):
    for strategy in plan.strategies:
        assert strategy.label in page.text
    titles = {t.text for s in page.all("svg") for t in s.all("title")}
    assert {"T-score at the spine", "T-score at the hip", "T-score at the femoral neck"} <= titles


def test_shown_values_are_those_of_the_plan(plan, page):
    spine = next(t for t in page.all("tbody") if t.all("th") and t.all("th")[0].text == "T-score at the spine")
    for row, strategy in zip(spine.all("tr")[1:], plan.strategies, strict=True):
        at = strategy.times_months.index(60)
        series = strategy.bmd["lumbar_spine"].t_score
        shown = [float(n.replace("−", "-")) for n in re.findall(r"−?\d+\.\d", row.all("td")[2].text)]
        assert shown == pytest.approx([series.median[at], series.low90[at], series.high90[at]], abs=0.051)


def test_every_banner_scan_and_gap_is_told(plan, page):
    for banner in plan.banners:
        assert " ".join(banner.text.split()) in page.text
    for item in plan.missing:
        assert plain_field(item.field) in page.text
    for scan in plan.scans:
        assert scan.as_given in page.text


def test_denosumab_never_stands_without_its_warning(plan, page):
    shown = any("denosumab" in f"{s.label} {s.name}".lower() for s in plan.strategies)
    assert ("must never be stopped or delayed" in page.text) == shown


def test_no_field_names_or_nulls_leak_into_the_short_answer(plan):
    for sentence in plan.short_answer:
        assert not re.search(r"_|\bNone\b|\bnan\b|\{|\}", sentence), sentence


def test_every_gap_has_a_plain_name(plan):
    for item in plan.missing:
        if not item.field.startswith(("drugs[", "dxa[")):
            assert plain_field(item.field) != re.sub(r"[_.\[\]():]+", " ", item.field).strip(), item.field


def test_nothing_on_the_page_speaks_of_her_in_the_third_person(page):
    found = re.findall(r"[^.;|]{0,40}\b(?:she|her|hers|herself)\b[^.;|]{0,40}", page.text, re.IGNORECASE)
    assert found == []


def test_a_loss_of_bone_has_a_true_minus(page):
    assert not re.search(r"(?<![\w.:])-\d+\.\d %", page.text)
