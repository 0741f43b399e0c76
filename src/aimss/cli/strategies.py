"""`aimss strategies`: list the library, show one strategy, check a file of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from aimss.care.strategy import Strategy


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("strategies")(strategies)


def strategies(
    name: Annotated[str | None, typer.Argument(help="Show this one; without it, all are listed.")] = None,
    check: Annotated[Path | None, typer.Option(help="Check a strategy of your own (YAML or JSON).")] = None,
    record: Annotated[
        Path | None, typer.Option(help="Show what the strategy gives this woman, and on which days.")
    ] = None,
    years: Annotated[float, typer.Option(help="How far ahead, with --record.")] = 10.0,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of the language.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable, on stdout.")] = False,
) -> None:
    """List, show and check management strategies.

    \b
    Examples:
      aimss strategies
      aimss strategies denosumab_then_zoledronate
      aimss strategies denosumab_then_zoledronate --record her.yaml --years 8
      aimss strategies --check mine.yaml
      aimss strategies --schema > strategy.schema.json
    """
    from aimss.care.library import find_strategy, strategy_library
    from aimss.care.strategy import read_strategy

    if schema:
        from aimss.care.strategy_schema import strategy_schema

        typer.echo(json.dumps(strategy_schema(), indent=2))
        return
    if check is None and name is None and record is None:
        _list(list(strategy_library().values()), as_json)
        return
    if record is not None:
        _show_for(
            record,
            [read_strategy(check)] if check is not None else [find_strategy(name)] if name else [],
            years,
            as_json,
        )
        return
    strategy = read_strategy(check) if check is not None else find_strategy(str(name))
    if as_json:
        typer.echo(json.dumps(_as_data(strategy), indent=2))
    elif check is not None:
        typer.echo(f"{check.name}: sound ({strategy.name}, {len(strategy.courses)} courses)")
    else:
        _show(strategy)


def _as_data(strategy: Strategy) -> dict[str, Any]:
    written = strategy.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {**written, "aromatase_inhibitor": strategy.aromatase_inhibitor}


def _list(found: list[Strategy], as_json: bool) -> None:
    if as_json:
        keys = ("name", "label", "summary", "aromatase_inhibitor")
        typer.echo(json.dumps([{key: getattr(s, key) for key in keys} for s in found], indent=2))
        return
    width = max(len(s.name) for s in found)
    for s in found:
        typer.echo(f"{s.name:<{width}}  {s.label}")


def _show(strategy: Strategy) -> None:
    import yaml

    typer.echo(yaml.safe_dump(_as_data(strategy), sort_keys=False, width=100, allow_unicode=True).rstrip())


def _show_for(record: Path, chosen: list[Strategy], years: float, as_json: bool) -> None:
    from aimss.care.calendar import calendar
    from aimss.care.compile import compile_strategy
    from aimss.care.library import default_strategies, find_strategy
    from aimss.patient.reading import read_record

    patient = read_record(record)
    shown = chosen or [find_strategy(name) for name in default_strategies(patient)]
    calendars = [calendar(compile_strategy(strategy, patient, years)) for strategy in shown]
    if as_json:
        typer.echo(json.dumps([c.to_json() for c in calendars], indent=2))
        return
    typer.echo("\n\n".join(c.text() for c in calendars))
