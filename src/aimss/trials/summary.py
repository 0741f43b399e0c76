"""From endpoint data to the document: endpoints by arm, contrasts, curves, flow, power."""

from __future__ import annotations

import math
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.forecast.run_record import LIBRARIES, parameters_sha256
from aimss.normal import wilson
from aimss.patient.dates import DAYS_PER_MONTH
from aimss.trials import survival
from aimss.trials.analysis import Difference, difference, summarise, women_per_arm
from aimss.trials.chunk import STORED_FIELDS
from aimss.trials.columns import Column, endpoint_columns, fracture_kinds
from aimss.trials.design import JOINT_MEASURES
from aimss.trials.document import (
    ArmResult,
    ContrastRow,
    CurveResult,
    EndpointRow,
    EntryRow,
    Flow,
    FlowArm,
    Power,
    Run,
    TrialDocument,
    Withheld,
)
from aimss.trials.events import DEATH, DROPOUT, EVENT
from aimss.trials.job import Job
from aimss.trials.limits import limits, unvalidated
from aimss.trials.methods import methods
from aimss.trials.published import published_rows
from aimss.trials.run import Data
from aimss.trials.separate import why_separate

MOST_DIGITS = 6


class _Columns:
    """Columns by arm, one at a time."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.crossover = data.design.allocation == "crossover"
        self.arm = None if self.crossover else data.column("arm")[0]
        self._last: tuple[str, NDArray[Any]] | None = None

    def whole(self, key: str) -> NDArray[Any]:
        if self._last is None or self._last[0] != key:
            self._last = key, self.data.column(key)
        return self._last[1]

    def of(self, key: str, arm: int) -> NDArray[Any]:
        """One arm's values, (women of the arm,)."""
        values = self.whole(key)
        return np.asarray(values[arm] if self.arm is None else values[0][self.arm == arm])


def rounded(value: float | None) -> float | None:
    """Return a number to six significant digits; None where there is none."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{MOST_DIGITS}g}")


def summarise_trial(data: Data) -> TrialDocument:
    """Analyse a run as its design says."""
    design = data.design
    job = Job(design, data.seed)
    columns = _Columns(data)
    arms: list[list[EndpointRow]] = [[] for _ in design.arms]
    contrasts: list[ContrastRow] = []
    power: list[Power] = []
    withheld: list[Withheld] = []
    for column in endpoint_columns(design):
        for which, rows in enumerate(arms):
            rows.append(_row(column, columns.of(column.key, which)))
        found = _contrasts(column, columns, job)
        contrasts += found[0]
        power += found[1]
        withheld += found[2]
    curves: list[CurveResult] = []
    for kind in fracture_kinds(design):
        _fractures(kind, columns, arms, contrasts, curves)
    contrasts = _flagged(contrasts, unvalidated(job))
    names = [arm.name for arm in design.arms]
    results = [
        ArmResult(
            name=arm.name, label=arm.label or job.strategy(i).label, n=_size(columns, i, design.total), endpoints=rows
        )
        for i, (arm, rows) in enumerate(zip(design.arms, arms, strict=True))
    ]
    text, sources = methods(design, data.seed)
    return TrialDocument(
        title=design.title,
        question=design.question,
        entry=[_entry(name, columns.whole(f"entry/{name}")[0]) for name in STORED_FIELDS],
        arms=results,
        contrasts=contrasts,
        withheld=list({(w.a, w.b, w.reason): w for w in withheld}.values()),
        power=power,
        curves=curves,
        published=published_rows(design, results, contrasts),
        flow=_flow(data, columns, names),
        limits=limits(job),
        methods=text,
        sources=sources,
        run=Run(
            trial=design.name,
            seed=data.seed,
            women=design.total,
            replicates=design.replicates,
            allocation=design.allocation,
            digest=data.digest,
            design_sha256=data.design_sha256,
            parameters_sha256=parameters_sha256(job.parameters),
            version=version("aimss"),
            libraries={name: version(name) for name in LIBRARIES},
            solver={"relative_tolerance": 1e-4},
            notes=[],
        ),
    )


def _flagged(contrasts: list[ContrastRow], entered: dict[str, dict[str, float]]) -> list[ContrastRow]:
    """Name beside each contrast the ranges that the model is not validated in and that an arm has entered by then."""

    def keys(c: ContrastRow) -> list[str]:
        day = (c.month or 0.0) * DAYS_PER_MONTH
        return sorted({key for arm in (c.a, c.b) for key, begins in entered[arm].items() if begins < day})

    return [c.model_copy(update={"not_validated": keys(c)}) for c in contrasts]


def _size(columns: _Columns, arm: int, total: int) -> int:
    return total if columns.arm is None else int(np.count_nonzero(columns.arm == arm))


def _entry(name: str, values: NDArray[Any]) -> EntryRow:
    found = summarise(values, share=False)
    return EntryRow(name=name, mean=rounded(found.mean) or 0.0, sd=rounded(found.sd))


def _row(column: Column, values: NDArray[Any]) -> EndpointRow:
    s = summarise(values, column.share)
    return EndpointRow(
        name=column.name, site=column.site, month=column.month, week=column.week, mean=rounded(s.mean),
        sd=rounded(s.sd), se=rounded(s.se), median=rounded(s.median), low90=rounded(s.low90), high90=rounded(s.high90),
        n=s.n,
    )  # fmt: skip


def _contrasts(column: Column, columns: _Columns, job: Job) -> tuple[list[ContrastRow], list[Power], list[Withheld]]:
    design = job.design
    names = [arm.name for arm in design.arms]
    rows: list[ContrastRow] = []
    power: list[Power] = []
    withheld: list[Withheld] = []
    for a, b in design.pairs:
        reason = why_separate(job, a, b) if column.key.split("/")[0] in JOINT_MEASURES else None
        if reason is not None:
            withheld.append(Withheld(a=a, b=b, endpoint=column.name, reason=reason))
            continue
        place = {
            "a": a,
            "b": b,
            "endpoint": column.name,
            "site": column.site,
            "month": column.month,
            "week": column.week,
        }
        i, j = names.index(a), names.index(b)
        everyone = np.ones(design.total, dtype=bool)
        rows.append(_contrast(place, _compare(column, columns, design.analysis.ancova, i, j, everyone)))
        if design.stratify_by:
            rows += _by_stratum(place, column, columns, design.stratify_by, design.analysis.ancova, i, j)
        if design.replicates > 1:
            power.append(_power(place, column, columns, job, i, j))
    return rows, power, withheld


def _compare(column: Column, columns: _Columns, ancova: bool, i: int, j: int, who: NDArray[np.bool_]) -> Difference:
    values = columns.whole(column.key)
    if columns.arm is None:
        return difference(values[i][who], values[j][who], paired=True)
    first, second = who & (columns.arm == i), who & (columns.arm == j)
    a, b = values[0][first], values[0][second]
    base = None
    if ancova and column.baseline is not None:
        baseline = columns.data.column(column.baseline)[0]
        base = baseline[first], baseline[second]
    return difference(a, b, share=column.share, baselines=base)


def _contrast(place: dict[str, Any], found: Difference, subgroup: str | None = None) -> ContrastRow:
    return ContrastRow(
        **place, estimate=rounded(found.estimate), low95=rounded(found.low95), high95=rounded(found.high95),
        p=rounded(found.p), method=found.method, subgroup=subgroup,
    )  # fmt: skip


def _by_stratum(
    place: dict[str, Any], column: Column, columns: _Columns, conditions: tuple[str, ...], ancova: bool, i: int, j: int
) -> list[ContrastRow]:
    stratum = columns.data.column("stratum")[0]
    rows = []
    for bit, text in enumerate(conditions):
        holds = (stratum >> np.uint8(bit)) & 1 == 1
        for words, who in ((text, holds), (f"not ({text})", ~holds)):
            rows.append(_contrast(place, _compare(column, columns, ancova, i, j, who), words))
    return rows


def _power(place: dict[str, Any], column: Column, columns: _Columns, job: Job, i: int, j: int) -> Power:
    design = job.design
    alpha = design.analysis.alpha
    found = []
    for r in range(design.replicates):
        who = np.zeros(design.total, dtype=bool)
        who[r * design.n : (r + 1) * design.n] = True
        found.append(_compare(column, columns, design.analysis.ancova, i, j, who))
    hits = sum(d.p < alpha for d in found)
    low, high = wilson(hits, len(found))
    estimates = np.array([d.estimate for d in found])
    spread = summarise(np.concatenate([columns.of(column.key, k) for k in (i, j)]), column.share).sd
    mean = float(estimates.mean())
    return Power(
        **place, replicates=len(found), alpha=alpha, power=rounded(hits / len(found)), power_low95=rounded(low),
        power_high95=rounded(high), mean_estimate=rounded(mean), sd_of_estimates=rounded(float(estimates.std(ddof=1))),
        women_per_arm_power_80=women_per_arm(mean, spread or math.nan, 0.8, alpha),
        women_per_arm_power_90=women_per_arm(mean, spread or math.nan, 0.9, alpha),
    )  # fmt: skip


def _fractures(
    kind: str, columns: _Columns, arms: list[list[EndpointRow]], contrasts: list[ContrastRow], curves: list[CurveResult]
) -> None:
    design = columns.data.design
    name, horizon = f"fracture_{kind}", design.horizon_years * 12
    keys = f"fracture/{kind}/month", f"fracture/{kind}/cause"
    months, cause = (columns.data.column(key) for key in keys)

    def of(arm: int) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        row = arm if columns.arm is None else 0
        who = slice(None) if columns.arm is None else columns.arm == arm
        time, why = months[row][who], cause[row][who]
        seen = ~np.isnan(time)
        return time[seen], why[seen]

    for which, rows in enumerate(arms):
        time, why = of(which)
        found = survival.curve(time, why, horizon)
        rows.append(
            EndpointRow(
                name=name,
                month=horizon,
                mean=rounded(float(found.incidence[-1])),
                se=rounded(found.incidence_se),
                n=len(time),
            )
        )
        curves.append(
            CurveResult(
                arm=design.arms[which].name,
                endpoint=name,
                months=_list(found.months),
                event_free=_list(found.event_free),
                event_free_low95=_list(found.low95),
                event_free_high95=_list(found.high95),
                cumulative_incidence=_list(found.incidence),
                at_risk=list(found.at_risk),
                events=found.events,
                deaths=found.deaths,
            )
        )
    names = [arm.name for arm in design.arms]
    paired = "; the same women in both arms, so that it is wider than it need be" if columns.arm is None else ""
    for a, b in design.pairs:
        (time_a, why_a), (time_b, why_b) = of(names.index(a)), of(names.index(b))
        ratio, low, high, p = survival.hazard_ratio((time_a, time_b), (why_a == EVENT, why_b == EVENT))
        contrasts.append(
            ContrastRow(
                a=a,
                b=b,
                endpoint=name,
                month=horizon,
                estimate=rounded(ratio),
                low95=rounded(low),
                high95=rounded(high),
                p=rounded(p),
                method=f"cause-specific hazard ratio (Cox){paired}",
            )
        )


def _list(values: NDArray[Any]) -> list[float]:
    return [float(f"{v:.5g}") for v in values]


def _flow(data: Data, columns: _Columns, names: list[str]) -> Flow:
    cause = data.column("end/cause")
    found = []
    for which, name in enumerate(names):
        mine = cause[which] if columns.arm is None else cause[0][columns.arm == which]
        died, left = (int(np.count_nonzero(mine == why)) for why in (DEATH, DROPOUT))
        found.append(
            FlowArm(name=name, allocated=len(mine), died=died, dropped_out=left, completed=len(mine) - died - left)
        )
    again = {k.removeprefix("rejected/"): v for k, v in sorted(data.counts.items()) if k.startswith("rejected/")}
    women = data.counts["women"]
    return Flow(
        drawn=women + sum(again.values()),
        drawn_again=again,
        enrolled=women,
        not_solved=data.counts.get("failed", 0),
        arms=found,
    )
