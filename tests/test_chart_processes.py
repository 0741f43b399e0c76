"""Charts drawn beside the run: the same bytes, whatever becomes of the processes."""

import os

import pytest

from aimss import chart_processes
from aimss.chart_processes import drawn_beside, svg_to_come
from aimss.charting import render_svg

SPEC = {
    "data": {"values": [{"x": 0, "y": 1.25}, {"x": 1, "y": 2.5}]},
    "mark": "line",
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
}


def spec(title):
    return {**SPEC, "title": title}


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_charts_are_the_same_and_come_back_to_whom_they_belong():
    titles = [f"chart {i}: ≥ 4, “worse”" for i in range(5)]
    with drawn_beside():
        assert len(chart_processes._running[0].processes) == 2
        waiting = [svg_to_come(spec(title)) for title in titles]
        assert [wait() for wait in waiting] == [render_svg(spec(title)) for title in titles]
    assert svg_to_come(spec("alone"))() == render_svg(spec("alone"))


def test_no_process_is_left():
    with drawn_beside():
        processes = chart_processes._running[0].processes
        svg_to_come(SPEC)
    assert not chart_processes._running
    assert all(process.returncode is not None for process in processes)


def test_a_chart_is_drawn_where_its_process_has_died():
    with drawn_beside(1):
        (process,) = chart_processes._running[0].processes
        process.kill()
        process.wait()
        assert svg_to_come(SPEC)() == render_svg(SPEC)
        assert svg_to_come(SPEC)() == render_svg(SPEC)


def test_a_chart_that_cannot_be_drawn_is_the_same_error():
    wrong = {"mark": "no such mark", "data": {"values": []}}
    with pytest.raises(ValueError, match="filled"):
        render_svg(wrong)
    with drawn_beside(1), pytest.raises(ValueError, match="filled"):
        svg_to_come(wrong)()


@pytest.mark.parametrize("cores", [1, None])
def test_a_single_core_starts_no_process(monkeypatch, cores):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    with drawn_beside():
        assert not chart_processes._running
        assert svg_to_come(SPEC)() == render_svg(SPEC)


def test_where_no_process_may_be_started_charts_are_drawn_all_the_same(monkeypatch):
    def refused(*_args, **_more):
        raise PermissionError

    monkeypatch.setattr(chart_processes.subprocess, "Popen", refused)
    with drawn_beside():
        assert svg_to_come(SPEC)() == render_svg(SPEC)
