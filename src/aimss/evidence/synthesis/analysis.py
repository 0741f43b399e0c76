"""From a user's table to a pooled result or a network: what ``aimss evidence meta`` and ``network`` call."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from aimss.errors import EvidenceError
from aimss.evidence.synthesis.binomial_normal import METAFOR_NODES, pool_exact
from aimss.evidence.synthesis.effect_sizes import MEASURES, effect_sizes
from aimss.evidence.synthesis.heterogeneity import TAU2_METHODS
from aimss.evidence.synthesis.meta_regression import regress
from aimss.evidence.synthesis.network_data import (
    ContrastRow,
    NetworkStudy,
    arm_rows,
    studies_from_arms,
    studies_from_contrasts,
)
from aimss.evidence.synthesis.random_effects import pool
from aimss.evidence.synthesis.results import MetaResult
from aimss.evidence.synthesis.user_tables import UserTable

COLUMNS = {
    **dict.fromkeys(("OR", "RR", "RD"), ("ai", "bi", "n1i", "ci", "di", "n2i")),
    **dict.fromkeys(("MD", "SMD"), ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")),
    **dict.fromkeys(("PLO", "PFT"), ("xi", "mi", "ni")),
    "HR": ("hr", "ci_low", "ci_high"),
    "GEN": ("yi", "vi", "sei"),
}


def analyse_table(
    table: UserTable,
    measure: str,
    method: str = "REML",
    *,
    knha: bool = False,
    moderators: Sequence[str] = (),
    level: float = 0.95,
    prediction: str = "metafor",
    correction: float = 0.5,
    double_zero: str = "include",
    nodes: int = METAFOR_NODES,
) -> MetaResult:
    """Compute effect sizes from the table's columns and pool them, or regress them on moderators.

    ``nodes`` are the quadrature points of GLMM, by default those of metafor.

    Raises
    ------
    EvidenceError : unknown measure or method, or a table that cannot carry the analysis.
    """
    if measure not in MEASURES:
        raise EvidenceError("--measure", "one of " + ", ".join(MEASURES), repr(measure))
    if method not in (*TAU2_METHODS, "GLMM"):
        raise EvidenceError("--method", "one of " + ", ".join((*TAU2_METHODS, "GLMM")), repr(method))
    columns = table.numbers_of(COLUMNS[measure])
    if not columns:
        raise EvidenceError(f"{table.path}, header", f"columns of measure {measure}: "
                            + ", ".join(COLUMNS[measure]), "columns " + ", ".join(table.columns))  # fmt: skip
    data = effect_sizes(measure, columns, table.labels(), correction=correction, double_zero=double_zero,
                        where=table.where)  # fmt: skip
    if method == "GLMM":
        if moderators:
            raise EvidenceError("--mods", "no moderators with GLMM", ", ".join(moderators),
                                "Use REML or ML on PLO for a meta-regression of proportions.")  # fmt: skip
        return pool_exact(data, level=level, knha=knha, nodes=nodes)
    if moderators:
        values = {name: table.moderator(name) for name in moderators}
        return regress(data, values, method, knha=knha, level=level)
    return pool(data, method, knha=knha, level=level, prediction=prediction)


def network_studies(
    table: UserTable, measure: str = "", *, shared_variance: str = "refuse"
) -> tuple[NetworkStudy, ...]:
    """Read a network from contrasts (study, treat1, treat2, yi, sei or vi; n1, n2) or arms (study, treat, ...).

    Arms take ``mi, sdi, ni`` (measure MD), ``xi, ni`` (OR, RR, RD) or ``yi, sei`` (GEN); the measure is guessed as MD,
    OR or GEN from the columns when it is not given.

    Raises
    ------
    EvidenceError : columns that fit neither form, or a cell that cannot be used, by row and column.
    """
    names = _filled(table, "study")
    if {"treat1", "treat2"} <= set(table.columns):
        if measure not in ("", "GEN"):
            raise EvidenceError("--measure", "none with contrasts: they are taken as given", measure)
        return studies_from_contrasts(_contrasts(table, names), shared_variance)
    arm = next((c for c in ("treat", "treatment", "arm") if c in table.columns), None)
    if arm is None:
        raise EvidenceError(f"{table.path}, header", "columns study, treat1, treat2, yi, sei, or study, treat, ...",
                            "columns " + ", ".join(table.columns))  # fmt: skip
    columns = table.numbers_of(("xi", "ni", "mi", "sdi", "yi", "sei"))
    guess = "MD" if "mi" in columns else "OR" if "xi" in columns else "GEN"
    return studies_from_arms(arm_rows(measure or guess, names, _filled(table, arm), columns))


def _filled(table: UserTable, column: str) -> list[str]:
    texts = table.texts(column)
    for i, text in enumerate(texts):
        if not text:
            raise EvidenceError(table.where(i, column), "a name", "an empty cell")
    return texts


def _contrasts(table: UserTable, names: list[str]) -> list[ContrastRow]:
    first, second = _filled(table, "treat1"), _filled(table, "treat2")
    yi = table.numbers("yi")
    se_column = "sei" if "sei" in table.columns else "vi"
    se = table.numbers(se_column)
    sizes = table.numbers_of(("n1", "n2"))
    for i in range(len(names)):
        if isnan(yi[i]):
            raise EvidenceError(table.where(i, "yi"), "an effect", "an empty cell", "Delete the row if it is unknown.")
        if not se[i] > 0:
            raise EvidenceError(table.where(i, se_column), "a number above 0", "none" if isnan(se[i]) else f"{se[i]:g}")

    def size(column: str, i: int) -> float | None:
        return float(sizes[column][i]) if column in sizes and sizes[column][i] > 0 else None

    return [
        ContrastRow(names[i], first[i], second[i], float(yi[i]), float(se[i] if se_column == "sei" else se[i] ** 0.5),
                    size("n1", i), size("n2", i))
        for i in range(len(names))
    ]  # fmt: skip
