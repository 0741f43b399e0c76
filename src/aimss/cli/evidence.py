"""`aimss evidence`: the studies behind every number, the user's own library, and the audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aimss.cli import evidence_synthesis
from aimss.cli.printing import print_json

app = typer.Typer(
    name="evidence",
    help="The evidence: where each number comes from, pooling and networks, your own library.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
evidence_synthesis.register(app)

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Store = Annotated[
    Path | None, typer.Option("--store", help="Your own library (SQLite file); default in your user data folder.")
]


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="PMID, DOI, PMCID or id of a source, or a row such as bone/bmd:12.")],
    as_json: Json = False,
    store: Store = None,
) -> None:
    """Print the record page of a source: overview, citations, results taken from it, what rests on it.

    Examples: aimss evidence show 34385978 | aimss evidence show 10.1200/JCO.2014.57.1547 | aimss evidence show ES058
    """
    from aimss.evidence.pages import page

    found = page(name, store)
    if as_json:
        print_json(found.as_dict())
    else:
        typer.echo(found.text())


@app.command(name="list")
def list_sources(
    phenotype: Annotated[str, typer.Option(help="Part of a phenotype, outcome or site: arthralgia, hip.")] = "",
    drug: Annotated[str, typer.Option(help="Part of a drug or remedy: letrozole, acupuncture.")] = "",
    design: Annotated[str, typer.Option(help="Part of the design: rct, cohort, meta-analysis.")] = "",
    year: Annotated[str, typer.Option(help="A year or a span: 2015-2018.")] = "",
    as_json: Json = False,
) -> None:
    """List the sources of the library.

    Example: aimss evidence list --phenotype arthralgia --design cohort --year 2009-2012
    """
    _list("", {"phenotype": phenotype, "drug": drug, "design": design, "year": year}, as_json)


@app.command()
def search(
    text: Annotated[
        str, typer.Argument(help="Words to look for in title, author, journal, and abstracts you imported.")
    ],
    *,
    phenotype: Annotated[str, typer.Option(help="Part of a phenotype, outcome or site.")] = "",
    drug: Annotated[str, typer.Option(help="Part of a drug or remedy.")] = "",
    design: Annotated[str, typer.Option(help="Part of the design.")] = "",
    year: Annotated[str, typer.Option(help="A year or a span: 2015-2018.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Most records of your own library to show.")] = 20,
    as_json: Json = False,
    store: Store = None,
) -> None:
    """Search the library, and the records that you imported.

    Example: aimss evidence search "vitamin D" --design rct
    """
    filters = {"phenotype": phenotype, "drug": drug, "design": design, "year": year}
    _list(text, filters, as_json, None if any(filters.values()) else (store, limit))


def _list(text: str, filters: dict[str, str], as_json: bool, own: tuple[Path | None, int] | None = None) -> None:
    from aimss.evidence.records import find_sources
    from aimss.evidence.store.database import search_existing

    found = find_sources(text, **filters)
    imported = search_existing(own[0], text, limit=own[1]) if own else ()
    if as_json:
        print_json(
            {
                "sources": [
                    {"id": s.id, "reference": s.short, "title": s.title, "year": s.year, "verified": s.verified}
                    for s in found
                ],
                "imported": [record.as_dict() for record in imported],
            }
        )
        return
    for source in found:
        typer.echo(f"{source.id:<28}{source.short}")
    for record in imported:
        typer.echo(f"{'yours:' + str(record.number):<28}{record.short}")
    typer.echo(f"{len(found)} sources of the library, {len(imported)} records of yours", err=True)


@app.command(name="import")
def import_file(
    files: Annotated[list[Path], typer.Argument(help="NBIB/MEDLINE, RIS, PubMed XML, CSL-JSON or BibTeX files.")],
    kind: Annotated[
        str, typer.Option("--format", help="nbib, ris, pubmed-xml, csl-json, bibtex; default: from the content.")
    ] = "",
    as_json: Json = False,
    store: Store = None,
) -> None:
    """Add literature to your own library; duplicates are merged, refused records are named.

    Example: aimss evidence import pubmed-export.nbib zotero.ris
    """
    from aimss.evidence.store.importing import import_files

    report = import_files(files, store, kind)
    if as_json:
        print_json(report.as_dict())
    else:
        typer.echo(report.text())
    if report.refused:
        raise typer.Exit(8)


@app.command()
def export(
    kind: Annotated[str, typer.Option("--format", help="ris, bibtex or csl-json.")] = "ris",
    own: Annotated[bool, typer.Option("--own", help="Export the records that you imported, not the library.")] = False,
    store: Store = None,
) -> None:
    """Write the sources of the library (or your own records) for a reference manager.

    Example: aimss evidence export --format bibtex > aimss.bib
    """
    from aimss.evidence.store.exporting import export_library, export_own

    typer.echo(export_own(store, kind) if own else export_library(kind), nl=False)


@app.command()
def prisma(as_json: Json = False, store: Store = None) -> None:
    """Print the PRISMA counts of your own library: identified, duplicates removed, refused, kept."""
    from aimss.evidence.store.database import open_store

    with open_store(store, create=False) as library:
        counts = library.prisma()
    if as_json:
        print_json(counts.as_dict())
    else:
        typer.echo(counts.text())


@app.command()
def audit(
    plan: Annotated[Path | None, typer.Option(help="A plan (JSON) whose numbers are audited too.")] = None,
    as_json: Json = False,
) -> None:
    """Check that every number in the library, model, rules and page leads to a source; exit 8 on an orphan.

    Example: aimss evidence audit --json
    """
    from aimss.evidence.audit import audit as run
    from aimss.evidence.usage import uses_in_plan

    result = run(uses_in_plan(plan) if plan else ())
    if as_json:
        print_json(result.as_dict())
    else:
        typer.echo(result.text())
    if not result.sound:
        raise typer.Exit(8)
