"""`aimss evidence meta`, `network`: pool a table of studies, or a network of treatments."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from aimss.charting import Spec


def register(app: typer.Typer) -> None:
    """Add the synthesis commands to the ``evidence`` group."""
    app.command("meta")(meta)
    app.command("network")(network)
    app.command("pool")(pool)


def meta(
    file: Annotated[Path, typer.Argument(help="CSV with a header line; columns as in metafor's escalc.")],
    measure: Annotated[str, typer.Option(help="OR, RR, RD, MD, SMD, PLO, PFT, HR or GEN.")],
    method: Annotated[str, typer.Option(help="CE, DL, PM, REML, ML or GLMM (exact, PLO only).")] = "REML",
    knha: Annotated[bool, typer.Option("--knha", help="Hartung-Knapp interval.")] = False,
    mods: Annotated[list[str] | None, typer.Option(help="Moderator column; repeat or separate by commas.")] = None,
    level: Annotated[float, typer.Option(help="Coverage of intervals.")] = 0.95,
    prediction: Annotated[str, typer.Option(help="Quantile: metafor (normal; t after --knha) or t.")] = "metafor",
    correction: Annotated[float, typer.Option(help="Added to each cell of a study with an empty cell.")] = 0.5,
    double_zero: Annotated[
        str, typer.Option(help="OR, RR without events in both arms: include or exclude.")
    ] = "include",
    nodes: Annotated[int, typer.Option(help="GLMM: quadrature points; 7 as metafor, 101 exact.")] = 7,
    checks: Annotated[bool, typer.Option("--checks", help="Leave-one-out, influence, Egger, trim and fill.")] = False,
    tau_scale: Annotated[float | None, typer.Option(help="Half-normal prior on tau: adds a Bayesian interval.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable result on stdout.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Write a forest plot (.svg or .png).")] = None,
    funnel: Annotated[Path | None, typer.Option(help="Write a funnel plot (.svg or .png).")] = None,
) -> None:
    """Pool your own table of studies.

    Columns: ai n1i ci n2i (OR, RR, RD), m1i sd1i n1i m2i sd2i n2i (MD, SMD), xi ni (PLO, PFT),
    hr ci_low ci_high (HR), yi vi or yi sei (GEN).

    Examples:
      aimss evidence meta trials.csv --measure RR --method REML --knha --plot forest.svg
      aimss evidence meta surveys.csv --measure PLO --method GLMM --json
      aimss evidence meta trials.csv --measure OR --mods year,latitude
      aimss evidence meta pain.csv --measure MD --checks --tau-scale 1
    """
    from aimss.evidence.synthesis.analysis import analyse_table
    from aimss.evidence.synthesis.user_tables import read_user_table

    moderators = [m.strip() for text in mods or [] for m in text.split(",") if m.strip()]
    result = analyse_table(
        read_user_table(file), measure, method, knha=knha, moderators=moderators, level=level,
        prediction=prediction, correction=correction, double_zero=double_zero, nodes=nodes,
    )  # fmt: skip
    for path, kind in ((plot, "forest"), (funnel, "funnel")):
        if path is not None:
            _write_chart(path, result.plot(kind))
    if not checks and tau_scale is None:
        _print(result.to_json() if as_json else result.summary())
        return
    from aimss.evidence.synthesis.checks import check

    found = check(result, tau_scale=tau_scale)
    if as_json:
        _print({**result.to_json(), "checks": found.to_json()})
    else:
        _print(f"{result.summary()}\n\n{found.summary()}")


def network(
    source: Annotated[str, typer.Argument(help="CSV of contrasts or arms; or `pain` for our own trials.")],
    method: Annotated[str, typer.Option(help="CE, DL, REML or ML.")] = "REML",
    measure: Annotated[str, typer.Option(help="For arms: MD (mi sdi ni), OR, RR, RD (xi ni), GEN (yi sei).")] = "",
    join: Annotated[list[str] | None, typer.Option(help="'A=B': assume two treatments act alike; repeat.")] = None,
    reference: Annotated[str | None, typer.Option(help="Treatment to report against.")] = None,
    level: Annotated[float, typer.Option(help="Coverage of intervals.")] = 0.95,
    larger_is_better: Annotated[bool, typer.Option("--larger-is-better", help="For the P-scores.")] = False,
    shared_variance: Annotated[str, typer.Option(help="Multi-arm studies without all contrasts: refuse, half.")] = (
        "refuse"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable result on stdout.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Write the network graph (.svg or .png).")] = None,
) -> None:
    """Compare treatments that no single trial compared.

    Columns: study treat1 treat2 yi sei (yi is treat1 minus treat2; n1 n2 help with multi-arm studies), or one
    row an arm: study treat with mi sdi ni, xi ni, or yi sei. Parts of a network that share no treatment are
    reported apart; --join names an assumption that joins them, and the result prints it.

    Examples:
      aimss evidence network pain
      aimss evidence network pain --join "waitlist=usual care"
      aimss evidence network trials.csv --plot graph.svg
      aimss evidence network trials.csv --join "waitlist=usual care" --json
    """
    from aimss.evidence.synthesis.analysis import network_studies
    from aimss.evidence.synthesis.network import network_meta_analysis
    from aimss.evidence.synthesis.user_tables import read_user_table

    if source == "pain":
        from aimss.evidence.pain_network import pain_network

        ours = pain_network(joins=_joins(join or []), method=method, level=level, reference=reference)
        if plot is not None:
            _write_chart(plot, ours.result.plot())
        _print(ours.to_json() if as_json else ours.summary())
        return
    studies = network_studies(read_user_table(Path(source)), measure, shared_variance=shared_variance)
    result = network_meta_analysis(studies, method, level=level, joins=_joins(join or []), reference=reference,
                                   smaller_is_better=not larger_is_better)  # fmt: skip
    if plot is not None:
        _write_chart(plot, result.plot())
    _print(result.to_json() if as_json else result.summary())


def pool(
    what: Annotated[str, typer.Argument(help="prevalence.")],
    phenotype: Annotated[str, typer.Option(help="Phenotype as in the library, for example arthralgia.")],
    definition: Annotated[str, typer.Option(help="Definition class (survey, adverse_event, ...) or all.")] = "all",
    population: Annotated[str, typer.Option(help="Population class.")] = "ai_users",
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable result on stdout.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Write a forest plot (.svg or .png) of one definition.")] = None,
) -> None:
    """Pool our own prevalence rows by definition, beside the published value, with why they differ.

    Examples:
      aimss evidence pool prevalence --phenotype arthralgia --definition survey
      aimss evidence pool prevalence --phenotype arthralgia
    """
    from aimss.errors import EvidenceError
    from aimss.evidence.pooled_prevalence import by_definition, definitions_table, pool_prevalence

    if what != "prevalence":
        raise EvidenceError("pool", "prevalence", repr(what), "For remedies: aimss evidence network pain.")
    if definition == "all":
        if plot is not None:
            raise EvidenceError("--plot", "one definition", "all of them", "Add --definition survey, for example.")
        found = by_definition(phenotype, population=population)
        if as_json:
            _print({"definitions": [r.to_json() for r in found]})
        else:
            _print("\n\n".join([str(definitions_table(found)), *(r.summary() for r in found)]))
        return
    one = pool_prevalence(phenotype, definition, population=population)
    if plot is not None:
        _write_chart(plot, one.result.plot())
    _print(one.to_json() if as_json else one.summary())


def _joins(texts: list[str]) -> list[tuple[str, str]]:
    from aimss.errors import EvidenceError

    pairs = []
    for text in texts:
        a, equals, b = (part.strip() for part in text.partition("="))
        if not (a and equals and b):
            raise EvidenceError("--join", "two treatments as 'A=B'", repr(text))
        pairs.append((a, b))
    return pairs


def _print(result: dict[str, Any] | str) -> None:
    typer.echo(result if isinstance(result, str) else json.dumps(result, indent=2, allow_nan=False))


def _write_chart(path: Path, spec: Spec) -> None:
    from aimss import charting
    from aimss.errors import InputFileError

    if path.suffix not in (".svg", ".png"):
        raise InputFileError(str(path), "a name that ends in .svg or .png", path.suffix or "no ending")
    content = charting.render_png(spec) if path.suffix == ".png" else charting.render_svg(spec).encode()
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputFileError(str(path), "a file that can be written", error.strerror or "an error") from None
    sys.stderr.write(f"wrote {path}\n")
