"""How drugs come and go: aromatase inhibitors, tamoxifen and raloxifene, denosumab, bisphosphonates.

Every function is written over a namespace of mathematics `m` (exp, log, maximum, minimum): numpy for arrays, the
tracer for generated code. `y` holds states, `p` parameters and the woman's constants, `u` the inputs in force.
"""

from __future__ import annotations

from typing import Any


def aromatase_inhibition(m: Any, y: Any, p: Any, u: Any) -> tuple[Any, Any]:
    """Return the share of aromatase inhibited and the share of its largest value that is reached.

    The constants belong to the inhibitor taken last; before the first one they are 0 and so is the inhibition.
    """
    half = m.maximum(u.ai_half_inhibition, p.inhibition_guard)
    reached = y.ai_exposure / (y.ai_exposure + half)
    return u.ai_max_inhibition * reached, reached


def denosumab_block(y: Any, p: Any) -> Any:
    """Return the share of preosteoclast differentiation that denosumab blocks."""
    concentration = y.denosumab_body / p.denosumab_volume
    return p.denosumab_max_block * concentration / (concentration + p.denosumab_half_block_concentration)


def bisphosphonate_effect(m: Any, y: Any, p: Any) -> Any:
    """Return the extra osteoclast loss by bisphosphonate in bone, (U/U50)^g with a finite slope at U = 0."""
    amount = m.maximum(y.bisphosphonate_fast + y.bisphosphonate_slow, 0.0)
    guarded = amount + p.bisphosphonate_amount_guard
    return amount / guarded * m.exp(p.bisphosphonate_hill * m.log(guarded / p.bisphosphonate_half_amount))


def rates(y: Any, p: Any, u: Any) -> dict[str, Any]:
    """Return the rates of change per day of all drug states."""
    on_serm = p.tamoxifen_receptor_share + u.serm_is_raloxifene * (
        p.raloxifene_receptor_share - p.tamoxifen_receptor_share
    )
    absorbed = p.denosumab_absorption_rate * y.denosumab_depot
    concentration = y.denosumab_body / p.denosumab_volume
    target_mediated = (
        p.denosumab_max_elimination * concentration / (p.denosumab_half_elimination_concentration + concentration)
    )
    alendronate = u.alendronate_mg_per_day * p.alendronate_potency
    risedronate = u.risedronate_mg_per_day * p.risedronate_potency
    ibandronate = u.ibandronate_mg_per_day * p.ibandronate_potency
    to_slow = (
        alendronate * p.alendronate_slow_fraction
        + risedronate * p.risedronate_slow_fraction
        + ibandronate * p.ibandronate_slow_fraction
    )
    to_fast = alendronate + risedronate + ibandronate - to_slow
    return {
        "ai_exposure": u.ai_elimination_rate_per_day * (u.ai_on - y.ai_exposure),
        "serm_receptor_share": p.serm_binding_rate * (u.serm_on * on_serm - y.serm_receptor_share),
        "denosumab_depot": -absorbed,
        "denosumab_body": absorbed - p.denosumab_clearance * concentration - target_mediated,
        "bisphosphonate_fast": to_fast - p.bisphosphonate_fast_loss_rate * y.bisphosphonate_fast,
        "bisphosphonate_slow": to_slow - p.bisphosphonate_slow_loss_rate * y.bisphosphonate_slow,
    }


def dose_jumps(p: Any, d: Any) -> dict[str, Any]:
    """Return what a dose (`d.denosumab_mg`, `d.zoledronate_mg`) adds to which state."""
    return {
        "denosumab_depot": p.denosumab_bioavailability * d.denosumab_mg,
        "bisphosphonate_fast": (1.0 - p.zoledronate_slow_fraction) * d.zoledronate_mg,
        "bisphosphonate_slow": p.zoledronate_slow_fraction * d.zoledronate_mg,
    }
