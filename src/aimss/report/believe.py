"""Why believe it: how the model met published results, kind by kind, and the limits that each forecast has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from aimss.care.cautions import VALIDATED_ANTIRESORPTIVE_YEARS_ON_AI
from aimss.forecast.plan_document import PlanDocument, Rival, Validation, ValidationPart
from aimss.normal import wilson
from aimss.report.charts.believe import Held, held_figure
from aimss.report.charts.figure import DataTable, Figure
from aimss.report.reading import COUNTERFACTUAL, mentions_any
from aimss.report.words import number

# set before anything was scored (docs/credibility.md): for held-out trials as a whole, here asked of every kind
COVERAGE_WANTED = (0.82, 0.97)
OF_CONSTANT_CHANGE = 0.5
NOMINAL = 0.9
SHORT = {
    "bmd_on_ai": "Bone density on the drug alone",
    "bmd_with_drug": "Bone density with a bone medicine",
    "bmd_without_ai": "Bone density without the drug",
    "bmd_premenopausal": "Bone density before menopause",
    "stopping_ai": "After stopping the drug",
    "stopping_denosumab": "After stopping denosumab",
    "stopping_bisphosphonate": "After stopping a bisphosphonate",
    "fractures": "Fractures",
    "markers": "Bone markers",
    "estradiol": "Estradiol",
    "prevalence": "Joint symptoms",
    "onset": "Onset of joint symptoms",
    "pain": "Pain scores",
    "discontinuation": "Staying on the drug",
}
BISPHOSPHONATES = ("zoledron", "alendron", "risedron", "ibandron", "bisphosphonate")
# name -> (short name, what it is)
LIMITS = {
    "spread": (
        "trials differ",
        "Trials of the same treatment differ{size} for reasons that the model does not know; the ranges allow for it.",
    ),
    "same": (
        "one drug for three",
        "The three aromatase inhibitors are the same to the model, for bone and for joints. No genetic variant is an "
        "input.",
    ),
    "outside": (
        "where the model is off",
        "After denosumab, with ovarian suppression before menopause, and beyond "
        f"{VALIDATED_ANTIRESORPTIVE_YEARS_ON_AI:g} years of a bone medicine on the drug, the model is known to be off; "
        "a banner says where and by how much.",
    ),
    "stopped": ("after stopping", "What follows when a drug is stopped rests on few published results."),
    "assay": (
        "older blood tests",
        "Older blood tests cannot see estradiol as low as these drugs push it, so they print higher values.",
    ),
    "marker": ("one marker value", "It says little: the level of a test varies between laboratories."),
    "frax": (
        "not FRAX",
        "Fracture figures are not FRAX and imitate none of it. Death from breast cancer is not part of them; nothing "
        "here forecasts whether the cancer comes back.",
    ),
    "joint": (
        "joints",
        "How much of the pain is the drug is not settled by any one study; how fast it eases after the drug is an "
        "assumption. Results on joints were fitted with an effect for each study, so their agreement is no test.",
    ),
    "unread": (
        "not read",
        "The 2025 joint statement on bone loss (PMID 40726588) was not read; nothing here answers for it.",
    ),
}
LIMITS_OF = {
    "estradiol": ("assay",),
    "bmd_on_ai": ("spread", "same"),
    "bmd_with_drug": ("spread", "outside"),
    "bmd_without_ai": ("spread",),
    "bmd_premenopausal": ("outside",),
    "stopping_ai": ("stopped",),
    "stopping_denosumab": ("outside", "stopped"),
    "stopping_bisphosphonate": ("stopped",),
    "markers": ("marker",),
    "fractures": ("frax",),
    "prevalence": ("joint",),
    "onset": ("joint",),
    "pain": ("joint",),
    "discontinuation": ("joint",),
}
SECTION_PARTS = {
    "joints": ("prevalence", "onset", "pain"),
    "choices": ("stopping_ai", "discontinuation", "pain"),
    "bones": (
        "bmd_on_ai", "bmd_with_drug", "bmd_without_ai", "bmd_premenopausal", "stopping_denosumab",
        "stopping_bisphosphonate", "fractures", "markers", "estradiol",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Met:
    """How one kind of forecast met published results; `met` None where that is no test."""

    part: str
    label: str
    met: bool | None
    verdict: str
    sentence: str
    limits: tuple[str, ...]


@dataclass(frozen=True)
class Believe:
    """What the last section shows."""

    parts: list[Met]
    figure: Figure | None
    limits: Mapping[str, tuple[str, str]]
    coverage_wanted: str
    nominal: str
    error_wanted: str
    same_parameters: bool
    command: str
    sections: Mapping[str, list[Met]]


def concerned(document: PlanDocument) -> set[str]:
    """Return the kinds of published result that bear on the forecasts of a page."""
    joint = document.joints or {}
    if not document.strategies:
        found: set[str] = set()
    else:
        found = {"estradiol", "markers", "fractures"}
    status = (document.record.get("aromatase_inhibitor") or {}).get("status")
    wanted = {
        "bmd_on_ai": bool(document.strategies) and status != "none",
        "bmd_with_drug": mentions_any(document, (*BISPHOSPHONATES, "denosumab")),
        "bmd_without_ai": any(COUNTERFACTUAL in s.flags for s in document.strategies) or status in ("none", "stopped"),
        "bmd_premenopausal": mentions_any(document, ("ovarian", "goserelin", "triptorelin", "leuprorelin")),
        "stopping_ai": status == "stopped" or len(joint.get("choices") or []) > 1,
        "stopping_denosumab": mentions_any(document, ("denosumab",)),
        "stopping_bisphosphonate": mentions_any(document, BISPHOSPHONATES),
        "prevalence": bool(joint.get("of_100")),
        "onset": bool(joint.get("onset")),
        "pain": bool(joint.get("course") or joint.get("choices")),
        "discontinuation": bool(joint.get("choices")),
    }
    return found | {part for part, needed in wanted.items() if needed}


def _size(value: float, unit: str) -> str:
    """Return an error in words; one of a logarithm as the factor that it is."""
    return f"{number(value)} {unit}" if unit != "natural logarithm" else f"a factor of {number(math.exp(value), 2)}"


def _against(name: str, rival: Rival, part: ValidationPart) -> str:
    ours, theirs = number(rival.rmse_aimss_on_the_same), number(rival.rmse)
    few = f" on {rival.n} of them" if rival.n < part.n else ""
    better = "closer than" if rival.rmse_aimss_on_the_same < rival.rmse else "no closer than"
    return f"{better} {name} ({ours} against {theirs}{few})"


def held(part: ValidationPart) -> bool | None:
    """Return whether the range held as many published results as was asked; None where that is no test."""
    low, high = COVERAGE_WANTED
    attainable = any(low <= count / part.n <= high for count in range(part.n + 1))
    return None if part.own_study_effect or not attainable else low <= part.inside / part.n <= high


def judge(part: ValidationPart) -> tuple[bool | None, str]:
    """Return whether a kind of forecast met the criteria, and why not, in words; None where that is no test."""
    if part.own_study_effect:
        return None, "agreement, not a test"
    reasons = []
    if held(part) is False:
        few = part.inside / part.n < COVERAGE_WANTED[0]
        what = "too many published results lie outside the range" if few else "the range is wider than needed"
        low, high = wilson(part.inside, part.n)
        reasons.append(what + (" (with so few results chance could do that)" if low <= NOMINAL <= high else ""))
    simple = part.constant_change
    if simple and simple.rmse_aimss_on_the_same > OF_CONSTANT_CHANGE * simple.rmse:
        reasons.append(f"the error is more than {100 * OF_CONSTANT_CHANGE:.0f} % of that of a constant yearly change")
    if reasons:
        return False, "criterion not met: " + "; ".join(reasons)
    return (None, "too few published results to judge") if held(part) is None else (True, "criteria met")


def _sentence(part: ValidationPart) -> str:
    text = (
        f"{part.inside} of {part.n} published results lie within the 90 % range ({100 * part.inside / part.n:.0f} %). "
        f"Typical error {_size(part.rmse, part.unit)}"
    )
    text += f" (over {part.n_rmse} of them)" if part.n_rmse < part.n else ""
    rivals = [
        _against(name, rival, part)
        for name, rival in (
            ("a constant yearly change", part.constant_change),
            ("the mean of other trials of the same regimen", part.other_trials),
        )
        if rival
    ]
    text += f"; {' and '.join(rivals)}. " if rivals else ". "
    if part.own_study_effect:
        return text + "All were fitted, each study with an effect of its own."
    if part.fitted == 0:
        return text + "None of them was fitted to."
    return text + f"{'All' if part.fitted == part.n else part.fitted} of them were targets of the fit."


def _table(parts: list[ValidationPart]) -> DataTable:
    def rival(value: Rival | None) -> str:
        return (
            f"{number(value.rmse, 2)} (model {number(value.rmse_aimss_on_the_same, 2)}, n {value.n})" if value else "–"
        )

    rows = [
        [
            SHORT[p.part],
            f"{p.inside} of {p.n}",
            str(p.fitted),
            f"{number(p.rmse, 2)} {p.unit}",
            number(p.bias, 2),
            rival(p.constant_change),
            rival(p.other_trials),
        ]
        for p in parts
    ]
    columns = ["Kind of result", "Inside 90 %", "Fitted to", "Error (RMSE)", "Mean error",
               "RMSE, constant yearly change", "RMSE, other trials"]  # fmt: skip
    return DataTable(columns, rows)


def _limits(validation: Validation | None) -> dict[str, tuple[str, str]]:
    size = ""
    if validation:
        spread = validation.between_trials_points
        size = (
            f" by {number(spread['spine'])} points of bone density at the spine and {number(spread['hip'])} at the hip "
            "(standard deviation)"
        )
    return {name: (short, text.replace("{size}", size)) for name, (short, text) in LIMITS.items()}


def believe(document: PlanDocument) -> Believe:
    """Return what the section shows; without scores in the plan only the limits."""
    validation = document.validation
    bearing = concerned(document)
    order = list(SHORT)
    shown = sorted(
        (p for p in (validation.parts if validation else []) if p.part in bearing), key=lambda p: order.index(p.part)
    )
    met = [Met(p.part, SHORT[p.part], *judge(p), _sentence(p), LIMITS_OF[p.part]) for p in shown]
    rows = [Held(SHORT[p.part], p.inside, p.n, m.met, held(p) is not False) for p, m in zip(shown, met, strict=True)]
    return Believe(
        parts=met,
        figure=held_figure(rows, COVERAGE_WANTED, _table(shown)),
        limits=_limits(validation),
        coverage_wanted=" to ".join(f"{100 * share:.0f}" for share in COVERAGE_WANTED),
        nominal=f"{100 * NOMINAL:.0f} %",
        error_wanted=f"{100 * OF_CONSTANT_CHANGE:.0f} %",
        same_parameters=validation is None or validation.parameters_sha256 == document.run.parameters_sha256,
        command=validation.command if validation else "",
        sections={name: [m for m in met if m.part in parts] for name, parts in SECTION_PARTS.items()},
    )
