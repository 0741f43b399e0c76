"""`aimss model`: the declared model, described, exported and cited."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(name="model", help="The model: equations, parameters, sources, SBML.", no_args_is_help=True)


class Description(StrEnum):
    """Forms of `describe`."""

    text = "text"
    markdown = "markdown"
    json = "json"


class Reference(StrEnum):
    """Forms of `cite`."""

    text = "text"
    bibtex = "bibtex"
    json = "json"


class Drug(StrEnum):
    """Inhibitors that `export` can give."""

    letrozole = "letrozole"
    anastrozole = "anastrozole"
    exemestane = "exemestane"


@app.command()
def describe(
    form: Annotated[Description, typer.Option("--format", help="How it is written.")] = Description.text,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Print states, equations and parameters with their sources.

    \b
    Examples:
      aimss model describe
      aimss model describe --format markdown > model.md
      aimss model describe --json
    """
    from aimss.body.describe import as_json as to_json
    from aimss.body.describe import as_markdown, as_text

    if as_json or form is Description.json:
        typer.echo(to_json())
    else:
        typer.echo(as_markdown() if form is Description.markdown else as_text(), nl=False)


@app.command()
def export(
    out: Annotated[Path | None, typer.Option(help="Write here; without it, to standard output.")] = None,
    years_since_menopause: Annotated[
        float, typer.Option(min=-30, max=60, help="Years since the final menstrual period; negative before it.")
    ] = 12.0,
    peripheral_estradiol: Annotated[float, typer.Option(min=0.1, max=500, help="In pmol/L, without drugs.")] = 18.0,
    drug: Annotated[Drug | None, typer.Option(help="An aromatase inhibitor from day 0.")] = None,
    drug_years: Annotated[float, typer.Option(min=0.01, max=50, help="How long it is given.")] = 5.0,
) -> None:
    """Write the model of one woman as SBML Level 3 with units (needs the extra `interop`).

    \b
    Examples:
      aimss model export --out model.xml
      aimss model export --drug letrozole --drug-years 5 --years-since-menopause 3 > her.xml
    """
    from aimss.body.sbml import export_woman

    text = export_woman(years_since_menopause, peripheral_estradiol, drug.value if drug else None, drug_years)
    if out is None:
        typer.echo(text)
    else:
        out.write_text(text, encoding="utf-8")
        typer.echo(f"wrote {out}", err=True)


@app.command()
def cite(
    form: Annotated[Reference, typer.Option("--format", help="How it is written.")] = Reference.text,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Print the publications that the model's numbers come from.

    \b
    Examples:
      aimss model cite
      aimss model cite --format bibtex > aimss.bib
    """
    from aimss import __version__
    from aimss.body.citations import METHODS, bibtex, citations

    found = citations()
    if as_json or form is Reference.json:
        rows = [
            {
                "id": c.source.id,
                "pmid": c.source.pmid,
                "doi": c.source.doi,
                "text": c.source.short,
                "supports": c.supports,
            }
            for c in found
        ]
        typer.echo(
            json.dumps({"aimss": __version__, "methods": METHODS, "sources": rows}, indent=1, ensure_ascii=False)
        )
    elif form is Reference.bibtex:
        typer.echo("\n\n".join(bibtex(c) for c in found))
    else:
        typer.echo(f"aimss {__version__}, https://spdx.org/licenses/Apache-2.0\n\nMethods")
        typer.echo("\n".join(f"  {method}" for method in METHODS) + "\n\nNumbers")
        for c in found:
            more = f" and {len(c.supports) - 3} more" if len(c.supports) > 3 else ""
            typer.echo(f"  {c.source.short}: {', '.join(c.supports[:3])}{more}")
