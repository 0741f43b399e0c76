"""The page in a real browser: nothing is fetched, no complaint, nothing sticks out at any width."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import Browser, find_browser
from plan_factory import whole_document

import aimss
from aimss.report.page import write_page

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium or Chrome is installed")

STICKING_OUT = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll') && !e.closest('.skip')
  && e.getBoundingClientRect().width > 0 && !e.closest('thead') && !e.closest('svg')
  && e.getBoundingClientRect().right > window.innerWidth + 1).map(e => e.tagName + '.' + e.className)"""


@pytest.fixture(scope="module")
def browser():
    instance = Browser(str(find_browser()))
    yield instance
    instance.close()


EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module", params=["every section", "anastrozole-joint-pain-six.yaml"])
def page(request, tmp_path_factory):
    """A page of invented data with every section, and one of an example woman."""
    made = whole_document() if request.param == "every section" else aimss.plan(EXAMPLES / request.param, twins=50)
    return write_page(made, tmp_path_factory.mktemp("page") / "page.html")


@pytest.mark.parametrize("width", [400, 800, 1200])
def test_nothing_sticks_out(browser, page, width):
    browser.open(page, width=width)
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.evaluate("window.innerWidth") == width
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(STICKING_OUT) == []


def test_row_headings_of_stacked_tables_use_the_width(browser, page):
    browser.open(page, width=400)
    narrowest = browser.evaluate(
        "Math.min(...[...document.querySelectorAll('table.stack tbody th')].filter(e => e.offsetWidth)"
        ".map(e => e.offsetWidth))"
    )
    assert narrowest > 300


def test_no_request_and_no_complaint(browser, page):
    browser.open(page)
    assert browser.requests() == [page.as_uri()]
    assert browser.complaints() == []


def test_a_fetch_would_be_seen_and_stopped(browser, tmp_path):
    path = tmp_path / "bad.html"
    path.write_text("<!doctype html><html><body><img src='http://127.0.0.1:9/x.png' alt=''></body></html>")
    browser.open(path)
    assert "http://127.0.0.1:9/x.png" in browser.requests()


def test_dark_colours_are_used(browser, page):
    browser.open(page, dark=True)
    dark = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    line = browser.evaluate("getComputedStyle(document.querySelector('svg.chart [stroke=\"#0072B2\"]')).stroke")
    browser.open(page)
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    assert browser.evaluate("getComputedStyle(document.querySelector('svg.chart [stroke=\"#0072B2\"]')).stroke") != line


def test_it_prints(browser, page):
    browser.open(page)
    pdf = browser.pdf()
    sheets = pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ")
    assert pdf.startswith(b"%PDF")
    assert sheets in range(3, 16)  # what is folded stays out
