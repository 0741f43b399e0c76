"""The joint half beside published results: symptoms by definition, onset, pain scores and stopping of the drug.

The shipped targets are scored as they were fitted, with the reporting habit of their own study; a user's own study is
a new one, whose habit and amplitude are drawn from the spread between studies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from aimss.body import joint_observation as see
from aimss.body.joint import Course, course, sobol_women
from aimss.body.joint_draws import latent_draws, take
from aimss.body.joint_targets import GRID_WEEKS, SEED, WOMEN
from aimss.calibration.arm_schedule import DAYS_PER_MONTH
from aimss.calibration.arms import AROMATASE_INHIBITORS, Arm
from aimss.calibration.filing import part_of
from aimss.calibration.intervals import HIGH, LOW, predictive
from aimss.calibration.target import Target
from aimss.calibration.validation import Scored, observed_interval

Array = NDArray[np.float64]
WEEKS_PER_MONTH = DAYS_PER_MONTH / 7
CODES = {
    "survey_now": "S-CUR", "survey_by": "S-CUM", "survey_pain_free": "S-PF", "adverse_event": "AE", "any_pain": "ANY",
    "score_4_or_more": "GE4",
}  # fmt: skip
_DEFINITIONS = {code: name for name, code in CODES.items()} | {"NOTABLE": "notable_pain"}
_PARTS = {
    "survey": "prevalence", "adverse event": "prevalence", "background": "prevalence", "onset": "onset",
    "severity": "onset", "score": "pain",
}  # fmt: skip
REMEDIES = ("duloxetine", "acupuncture", "omega_3")


def score_shipped() -> list[Scored]:
    """Return the targets that the joint half was fitted to, scored by its own draws."""
    from aimss.body.joint_targets import predict
    from aimss.body.persistence import persistence_targets, population_stopping

    found = []
    for i, p in enumerate(predict()):
        t, percent = p.target, p.target.part != "score"
        scale = 100.0 if percent else 1.0
        low, high = t.interval or (None, None)
        target = Target.model_validate(
            {
                "id": f"joint:{i + 1}", "study": t.study, "part": _PARTS[t.part], "arm": t.arm or "AI open",
                "quantity": "joint_symptoms" if percent else "pain_change",
                "definition": _definition(t.part, t.definition) if percent else None,
                "month": t.week / WEEKS_PER_MONTH, "observed": scale * t.observed, "n": t.n,
                "ci95": None if low is None or high is None else (scale * low, scale * high),
                "role": "calibrate", "source": t.study,
                "note": "; ".join(w for w in (t.definition, t.control and f"control {t.control}", t.note) if w),
            }
        )  # fmt: skip
        found.append(_scored(target, _PARTS[t.part], scale * p.draws))
    courses = {
        key: population_stopping(key[0], months=60, on_drug=key[1])
        for key in dict.fromkeys((t.setting, t.on_drug) for t in persistence_targets())
    }
    for i, stopped in enumerate(persistence_targets()):
        run = courses[stopped.setting, stopped.on_drug]
        share = {"pain": run.for_pain, "other": run.for_other_reasons, "any": run.any_cause}[stopped.cause]
        target = Target(
            id=f"persistence:{i + 1}", study=stopped.setting, part="discontinuation",
            arm="AI" if stopped.on_drug else "placebo", quantity="discontinuation", month=stopped.month,
            observed=100 * stopped.observed, n=stopped.n, role="calibrate", source=stopped.rows,
            note=f"stopped for: {stopped.cause}" + (f"; {stopped.note}" if stopped.note else ""),
        )  # fmt: skip
        found.append(_scored(target, "discontinuation", 100 * share[:, int(stopped.month)]))
    return found


def _definition(part: str, code: str) -> str:
    if part == "onset":
        return "share_of_first_year"
    return "severe_among_reporters" if part == "severity" else _DEFINITIONS[code]


def _scored(target: Target, part: str, draws: Array) -> Scored:
    spread = predictive([target], draws[:, None], {})
    low, high = (float(v) for v in spread.quantiles((LOW, HIGH))[:, 0])
    low95, high95 = observed_interval(target)
    return Scored(target, part, low95, high95, float(np.median(draws)), low, high, float(spread.ranks()[0]))


def score_joint(arms: Mapping[str, Arm], targets: Sequence[Target]) -> tuple[list[Scored], dict[str, str]]:
    """Return a user's targets on symptoms, pain or stopping, scored as of new studies, and the reasons of the rest."""
    scored, unanswered = [], dict[str, str]()
    for target in targets:
        reason = _no_answer(arms, target)
        if reason:
            unanswered[target.id] = reason
            continue
        draws = _draws(arms[target.arm], target)
        if target.comparator is not None:
            draws = draws - _draws(arms[target.comparator], target)
        scored.append(_scored(target, part_of(target, arms), draws))
    return scored, unanswered


def _no_answer(arms: Mapping[str, Arm], target: Target) -> str:
    used = [arms[a] for a in (target.arm, target.comparator) if a]
    if any(arm.parts for arm in used):
        return "arms made of parts are answered for bone only"
    if any(t.drug in REMEDIES for arm in used for t in arm.treatments):
        return "remedies of pain are answered by `aimss joint`, not as targets"
    if target.comparator is not None and target.told_as == "cumulative_percent":
        return "symptoms and stopping are answered arm by arm, not as a difference"
    return ""


def _on(arm: Arm, drugs: Sequence[str], months: Array) -> Array:
    now = np.zeros(len(months))
    for t in arm.treatments:
        if t.drug in drugs:
            end = np.inf if t.to_month is None else t.to_month
            now[(months >= t.from_month) & (months <= end)] = 1.0
    return now


def _draws(arm: Arm, target: Target) -> Array:
    if target.quantity == "discontinuation":
        from aimss.body.persistence import population_stopping

        on = bool(_on(arm, AROMATASE_INHIBITORS, np.array([0.0]))[0])
        run = population_stopping(months=int(np.ceil(target.month)), on_drug=on)
        share: Array = 100 * run.any_cause[:, round(target.month)]
        return share
    weeks = np.array(sorted({*GRID_WEEKS, *see.VISITS_WEEKS, round(target.month * WEEKS_PER_MONTH, 3)}))
    week = round(target.month * WEEKS_PER_MONTH, 3)
    draws = latent_draws()
    count = len(draws["susceptible_logit"])
    theta = take(draws, slice(0, count), extra_axes=1)
    habit = see.new_study(draws, count, SEED)
    followed = course(
        theta, sobol_women(WOMEN, len(weeks), SEED), weeks, _on(arm, AROMATASE_INHIBITORS, weeks / WEEKS_PER_MONTH),
        context=1.0 if arm.setting == "open" and _on(arm, AROMATASE_INHIBITORS, np.zeros(1))[0] else 0.0,
        population_amplitude=habit.population_amplitude[:, None],
        tamoxifen_on=_on(arm, ("tamoxifen",), weeks / WEEKS_PER_MONTH),
    )  # fmt: skip
    return _seen(followed, target, theta, habit, weeks, week)


def _seen(
    followed: Course, target: Target, theta: Mapping[str, Array], habit: see.ReportingNumbers, weeks: Array, week: float
) -> Array:
    paths = (followed.if_susceptible, followed.if_not)
    share = 1.0 / (1.0 + np.exp(-theta["susceptible_logit"][:, 0]))

    def mean(values: Sequence[Array]) -> Array:
        return np.asarray(share * values[0].mean(1) + (1 - share) * values[1].mean(1))

    if target.quantity == "pain_change":
        k = int(np.searchsorted(weeks, week))
        recorded = [
            see.recorded_moments(x[..., k], theta)[0] - see.recorded_moments(x[..., 0], theta)[0] for x in paths
        ]
        return mean(recorded)
    threshold, intercept = habit.survey_threshold_effect[:, None], habit.adverse_event_intercept[:, None]
    code = CODES.get(target.definition or "", "")
    if code in ("S-CUR", "ANY", "GE4"):
        level = [see.at(x, weeks, week) for x in paths]
        if code == "S-CUR":
            rises = [v - x[..., 0] for v, x in zip(level, paths, strict=True)]
            return 100 * mean([see.survey(r, theta, threshold) for r in rises])
        report = see.any_pain if code == "ANY" else see.at_least_4
        return 100 * mean([report(v, theta) for v in level])
    largest = [see.peak_rise(x, weeks, week) for x in paths]
    if code == "AE":
        return 100 * mean([see.adverse_event(r, theta, intercept) for r in largest])
    reported = [see.survey(r, theta, threshold) for r in largest]
    if code == "S-PF":
        free = [see.free_of_pain(x[..., 0], theta) for x in paths]
        return 100 * mean([p * w for p, w in zip(reported, free, strict=True)]) / mean(free)
    return 100 * mean(reported)
