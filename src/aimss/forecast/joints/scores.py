"""What her record says about her joint pain, as data for the twins; what cannot be used is said with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from aimss.body import joint_observation as see
from aimss.body.joint_draws import FloatArray, Theta
from aimss.errors import AimssError, RecordError, SeveralErrors

if TYPE_CHECKING:
    from aimss.patient.observations import PainScore
    from aimss.patient.patient import Patient

RECALL_DAYS = {"now": 0.0, "24_hours": 1.0, "7_days": 7.0, "2_weeks": 14.0, "4_weeks": 28.0}
_JOINTS = {"hand", "knee", "hip"}


@dataclass(frozen=True)
class PainDatum:
    """One score of worst joint pain, 0-10 points; `at_least` if her worst joint pain may have been higher."""

    day: float
    points: float
    at_least: bool
    field: str


@dataclass(frozen=True)
class JointRecord:
    """Her data on joint pain.

    scores : usable scores. worse_on_drug : her own answer on the day of the forecast. pain_before : joint disease or
    joint pain before the drug. unused : field and reason. missing : what would narrow the forecast most, in order.
    """

    scores: tuple[PainDatum, ...]
    worse_on_drug: bool | None
    pain_before: bool | None
    unused: tuple[tuple[str, str], ...]
    assumed: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many facts condition the twins."""
        return len(self.scores) + (self.worse_on_drug is not None) + (self.pain_before is not None)


def joint_record(patient: Patient) -> JointRecord:
    """Read her pain history.

    Raises RecordError (or SeveralErrors) where a recall window spans the start of the drug, so that nobody can tell
    whether the score is from before or after.
    """
    start = patient.aromatase_inhibitor.start
    scores: list[PainDatum] = []
    unused: list[tuple[str, str]] = []
    assumed: list[tuple[str, str]] = []
    errors: list[AimssError] = []
    for i, score in enumerate(patient.pain):
        field = f"pain[{i}]"
        recall = RECALL_DAYS[score.recall] if score.recall else 1.0
        if start is not None and 0 <= (score.date - start).days < recall and recall > 1:
            errors.append(
                RecordError(
                    f"{field}.recall", "a recall window on one side of the start of the aromatase inhibitor",
                    f"{score.recall} on {score.date}, {(score.date - start).days} days after the start",
                    "Give recall: 24_hours or now if that is what was asked, or leave the score out.",
                )
            )  # fmt: skip
            continue
        _take(score, field, patient.days_from_record(score.date), scores, unused, assumed)
    if errors:
        raise errors[0] if len(errors) == 1 else SeveralErrors(errors)
    on_drug = start is not None and start <= patient.record_date and patient.aromatase_inhibitor.status != "planned"
    worse = patient.symptoms.new_or_worse_since_ai if on_drug else None
    before = patient.risk_factors.prior_joint_disease
    missing = []
    start_day = patient.days_from_record(start) if start is not None else 0.0
    if not any(s.day <= start_day for s in scores):
        missing.append("a pain score from before the aromatase inhibitor")
    if on_drug and not any(s.day > start_day for s in scores):
        missing.append("a pain score on the aromatase inhibitor")
    if before is None:
        missing.append("joint disease or joint pain before the aromatase inhibitor")
    return JointRecord(tuple(scores), worse, before, tuple(unused), tuple(assumed), tuple(missing))


def _take(
    score: PainScore,
    field: str,
    day: float,
    scores: list[PainDatum],
    unused: list[tuple[str, str]],
    assumed: list[tuple[str, str]],
) -> None:  # fmt: skip
    if score.instrument in {"promis_t_score", "haq_di", "bpi_interference"}:
        unused.append((field, f"no source converts {score.instrument} to a 0-10 pain score; shown, not computed with"))
        return
    if score.site in {"back", "general"}:
        unused.append((field, f"a score of {score.site} pain is not a score of joint pain"))
        return
    points = score.value / 10.0 if score.instrument == "vas_100" else score.value
    kind: Literal["worst", "average"] | None = score.worst_or_average
    if score.instrument == "bpi_average":
        kind = "average"
    if kind is None and score.instrument != "bpi_worst":
        assumed.append((field, "taken as worst joint pain, because the record does not say worst or average"))
    if score.recall is None:
        assumed.append((field, "counted as pain of the last 24 hours, because the record does not say over which days"))
    elif RECALL_DAYS[score.recall] > 1:
        asked = score.recall.replace("_", " ")
        assumed.append(
            (field, f"asked over {asked}, counted as the last 24 hours (no source converts one into the other)")
        )
    if kind == "average":
        assumed.append(
            (field, "average pain: the worst pain was at least that (no source converts one into the other)")
        )
    if score.site in _JOINTS:
        assumed.append((field, f"pain of the {score.site}: the worst joint pain was at least that"))
    scores.append(PainDatum(day, points, kind == "average" or score.site in _JOINTS, field))


def score_log_likelihood(datum: PainDatum, x: FloatArray, theta: Theta) -> FloatArray:
    """Log likelihood of one recorded score given latent pain x, (n,); 0 and 10 are censored, bounds are one-sided."""
    sd = theta["measurement_sd_points"]
    if datum.at_least:
        p = see.normal_cdf((x - (datum.points - 0.5)) / sd)
    elif datum.points < 0.5:
        p = see.normal_cdf((0.5 - x) / sd)
    elif datum.points > 9.5:
        p = see.normal_cdf((x - 9.5) / sd)
    else:
        return np.asarray(-0.5 * ((datum.points - x) / sd) ** 2 - np.log(sd))
    return np.asarray(np.log(np.maximum(p, 1e-300)))


def answer_log_likelihood(probability: FloatArray, answer: bool) -> FloatArray:
    """Log likelihood of a yes or no whose probability of yes is given, (n,)."""
    return np.asarray(np.log(np.maximum(probability if answer else 1.0 - probability, 1e-300)))
