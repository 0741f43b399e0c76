"""Quantiles and tail probabilities of the normal, t and chi-square distributions, by one spelling each."""

from __future__ import annotations


def two_sided_quantile(level: float, df: float | None = None) -> float:
    """Return the quantile that leaves ``1 - level`` in two tails: normal, or t when ``df`` is given."""
    from scipy.stats import norm, t

    upper = 1 - (1 - level) / 2
    return float(norm.ppf(upper) if df is None else t.ppf(upper, df))


def two_sided_p(statistic: float, df: float | None = None) -> float:
    """Return the two-sided p-value of a z statistic, or of a t statistic when ``df`` is given."""
    from scipy.stats import norm, t

    return float(2 * (norm.sf(abs(statistic)) if df is None else t.sf(abs(statistic), df)))


def chi2_tail(value: float, df: float) -> float:
    """Return the upper tail of the chi-square distribution."""
    from scipy.stats import chi2

    return float(chi2.sf(value, df))
