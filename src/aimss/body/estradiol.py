"""Estradiol from ovary and periphery, and the signal that bone reads from it."""

from __future__ import annotations

from typing import Any

from aimss.body.declaration import DAYS_PER_YEAR
from aimss.body.pharmacology import aromatase_inhibition


def ovarian_estradiol(m: Any, day: Any, p: Any, suppression: Any) -> Any:
    """Return the estradiol (pmol/L) that the ovary adds on a day: it fades around the final menstrual period.

    An aromatase inhibitor does not act on this term; ovarian suppression does.
    """
    years = p.years_since_final_menstrual_period + day / DAYS_PER_YEAR
    fading = m.exp((years + p.estrogen_fall_lead_before_final_period) / p.estrogen_fall_scale)
    return p.ovarian_estradiol * (1.0 - suppression) / (1.0 + fading)


def estrogen_effect(m: Any, estradiol: Any, p: Any) -> Any:
    """Return the falling Hill term of an estradiol level, 1 at none and 0 at plenty."""
    return 1.0 / (1.0 + m.exp(p.estrogen_hill * m.log(estradiol / p.estrogen_half_effect)))


def log_signal_of(m: Any, estrogen: Any, p: Any) -> Any:
    """Return the logarithm of the resorption signal s of an estrogen level: 0 in the reference woman."""
    difference = estrogen_effect(m, estrogen, p) - estrogen_effect(m, p.reference_estradiol, p)
    return m.log(p.resorption_multiplier) + p.estrogen_log_gain * difference


def log_signal(m: Any, y: Any, p: Any, u: Any) -> Any:
    """Return ln s with part of the receptors held by tamoxifen or raloxifene."""
    serm = p.tamoxifen_estrogen_equivalent + u.serm_is_raloxifene * (
        p.raloxifene_estrogen_equivalent - p.tamoxifen_estrogen_equivalent
    )
    seen = (1.0 - y.serm_receptor_share) * y.estradiol + y.serm_receptor_share * serm
    return log_signal_of(m, m.maximum(seen, p.estradiol_signal_guard), p)


def rates(m: Any, day: Any, y: Any, p: Any, u: Any) -> dict[str, Any]:
    """Return the rate of change of estradiol per day."""
    inhibition, reached = aromatase_inhibition(m, y, p, u)
    floor = u.ai_residual_floor * reached
    peripheral = p.peripheral_estradiol_pmol_l * ((1.0 - inhibition) * (1.0 - floor) + floor)
    ovarian = ovarian_estradiol(m, day, p, u.ovarian_suppression)
    return {"estradiol": p.estradiol_turnover_rate * (ovarian + peripheral - y.estradiol)}
