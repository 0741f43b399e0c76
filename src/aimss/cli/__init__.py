"""The `aimss` command: arguments in, objects of the other rooms out; no logic of its own."""

from __future__ import annotations

import sys

import typer

from aimss.cli import evidence, joint, model, page, patient, rules, strategies
from aimss.cli import plan as planning
from aimss.cli import trial as trials
from aimss.cli import validate as validation
from aimss.errors import AimssError, InputFileError

app = typer.Typer(
    name="aimss",
    help="What an aromatase inhibitor does to her bones and joints, and what can be done about it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("plan", epilog=planning.EXAMPLES)(planning.plan)
app.command("trial", epilog=trials.EXAMPLES)(trials.trial)
app.add_typer(evidence.app, name="evidence")
app.add_typer(rules.app, name="rules")
app.add_typer(joint.app, name="joint")
app.add_typer(model.app, name="model")
app.command("page", epilog=page.EPILOG)(page.page)
strategies.register(app)
app.add_typer(patient.app, name="patient")
app.command("validate", epilog=validation.VALIDATE_EXAMPLES)(validation.validate)
app.command("calibrate", epilog=validation.CALIBRATE_EXAMPLES)(validation.calibrate)


def main() -> None:
    """Run the command; show a user's mistake as one message with the exit code of its kind."""
    try:
        app()
    except AimssError as error:
        sys.stderr.write(f"aimss: {error}\n")
        sys.exit(error.exit_code)
    except OSError as error:
        # what cannot be read is told by the readers; what is left is a place that cannot be written
        where = error.filename if isinstance(error.filename, str) else "output"
        sys.stderr.write(f"aimss: {where}: expected a place that can be written; found {error.strerror or 'none'}. ")
        sys.stderr.write("Choose another with --out.\n")
        sys.exit(InputFileError.exit_code)
