"""Observed, interval and predicted for everything that the joint model was fitted to, as plain rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from aimss.body.joint_draws import FloatArray
from aimss.body.joint_targets import predict
from aimss.body.persistence import WEEKS_PER_MONTH, Stopping, persistence_targets, population_stopping
from aimss.normal import wilson

# hazard ratio of stopping, anastrozole against placebo, blinded prevention trial: note of prevalence/adherence:D046
BLINDED_STOPPING = (0.97, (0.87, 1.09))


def target_rows(women: int, seed: int) -> list[dict[str, Any]]:
    """Return one row a target: pain by definition (38), stopping by setting and cause (12), one hazard ratio.

    `inside` says whether the observation lies in the 95 % interval of the posterior and of its own sampling error.
    """
    rows = [
        _row(p.target.study, p.target.definition, p.target.arm, p.target.week, p.target.observed, p.draws,
             p.target.interval)
        for p in predict(women, seed)
    ]  # fmt: skip
    runs: dict[tuple[str, bool], Stopping] = {}
    for target in persistence_targets():
        key = (target.setting, target.on_drug)
        left = runs.get(key) or runs.setdefault(key, population_stopping(*key[:1], on_drug=key[1]))
        path = {"pain": left.for_pain, "other": left.for_other_reasons, "any": left.any_cause}[target.cause]
        rows.append(
            _row(target.setting, f"stopped, {target.cause} cause", "AI" if target.on_drug else "placebo",
                 target.month * WEEKS_PER_MONTH, target.observed, path[:, int(target.month)],
                 wilson(target.observed * target.n, target.n) if target.n else None)
        )  # fmt: skip
    # blinded, so without the pain of knowing; a hazard ratio of about the log of the shares still on treatment
    drug = population_stopping("sestak2018_ibis2", context=0.0).any_cause[:, 60]
    placebo = runs["sestak2018_ibis2", False].any_cause[:, 60]
    ratio = np.log1p(-drug) / np.log1p(-placebo)
    observed, own = BLINDED_STOPPING
    rows.append(_row("sestak2018_ibis2", "hazard ratio of stopping", "AI v placebo", 60 * WEEKS_PER_MONTH, observed,
                     ratio, own))  # fmt: skip
    return rows


def _row(
    study: str, definition: str, arm: str, week: float, observed: float, draws: FloatArray,
    own: tuple[float, float] | None,
) -> dict[str, Any]:  # fmt: skip
    low, median, high = (float(v) for v in np.quantile(draws, [0.025, 0.5, 0.975]))
    reach = (own[1] - own[0]) / 2 if own else 0.0
    # posterior and sampling error together
    half = float(np.hypot((high - low) / 2, reach))
    return {
        "study": study, "definition": definition, "arm": arm, "week": round(week, 1), "observed": observed,
        "observed_low": own[0] if own else None, "observed_high": own[1] if own else None,
        "predicted": median, "predicted_low": low, "predicted_high": high,
        "inside": bool(abs(observed - median) <= half),
    }  # fmt: skip
