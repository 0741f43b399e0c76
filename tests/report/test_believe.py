"""The last section of the page: validation figures read from the plan, misses as loud as hits, each with its limits."""

from __future__ import annotations

import json

import pytest
from html_reading import read_html
from plan_factory import JOINTS, document, validation, validation_part

from aimss.calibration.validation_summary import COMMAND, data_sha256, shipped_summary
from aimss.forecast.plan_document import ValidationPart
from aimss.report.believe import LIMITS, LIMITS_OF, SHORT, believe, held, judge
from aimss.report.page import render_page


def part(name="bmd_on_ai", **changes):
    return ValidationPart.model_validate(validation_part(name, **changes))


def scores(*parts, **changes):
    return validation(*(p.model_dump() for p in parts), **changes)


def shown(*parts, **changes):
    return read_html(render_page(document(validation=scores(*parts), joints=JOINTS, **changes)))


def test_packaged_scores_are_those_of_the_shipped_data():
    packaged, now = shipped_summary().data_sha256, data_sha256()
    changed = [name for name in now if packaged.get(name) != now[name]]
    assert packaged == now, f"{', '.join(changed)} changed since the scores were made; run: {COMMAND}"
    from aimss.body.parameters import default
    from aimss.forecast.run_record import parameters_sha256

    assert shipped_summary().parameters_sha256 == parameters_sha256(default()), f"run: {COMMAND}"
    assert shipped_summary().command == "aimss validate"


def test_stale_scores_are_noticed(tmp_path, monkeypatch):
    import aimss.calibration.validation_summary as module

    real = module.files
    for room in ("body", "calibration"):
        for name, file in ((n, real(f"aimss.{room}").joinpath(n.removeprefix(f"{room}/"))) for n in data_sha256()):
            if name.startswith(f"{room}/"):
                copy = tmp_path / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(file.read_bytes())
    monkeypatch.setattr(module, "files", lambda package: tmp_path / package.removeprefix("aimss."))
    assert module.data_sha256() == shipped_summary().data_sha256
    (tmp_path / "body/parameters.csv").write_text("other")
    assert module.data_sha256() != shipped_summary().data_sha256


@pytest.mark.slow
def test_packaged_scores_are_reproduced(tmp_path):
    from aimss.calibration.run_validation import validate
    from aimss.calibration.validation_summary import summarise

    assert summarise(*validate(peers=False)) == shipped_summary()


def test_every_part_has_a_name_and_limits():
    assert set(SHORT) == set(LIMITS_OF) == {p.part for p in shipped_summary().parts}
    assert {name for names in LIMITS_OF.values() for name in names} <= set(LIMITS)


def test_criteria():
    assert judge(part()) == (True, "criteria met")
    assert judge(part(inside=40))[0] is False  # 80 %
    assert judge(part(inside=50))[0] is False  # 100 %: wider than needed
    assert "more than 50 %" in judge(part(ours=1.6))[1]
    assert judge(part(ours=1.5))[0] is True
    assert judge(part(n=5, inside=4, simple=None))[0] is None  # 4 of 5 and 5 of 5 both miss 82-97 %
    assert judge(part(own_study_effect=True, inside=50)) == (None, "agreement, not a test")
    assert "chance" in judge(part(n=10, inside=8))[1]
    assert "chance" not in judge(part(n=500, inside=400))[1]
    assert held(part(ours=1.6)) is True


def test_a_miss_is_as_loud_as_a_hit():
    page = shown(part(inside=30), part("fractures", simple=None))
    miss, hit = (
        next(li for li in page.all("li") if li.attributes.get("id") == f"believe-{p}")
        for p in ("bmd_on_ai", "fractures")
    )
    assert "criterion not met" in miss.all("strong")[0].text
    assert "criteria met" in hit.all("strong")[0].text
    assert "30 of 50" in miss.text
    assert "1.0 against 3.0" in miss.text


def test_each_forecast_leads_to_its_line_and_each_line_to_its_limits():
    page = shown(*(part(name) for name in SHORT))
    ids = {e.attributes["id"] for e in page.all("li", "section") if "id" in e.attributes}
    links = {a.attributes["href"].removeprefix("#") for a in page.all("a") if a.attributes["href"].startswith("#")}
    assert {"believe-bmd_on_ai", "believe-fractures", "limit-spread", "limit-frax"} <= links
    assert {link for link in links if link.startswith(("believe-", "limit-"))} <= ids


def test_parts_that_the_page_does_not_forecast_are_left_out():
    bare = believe(document(validation=scores(*(part(name) for name in SHORT)), strategies=[], banners=[]))
    assert bare.parts == []
    full = {m.part for m in believe(document(validation=scores(*(part(n) for n in SHORT)))).parts}
    assert {"bmd_on_ai", "bmd_with_drug", "stopping_denosumab", "fractures"} <= full
    assert full.isdisjoint({"bmd_premenopausal", "prevalence", "discontinuation"})


def test_own_parameters_are_not_covered():
    assert "which nobody has scored" not in shown(part()).text
    other = document(validation=scores(part(), sha256="c" * 64))
    assert "which nobody has scored" in read_html(render_page(other)).text


def test_a_plan_without_scores_keeps_the_limits():
    page = read_html(render_page(document()))
    assert "How it met published results" not in page.text
    assert "Trials of the same treatment differ for reasons" in page.text


def test_scores_are_in_plan_json():
    text = json.loads(document(validation=shipped_summary()).model_dump_json(by_alias=True))
    assert {p["part"] for p in text["validation"]["parts"]} == set(SHORT)


def test_the_chart_judges_as_the_list_does(monkeypatch):
    drawn = []
    monkeypatch.setattr("aimss.report.believe.held_figure", lambda rows, *_: drawn.extend(rows))
    parts = [
        part(),
        part("bmd_with_drug", ours=1.6),  # the range held as many as it should, the error is too large
        part("bmd_without_ai", inside=30),
        part("stopping_denosumab", n=5, inside=4, simple=None),
        part("prevalence", own_study_effect=True, simple=None),
    ]
    listed = believe(document(validation=scores(*parts), joints=JOINTS)).parts
    assert [row.met for row in drawn] == [m.met for m in listed]
    assert [row.label for row in drawn] == [m.label for m in listed]
    assert {row.label: row.within for row in drawn if row.met is False} == {SHORT["bmd_with_drug"]: True}


def test_the_chart_says_where_the_error_alone_is_too_large():
    figure = believe(document(validation=scores(part("bmd_on_ai", ours=1.6), part("fractures", inside=30)))).figure
    assert f"{SHORT['bmd_on_ai']} (50): error too large" in figure.svg
    assert f"{SHORT['fractures']} (50)<" in figure.svg
    assert "criterion not met" in figure.svg


def test_figures_of_the_criteria_are_those_judged_by(monkeypatch):
    monkeypatch.setattr("aimss.report.believe.COVERAGE_WANTED", (0.7, 0.96))
    monkeypatch.setattr("aimss.report.believe.OF_CONSTANT_CHANGE", 0.4)
    page = shown(part(inside=36, ours=1.5))
    assert "70 to 96 % of published results" in page.text
    assert "at most 40 %" in page.text
    assert "more than 40 % of that of a constant yearly change" in page.text
