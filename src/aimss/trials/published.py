"""A published trial beside the simulated one: rows of the evidence, as printed, with how far they were seen."""

from __future__ import annotations

from collections.abc import Sequence

from aimss.errors import DesignError
from aimss.evidence.tables import Row, load_table
from aimss.normal import NORMAL_95
from aimss.trials.design import TrialDesign
from aimss.trials.document import ArmResult, ContrastRow, PublishedRow


def check_published(design: TrialDesign) -> None:
    """Raise DesignError for a study without BMD rows or an arm that the evidence or the design does not have."""
    names = {arm.name for arm in design.arms}
    for i, wanted in enumerate(design.compare_with):
        rows = _rows(wanted.study)
        if not rows and not _fractures(wanted.study):
            raise DesignError(
                f"compare_with[{i}].study",
                "a study with rows in bone/bmd, bone/fractures or joint/contrasts",
                wanted.study,
                "See `aimss evidence list`.",
            )
        known = {_arms_of(row) for row in rows} | {name for row in _fractures(wanted.study) for name in _pair(row)}
        for theirs, ours in wanted.arms.items():
            if theirs not in known:
                raise DesignError(f"compare_with[{i}].arms", "arms of the study: " + ", ".join(sorted(known)), theirs)
            for name in ours.split(" - "):
                if name.strip() not in names:
                    raise DesignError(
                        f"compare_with[{i}].arms.{theirs}", "arms of this design: " + ", ".join(sorted(names)), name
                    )


def published_rows(
    design: TrialDesign, arms: Sequence[ArmResult], contrasts: Sequence[ContrastRow]
) -> list[PublishedRow]:
    """Return every published BMD change of the named studies whose site and month is an endpoint here."""
    found = []
    for wanted in design.compare_with:
        for row in _rows(wanted.study):
            ours = wanted.arms.get(_arms_of(row))
            if ours is None:
                continue
            if row.table == "joint/contrasts":
                beside = _pain(row, ours, contrasts)
            else:
                beside = _contrast(row, ours, contrasts) if " - " in ours else _arm(row, ours, arms)
            if beside is not None:
                found.append(beside)
        for row in _fractures(wanted.study):
            pair = [wanted.arms.get(name) for name in _pair(row)]
            beside = _ratio(row, pair, contrasts)
            if beside is not None:
                found.append(beside)
    return found


_KINDS = {"any clinical": "any_clinical", "hip": "hip", "clinical vertebral": "clinical_vertebral"}
_RATIOS = {"HR": "hazard ratio", "RH": "hazard ratio", "RR": "risk ratio", "RRR %": "1 - relative risk reduction"}


def _fractures(study: str) -> list[Row]:
    """Return the rows of a study's fractures of a kind that the model has, with a ratio."""
    return [
        row
        for row in load_table("bone/fractures")
        if row.text("study_id") == study and row.text("fracture_type") in _KINDS and row.text("measure") in _RATIOS
    ]


def _pair(row: Row) -> tuple[str, str]:
    return row.text("arm"), row.text("comparator")


def _ratio(row: Row, pair: Sequence[str | None], contrasts: Sequence[ContrastRow]) -> PublishedRow | None:
    """A published ratio of fractures beside the simulated hazard ratio."""
    published = row["estimate"]
    if not isinstance(published, float | int):
        return None
    low: object = row["ci_low"]
    high: object = row["ci_high"]
    if row.text("measure") == "RRR %":
        published = 1 - published / 100
        low, high = (1 - v / 100 if isinstance(v, float | int) else None for v in (high, low))
    kind = _KINDS[row.text("fracture_type")]
    for c in contrasts:
        if c.endpoint == f"fracture_{kind}" and [c.a, c.b] == list(pair):
            return _beside(
                row,
                f"{kind.replace('_', ' ')} fracture, {c.a} against {c.b}",
                float(published),
                low,
                high,
                c.estimate,
                c.low95,
                c.high95,
            )
    return None


def _rows(study: str) -> list[Row]:
    bone = [row for row in load_table("bone/bmd") if row.text("study_id") == study]
    return bone + [row for row in load_table("joint/contrasts") if row.text("trial_id") == study]


def _arms_of(row: Row) -> str:
    """Return an arm, or two arms and `minus`, as a design names them."""
    if row.table == "joint/contrasts":
        return f"{row.text('arm_a')} minus {row.text('arm_b')}"
    if row.table == "bone/fractures":
        return " against ".join(_pair(row))
    return row.text("arm")


def _pain(row: Row, ours: str, contrasts: Sequence[ContrastRow]) -> PublishedRow | None:
    published, week = row["mean_difference"], row["time_weeks"]
    # other outcomes are on other scales
    if row.text("outcome") not in {"BPI worst pain", "BPI average pain", "BPI severity"}:
        return None
    if not isinstance(published, float | int) or not isinstance(week, float | int):
        return None
    a, b = (name.strip() for name in ours.split(" - "))
    for c in contrasts:
        if (c.endpoint, c.week, c.subgroup, c.a, c.b) == ("pain_change", int(week), None, a, b):
            return _beside(
                row,
                f"{row.text('outcome')}, {ours}",
                float(published),
                row["ci_low"],
                row["ci_high"],
                c.estimate,
                c.low95,
                c.high95,
                week=int(week),
            )
    return None


def _arm(row: Row, ours: str, arms: Sequence[ArmResult]) -> PublishedRow | None:
    published, month = row["pct_change"], row["time_months"]
    if not isinstance(published, float | int):
        return None
    arm = next(a for a in arms if a.name == ours)
    for e in arm.endpoints:
        if (e.name, e.site) == ("bmd_percent_change", row.text("site")) and e.month == month:
            median = "median" in row.text("statistic")
            value = e.median if median else e.mean
            half = NORMAL_95 * (e.se or 0.0) * (1.2533 if median else 1.0)
            return _beside(
                row,
                ours,
                float(published),
                row["ci_low"],
                row["ci_high"],
                value,
                None if value is None else value - half,
                None if value is None else value + half,
            )
    return None


def _contrast(row: Row, ours: str, contrasts: Sequence[ContrastRow]) -> PublishedRow | None:
    published, month = row["between_arm_difference"], row["time_months"]
    if not isinstance(published, float | int):
        return None
    a, b = (name.strip() for name in ours.split(" - "))
    for c in contrasts:
        same = (c.endpoint, c.site, c.subgroup) == ("bmd_percent_change", row.text("site"), None) and c.month == month
        if same and {c.a, c.b} == {a, b}:
            sign = 1.0 if c.a == a else -1.0
            values = [None if v is None else sign * v for v in (c.estimate, c.low95, c.high95)]
            low, high = (values[1], values[2]) if sign > 0 else (values[2], values[1])
            return _beside(row, ours, float(published), row["diff_ci_low"], row["diff_ci_high"], values[0], low, high)
    return None


def _beside(
    row: Row,
    ours: str,
    published: float,
    low: object,
    high: object,
    value: float | None,
    value_low: float | None,
    value_high: float | None,
    week: int | None = None,
) -> PublishedRow:
    def number(cell: object) -> float | None:
        return float(cell) if isinstance(cell, float | int) else None

    def short(v: float | None) -> float | None:
        return None if v is None else float(f"{v:.4g}")

    bone = week is None
    fracture = row.table == "bone/fractures"
    return PublishedRow(
        study=row.text("study_id" if bone else "trial_id"),
        row=row.id,
        what=f"{_arms_of(row)} ({ours})",
        site=row.text("site") if bone and not fracture else None,
        month=number(row["time_months"]) if bone else None,
        week=week,
        statistic=_RATIOS[row.text("measure")] if fracture else row.text("statistic" if bone else "md_source"),
        published=published,
        published_low95=number(low),
        published_high95=number(high),
        verified=row.verified,
        simulated=short(value),
        simulated_low95=short(value_low),
        simulated_high95=short(value_high),
        note=row.text("notes" if bone else "note"),
    )
