"""`validate`: every target as an arm, predicted beside observed, with what a forecast has to beat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.parameters import Parameters
from aimss.calibration.arms import Arm
from aimss.calibration.target import PARTS, Target
from aimss.normal import NORMAL_95

Array = NDArray[np.float64]
SCHEMA = "aimss-validation/1"
DRAWS, SEED = 200, 1
PART_NAMES = {
    "estradiol": "Estradiol",
    "bmd_on_ai": "Bone density on an aromatase inhibitor alone",
    "bmd_with_drug": "Bone density with a bone drug (with or without an inhibitor)",
    "bmd_without_ai": "Bone density without an inhibitor (menopause, tamoxifen, no drug)",
    "bmd_premenopausal": "Bone density before menopause (suppression, chemotherapy, tamoxifen)",
    "stopping_ai": "After stopping an inhibitor",
    "stopping_denosumab": "After stopping denosumab",
    "stopping_bisphosphonate": "After stopping a bisphosphonate",
    "markers": "Markers of turnover",
    "fractures": "Fractures",
    "prevalence": "Joint symptoms, by definition",
    "onset": "Onset and severity of joint symptoms",
    "pain": "Pain scores",
    "discontinuation": "Stopping the inhibitor",
}
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Scored:
    """One target with its prediction: numbers as told; None where nothing could answer."""

    target: Target
    part: str
    low95: float
    high95: float
    median: float
    low90: float
    high90: float
    rank: float  # share of the predictive distribution below what was observed
    baseline: float | None = None
    peers: Mapping[str, float] = field(default_factory=dict)

    @property
    def inside(self) -> bool:
        """Whether the observed value lies within the 90 % predictive interval."""
        return self.low90 <= self.target.observed <= self.high90

    def to_json(self) -> dict[str, Any]:
        """Return the target in the shape of aimss-validation/1."""
        t = self.target
        return {
            "id": t.id,
            "study": t.study,
            "part": self.part,
            "arm": t.arm,
            "comparator": t.comparator,
            "endpoint": endpoint(t),
            "month": t.month,
            "from_month": t.from_month,
            "role": t.role,
            "verified": t.verified,
            "statistic": t.statistic,
            "observed": t.observed,
            "low95": _short(self.low95),
            "high95": _short(self.high95),
            "predicted": {"median": _short(self.median), "low90": _short(self.low90), "high90": _short(self.high90)},
            "inside": self.inside,
            "rank": _short(self.rank),
            "baseline": None if self.baseline is None else _short(self.baseline),
            "peers": {name: _short(v) for name, v in self.peers.items()},
            "source": t.source,
            "note": t.note,
        }


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def endpoint(target: Target) -> str:
    """Return what was measured, in words: quantity, site or definition, and how it is told."""
    what = [target.quantity if target.quantity != "bmd" else "bmd", target.site, target.definition]
    told = target.told_as + (" relative to comparator" if target.relative else "")
    return " ".join(str(w) for w in what if w) + f", {told}"


def part_of(target: Target, arms: Mapping[str, Arm]) -> str:
    """Return the part of the table that a target belongs to; from its arm where the target does not say."""
    if target.part is not None:
        return target.part
    by_quantity = {
        "estradiol": "estradiol", "joint_symptoms": "prevalence", "pain_change": "pain",
        "discontinuation": "discontinuation",
    }  # fmt: skip
    if target.quantity in by_quantity:
        return by_quantity[target.quantity]
    if target.quantity in ("ctx", "ntx", "p1np", "bsap"):
        return "markers"
    if target.quantity not in ("bmd", "t_score"):
        return "fractures"
    return _bmd_part(target, arms)


def _bmd_part(target: Target, arms: Mapping[str, Arm]) -> str:
    from aimss.calibration.baselines import is_on_inhibitor, regimen

    arm = arms[target.arm]
    simple = arms[arm.parts[0].arm] if arm.parts else arm
    assert simple.population is not None
    if simple.population.menopause_years < 0 and simple.regimen != "natural_menopause":
        return "bmd_premenopausal"
    stopped = {t.drug for t in simple.treatments if t.to_month is not None and t.to_month <= target.from_month}
    last = max(
        (
            m
            for t in simple.treatments
            if t.drug == "denosumab"
            for m in ([*t.at_months] or [t.from_month + (t.doses or 1000) * (t.interval_months or 6) - 6])
        ),
        default=1e9,
    )
    if last + 6 < target.month - 1e-6:
        return "stopping_denosumab"
    if stopped & {"letrozole", "anastrozole", "exemestane", "any_aromatase_inhibitor"}:
        return "stopping_ai"
    name = regimen(arms, target.arm)
    if name in ("ai", "ai_after_tamoxifen"):
        return "bmd_on_ai"
    if is_on_inhibitor(name) or any(d in name for d in ("zoledronate", "denosumab", "dronate", "raloxifene")):
        return "bmd_with_drug"
    return "bmd_without_ai"


def observed_interval(target: Target) -> tuple[float, float]:
    """Return the 95 % interval of the observed value as told."""
    from aimss.calibration.standard_errors import standard_error

    centre, error = float(target.to_scale(target.observed)), standard_error(target)
    return float(target.from_scale(centre - NORMAL_95 * error)), float(target.from_scale(centre + NORMAL_95 * error))


def score_bone(
    arms: Mapping[str, Arm],
    targets: Sequence[Target],
    *,
    parameters: Parameters | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    peers: bool = True,
    progress: Progress = lambda _: None,
) -> list[Scored]:
    """Return the bone targets scored under parameters (the shipped ones) and their draws, as means over women."""
    from aimss.body.between_trials import between_trial_scales
    from aimss.body.parameters import default
    from aimss.calibration.baselines import constant_change
    from aimss.calibration.intervals import HIGH, LOW, predictive
    from aimss.calibration.predict import predict
    from aimss.calibration.sister_trials import NAME, another_trial
    from aimss.calibration.targets_shipped import bone_arms, bone_targets
    from aimss.calibration.women_of_arms import women_of_arms

    if not targets:
        return []
    targets = [t if t.part else t.model_copy(update={"part": part_of(t, arms)}) for t in targets]
    progress(f"{len(targets)} results on bone under {draws} draws of the parameters")
    parameters = parameters or default()
    women = women_of_arms(parameters)
    centre = predict(arms, targets, parameters=parameters, women=women)[0]
    sets = parameters.draws(draws, seed)
    drawn = predict(arms, targets, sets, parameters=parameters, women=women, relative_tolerance=1e-4)
    spread = predictive(targets, drawn, between_trial_scales(), seed=seed)
    (low, high), ranks = spread.quantiles((LOW, HIGH)), spread.ranks()
    training = [t for t in bone_targets() if t.role == "calibrate"]
    both = {**bone_arms(), **arms}
    simple = constant_change(both, targets, training)
    theirs: list[dict[str, float]] = [{} for _ in targets]
    if peers:
        from aimss.calibration.peers.answers import answers

        progress("published models")
        theirs = answers(arms, targets)
    for found, value in zip(theirs, another_trial(both, targets, bone_targets()), strict=True):
        if value is not None:
            found[NAME] = value
    return [
        Scored(
            target=t,
            part=part_of(t, arms),
            low95=observed_interval(t)[0],
            high95=observed_interval(t)[1],
            median=float(centre[i]),
            low90=float(low[i]),
            high90=float(high[i]),
            rank=float(ranks[i]),
            baseline=simple[i],
            peers=theirs[i],
        )
        for i, t in enumerate(targets)
    ]


def summary(scored: Iterable[Scored]) -> dict[str, Any]:
    """Return n, inside, coverage over all targets; RMSE in points of BMD change (other units have their own part)."""
    rows = list(scored)
    bmd = [s for s in rows if s.target.quantity == "bmd"]
    whole: dict[str, Any] = {"n": len(rows), "inside": sum(s.inside for s in rows)}
    whole["coverage"] = _short(whole["inside"] / whole["n"]) if rows else None
    whole["rmse"] = _rmse([(s.median, s) for s in bmd])
    whole["rmse_baseline"] = _rmse([(s.baseline, s) for s in bmd if s.baseline is not None])
    whole["rmse_unit"] = "percentage points of BMD change"
    whole["n_rmse"] = len(bmd)
    return whole


def _rmse(pairs: Sequence[tuple[Any, Scored]]) -> float | None:
    from aimss.calibration.scores import rmse

    return _short(rmse([p for p, _ in pairs], [s.target.observed for _, s in pairs])) if pairs else None


def _unit(scales: set[str]) -> str:
    if len(scales) == 1 and scales <= {"points", "T-score"}:
        return scales.pop()
    return "ln" if not scales & {"points", "T-score"} else "mixed"


def summary_of(rows: Sequence[Scored]) -> dict[str, Any]:
    """Return the scores of one group of targets on their own scale of errors, with interval score and width."""
    from aimss.calibration.scores import interval_score

    errors, widths, penalties, simple, paired = [], [], [], [], []
    for s in rows:
        t = s.target
        low, high, seen = (float(t.to_scale(v)) for v in (s.low90, s.high90, t.observed))
        errors.append(float(t.to_scale(s.median)) - seen)
        widths.append(high - low)
        penalties.append(float(interval_score(np.array(seen), np.array(low), np.array(high))))
        if s.baseline is not None:
            simple.append(s.baseline - t.observed)
            paired.append(errors[-1])
    # a T-score is not a percentage point of density
    scales = {"T-score" if s.target.quantity == "t_score" else s.target.scale for s in rows}
    found: dict[str, Any] = {
        "n": len(rows),
        "inside": sum(s.inside for s in rows),
        "coverage": _short(float(np.mean([s.inside for s in rows]))),
        "unit": _unit(scales),
        "rmse": _short(float(np.sqrt(np.mean(np.square(errors))))),
        "bias": _short(float(np.mean(errors))),
        "mean_interval_score": _short(float(np.mean(penalties))),
        "mean_width": _short(float(np.mean(widths))),
        "rmse_baseline": _short(float(np.sqrt(np.mean(np.square(simple))))) if simple else None,
        "n_baseline": len(simple),
        "rmse_where_baseline": _short(float(np.sqrt(np.mean(np.square(paired))))) if paired else None,
        "peers": {},
    }
    for name in sorted({n for s in rows for n in s.peers}):
        answered = [s for s in rows if name in s.peers]
        theirs = [float(s.target.to_scale(s.peers[name]) - s.target.to_scale(s.target.observed)) for s in answered]
        ours = [float(s.target.to_scale(s.median) - s.target.to_scale(s.target.observed)) for s in answered]
        found["peers"][name] = {
            "n": len(answered),
            "rmse": _short(float(np.sqrt(np.mean(np.square(theirs))))),
            "rmse_aimss_on_the_same": _short(float(np.sqrt(np.mean(np.square(ours))))),
        }
    return found


def groups(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """Return the parts that hold targets, in reading order, then BMD by site and by role."""
    found = {p: [s for s in scored if s.part == p] for p in PARTS}
    for site in ("lumbar_spine", "total_hip", "femoral_neck"):
        found[f"all_bmd_{site}"] = [s for s in scored if s.target.quantity == "bmd" and s.target.site == site]
    for role in ("calibrate", "check", "blind"):
        found[f"role_{role}"] = [s for s in scored if s.target.role == role]
    return {name: rows for name, rows in found.items() if rows}


def document(scored: Sequence[Scored], run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole result in the shape of aimss-validation/1."""
    return {
        "schema": SCHEMA,
        "targets": [s.to_json() for s in scored],
        "summary": summary(scored),
        "parts": {name: summary_of(rows) for name, rows in groups(scored).items()},
        "run": dict(run),
    }
