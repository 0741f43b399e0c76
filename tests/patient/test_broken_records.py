"""Broken records: each gives one clear error that names the field, with the exit code of its kind and no traceback."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import aimss.cli
from aimss.errors import AimssError, InputFileError, SeveralErrors
from aimss.patient.files import MAX_BYTES
from aimss.patient.reading import read_record

BROKEN = Path(__file__).parent / "broken"
with (BROKEN / "table.csv").open(encoding="utf-8") as _stream:
    TABLE = list(csv.DictReader(_stream))
SOUND = {
    "sex": "female",
    "age_years": 62,
    "record_date": "2025-01-15",
    "aromatase_inhibitor": {"status": "current", "drug": "letrozole", "start": "2022-01"},
}
JARGON = (
    "pydantic",
    "validation",
    "Traceback",
    "Input should",
    "literal",
    "tuple",
    "None",
    "type=",
    "NoneType",
    "dict",
)


def refusal(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run `aimss patient check` as a user would; exit code and what stood on stderr."""
    monkeypatch.setattr("sys.argv", ["aimss", "patient", "check", str(path)])
    with pytest.raises(SystemExit) as stopped:
        aimss.cli.main()
    output = capsys.readouterr()
    assert output.out == ""
    return int(stopped.value.code or 0), output.err


def test_there_are_more_than_thirty_and_none_is_forgotten() -> None:
    assert len(TABLE) > 30
    assert {row["file"] for row in TABLE} | {"table.csv"} == {path.name for path in BROKEN.iterdir()}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["file"])
def test_a_broken_record_gives_one_clear_error(
    row: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, message = refusal(BROKEN / row["file"], monkeypatch, capsys)
    assert code == int(row["exit_code"])
    assert message.count("\n") == 1
    assert message.startswith(f"aimss: {row['field']}: expected ")
    assert row["mend_says"] in message
    assert not [word for word in JARGON if word in message]
    assert len(message) < 330


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("ten-megabytes.yaml", "label: " + "x" * 10_000_000, "ten-megabytes.yaml"),
        ("ten-megabytes.json", '{"label": "' + "x" * 10_000_000 + '"}', "ten-megabytes.json"),
        ("deep.yaml", "a: " + "[" * 5000 + "]" * 5000, "deep.yaml"),
        ("deep-block.yaml", "\n".join(" " * i + "a:" for i in range(900)), "deep-block.yaml"),
        ("deep.json", '{"a": ' * 5000 + "1" + "}" * 5000, "deep.json"),
        ("digits.json", '{"age_years": ' + "9" * 5000 + "}", "digits.json"),
        ("huge.json", '{"sex": "female", "aromatase_inhibitor": {"status": "none"}, "age_years": 1e999}', "age_years"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_a_file_that_attacks_is_refused_at_once(
    name: str,
    text: str,
    field: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    code, message = refusal(path, monkeypatch, capsys)
    assert code in {3, 4}
    assert message.startswith(f"aimss: {field}")
    assert "Traceback" not in message
    assert len(message) < 600


def test_a_record_just_under_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_text("# " + "x" * (MAX_BYTES - 400) + "\n" + json.dumps(SOUND), encoding="utf-8")
    assert read_record(path).age == 62


@pytest.mark.parametrize("name", ["absent.yaml", ""])
def test_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputFileError):
        read_record(tmp_path / name)


def test_several_mistakes_are_all_told_one_a_line() -> None:
    with pytest.raises(SeveralErrors) as caught:
        read_record({**SOUND, "height_cm": 1.6, "risk_factors": {"smoking": "sometimes"}, "heigth": 3})
    assert [error.field for error in caught.value.errors] == ["height_cm", "risk_factors.smoking", "heigth"]
    assert str(caught.value).count("\n") == 2
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("change", "secret"),
    [
        ({"birth_date": "1962-13-44"}, "1962"),
        ({"birth_date": "1931-05-06"}, "1931"),
        ({"age_years": None, "birth_date": "2019-05-06"}, "2019"),
        ({"label": "Mary Miller " * 9}, "Mary"),
        ({"label": 19620506}, "1962"),
        ({"tried": [{"a": "Mary Miller"}]}, "Mary"),
        ({"drugs": [{"drug": "Mary Miller's pill"}]}, "Mary"),
        ({"Mary Miller": 1}, "Mary"),
        ({"conditions": ["fell at the Miller house"]}, "Miller"),
    ],
)
def test_what_could_identify_her_is_never_repeated(change: dict[str, object], secret: str) -> None:
    with pytest.raises(AimssError) as caught:
        read_record({**SOUND, **change})
    assert secret not in str(caught.value)


def test_a_mapping_nested_too_deep_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(2000):
        deep = {"a": deep}
    with pytest.raises(InputFileError, match="nesting"):
        read_record(deep)


def test_help_shows_an_example() -> None:
    help_text = CliRunner().invoke(aimss.cli.app, ["patient", "check", "--help"]).output
    assert "examples/letrozole-three-years-falling-dxa.yaml" in help_text
