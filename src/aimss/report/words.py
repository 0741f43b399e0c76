"""Plain language: numbers as a woman would say them; field terms stay in the exports."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aimss.report.reading import Estimate

MINUS = "−"
PLAIN_FIELDS = {
    "menopause.final_menstrual_period": "date of the last period",
    "menopause.status": "before or after menopause",
    "vitamin_d_25oh": "vitamin D level",
    "creatinine": "kidney value (creatinine)",
    "calcium_corrected": "blood calcium",
    "estradiol": "blood estradiol",
    "lumbar_spine": "bone scan (DXA) of the spine",
    "total_hip": "bone scan (DXA) of the hip",
    "femoral_neck": "bone scan (DXA) of the femoral neck",
    "dxa": "bone scan (DXA)",
    "markers": "bone markers in the blood",
    "pain": "pain score",
    "recall": "over which days a pain score was asked",
    "worst_or_average": "whether a pain score is the worst or the average",
    "bmi_kg_m2": "height and weight",
    "fractures": "earlier fractures, or that there were none",
    "drugs": "whether the list of medicines is complete",
    "conditions": "whether the list of illnesses is complete",
    "dental_status": "state of the teeth",
    "frax": "FRAX result",
    "record_date": "date of the record",
    "aromatase_inhibitor.drug": "which aromatase inhibitor",
    "aromatase_inhibitor.planned_years": "how long the aromatase inhibitor is planned",
    "aromatase_inhibitor.start": "the day the aromatase inhibitor was started",
    "risk_factors.smoking": "smoking",
    "risk_factors.parental_hip_fracture": "whether a parent broke a hip",
    "risk_factors.alcohol_units_per_day": "alcohol",
    "risk_factors.glucocorticoid_current": "cortisone tablets now",
    "risk_factors.glucocorticoid_months": "cortisone tablets so far",
    "risk_factors.rheumatoid_arthritis": "rheumatoid arthritis or none",
    "risk_factors.falls_past_year": "falls in the past year",
    "risk_factors.prior_joint_disease": "joint disease before the drug",
    "cancer.chemotherapy": "chemotherapy or none",
    "risk_factors.prior_hormone_replacement": "hormone replacement in the past",
}
PLAIN_DRUGS = {"bisphosphonate": "Bisphosphonates (zoledronate, alendronate, risedronate, ibandronate)"}
T_SCORE_REFERENCES = {
    "nhanes3_manufacturer": "NHANES III at the hip, the maker's own at the spine, as most centres print them",
    "nhanes_2005_2014": "NHANES 2005-2014",
}


def number(value: float, decimals: int = 1) -> str:
    """Return a number with a true minus sign and no negative zero."""
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def interval(estimate: Estimate, decimals: int = 1) -> str:
    """Return the 90 % interval as ``−2.9 to −1.4``."""
    return f"{number(estimate.low, decimals)} to {number(estimate.high, decimals)}"


def _count(probability: float, base: int) -> str:
    if probability <= 0:
        return "0"
    count = round(probability * base)
    return str(count) if count >= 1 else "under 1"


def base_of(estimates: Iterable[Estimate | None]) -> int:
    """Return 100, or 1000 where no middle value reaches 5 in 100: one denominator for all that are compared."""
    return 1000 if max((e.median for e in estimates if e is not None), default=1.0) < 0.05 else 100


def of_base(estimate: Estimate, base: int = 100) -> str:
    """Return a probability as ``7 of 100``."""
    return f"{_count(estimate.median, base)} of {base}"


def of_base_interval(estimate: Estimate, base: int = 100) -> str:
    """Return the interval of a probability as ``4 to 12``, of the base that stands beside it."""
    return f"{_count(estimate.low, base)} to {_count(estimate.high, base)}"


def years(months: float) -> str:
    """Return a span in years, ``1 year`` or ``2.5 years``."""
    value = months / 12
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return f"{text} year" if text == "1" else f"{text} years"


def month_from_today(month: float | None) -> str:
    """Return a month from the day of the forecast as ``in 54 months``, ``today`` or ``6 months ago``."""
    if month is None:
        return "no date given"
    whole = round(month)
    if whole == 0:
        return "today"
    unit = "month" if abs(whole) == 1 else "months"
    return f"in {whole} {unit}" if whole > 0 else f"{-whole} {unit} ago"


def plain_drug(name: str) -> str:
    """Return the name of a medicine or of its class for a heading."""
    text = PLAIN_DRUGS.get(name, name.replace("_", " "))
    return text[:1].upper() + text[1:]


def plain_field(field: str) -> str:
    """Return the plain name of an input, given its path (``risk_factors.smoking``, ``dxa (total_hip)``).

    A field without a plain name keeps its own, with spaces for marks.
    """
    inner = re.search(r"(?:: |\()([a-z0-9_]+)\)?$", field)
    for name in (field, inner.group(1) if inner else ""):
        if name in PLAIN_FIELDS:
            return PLAIN_FIELDS[name]
    return re.sub(r"[_.\[\]():]+", " ", field).strip()
