"""The contrasts of our own remedy trials that may enter a pool or a network, and what to know of their numbers."""

from __future__ import annotations

from aimss.evidence.synthesis.effect_sizes import Excluded
from aimss.evidence.synthesis.network_data import ContrastRow
from aimss.evidence.tables import Row, load_table


def treatment(arm_id: str) -> str:
    """Return the treatment of an arm in words: its intervention class."""
    return load_table("joint/arms")[arm_id].text("intervention_class").replace("_", " ")


def usable_contrasts() -> tuple[tuple[Row, ...], tuple[Excluded, ...]]:
    """Return the contrasts chosen for the network (one a comparison and trial), and the rest with the reason."""
    used, aside = [], []
    for row in load_table("joint/contrasts"):
        reason = ""
        if row.verified == "no":
            reason = "not seen in any source (verified no)"
        elif row.number("mean_difference") is None or row.number("se") is None:
            reason = "no mean difference with a standard error"
        elif row.text("nma_ready") == "no":
            reason = "not ready for a network: " + (row.text("note") or "no reason given")
        elif row.text("primary_for_nma") != "1":
            reason = "another outcome, week or subgroup of a trial"
        if reason:
            aside.append(Excluded(f"{row.id} ({row.text('trial_id')}, {row.text('outcome')})", reason))
        else:
            used.append(row)
    return tuple(used), tuple(aside)


def flags(row: Row) -> tuple[str, ...]:
    """Return what to know about the numbers of a contrast: how its difference and standard error were come by."""
    found = []
    if "upper bound" in row.text("se_source"):
        found.append(f"standard error is an upper bound ({row.text('se_source').removeprefix('upper bound ')})")
    elif row.text("se_source") and not row.text("se_source").startswith("derived from CI"):
        found.append(f"standard error {row.text('se_source')}")
    if row.text("md_source") != "reported":
        found.append(f"difference {row.text('md_source')}")
    if row.verified == "secondary":
        found.append("read in a secondary source")
    return tuple(found)


def contrast(row: Row) -> ContrastRow:
    """Return a library row as a network contrast."""
    return ContrastRow(
        study=row.text("trial_id"),
        treat1=treatment(row.text("arm_a")),
        treat2=treatment(row.text("arm_b")),
        yi=row.number("mean_difference") or 0.0,
        sei=row.number("se") or 0.0,
        n1=row.number("n_a"),
        n2=row.number("n_b"),
    )
