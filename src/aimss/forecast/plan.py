"""`make_plan`: from a woman's record to the document that her page, plan.json and the terminal are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aimss.forecast.derivatives import bmd_derivatives
from aimss.forecast.explain import explain
from aimss.forecast.forecast import Forecast, Settings, StrategyCourse, forecast
from aimss.forecast.fracture_risk import DEFINITIONS
from aimss.forecast.joints.document import joint_choices, joints_document
from aimss.forecast.plan_document import (
    Banner,
    BmdSeries,
    Conditioning,
    EstradiolSeries,
    ExitPlan,
    FractureSeries,
    MarkerSeries,
    MissingInput,
    PastSeries,
    PlanDocument,
    Scan,
    Series,
    StrategyForecast,
)
from aimss.forecast.plan_guidelines import plan_guidelines
from aimss.forecast.plan_harms import plan_harms
from aimss.forecast.plan_sources import plan_sources
from aimss.forecast.run_record import record_dump, run_record
from aimss.forecast.summaries import rounded, series, summary
from aimss.patient.dates import DAYS_PER_MONTH
from aimss.patient.observations import SITES

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.care.strategy import Strategy
    from aimss.patient.patient import Patient

MARKERS: tuple[Literal["ctx", "p1np", "bsap", "ntx"], ...] = ("ctx", "p1np", "bsap", "ntx")
Progress = Callable[[str], None]
# pain is forecast past the usual end of treatment and no further: nothing was observed there
JOINT_YEARS = 6.0
# with half of them the spread between parameter draws drowns in the noise of few women a draw, and comes out too narrow
JOINT_TWINS = 4096
CHOICE_YEARS = 2.5  # two years and what a six-week pause may add


def make_plan(
    patient: Patient,
    strategies: Sequence[Strategy],
    parameters: Parameters,
    settings: Settings,
    *,
    command: str = "",
    explained: bool = False,
    progress: Progress = lambda _: None,
) -> tuple[PlanDocument, Forecast]:
    """Forecast the strategies for her and write everything down that a page needs; also return the twins themselves.

    explained : say what drives the width of her interval and which test would narrow it.

    Raises StrategyError or OutOfScopeError where a strategy cannot be hers, EngineError where twins cannot be solved.
    """
    from aimss.care.compile import compile_strategy
    from aimss.care.evaluate import evaluate
    from aimss.patient.missing import missing_fields

    compiled = [compile_strategy(strategy, patient, settings.years) for strategy in strategies]
    with ThreadPoolExecutor(1) as beside:
        # bone and joints do not wait for each other, and their arithmetic runs outside the interpreter's lock
        joints_to_come = beside.submit(
            joints_document, patient, years=min(settings.years, JOINT_YEARS), twins=JOINT_TWINS, seed=settings.seed
        )
        progress("virtual twins, given her data")
        made = forecast(patient, compiled, parameters, settings)
        without = None
        if made.her_data.count:
            progress("the same without her data")
            fewer = replace(settings, twins=min(settings.twins, 200))
            without = forecast(patient, compiled[:1], parameters, fewer, given_data=False)
        bone = _bone_of_choices(patient, parameters, made)
        progress("what guidelines name")
        rules = evaluate(patient)
        guidelines = plan_guidelines(patient, rules.strategies(), made, parameters)
        strategies_shown = [_strategy(course, made) for course in made.strategies]
        prior = _strategy(without.strategies[0], without) if without else None
        explanation = _explained(patient, made, parameters) if explained else None
        progress("joints")
        joints = joints_to_come.result()
    for choice in (joints or {}).get("choices", []):
        choice["bone"] = bone.get(choice["strategy"], "")
    document = PlanDocument(
        record=record_dump(patient),
        short_answer=[],
        banners=_banners(made),
        missing=[
            MissingInput(field=m.field, effect=m.effect, filled_by=m.filled_by or "") for m in missing_fields(patient)
        ],
        scans=_scans(patient, made),
        past=_past(made),
        conditioning=Conditioning(
            observations=made.her_data.count,
            effective_sample_size=round(made.conditioned.effective_sample_size, 1),
            pareto_k=_finite(made.conditioned.pareto_k),
            moves=made.conditioned.moves,
            prior=prior,
        ),
        strategies=strategies_shown,
        rules=rules.to_json(),
        guideline_forecasts=guidelines,
        joints=joints,
        harms=plan_harms(patient, compiled),
        explain=explanation,
        sources=plan_sources(parameters, made),
        run=run_record(patient, strategies, parameters, made, command),
    )
    return document, made


def _explained(patient: Patient, made: Forecast, parameters: Parameters) -> dict[str, Any]:
    """What drives the interval, which test narrows it, and how the outcome moves with each parameter."""
    months = min(60.0, float(made.months[-1]))
    first = made.strategies[0].compiled
    slopes = bmd_derivatives(patient, first, parameters, months, made.her_data.thinness(parameters))
    return {**explain(made, parameters), "derivatives": {"months": months, "bmd_change_percent": slopes}}


def _bone_of_choices(patient: Patient, parameters: Parameters, twins: Forecast) -> dict[str, str]:
    """Bone under each choice about the drug (stay, pause, change, stop), by strategy, from the same twins."""
    if patient.aromatase_inhibitor.status == "none":
        return {}
    compiled = [strategy for _, strategy in joint_choices(patient, CHOICE_YEARS)[0]]
    settings = replace(twins.settings, years=CHOICE_YEARS)
    made = forecast(patient, compiled, parameters, settings, conditioned=twins.conditioned)
    return {course.compiled.name: _bone_in_words(course, made) for course in made.strategies}


def _bone_in_words(course: StrategyCourse, made: Forecast) -> str:
    """Change of bone density in two years, or at the end of a shorter forecast, for the table of choices."""
    last = min(24, len(made.months) - 1)
    words = []
    for i, site in enumerate(SITES[:2]):
        change = 100 * (course.bmd[:, last, i] / course.bmd[:, 0, i] - 1)
        middle, low, high = np.quantile(change, [0.5, 0.05, 0.95])
        words.append(f"{site.replace('_', ' ')} {middle:+.1f} % ({low:+.1f} to {high:+.1f})".replace("-", "−"))
    return f"bone density after {made.months[last]:.0f} months: {', '.join(words)}"


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 3)


def _strategy(course: StrategyCourse, made: Forecast) -> StrategyForecast:
    compiled = course.compiled
    bmd = {}
    for i, site in enumerate(SITES):
        level = course.bmd[..., i]
        bmd[site] = BmdSeries(
            **summary(level),
            change_percent=series(100 * (level / level[:, :1] - 1)),
            t_score=series(course.t_score[..., i]),
        )
    return StrategyForecast.model_validate(
        {
            "name": compiled.name,
            "label": compiled.strategy.label,
            "summary": compiled.strategy.summary,
            "flags": list(compiled.flags),
            "notes": [f"{note.field}: {note.assumed}" for note in compiled.notes],
            "times_months": rounded(made.months),
            "bmd": bmd,
            "markers": {
                name: MarkerSeries(percent_of_start=series(100 * course.markers[name] / course.markers[name][:, :1]))
                for name in MARKERS
            },
            "estradiol": EstradiolSeries(**summary(course.estradiol)),
            "fracture": {
                kind: FractureSeries(definition=DEFINITIONS[kind], cumulative_probability=series(course.fracture[kind]))
                for kind in DEFINITIONS
            },
            "exit_plan": _exit_plan(course),
        }
    )


def _exit_plan(course: StrategyCourse) -> ExitPlan | None:
    plan = course.compiled.exit_plan
    if plan is None:
        return None
    return ExitPlan(
        last_dose_month=_month(plan.last_dose_day),
        next_dose_due_month=_month(plan.next_due_day),
        follow_on=plan.follow_on,
        follow_on_month=_month(plan.follow_on_day),
        text=EXIT_TEXT[plan.status],
    )


EXIT_TEXT = {
    "planned": "The last denosumab injection is followed by another bone medicine in time.",
    "late": "The bone medicine after the last denosumab injection comes later than 7 months after it.",
    "early": "The bone medicine after the last denosumab injection comes while denosumab still acts.",
    "missing": "Nothing follows the last denosumab injection: bone is lost fast, and vertebrae may break.",
    "open": "Denosumab goes on beyond this forecast. It must not be stopped or delayed without another bone medicine.",
}


def _month(day: float | None) -> float | None:
    return None if day is None else round(day / DAYS_PER_MONTH, 2)


def _banners(made: Forecast) -> list[Banner]:
    texts: dict[str, str] = {}
    named: dict[str, list[str]] = {}
    for course in made.strategies:
        for banner in course.compiled.banners:
            texts[banner.key] = banner.text
            named.setdefault(banner.key, []).append(course.compiled.name)
    return [Banner(id=key, text=text, strategies=named[key]) for key, text in texts.items()]


def _scans(patient: Patient, made: Forecast) -> list[Scan]:
    given = {(scan.date, scan.site): scan for scan in patient.dxa}
    scans = []
    for site, one in made.her_data.series.items():
        for scan in one.scans:
            raw = given[scan.date, site]
            said = [
                *([f"T-score {raw.t_score:g}"] if raw.t_score is not None else []),
                *([f"{raw.bmd_g_cm2:g} g/cm2"] if raw.bmd_g_cm2 is not None else []),
                *([raw.device] if raw.device else []),
            ]
            scans.append(
                Scan(
                    month=round(patient.days_from_record(scan.date) / DAYS_PER_MONTH, 2),
                    site=site,
                    bmd_g_cm2=round(scan.bmd_g_cm2, 4),
                    t_score=round(scan.t_score, 2),
                    as_given=", ".join(said),
                    converted="; ".join(scan.steps),
                )
            )
    return scans


def _past(made: Forecast) -> PastSeries | None:
    if len(made.past_days) < 2:
        return None
    bmd: dict[str, Series] = {site: series(made.past_bmd[..., i]) for i, site in enumerate(SITES)}
    return PastSeries.model_validate({"months": rounded(made.past_days / DAYS_PER_MONTH), "bmd": bmd})
