"""Quantiles and tail probabilities of the normal, t and chi-square distributions, by one spelling each.

They come from scipy.special: scipy.stats gives the same numbers, and half a second of import to every plan.
"""

from __future__ import annotations


def two_sided_quantile(level: float, df: float | None = None) -> float:
    """Return the quantile that leaves ``1 - level`` in two tails: normal, or t when ``df`` is given."""
    from scipy.special import ndtri, stdtrit

    upper = 1 - (1 - level) / 2
    return float(ndtri(upper) if df is None else stdtrit(df, upper))


def two_sided_p(statistic: float, df: float | None = None) -> float:
    """Return the two-sided p-value of a z statistic, or of a t statistic when ``df`` is given."""
    from scipy.special import ndtr, stdtr

    return float(2 * (ndtr(-abs(statistic)) if df is None else stdtr(df, -abs(statistic))))


def chi2_tail(value: float, df: float) -> float:
    """Return the upper tail of the chi-square distribution."""
    from scipy.special import chdtrc

    return float(chdtrc(df, value))
