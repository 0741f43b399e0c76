"""A published trial beside the simulated one: rows of the evidence, as printed, with how far they were seen."""

from __future__ import annotations

from collections.abc import Sequence

from aimss.errors import DesignError
from aimss.evidence.tables import Row, load_table
from aimss.patient.observations import SITES
from aimss.trials.analysis import Z95
from aimss.trials.design import TrialDesign
from aimss.trials.document import ArmResult, ContrastRow, PublishedRow


def check_published(design: TrialDesign) -> None:
    """Raise DesignError for a study without BMD rows or an arm that the evidence or the design does not have."""
    names = {arm.name for arm in design.arms}
    for i, wanted in enumerate(design.compare_with):
        rows = [row for row in load_table("bone/bmd") if row.text("study_id") == wanted.study]
        if not rows:
            raise DesignError(
                f"compare_with[{i}].study", "a study with rows in bone/bmd", wanted.study, "See `aimss evidence list`."
            )
        known = {row.text("arm") for row in rows}
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
        for row in load_table("bone/bmd"):
            ours = wanted.arms.get(row.text("arm")) if row.text("study_id") == wanted.study else None
            month = row["time_months"]
            if ours is None or not isinstance(month, float | int) or row.text("site") not in SITES:
                continue
            beside = (
                _contrast(row, ours, float(month), contrasts) if " - " in ours else _arm(row, ours, float(month), arms)
            )
            if beside is not None:
                found.append(beside)
    return found


def _arm(row: Row, ours: str, month: float, arms: Sequence[ArmResult]) -> PublishedRow | None:
    published = row["pct_change"]
    if not isinstance(published, float | int):
        return None
    arm = next(a for a in arms if a.name == ours)
    for e in arm.endpoints:
        if (e.name, e.site) == ("bmd_percent_change", row.text("site")) and e.month == month:
            median = "median" in row.text("statistic")
            value = e.median if median else e.mean
            half = Z95 * (e.se or 0.0) * (1.2533 if median else 1.0)
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


def _contrast(row: Row, ours: str, month: float, contrasts: Sequence[ContrastRow]) -> PublishedRow | None:
    published = row["between_arm_difference"]
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
) -> PublishedRow:
    def number(cell: object) -> float | None:
        return float(cell) if isinstance(cell, float | int) else None

    def short(v: float | None) -> float | None:
        return None if v is None else float(f"{v:.4g}")

    return PublishedRow(
        study=row.text("study_id"),
        row=row.id,
        what=f"{row.text('arm')} ({ours})",
        site=row.text("site"),
        month=number(row["time_months"]),
        statistic=row.text("statistic"),
        published=published,
        published_low95=number(low),
        published_high95=number(high),
        verified=row.verified,
        simulated=short(value),
        simulated_low95=short(value_low),
        simulated_high95=short(value_high),
        note=row.text("notes"),
    )
