"""The joint half of plan.json, schema `aimss-joints/1`: what the page shows of joints, remedies and choices.

Probabilities are 0 to 1, pain is worst joint pain in 24 hours on 0-10 points. An interval holds nine in ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.joint_draws import FloatArray
from aimss.body.joint_observation import DEFINITIONS
from aimss.body.susceptibility import NOT_PREDICTORS, risk_factors
from aimss.care.compile import CompiledStrategy, compile_strategy
from aimss.care.library import find_strategy
from aimss.errors import OutOfScopeError, StrategyError
from aimss.evidence.tables import load_table
from aimss.forecast.joints.calendar import simulated_ratio
from aimss.forecast.joints.context import persistence_context, second_drug_rows, study_readings
from aimss.forecast.joints.findings import ONSET_WEEKS, SHOWN
from aimss.forecast.joints.forecast import JointForecast, attributable_share, joint_weeks, run_joint
from aimss.forecast.joints.remedies import CAVEATS as REMEDY_CAVEATS
from aimss.forecast.joints.remedies import RemedySwitches, remedies, remedy_effect
from aimss.forecast.joints.strategy import JointOptions, StrategyJoints
from aimss.forecast.joints.summary import interval

if TYPE_CHECKING:
    from aimss.patient.patient import Patient

INSTRUMENT = "worst joint pain in the last 24 hours, 0-10"
_KEYS = ("median", "low90", "high90")
# choice, strategy of the library
_CHOICES: tuple[tuple[str, str], ...] = (
    ("stay", "as_now"),
    ("pause", "ai_pause_6_weeks"),
    ("switch", "switch_to_exemestane"),
    ("switch", "switch_to_letrozole"),
    ("tamoxifen", "switch_to_tamoxifen"),
    ("intermittent", "letrozole_intermittent"),
    ("stop", "stop_ai_now"),
)


def joints_document(
    patient: Patient,
    *,
    years: float = 5.0,
    twins: int = 4096,
    seed: int = 1,
    options: JointOptions | None = None,
) -> dict[str, Any] | None:
    """Return the joints block of a plan; None for a woman without an aromatase inhibitor, past or planned.

    years : how far ahead, at least 2.1. `bone` of the choices is left empty: the plan fills it from the bone half.
    Raises RecordError for pain scores that cannot be placed.
    """
    if patient.aromatase_inhibitor.status == "none":
        return None
    options = options or JointOptions()
    compiled, left_out = joint_choices(patient, max(years, 2.1))
    strategies = [c for _, c in compiled]
    ratio = simulated_ratio(patient, strategies, joint_weeks(patient, strategies))
    made = run_joint(patient, strategies, ratio, twins, seed, options)
    no_context = attributable_share(
        patient, strategies[0], ratio, twins, seed, replace(options, context=0.0), code="S-CUM", month=12
    )
    return {
        "schema": "aimss-joints/1",
        "instrument": INSTRUMENT,
        "course": _course(made),
        "of_100": _of_100(made),
        "onset": _onset(made),
        "easing": _easing(made, [name for name, _ in compiled]),
        "attributable": [
            *(
                {"low": round(r.low, 3), "high": round(r.high, 3), "evidence": r.evidence, "definition": r.definition,
                 "sources": list(r.rows)}
                for r in study_readings()
            ),
            *_model_readings(made, no_context),
        ],
        "remedies": [_remedy(name, options.remedies) for name in remedies()],
        "remedy_caveats": list(REMEDY_CAVEATS),
        "choices": [
            _choice(name, strategy, run, made)
            for (name, strategy), run in zip(compiled, made.strategies, strict=True)
        ],
        "choices_left_out": left_out,
        "persistence_context": [vars(row) for row in persistence_context()],
        "risk_factors": [_factor(made, f.name) for f in risk_factors()],
        "not_predictors": dict(NOT_PREDICTORS),
        "conditioning": {
            "observations": made.record.count,
            "effective_sample_size": round(made.twins.effective_sample_size, 1),
            "candidates": made.twins.candidates,
            "missing": list(made.record.missing),
            "not_used": [list(pair) for pair in made.record.unused],
            "assumed": [list(pair) for pair in made.record.assumed],
        },
        "caveats": [*_past_drug(patient), *made.caveats],
        "causes_to_rule_out": _causes(patient),
    }  # fmt: skip


def joint_choices(patient: Patient, years: float) -> tuple[list[tuple[str, CompiledStrategy]], list[str]]:
    """Return what she can do about her drug, (choice, strategy) with the first staying on it, and what does not fit."""
    compiled: list[tuple[str, CompiledStrategy]] = []
    left_out = []
    for choice, name in _CHOICES:
        drug = patient.aromatase_inhibitor.drug
        if choice == "switch" and (name.endswith(str(drug)) or any(c == "switch" for c, _ in compiled)):
            continue
        if patient.aromatase_inhibitor.status != "current" and choice != "stay":
            continue
        try:
            compiled.append((choice, compile_strategy(find_strategy(name), patient, years)))
        except (StrategyError, OutOfScopeError) as error:
            if choice == "stay":
                raise
            left_out.append(f"{name}: {error}")
    return compiled, left_out


def _e(values: FloatArray, digits: int = 3) -> dict[str, float]:
    return {key: round(float(v), digits) for key, v in zip(_KEYS, values, strict=True)}


def _spread(values: FloatArray, digits: int = 2) -> dict[str, float]:
    return _e(np.quantile(values, [0.5, 0.05, 0.95]), digits)


def _course(made: JointForecast) -> dict[str, Any]:
    def lines(points: NDArray[np.float32]) -> dict[str, list[float]]:
        values = np.quantile(points, [0.5, 0.05, 0.95], axis=0)
        return {key: [round(float(v), 2) for v in row] for key, row in zip(_KEYS, values, strict=True)}

    return {
        "times_months": [float(v) for v in made.findings.times_months],
        "with_ai": lines(made.findings.pain[0]),
        "without_ai": lines(made.findings.pain_without_ai[0]),
    }


def _of_100(made: JointForecast) -> list[dict[str, Any]]:
    found = made.findings
    return [
        {
            "month": month, "code": code, "definition": DEFINITIONS[code].words, "counted": DEFINITIONS[code].counted,
            "with_ai": _e(found.probability[0, d, m]), "without_ai": _e(found.probability_without_ai[0, d, m]),
        }
        for d, code in enumerate(SHOWN)
        for m, month in enumerate(found.months)
    ]  # fmt: skip


def _model_readings(made: JointForecast, no_context: FloatArray | None) -> list[dict[str, Any]]:
    readings = []
    found = made.findings
    at = (0, SHOWN.index("S-CUM"), found.months.index(12)) if 12 in found.months else None
    knowing = None if at is None else found.attributable_share[at]
    for share, words in (
        (knowing, "this model, for a woman who knows what the drug is"),
        (no_context, "this model without the pain of starting treatment knowingly"),
    ):
        if share is None:
            continue
        readings.append(
            {"low": round(float(share[1]), 3), "high": round(float(share[2]), 3), "evidence": words,
             "definition": "new or worse joint pain at any questionnaire by 12 months",
             "sources": ["susceptible_logit", "amplitude_mean_points", "context_points"]}
        )  # fmt: skip
    return readings


def _onset(made: JointForecast) -> str:
    share = made.findings.onset_share[0, ONSET_WEEKS.index(13)]
    weeks = made.findings.onset_half_weeks
    seen = load_table("prevalence/time_course")["T001"]
    words = ""
    if np.isfinite(share).all():
        middle, low, high = 100 * share
        words = (
            f"Of 100 women who report new or worse joint pain within a year, about {middle:.0f} do so by 3 months"
            f" (range {low:.0f} to {high:.0f}; one survey found"
            f" {100 * float(seen.number('value') or 0):.0f}, {seen.id}). "
        )
    if np.isfinite(weeks).any():
        middle, low, high = np.nanquantile(weeks, [0.5, 0.05, 0.95])
        words += (
            f"Where the drug adds to pain, half of that has built up after about {middle:.0f} weeks"
            f" (range {low:.0f} to {high:.0f})."
        )
    return words.strip()


def _easing(made: JointForecast, names: Sequence[str]) -> list[str]:
    table = load_table("prevalence/time_course")
    lines = [
        "On the drug: pain that the drug causes is not expected to go by itself while estradiol stays low;"
        f" in one cohort {100 * float(table['T059'].number('value') or 0):.0f} of 100 pain syndromes"
        f" lasted at 12 months ({table['T059'].id})."
    ]
    if "stop" in names:
        weeks = made.findings.easing_half_weeks[list(names).index("stop")]
        if np.isfinite(weeks).any():
            middle, low, high = np.nanquantile(weeks, [0.5, 0.05, 0.95])
            lines.append(
                "Off the drug: the model assumes that half of what it added is gone after"
                f" {low:.0f} to {high:.0f} weeks (middle {middle:.0f}). No study followed pain closely enough to know."
            )
    lines.append(
        f"After the end of treatment studies differ: pain near its start one year later ({table['T021'].id}), or still"
        f" above it ({table['T022'].id})."
    )
    return lines


def _remedy(name: str, switches: RemedySwitches) -> dict[str, Any]:
    effect = remedy_effect(name, switches)
    remedy = effect.remedy
    pure = remedy.kind in {"fitted", "assumed error"}
    total, specific = effect.total, effect.specific
    alone = remedy.trials_alone
    return {
        "name": name,
        "label": remedy.label,
        "specific_effect": _spread(specific) if pure and specific is not None else None,
        "compared_with": remedy.own_comparator,
        "component": remedy.component,
        "with_placebo_response": _spread(total) if total is not None else None,
        "placebo_response": _spread(effect.response) if effect.response is not None else None,
        "natural_course": _spread(effect.natural) if specific is not None else None,
        "trials_alone": [
            {
                "compared_with": t.comparator,
                "remedy": t.remedy,
                "effect": {"median": round(t.estimate, 2), "low95": round(t.ci_low, 2), "high95": round(t.ci_high, 2)},
                "trials": list(t.trials),
                "weeks": list(t.weeks),
                "certainty": str(t.certainty),
                "sources": list(t.sources),
            }
            for t in alone
        ],
        "certainty": alone[0].certainty.level if alone else remedy.certainty,
        "certainty_reasons": "; ".join(alone[0].certainty.reasons) if alone else remedy.certainty_reasons,
        "time_to_effect": remedy.time_to_effect,
        "lasting": remedy.after_stopping,
        "burden": remedy.burden,
        "dissent": remedy.dissent,
        "note": remedy.effect_note,
        "basis": effect.basis,
        "sources": [*remedy.contrast_rows, *remedy.burden_rows],
        "status": remedy.kind,
    }


def _choice(name: str, compiled: CompiledStrategy, run: StrategyJoints, made: JointForecast) -> dict[str, Any]:
    findings, row = made.findings, made.findings.strategies.index(compiled.name)
    pain = findings.pain[row]
    on_drug = run.exposure.on_ai[..., made.weeks.index(52) :].any()
    stopped = findings.stopped_for_pain[row, :, 12] + findings.stopped_for_other_reasons[row, :, 12]
    rows, recurrence = _recurrence(name)
    notes = [f"{note.field}: {note.assumed}" for note in compiled.notes]
    if name == "switch":
        kept = second_drug_rows()
        notes.append(
            "No randomised trial shows less pain on a second aromatase inhibitor. In studies of women who changed, "
            + "; ".join(f"{100 * float(r.number('estimate') or 0):.0f} % {r.text('outcome')} ({r.id})" for r in kept)
        )
    if name == "tamoxifen":
        notes.append("No randomised trial measured joint pain after a change to tamoxifen.")
    if name in {"pause", "stop"}:
        notes.append("How fast pain eases is an assumption of the model.")
    found = {
        "name": name,
        "strategy": compiled.name,
        "label": compiled.strategy.label,
        "pain_12_months": _spread(pain[:, 12]),
        "on_ai_12_months": _e(interval(1.0 - stopped, made.twins.draw, made.twins.causes)) if on_drug else None,
        "setting": made.options.setting,
        "bone": "",
        "recurrence": recurrence,
        "sources": rows,
        "notes": notes,
    }
    if name == "intermittent":
        # month 12 is the end of three months off: one moment of the cycle would flatter it
        found["pain_12_months"] = _spread(pain[:, 1:13].mean(axis=1))
        notes.append("How fast pain eases is an assumption of the model; pain is the average of twelve months here.")
    if name in {"pause", "intermittent"}:
        # the hazards were fitted to women without breaks
        del found["on_ai_12_months"]
        notes.append("No study says how many women take the drug up again after a break.")
    return found


def _recurrence(name: str) -> tuple[list[str], str]:
    """Reported ratios that bear on a choice, with their caveat; never a gain or loss of hers."""
    wanted = {
        "stay": ("BH009", "BH010"),
        "tamoxifen": ("BH009", "BH010"),
        "stop": ("D032", "D026"),
        "intermittent": ("BH031",),
    }.get(name, ())
    rows = [row for row in persistence_context() if row.row.rsplit(":", 1)[1] in wanted]
    if not rows:
        return [], "No study of this choice and the cancer coming back is in the evidence."
    words = "; ".join(f"{row.about}: {row.estimate} ({row.interval or 'no interval printed'})" for row in rows)
    return [row.row for row in rows], f"Reported of groups of women: {words}. {rows[0].caveat.capitalize()}."


def _factor(made: JointForecast, name: str) -> dict[str, Any]:
    factor = next(f for f in risk_factors() if f.name == name)
    low, high = (float(np.exp(factor.mean + z * factor.predictive_sd)) for z in (-1.645, 1.645))
    return {
        "name": name, "label": factor.label, "known": name in made.twins.risk.used,
        "odds_ratio_of_a_report": _e(np.array([factor.odds_ratio, low, high]), 2),
        "sources": list(factor.rows), "note": factor.note,
    }  # fmt: skip


def _past_drug(patient: Patient) -> list[str]:
    if patient.aromatase_inhibitor.status != "stopped":
        return []
    return ["The drug is no longer taken: with the drug means what it left behind, without it as if never taken."]


def _causes(patient: Patient) -> list[str]:
    row = load_table("prevalence/prevalence")["P036"]
    found = []
    if patient.risk_factors.rheumatoid_arthritis:
        found.append("rheumatoid arthritis is in the record")
    if patient.risk_factors.prior_joint_disease:
        found.append("joint disease or joint pain before the drug is in the record")
    found.append(
        "numb or tingling fingers: carpal tunnel syndrome was seen in"
        f" {100 * float(row.number('prevalence') or 0):.1f} % on the drug against"
        f" {100 * float(row.number('prevalence_c') or 0):.1f} % on {row.text('comparator')} ({row.id})"
    )
    return found
