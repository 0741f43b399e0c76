"""What a report makes of latent pain: one course explains a survey at 50 % and a trial report at 15 %.

A percentage means nothing without its definition, so every probability here belongs to a `Definition` with its words.
x is latent pain (..., t) in points; rise is x minus x at the start of the AI.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from aimss.body.joint_draws import FloatArray, Theta, assumed
from aimss.counter_random import normals, uniforms

VISITS_WEEKS: tuple[float, ...] = (6, 13, 26, 39, 52, 78, 104, 156, 208, 260)
HAQ_VISITS_WEEKS: tuple[float, ...] = (13, 26, 39, 52, 78, 104, 156, 208, 260)


@dataclass(frozen=True)
class Definition:
    """How a percentage of women with joint symptoms was counted; `words` stand beside every percentage."""

    code: str
    words: str
    counted: str
    cumulative: bool
    status: str


DEFINITIONS: Mapping[str, Definition] = MappingProxyType(
    {
        d.code: d
        for d in (
            Definition("ANY", "any ache or pain in the joints now", "asked on the day, 0.5 points or more", False, "E"),
            Definition(
                "NOTABLE", "joint pain that she names herself before treatment", "asked once at the start", False, "E"
            ),
            Definition(
                "GE4", "worst joint pain of 4 or more out of 10 in the last 24 hours", "0-10 score on the day",
                False, "E",
            ),
            Definition(
                "S-CUR", "new or worse joint pain at this time", "survey of women who know of their AI", False, "E"
            ),
            Definition(
                "S-CUM", "new or worse joint pain at any questionnaire so far",
                "questionnaires at 6, 13, 26, 39 and 52 weeks, then half-yearly; no blinding", True, "E",
            ),
            Definition(
                "S-PF", "new joint pain in women free of pain at the start", "as S-CUM, weighted to women without pain",
                True, "E",
            ),
            Definition(
                "AE", "joint pain reported as an adverse event so far", "trial adverse-event report at clinic visits",
                True, "E",
            ),
            Definition(
                "HAQ", "disability score (HAQ) risen over the study's cut-off so far",
                "questionnaires at 13, 26, 39 and 52 weeks", True, "P",
            ),
            Definition(
                "SF36-BP", "bodily pain (SF-36) worse at any visit so far", "trial questionnaire", True, "P"
            ),
        )
    }
)  # fmt: skip


def normal_cdf(z: FloatArray) -> FloatArray:
    """Return the standard normal distribution function."""
    from scipy.special import ndtr

    return np.asarray(ndtr(z))


@dataclass(frozen=True, eq=False)
class ReportingNumbers:
    """What differs between studies in how pain is reported, one value a draw: a new study is drawn by `new_study`."""

    survey_threshold_effect: FloatArray
    adverse_event_intercept: FloatArray
    haq_points_per_point: FloatArray
    haq_cut: FloatArray
    bodily_pain_cut: FloatArray
    population_amplitude: FloatArray


def new_study(theta: Theta, count: int, seed: int) -> ReportingNumbers:
    """Draw the reporting habits and the amplitude of `count` new populations (theta arrays are (count,))."""
    z = normals(seed, "joint/study", 0, count, 4)
    u = uniforms(seed, "joint/study-cuts", 0, count, 2)
    low, high = assumed("haq_cut_low"), assumed("haq_cut_high")
    bodily_low, bodily_high = assumed("bodily_pain_cut_low"), assumed("bodily_pain_cut_high")
    return ReportingNumbers(
        survey_threshold_effect=z[:, 0],
        adverse_event_intercept=theta["adverse_event_intercept"] + theta["adverse_event_intercept_sd"] * z[:, 1],
        haq_points_per_point=assumed("haq_per_point") * np.exp(assumed("haq_per_point_log_sd") * z[:, 2]),
        haq_cut=low + (high - low) * u[:, 0],
        bodily_pain_cut=bodily_low + (bodily_high - bodily_low) * u[:, 1],
        population_amplitude=np.exp(theta["population_amplitude_log_sd"] * z[:, 3]),
    )


def at(x: FloatArray, time_weeks: FloatArray, week: float) -> FloatArray:
    """Return x at a week of the grid, (...); ValueError off it: interpolation would hide her ups and downs."""
    k = int(np.searchsorted(time_weeks, week))
    if k == len(time_weeks) or time_weeks[k] != week:
        raise ValueError(f"week {week:g} is not on the time grid")
    return np.asarray(x[..., k])


def peak_rise(
    x: FloatArray, time_weeks: FloatArray, week: float, visits: tuple[float, ...] = VISITS_WEEKS, start: float = 0.0
) -> FloatArray:
    """Return R, the largest rise over the start at any visit up to a week, (...); visits count from `start`."""
    seen = [v for v in visits if v <= week] or [week]
    from_start = at(x, time_weeks, start)
    highest = at(x, time_weeks, start + seen[0])
    for visit in seen[1:]:
        highest = np.maximum(highest, at(x, time_weeks, start + visit))
    return np.asarray(highest - from_start)


def any_pain(x: FloatArray, theta: Theta, shift_points: FloatArray | float = 0.0) -> FloatArray:
    """Probability of any ache or pain now; `shift_points` is a study's own threshold against 0.5."""
    return normal_cdf((x - 0.5 - shift_points) / theta["measurement_sd_points"])


def notable(x_start: FloatArray, theta: Theta, shift_points: FloatArray | float = 0.0) -> FloatArray:
    """Probability that she names joint pain at the start."""
    return normal_cdf((x_start - theta["notable_threshold_points"] - shift_points) / theta["measurement_sd_points"])


def at_least_4(x: FloatArray, theta: Theta) -> FloatArray:
    """Probability of a recorded score of 4 or more now."""
    return normal_cdf((x - 3.5) / theta["measurement_sd_points"])


def survey(rise: FloatArray, theta: Theta, threshold_effect: FloatArray | float) -> FloatArray:
    """Probability of "new or worse joint pain" in a survey, given the present rise or the largest so far."""
    cut = theta["survey_threshold_points"] + theta["survey_between_study_sd_points"] * threshold_effect
    return normal_cdf((rise - cut) / theta["survey_spread_points"])


def free_of_pain(x_start: FloatArray, theta: Theta) -> FloatArray:
    """Weight of a woman in a study of women free of pain at the start."""
    return normal_cdf((1.5 - x_start) / theta["measurement_sd_points"])


def adverse_event(largest_rise: FloatArray, theta: Theta, intercept: FloatArray | float) -> FloatArray:
    """Probability of an adverse-event report; the same intercept holds in both arms of a trial."""
    return normal_cdf(largest_rise / theta["adverse_event_spread_points"] - intercept)


def haq_rise(largest_rise: FloatArray, points_per_point: FloatArray, cut: FloatArray) -> FloatArray:
    """Probability that the HAQ rises over a cut-off; slope, cut-off and spread are assumptions."""
    return normal_cdf((points_per_point * largest_rise - cut) / assumed("haq_spread"))


def bodily_pain_worse(largest_rise: FloatArray, cut: FloatArray) -> FloatArray:
    """Probability of worse bodily pain (SF-36); cut-off and spread are assumptions."""
    return normal_cdf((largest_rise - cut) / assumed("bodily_pain_spread_points"))


def recorded_moments(x: FloatArray, theta: Theta, nodes: int = 20) -> tuple[FloatArray, FloatArray]:
    """Mean and mean square of the recorded score clip(x + error, 0, 10), by Gauss-Hermite quadrature."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()
    first = second = np.zeros(np.broadcast_shapes(x.shape, np.shape(theta["measurement_sd_points"])))
    for point, weight in zip(points, weights, strict=True):
        y = np.clip(x + theta["measurement_sd_points"] * point, 0.0, 10.0)
        first, second = first + weight * y, second + weight * y**2
    return first, second


def probability(
    code: str,
    x: FloatArray,
    time_weeks: FloatArray,
    theta: Theta,
    reporting: ReportingNumbers,
    *,
    week: float,
    start: float = 0.0,
) -> FloatArray:
    """Return the probability of a report under one definition `week` weeks after `start`, (...) of x.

    Raises KeyError for a definition that does not depend on time after the start (NOTABLE, S-PF).
    """
    if code in {"ANY", "GE4"}:
        now = at(x, time_weeks, start + week)
        return any_pain(now, theta) if code == "ANY" else at_least_4(now, theta)
    if code == "S-CUR":
        rise = at(x, time_weeks, start + week) - at(x, time_weeks, start)
        return survey(rise, theta, reporting.survey_threshold_effect)
    if code == "HAQ":
        largest = peak_rise(x, time_weeks, week, HAQ_VISITS_WEEKS, start)
        return haq_rise(largest, reporting.haq_points_per_point, reporting.haq_cut)
    largest = peak_rise(x, time_weeks, week, VISITS_WEEKS, start)
    by_code = {
        "S-CUM": lambda: survey(largest, theta, reporting.survey_threshold_effect),
        "AE": lambda: adverse_event(largest, theta, reporting.adverse_event_intercept),
        "SF36-BP": lambda: bodily_pain_worse(largest, reporting.bodily_pain_cut),
    }
    return by_code[code]()
