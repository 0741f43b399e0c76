"""`aimss page`: a saved plan to its page, and what it says of a file that is none."""

from __future__ import annotations

import json

import pytest
from plan_factory import document
from typer.testing import CliRunner

from aimss.cli import app, main
from aimss.errors import InputFileError
from aimss.report.page import render_page
from aimss.report.saved import read_plan


def saved(path, text=None):
    path.write_text(text if text is not None else document().model_dump_json(by_alias=True), encoding="utf-8")
    return path


def test_the_page_of_a_saved_plan(tmp_path):
    plan = saved(tmp_path / "plan.json")
    result = CliRunner().invoke(app, ["page", str(plan)])
    assert result.exit_code == 0, result.output
    assert result.output.strip() == str(tmp_path / "plan.html")
    assert (tmp_path / "plan.html").read_text(encoding="utf-8") == render_page(document())


def test_out_names_the_page(tmp_path):
    plan = saved(tmp_path / "plan.json")
    CliRunner().invoke(app, ["page", str(plan), "--out", str(tmp_path / "a" / "b.html")])
    assert (tmp_path / "a" / "b.html").is_file()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{", "plan.json:1"),
        ("[]", "plan.json: top level"),
        (json.dumps({"schema": "aimss-plan/1"}), "plan.json: record"),
        ('{"schema": "other"}', "plan.json: schema"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_place(tmp_path, text, field):
    with pytest.raises(InputFileError) as caught:
        read_plan(saved(tmp_path / "plan.json", text))
    assert caught.value.field == field
    assert "aimss plan RECORD" in caught.value.mend


def test_values_of_hers_stay_out_of_the_error(tmp_path):
    text = json.dumps({**json.loads(document().model_dump_json(by_alias=True)), "short_answer": "Jane Doe, 62"})
    with pytest.raises(InputFileError) as caught:
        read_plan(saved(tmp_path / "plan.json", text))
    assert "Jane" not in str(caught.value)


def test_no_file_and_no_utf8(tmp_path):
    with pytest.raises(InputFileError, match="a file that can be read"):
        read_plan(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(InputFileError, match="not UTF-8"):
        read_plan(tmp_path / "latin.json")


def test_a_place_that_cannot_be_written_is_one_error(tmp_path, monkeypatch, capsys):
    saved = tmp_path / "plan.json"
    saved.write_text(document().model_dump_json(by_alias=True), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["aimss", "page", str(saved), "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 3
    assert "expected a place that can be written" in capsys.readouterr().err
