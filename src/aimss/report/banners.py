"""Warnings above a forecast outside the tested range: the banner's words, then how far off the model is known to be."""

from __future__ import annotations

import math

from aimss.forecast.plan_document import Banner, PlanDocument, RangeError
from aimss.report.reading import FRACTURES, SITES
from aimss.report.words import number


def banner_text(banner: Banner, document: PlanDocument) -> str:
    """Return the text of a banner with its figures; without them where the plan holds none for its parameters."""
    scores = document.validation
    if scores is None or scores.parameters_sha256 != document.run.parameters_sha256:
        return banner.text
    known = [_sentence(one) for one in scores.ranges if one.banner == banner.id]
    return " ".join([banner.text, *known])


def _sentence(one: RangeError) -> str:
    results = f"{one.n} published result" + ("s" if one.n > 1 else "")
    trials = f" of {one.trials} trials" if one.trials > 1 else " of one trial" if one.n > 1 else ""
    held = f"{one.inside} of {one.n} within the 90 % range" if one.n > 1 else (
        "within the 90 % range" if one.inside else "outside the 90 % range")  # fmt: skip
    if one.unit == "natural logarithm":
        low, middle, high = (number(math.exp(v), 2) for v in (one.lowest, one.middle, one.highest))
        spread = f", from {low} to {high}" if one.n > 1 else ""
        what = FRACTURES.get(one.what, one.what.replace("_", " "))
        return (
            f"{what.capitalize()}, {results}{trials} ({held}): the model's ratio is {middle} times the published one"
            f"{' in the middle' if spread else ''}{spread}."
        )
    spread = f", from {_beside(one.lowest)} to {_beside(one.highest)}" if one.n > 1 else ""
    return (
        f"Density of the {SITES[one.what]}, {results}{trials} ({held}): the model's change lies {_beside(one.middle)} "
        f"the published one{' in the middle' if spread else ''}{spread} (percentage points)."
    )


def _beside(error: float) -> str:
    return f"{number(abs(error))} {'above' if error > 0 else 'below'}"
