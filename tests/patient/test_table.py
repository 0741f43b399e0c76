"""A table of many women: streamed, bad rows told with row and column, good ones done."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path

import pytest
from typer.testing import CliRunner

import aimss.cli
from aimss.errors import InputFileError
from aimss.patient.csv_columns import bind, columns
from aimss.patient.csv_reader import BadRow, numbered_rows, read_many
from aimss.patient.patient import Patient

EXAMPLE = Path(__file__).parents[2] / "examples" / "ten-women.csv"
HEADER = "label,sex,record_date,age_years,aromatase_inhibitor_status,aromatase_inhibitor_drug,aromatase_inhibitor_start"
WOMAN = "x,female,2025-01-15,62,current,letrozole,2022-01"


def table(tmp_path: Path, text: str | bytes) -> list[Patient | BadRow]:
    path = tmp_path / "women.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_many(path))


def only(rows: list[Patient | BadRow]) -> BadRow:
    (row,) = rows
    assert isinstance(row, BadRow)
    return row


def test_the_example_has_ten_women_and_two_bad_rows() -> None:
    rows = dict(numbered_rows(EXAMPLE))
    bad = {number: row for number, row in rows.items() if isinstance(row, BadRow)}
    assert len(rows) == 10
    assert {n: [e.field for e in row.errors] for n, row in bad.items()} == {
        7: ["row 7, weight_kg"],
        9: ["row 9, aromatase_inhibitor_drug"],
    }
    second = rows[3]
    assert isinstance(second, Patient)
    assert [(str(s.date), s.site, s.t_score) for s in second.dxa][:2] == [
        ("2023-01", "lumbar_spine", -1.5),
        ("2023-01", "total_hip", -1.0),
    ]
    assert second.complete_lists == ("drugs", "fractures")
    fifth = rows[6]
    assert isinstance(fifth, Patient)
    assert len(fifth.drugs[0].doses) == 7
    assert fifth.drugs[0].dose == 4


def test_the_command_tells_bad_rows_and_ends_with_the_code_of_a_record() -> None:
    result = CliRunner().invoke(aimss.cli.app, ["patient", "check", str(EXAMPLE)])
    assert result.exit_code == 4
    assert "8 good rows, 2 bad rows." in result.stdout
    assert "row 7, weight_kg: expected 25 to 300" in result.stderr
    machine = CliRunner().invoke(aimss.cli.app, ["patient", "check", str(EXAMPLE), "--json"])
    found = json.loads(machine.stdout)
    assert (found["good_rows"], [row["row"] for row in found["bad_rows"]]) == (8, [7, 9])


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n{WOMAN}\n",
        f"\ufeff{HEADER}\r\n{WOMAN}\r\n",
        f"{HEADER}\n{WOMAN}\n".replace(",", ";"),
        f"{HEADER}\n{WOMAN}\n".replace(",", "\t"),
        f"\n{HEADER}\n\n,,,,,,\n{WOMAN}\n\n".lstrip("\n"),
        f'{HEADER}\n"a, ""quoted""\nlabel"{WOMAN[1:]}\n',
        f"{HEADER}\n{WOMAN}",
    ],
    ids=["plain", "bom-crlf", "semicolon", "tab", "blank-rows", "quoted", "no-final-newline"],
)
def test_the_forms_that_spreadsheets_write(text: str, tmp_path: Path) -> None:
    (woman,) = table(tmp_path, text)
    assert isinstance(woman, Patient)
    assert woman.age == 62
    assert str(woman.aromatase_inhibitor.start) == "2022-01"


def test_a_decimal_comma_is_understood_beside_semicolons_only(tmp_path: Path) -> None:
    (woman,) = table(tmp_path, f"{HEADER},weight_kg\n{WOMAN},68.5\n".replace(",", ";").replace("68.5", "68,5"))
    assert isinstance(woman, Patient)
    assert woman.weight_kg == 68.5
    assert only(table(tmp_path, f'{HEADER},weight_kg\n{WOMAN},"68,5"\n')).errors[0].field == "row 2, weight_kg"


@pytest.mark.parametrize(
    ("columns", "cells", "field", "found"),
    [
        ("dxa_date,dxa_lumbar_spine_bmd_g_cm2", "2024-01,900", "row 2, dxa_lumbar_spine_bmd_g_cm2", "900"),
        ("dxa_lumbar_spine_t_score", "-1.2", "row 2, dxa_date", "nothing"),
        ("dxa_date_2,dxa_total_hip_t_score_2", "2026-01,-1", "row 2, dxa_date_2", "2026-01"),
        ("dxa_total_hip_t_score_3", "-1.2", "row 2, dxa_date_3", "nothing"),
        ("laboratory_date,laboratory_creatinine_mg_dl", "2024,75", "row 2, laboratory_creatinine_mg_dl", "75 mg/dL"),
        ("weight_kg", "68 kg", "row 2, weight_kg", "a text (not shown)"),
        ("weight_kg", "68kg", "row 2, weight_kg", "'68kg'"),
        ("weight_kg", "NA", "row 2, weight_kg", "'NA'"),
        ("weight_kg", "nan", "row 2, weight_kg", "'nan'"),
        ("risk_factors_falls_past_year", "1.5", "row 2, risk_factors_falls_past_year", "1.5"),
        ("risk_factors_rheumatoid_arthritis", "perhaps", "row 2, risk_factors_rheumatoid_arthritis", "another word"),
        ("drugs_drug_2", "Prolia", "row 2, drugs_drug_2", "'Prolia'"),
        ("drugs_drug,drugs_dose", "zoledronate,4", "row 2, drugs_unit", "a dose without a unit"),
        ("drugs_drug,drugs_doses", "denosumab,2023-01-01|2026-01-01", "row 2, drugs_doses", "2026-01-01"),
        ("conditions", "gout|gowt", "row 2, conditions", "'gowt'"),
        ("menopause_status", "post", "row 2, menopause_status", "'post'"),
        ("birth_date", "1980-01-01", "row 2, age_years", "62, more than a year off"),
        ("weight_kg", "60,70", "row 2", "9"),
    ],
)
def test_a_bad_cell_is_told_with_row_and_column(
    columns: str, cells: str, field: str, found: str, tmp_path: Path
) -> None:
    bad = only(table(tmp_path, f"{HEADER},{columns}\n{WOMAN},{cells}\n"))
    assert [(e.field, e.found) for e in bad.errors] == [(field, found)]


def test_several_bad_cells_are_all_told_and_the_next_row_is_read(tmp_path: Path) -> None:
    bad, good = table(tmp_path, f"{HEADER},weight_kg,height_cm\n{WOMAN},x,1.6\n{WOMAN},68,163\n{''}")
    assert isinstance(bad, BadRow)
    assert isinstance(good, Patient)
    assert bad.errors[0].field == "row 2, weight_kg"


def test_a_man_in_a_row_is_out_of_scope(tmp_path: Path) -> None:
    bad = only(table(tmp_path, f"{HEADER}\n{WOMAN.replace('female', 'male')}\n"))
    assert (bad.errors[0].field, bad.errors[0].exit_code) == ("row 2, sex", 6)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "women.csv"),
        (f"{HEADER},heigth_cm\n", "women.csv, column heigth_cm"),
        (f"{HEADER},age_years\n", "women.csv, column age_years"),
        ("sex,age_years\n", "women.csv, header"),
        ("sex,aromatase_inhibitor_status\n", "women.csv, header"),
        (f'{HEADER}\n{WOMAN}\n"unclosed,{WOMAN}\n', "women.csv, after row 2"),
        (f"{HEADER},age_years_2\n", "women.csv, column age_years_2"),
    ],
)
def test_a_table_that_cannot_be_read(text: str, field: str, tmp_path: Path) -> None:
    with pytest.raises(InputFileError) as caught:
        table(tmp_path, text)
    assert caught.value.field == field


def test_bytes_that_are_not_utf8_spoil_their_row_only(tmp_path: Path) -> None:
    text = f"{HEADER}\n{WOMAN}\n{WOMAN}\n".replace("\nx,", "\nJ\u00fcl,", 1).encode("latin-1")
    bad, good = table(tmp_path, text)
    assert isinstance(bad, BadRow)
    assert "UTF-8" in bad.errors[0].mend
    assert isinstance(good, Patient)


def test_memory_does_not_grow_with_the_number_of_women(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"

    def peak(count: int) -> int:
        path.write_text(f"{HEADER}\n" + f"{WOMAN}\n" * count, encoding="utf-8")
        tracemalloc.start()
        assert sum(isinstance(row, Patient) for row in read_many(path)) == count
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(10)
    few, many = peak(200), peak(20_000)
    # the file itself is 40 times larger than this allowance
    assert many < few + 25_000


def test_every_field_of_the_record_has_a_column() -> None:
    # a cell for each column of a kind, and the same record as a mapping says
    names = set(columns())
    assert {
        "dxa_total_hip_bmd_g_cm2",
        "laboratory_vitamin_d_25oh_nmol_l",
        "markers_ctx_ng_l",
        "symptoms_joints",
    } <= names
    assert bind("dxa_date_2").number == 2
    assert bind("dxa_date_0") is None
    assert bind("dxa_date_41") is None
    tops = {column.location[0] for column in columns().values()}
    assert tops == set(Patient.model_fields)


def test_the_columns_are_printed_as_a_table() -> None:
    printed = list(
        csv.DictReader(io.StringIO(CliRunner().invoke(aimss.cli.app, ["patient", "schema", "--csv"]).stdout))
    )
    assert {row["column"] for row in printed} == set(columns())
    assert all(row["holds"] for row in printed)


def test_the_schema_is_printed_as_json() -> None:
    schema = json.loads(CliRunner().invoke(aimss.cli.app, ["patient", "schema"]).stdout)
    assert set(schema["properties"]) == set(Patient.model_fields)
