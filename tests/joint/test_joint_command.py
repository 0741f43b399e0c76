"""The command that shows observed against predicted."""

import json

from typer.testing import CliRunner

from aimss.cli import app


def test_targets_are_printed_for_people_and_machines():
    run = CliRunner().invoke(app, ["joint", "targets", "--women", "64", "--json"])
    assert run.exit_code == 0
    rows = json.loads(run.stdout)
    assert len(rows) == 51
    assert {"observed", "predicted", "predicted_low", "predicted_high", "inside"} <= set(rows[0])
    assert [r["study"] for r in rows if not r["inside"]] == []
