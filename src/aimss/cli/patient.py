"""`aimss patient`: is a record sound, what is missing from it, and what may it hold."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="A woman's record: check it, see what is missing, print its schema.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def check(
    record: Annotated[Path, typer.Argument(help="a record (.yaml, .yml, .json) or a table of women (.csv)")],
    as_json: Annotated[bool, typer.Option("--json", help="for machines, on stdout")] = False,
) -> None:
    """Read a record and say what it holds and what is missing; or tell every bad row of a table.

    The exit code is 0 for a sound record, 3 for a file that cannot be read, 4 for a wrong record (or any bad row of
    a table), 6 for a record that is out of scope.

    Examples:

      aimss patient check examples/letrozole-three-years-falling-dxa.yaml

      aimss patient check examples/ten-women.csv --json
    """
    if record.suffix.lower() == ".csv":
        _check_table(record, as_json)
        return
    from aimss.patient.check import check_record
    from aimss.patient.reading import read_record

    patient = read_record(record)
    found = check_record(patient)
    if as_json:
        sys.stdout.write(json.dumps({"ok": True, **found}, indent=2) + "\n")
        return
    typer.echo(f"The record is sound: a woman of {int(patient.age)} on {patient.record_date}.")
    for site, series in found["scans"].items():
        _print_series(site, series)
    typer.echo("Missing, and what stands in for it:" if found["missing"] else "Nothing is missing.")
    for gap in found["missing"]:
        typer.echo(f"  {gap['field']}: {gap['effect']} -> {gap['filled_by']}")


def _print_series(site: str, series: dict[str, Any]) -> None:
    typer.echo(f"{site} (g/cm2, Hologic scale)")
    for scan in series["results"]:
        steps = f"  [{'; '.join(scan['steps'])}]" if scan["steps"] else ""
        typer.echo(f"  {scan['date']}  {scan['bmd_g_cm2']:.3f}  T {scan['t_score']:+.1f}{steps}")
    by_reference = series["results"][-1]["t_score_by_reference"].items()
    said = ", ".join(f"{name} {v['t_score']:+.1f} (verified: {v['status']})" for name, v in by_reference)
    typer.echo(f"  last T-score by reference set: {said}")
    if series["change_percent"] is not None:
        real = "more" if series["change_is_real"] else "not more"
        yearly = series["annual_change_percent"]
        typer.echo(
            f"  change {series['change_percent']:+.1f} %"
            + (f", {yearly:+.1f} % a year" if yearly is not None else "")
            + f"; {real} than the least significant change of {series['least_significant_change_percent']:.1f} %"
        )
    for note in series["notes"]:
        typer.echo(f"  note: {note}")


def _check_table(path: Path, as_json: bool) -> None:
    from aimss.patient.csv_reader import BadRow, numbered_rows

    good = 0
    bad: list[dict[str, Any]] = []
    for row, item in numbered_rows(path):
        if isinstance(item, BadRow):
            bad.append({"row": row, "errors": [_error(e) for e in item.errors]})
            if not as_json:
                typer.echo("\n".join(f"aimss: {error}" for error in item.errors), err=True)
        else:
            good += 1
        if (good + len(bad)) % 10_000 == 0:
            typer.echo(f"{good + len(bad):,} rows read", err=True)
    if as_json:
        sys.stdout.write(json.dumps({"ok": not bad, "good_rows": good, "bad_rows": bad}, indent=2) + "\n")
    else:
        typer.echo(f"{good} good rows, {len(bad)} bad rows.")
    if bad:
        from aimss.errors import RecordError

        raise typer.Exit(RecordError.exit_code)


def _error(error: Any) -> dict[str, str]:
    return {"field": error.field, "expected": error.expected, "found": error.found, "mend": error.mend}


@app.command()
def schema(
    as_table: Annotated[bool, typer.Option("--csv", help="the columns of a table of women, as CSV")] = False,
) -> None:
    """Print the JSON Schema of a record, with descriptions and units; or the columns of a table.

    Examples:

      aimss patient schema > record.schema.json

      aimss patient schema --csv > columns.csv
    """
    if not as_table:
        from aimss.patient.reading import patient_schema

        sys.stdout.write(json.dumps(patient_schema(), indent=2) + "\n")
        return
    from aimss.patient.csv_columns import columns

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["column", "repeats", "holds", "accepted", "description"])
    for column in columns().values():
        repeats = "_2, _3, ..." if column.group else ""
        writer.writerow([column.name, repeats, column.kind, column.accepted, column.description])
