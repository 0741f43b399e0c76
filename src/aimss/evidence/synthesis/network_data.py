"""Studies of a treatment network: contrasts against one arm with their covariance, from contrasts or arms.

A contrast ``yi`` is the effect of ``treat1`` minus that of ``treat2``. Contrasts of one multi-arm study share an
arm and are therefore correlated; their covariance is the sampling variance of the shared arm, recovered from
the standard errors of all pairwise contrasts, from arm sizes, or, only if asked for by name, assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EvidenceError

Array = NDArray[np.floating[Any]]

CLOSURE_TOLERANCE = 0.1
"""Contrasts of one study may fail to close a loop by this share of their smallest standard error (rounding)."""

SHARED_VARIANCE = ("refuse", "half")


@dataclass(frozen=True)
class ContrastRow:
    """One published contrast: effect of ``treat1`` minus ``treat2`` with its standard error."""

    study: str
    treat1: str
    treat2: str
    yi: float
    sei: float
    n1: float | None = None
    n2: float | None = None


@dataclass(frozen=True)
class NetworkStudy:
    """A study as contrasts of ``treatments[1:]`` against ``treatments[0]``: effects (m - 1,), covariance square.

    ``corrected`` says that one half was added to its counts because an arm had an empty cell.
    """

    name: str
    treatments: tuple[str, ...]
    effects: Array
    covariance: Array
    corrected: bool = False

    @property
    def design(self) -> tuple[str, ...]:
        """The set of treatments compared, sorted."""
        return tuple(sorted(self.treatments))

    def contrast(self, a: str, b: str) -> tuple[float, float]:
        """Return effect and sampling variance of ``a`` minus ``b`` within this study."""
        weights = np.zeros(len(self.effects))
        for treatment, sign in ((a, 1.0), (b, -1.0)):
            place = self.treatments.index(treatment)
            if place:
                weights[place - 1] += sign
        return float(weights @ self.effects), float(weights @ self.covariance @ weights)


def studies_from_contrasts(rows: Iterable[ContrastRow], shared_variance: str = "refuse") -> tuple[NetworkStudy, ...]:
    """Group contrast rows into studies with their multi-arm covariance.

    Parameters
    ----------
    shared_variance : for a multi-arm study that reports neither all contrasts nor arm sizes: ``refuse``, or
        ``half`` (the shared arm carries half of the mean contrast variance, correlation about 0.5).

    Raises
    ------
    EvidenceError : repeated or self contrasts, contrasts that contradict each other, unknown shared variance.
    """
    if shared_variance not in SHARED_VARIANCE:
        raise EvidenceError("shared_variance", " or ".join(SHARED_VARIANCE), shared_variance)
    grouped: dict[str, list[ContrastRow]] = {}
    for row in rows:
        _check_row(row)
        grouped.setdefault(row.study, []).append(row)
    return tuple(_study(name, group, shared_variance) for name, group in grouped.items())


def _check_row(row: ContrastRow) -> None:
    if not row.study or not row.treat1 or not row.treat2:
        raise EvidenceError(f"study {row.study or '(no name)'}", "a study and two treatments", "an empty name")
    if row.treat1 == row.treat2:
        raise EvidenceError(f"study {row.study}", "two different treatments", f"{row.treat1} twice")
    if not np.isfinite(row.yi):
        raise EvidenceError(f"study {row.study}, column yi", "a finite effect", f"{row.yi}")
    if not (np.isfinite(row.sei) and row.sei > 0):
        raise EvidenceError(f"study {row.study}, column sei", "a standard error above 0", f"{row.sei}")


def _study(name: str, rows: Sequence[ContrastRow], shared_variance: str) -> NetworkStudy:
    pairs = [frozenset((r.treat1, r.treat2)) for r in rows]
    if len(set(pairs)) < len(pairs):
        twice = next(p for p in pairs if pairs.count(p) > 1)
        raise EvidenceError(f"study {name}", "each comparison once", " and ".join(sorted(twice)) + " twice")
    arms = sorted({t for p in pairs for t in p})
    if len(arms) == 2:
        row = rows[0]
        return NetworkStudy(name, (row.treat2, row.treat1), np.array([row.yi]), np.array([[row.sei**2]]))
    if len(rows) == len(arms) * (len(arms) - 1) // 2:
        return _from_all_pairs(name, rows, arms)
    if len(rows) == len(arms) - 1:
        return _from_star(name, rows, arms, shared_variance)
    raise EvidenceError(
        f"study {name}", f"all {len(arms) * (len(arms) - 1) // 2} contrasts of its {len(arms)} arms, "
        "or each arm against one", f"{len(rows)} contrasts",
    )  # fmt: skip


def _from_all_pairs(name: str, rows: Sequence[ContrastRow], arms: list[str]) -> NetworkStudy:
    m = len(arms)
    incidence = np.zeros((len(rows), m))
    for i, r in enumerate(rows):
        incidence[i, arms.index(r.treat1)], incidence[i, arms.index(r.treat2)] = 1.0, -1.0
    y = np.array([r.yi for r in rows])
    se = np.array([r.sei for r in rows])
    level = np.linalg.lstsq(incidence, y, rcond=None)[0]
    gap = float(np.max(np.abs(y - incidence @ level)))
    if gap > CLOSURE_TOLERANCE * float(se.min()):
        raise EvidenceError(f"study {name}", "contrasts that agree with each other (A-B = A-C - B-C)",
                            f"a gap of {gap:.3g}", "Check signs and treatment order.")  # fmt: skip
    variance = np.linalg.lstsq(np.abs(incidence), se**2, rcond=None)[0]
    off = float(np.max(np.abs(np.abs(incidence) @ variance - se**2) / se**2))
    if (variance <= 0).any() or off > CLOSURE_TOLERANCE:
        raise EvidenceError(
            f"study {name}",
            "standard errors that independent arms can produce",
            ", ".join(f"{r.treat1} vs {r.treat2}: {r.sei:g}" for r in rows),
        )
    return _from_arms(name, arms, level, variance)


def _from_arms(name: str, arms: Sequence[str], level: Array, variance: Array) -> NetworkStudy:
    covariance = np.diag(variance[1:]) + variance[0]
    return NetworkStudy(name, tuple(arms), level[1:] - level[0], covariance)


def _from_star(name: str, rows: Sequence[ContrastRow], arms: list[str], shared_variance: str) -> NetworkStudy:
    hubs = [a for a in arms if all(a in (r.treat1, r.treat2) for r in rows)]
    if not hubs:
        raise EvidenceError(f"study {name}", "contrasts that share one arm", "a chain of contrasts",
                            "Give all pairwise contrasts, or each arm against one control.")  # fmt: skip
    hub = hubs[0]
    others = [r.treat1 if r.treat2 == hub else r.treat2 for r in rows]
    y = np.array([r.yi if r.treat2 == hub else -r.yi for r in rows])
    variance = np.array([r.sei**2 for r in rows])
    if all(r.n1 and r.n2 for r in rows):
        sizes = [(r.n2, r.n1) if r.treat2 == hub else (r.n1, r.n2) for r in rows]
        share = np.array([float(n or 0) / (float(n or 0) + float(h or 0)) for h, n in sizes])
        shared = float(np.mean(variance * share))
    elif shared_variance == "half":
        shared = float(np.mean(variance)) / 2
    else:
        raise EvidenceError(
            f"study {name}", "the variance of its shared arm: all pairwise contrasts, or arm sizes n1 and n2",
            f"{len(rows)} contrasts against {hub} only",
            "Add the missing contrasts or sizes, or assume half (--shared-variance half).",
        )  # fmt: skip
    if shared >= variance.min():
        raise EvidenceError(f"study {name}", "a shared arm less uncertain than every contrast",
                            f"variance {shared:.3g} against {variance.min():.3g}")  # fmt: skip
    covariance = np.full((len(y), len(y)), shared)
    np.fill_diagonal(covariance, variance)
    return NetworkStudy(name, (hub, *others), y, covariance)


@dataclass(frozen=True)
class ArmRow:
    """One arm with its own outcome ``level`` and sampling ``variance`` on the analysis scale."""

    study: str
    treatment: str
    level: float
    variance: float
    corrected: bool = False


def arm_rows(
    measure: str, studies: Sequence[str], treatments: Sequence[str], columns: Mapping[str, Array]
) -> list[ArmRow]:
    """Turn arm-level columns into arm outcomes: ``mi, sdi, ni`` for MD, ``xi, ni`` for OR, RR, RD, ``yi, sei`` for GEN.

    Every arm of a study with an empty cell receives one half, as in the pairwise effect sizes.

    Raises
    ------
    EvidenceError : unknown measure, missing column, impossible number.
    """
    need = {"MD": ("mi", "sdi", "ni"), "GEN": ("yi", "sei"), **dict.fromkeys(("OR", "RR", "RD"), ("xi", "ni"))}
    if measure not in need:
        raise EvidenceError("--measure", "OR, RR, RD, MD or GEN for arms", measure)
    lacking = [c for c in need[measure] if c not in columns]
    if lacking:
        raise EvidenceError(f"column {lacking[0]}", "columns " + ", ".join(need[measure]), "it is not there")
    values: list[Array] = [np.asarray(columns[c], dtype=np.float64) for c in need[measure]]
    for c, v in zip(need[measure], values, strict=True):
        if not np.isfinite(v).all():
            row = int(np.flatnonzero(~np.isfinite(v))[0])
            raise EvidenceError(f"study {studies[row]}, column {c}", "a number in every arm", "an empty cell")
    level: Array
    variance: Array
    corrected = np.zeros(len(studies), dtype=bool)
    if measure == "MD":
        level, variance = values[0], values[1] ** 2 / values[2]
    elif measure == "GEN":
        level, variance = values[0], values[1] ** 2
    else:
        level, variance, corrected = _event_arms(measure, studies, values[0], values[1])
    for i, v in enumerate(variance):
        if not v > 0:
            raise EvidenceError(f"study {studies[i]}, arm {treatments[i]}", "a sampling variance above 0", f"{v:g}")
    return [
        ArmRow(s, t, float(y), float(v), bool(c))
        for s, t, y, v, c in zip(studies, treatments, level, variance, corrected, strict=True)
    ]


def _event_arms(measure: str, studies: Sequence[str], x: Array, n: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    for i, s in enumerate(studies):
        if not (0 <= x[i] <= n[i] and n[i] > 0):
            raise EvidenceError(f"study {s}, column xi", "0 <= xi <= ni", f"{x[i]:g} of {n[i]:g}")
    empty = {s for s, a, b in zip(studies, x, n, strict=True) if a in (0, b)}
    corrected = np.array([s in empty for s in studies])
    e, f = x + 0.5 * corrected, n - x + 0.5 * corrected
    if measure == "OR":
        return np.log(e / f), 1 / e + 1 / f, corrected
    p = e / (e + f)
    if measure == "RR":
        return np.log(p), 1 / e - 1 / (e + f), corrected
    return p, p * (1 - p) / (e + f), corrected


def studies_from_arms(rows: Iterable[ArmRow]) -> tuple[NetworkStudy, ...]:
    """Group arms into studies; the first arm of a study is the one the others are contrasted with.

    Raises
    ------
    EvidenceError : a study with one arm, or the same treatment in two arms.
    """
    grouped: dict[str, list[ArmRow]] = {}
    for row in rows:
        grouped.setdefault(row.study, []).append(row)
    studies = []
    for name, arms in grouped.items():
        treatments = [a.treatment for a in arms]
        if len(arms) < 2 or len(set(treatments)) < len(arms):
            raise EvidenceError(f"study {name}", "two or more arms of different treatments", ", ".join(treatments))
        level, variance = np.array([a.level for a in arms]), np.array([a.variance for a in arms])
        study = _from_arms(name, treatments, level, variance)
        studies.append(replace(study, corrected=arms[0].corrected))
    return tuple(studies)


def joined(studies: Sequence[NetworkStudy], joins: Sequence[tuple[str, str]]) -> tuple[NetworkStudy, ...]:
    """Give treatments that are assumed to act alike one common name (``a = b``).

    Raises
    ------
    EvidenceError : an unknown treatment, or a study that compares the two directly.
    """
    known = {t for s in studies for t in s.treatments}
    name = {t: t for t in known}
    for a, b in joins:
        for t in (a, b):
            if t not in known:
                raise EvidenceError("--join", "a treatment of the network: " + ", ".join(sorted(known)), repr(t))
        members = sorted(t for t in known if name[t] in (name[a], name[b]))
        for t in members:
            name[t] = " = ".join(members)
    result = []
    for s in studies:
        renamed = tuple(name[t] for t in s.treatments)
        if len(set(renamed)) < len(renamed):
            raise EvidenceError("--join", "treatments that no study compares with each other",
                                f"study {s.name} compares " + ", ".join(s.treatments))  # fmt: skip
        result.append(replace(s, treatments=renamed))
    return tuple(result)


def components(studies: Sequence[NetworkStudy]) -> list[tuple[NetworkStudy, ...]]:
    """Split studies into connected components, largest number of studies first."""
    group: dict[str, set[str]] = {}
    for s in studies:
        merged = set(s.treatments).union(*(group.get(t, set()) for t in s.treatments))
        for t in merged:
            group[t] = merged
    parts: dict[frozenset[str], list[NetworkStudy]] = {}
    for s in studies:
        parts.setdefault(frozenset(group[s.treatments[0]]), []).append(s)
    return sorted((tuple(p) for p in parts.values()), key=lambda p: (-len(p), sorted(p[0].treatments)))


def pairs(treatments: Iterable[str]) -> list[tuple[str, str]]:
    """Return all pairs of sorted treatments."""
    return list(combinations(sorted(treatments), 2))
