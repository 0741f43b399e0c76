"""`aimss rules`: what guidelines and safety rules say of her, and the rules themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aimss.cli.printing import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aimss.care.compiled import CompiledGuideline

app = typer.Typer(
    name="rules",
    help="Guidelines and safety rules: what they say of her, where they differ, and how they are tested.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Local = Annotated[
    list[Path] | None, typer.Option("--rules", help="A local guideline file (YAML), beside those of aimss; repeatable.")
]


def _library(local: list[Path] | None) -> Sequence[CompiledGuideline]:
    from aimss.care.local_rules import library_with

    return library_with(local or [])


@app.command()
def evaluate(
    record: Annotated[Path, typer.Argument(help="A record (YAML or JSON).")],
    as_json: Json = False,
    rules: Local = None,
    everything: Annotated[bool, typer.Option("--all", help="Also guidelines that are not written for her.")] = False,
) -> None:
    """Say what every guideline and safety rule says of one woman, one row a guideline.

    Examples: aimss rules evaluate her.yaml | aimss rules evaluate her.yaml --json

    With a guideline of your own: aimss rules evaluate her.yaml --rules ours.yaml
    """
    from aimss.care.evaluate import evaluate as evaluate_rules
    from aimss.patient.reading import read_record

    report = evaluate_rules(read_record(record), _library(rules))
    if as_json:
        print_json(report.to_json())
        return
    from aimss.care.report_text import report_text

    typer.echo(report_text(report, everything=everything))


@app.command()
def table(
    women: Annotated[Path, typer.Argument(help="A CSV of many women, one a row.")],
    rules: Local = None,
) -> None:
    """Print a CSV of verdicts: a row a woman, a column a guideline, the safety rules that fire, red flags.

    Bad rows are told on standard error with row and column; the good ones are done.

    Example: aimss rules table women.csv > verdicts.csv
    """
    import csv
    import sys

    from aimss.care.batch import columns, verdict_rows
    from aimss.errors import RecordError
    from aimss.patient.csv_reader import BadRow

    library = _library(rules)
    writer = csv.writer(sys.stdout)
    writer.writerow(columns(library))
    bad = 0
    for item in verdict_rows(women, library):
        if isinstance(item, BadRow):
            bad += 1
            for error in item.errors:
                typer.echo(f"aimss: {error}", err=True)
        else:
            writer.writerow(item)
    if bad:
        raise RecordError(women.name, "rows that are sound", f"{bad} that are not", "The others are done.")


@app.command(name="list")
def list_rules(as_json: Json = False, rules: Local = None) -> None:
    """List the guidelines with their rules, and the safety rules.

    Example: aimss rules list --json
    """
    from aimss.care.listing import listing, listing_text

    found = listing(_library(rules))
    if as_json:
        print_json(found)
    else:
        typer.echo(listing_text(found))


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A guideline, a rule or a safety rule: JPS2017, JPS2017-03, SAF-ZOL-01.")],
    as_json: Json = False,
    rules: Local = None,
) -> None:
    """Show one guideline, rule or safety rule with its condition, source and status.

    Example: aimss rules show JPS2017-05
    """
    from aimss.care.listing import shown_rule, shown_text

    found = shown_rule(name, _library(rules))
    if as_json:
        print_json(found)
    else:
        typer.echo(shown_text(found))


@app.command()
def harms(
    record: Annotated[Path, typer.Argument(help="A record (YAML or JSON).")],
    drug: Annotated[
        list[str] | None, typer.Option("--drug", help="A drug; default: taken or offered. Repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show published harms and benefits of the drugs she takes or that a guideline offers her, with their populations.

    Example: aimss rules harms her.yaml --drug denosumab
    """
    from dataclasses import asdict

    from aimss.care.evaluate import evaluate as evaluate_rules
    from aimss.care.harms import effect_text, effects_of
    from aimss.patient.reading import read_record

    report = evaluate_rules(read_record(record))
    effects = effects_of(drug, report.facts) if drug else report.effects()
    if as_json:
        print_json([asdict(effect) for effect in effects])
        return
    for effect in effects:
        typer.echo(effect_text(effect))


@app.command()
def facts(as_json: Json = False) -> None:
    """List the facts that conditions may name, with units and the record fields they come from.

    Example: aimss rules facts
    """
    from aimss.care.facts import fact_names

    if as_json:
        print_json(
            [
                {"name": f.name, "unit": f.unit, "label": f.label, "fields": list(f.fields)}
                for f in fact_names().values()
            ]
        )
        return
    for fact in fact_names().values():
        unit = f" [{fact.unit}]" if fact.unit else ""
        typer.echo(f"{fact.name}{unit}: {fact.label} ({' '.join(fact.fields)})")


@app.command(name="test")
def run_tests(
    rules_file: Annotated[Path, typer.Argument(help="A guideline file (YAML).")],
    cases: Annotated[Path, typer.Argument(help="Cases: records in, findings out (YAML).")],
    as_json: Json = False,
) -> None:
    """Check a guideline file and run your own cases against it, as aimss tests its own.

    Example: aimss rules test our-hospital.yaml our-cases.yaml
    """
    from aimss.care.local_rules import library_with
    from aimss.care.rule_tests import run_cases
    from aimss.errors import RuleError
    from aimss.patient.files import load_file

    results = run_cases(load_file(cases), library_with([rules_file]), cases.name)
    failed = [item for item in results if not item.passed]
    if as_json:
        print_json(
            {
                "schema": "aimss-rule-tests/1",
                "passed": len(results) - len(failed),
                "failed": [
                    {"case": f.case, "subject": f.subject, "expected": f.expected, "found": f.found} for f in failed
                ],
            }
        )
    else:
        for item in results:
            mark = "ok  " if item.passed else "FAIL"
            typer.echo(
                f"{mark} {item.case}: {item.subject} {item.expected}" + ("" if item.passed else f", found {item.found}")
            )
        typer.echo(f"{len(results) - len(failed)} of {len(results)} expectations hold")
    if failed:
        raise RuleError(cases.name, "all expectations to hold", f"{len(failed)} that do not")


@app.command()
def schema() -> None:
    """Print the JSON Schema of rule files.

    Example: aimss rules schema > rule.schema.json
    """
    from aimss.care.rules import rule_schema

    print_json(rule_schema())


@app.command()
def manual() -> None:
    """Print the manual page of the rules: every rule with its condition and source (Markdown).

    Example: aimss rules manual > docs/rules.md
    """
    from aimss.care.manual import manual_page

    typer.echo(manual_page(), nl=False)
