"""The summary on a terminal, in a pipe, on a narrow window."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from plan_factory import document

from aimss.report.terminal import print_summary


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, columns: int, **changes) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_summary(document(**changes), Path("out/plan/page.html"), stream)
    return stream.getvalue()


def test_a_pipe_gets_plain_text_with_all_of_it(monkeypatch):
    text = shown(io.StringIO(), monkeypatch, 80)
    assert "\x1b" not in text
    flat = " ".join(text.split())
    for part in (
        "T-score of about",
        "Any fracture within 10 years: 15 of 100 (8 to 26)",
        "Outside the tested range (C)",
    ):
        assert part in flat
    assert "- vitamin D level: a deficit would add loss" in text
    assert text.rstrip().endswith("Page: out/plan/page.html")


def test_a_terminal_gets_a_table(monkeypatch):
    text = shown(Terminal(), monkeypatch, 120)
    assert "\x1b[" in text
    assert "(8 to 26)" in text


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_no_line_is_wider_than_the_window(monkeypatch, columns, kind):
    import re

    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown(kind(), monkeypatch, columns)).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= min(columns, 100)


def test_a_long_list_of_gaps_is_cut_and_counted(monkeypatch):
    gaps = [{"field": f"field_{i}", "effect": "matters"} for i in range(9)]
    text = shown(io.StringIO(), monkeypatch, 80, missing=gaps)
    assert "- field 5: matters" in text
    assert "field 6" not in text
    assert "- and 3 more, on the page" in text


def test_brackets_in_a_label_are_shown_as_they_are(monkeypatch):
    from plan_factory import strategy

    text = shown(Terminal(), monkeypatch, 120, strategies=[strategy("x", "[bold]Mine[/bold]")], banners=[])
    assert "[bold]Mine[/bold]" in text
