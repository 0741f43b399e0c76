"""Beside a warning that a forecast is outside the tested range: how far off the model is known to be there."""

from __future__ import annotations

import math

from aimss.forecast.plan_document import Banner, PlanDocument, RangeError
from aimss.report.reading import FRACTURES, SITES
from aimss.report.words import number


def banner_figures(banner: Banner, document: PlanDocument) -> str:
    """Return how far off the model is known to be there; nothing where the plan holds no scores of its parameters."""
    scores = document.validation
    if scores is None or scores.parameters_sha256 != document.run.parameters_sha256:
        return ""
    known = [_figures(one) for one in scores.ranges if one.banner == banner.id]
    return f"The model against published results: {'; '.join(known)}." if known else ""


def _figures(one: RangeError) -> str:
    results = f"{one.n} result{'s' if one.n > 1 else ''} of {one.trials} trial{'s' if one.trials > 1 else ''}"
    held = f"{results}, {one.inside} within the 90 % range"
    if one.unit == "natural logarithm":
        low, middle, high = (number(math.exp(v), 2) for v in (one.lowest, one.middle, one.highest))
        spread = f"{low} to {high}; " if one.n > 1 else ""
        what = FRACTURES.get(one.what, one.what.replace("_", " ")).lower()
        return f"{what}, {middle} times the published ratio ({spread}{held})"
    spread = f"{_beside(one.lowest)} to {_beside(one.highest)}; " if one.n > 1 else ""
    middle = _beside(one.middle, " percentage points")
    return f"its change in density of the {SITES[one.what]}, {middle} ({spread}{held})"


def _beside(error: float, unit: str = "") -> str:
    return f"{number(abs(error))}{unit} {'above' if error > 0 else 'below'}"
