"""The guideline and safety parts of the page, read from the plan's rules (schema aimss-rules/1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aimss.forecast.plan_document import PlanDocument
from aimss.report.charts.figure import Look, look
from aimss.report.reading import SITES, Estimate
from aimss.report.words import interval, number, of_base, of_base_interval

VERDICTS = {
    "treat": "Treat",
    "consider": "Consider",
    "monitor": "Watch",
    "refer": "Clinician first",
    "no_branch_fits": "No branch fits",
    "unknown": "Cannot say yet",
    "not_available": "Not available",
    "not_applicable": "Does not apply",
}
QUESTIONS = (
    ("Is a bone medicine needed, and when is the next scan?", ("bone",)),
    ("A bisphosphonate against recurrence?", ("adjuvant",)),
    ("How is denosumab stopped?", ("denosumab",)),
    ("Joint pain", ("joint",)),
    ("Staying on, pausing or switching the hormone treatment", ("endocrine",)),
    ("Other", ("",)),
)
SILENT = {"not_applicable", "not_available"}
STATUS = {"yes": "", "secondary": "from a secondary source", "no": "not verified, read the source"}


@dataclass(frozen=True)
class GuidelineRow:
    """One guideline's answer to its question."""

    guideline: str
    title: str
    year: str
    tags: list[str]
    verdict: str
    verdict_words: str
    action: str
    also: list[str]
    decisive: list[str]
    inputs: list[str]
    missing: list[str]
    changes: list[str]
    readings: list[tuple[str, str]]
    caveat: str
    options: list[str]
    not_verified: list[str]
    rule_ids: list[str]
    forecast_as: list[Look]
    pmid: str
    doi: str


@dataclass(frozen=True)
class Question:
    """A question, the guidelines that answer it and how they differ."""

    name: str
    rows: list[GuidelineRow]
    summary: str


@dataclass(frozen=True)
class Safety:
    """Safety rules by what they ask for."""

    red_flags: list[Mapping[str, Any]]
    unasked: list[Mapping[str, Any]]
    fires: list[Mapping[str, Any]]
    open: list[Mapping[str, Any]]
    standing: list[Mapping[str, Any]]


def fact_text(facts: Mapping[str, Any], name: str) -> str:
    """Return a fact with its value and unit in words; the bare name if its value is not there."""
    fact = facts.get(name)
    label = (fact or {}).get("label") or name.replace("_", " ")
    if not fact or fact.get("value") is None:
        return label
    value = fact["value"]
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, int | float):
        text = f"{value:.4g}".replace("-", "−")
    elif isinstance(value, dict):
        text = ", ".join(str(item).replace("_", " ") for item in value.get("holds", [])) or "none"
    elif isinstance(value, list | tuple):
        text = ", ".join(str(item).replace("_", " ") for item in value) or "none"
    else:
        text = str(value).replace("_", " ")
    unit = f" {fact['unit']}" if fact.get("unit") else ""
    return f"{label}: {text}{unit}"


def _question_of(domain: str) -> str:
    return next(name for name, starts in QUESTIONS if domain.startswith(starts))


def _option_text(option: Mapping[str, Any]) -> str:
    regimen = ", ".join(str(option[key]) for key in ("dose", "interval", "duration") if option.get(key))
    return f"{option['action']}{f' ({regimen})' if regimen else ''}"


def _row(finding: Mapping[str, Any], facts: Mapping[str, Any], looks: Mapping[str, Look]) -> GuidelineRow:
    verdict = str(finding["verdict"])
    source = finding.get("source") or {}
    tags = [
        str(finding.get("currency") or ""),
        STATUS.get(str(finding.get("verified")), "") if verdict not in SILENT else "",
        "provisional: an input is missing" if finding.get("provisional") else "",
    ]
    named = {
        name for part in [finding, *finding.get("options", [])] for name in part.get("strategies", []) if name in looks
    }
    used = finding.get("inputs_used", [])
    # What would change the answer is what it hangs on; the other inputs were read but do not decide here.
    touched = {change["fact"] for change in finding.get("would_change", [])}
    decisive = [name for name in used if name in touched]
    return GuidelineRow(
        guideline=str(finding["guideline"]),
        title=str(finding.get("title") or finding["guideline"]),
        year=str(finding.get("year") or ""),
        tags=[tag for tag in tags if tag],
        verdict=verdict,
        verdict_words=VERDICTS.get(verdict, verdict),
        action=str(finding.get("action") or ""),
        also=[
            f"{VERDICTS.get(item['verdict'], item['verdict'])}: {item['action']}"
            for item in finding.get("also", [])
            if item["verdict"] not in SILENT
        ],
        decisive=[fact_text(facts, name) for name in decisive],
        inputs=[fact_text(facts, name) for name in used if name not in decisive],
        missing=[fact_text(facts, name) for name in finding.get("inputs_missing", [])],
        changes=[str(change["text"]) for change in finding.get("would_change", [])],
        readings=[
            (str(item["reading"]), VERDICTS.get(item["verdict"], item["verdict"]))
            for item in finding.get("readings", [])
        ],
        caveat=str(finding.get("caveat") or ""),
        options=[_option_text(option) for option in finding.get("options", [])],
        not_verified=[f"{item['rule_id']}: {item['would_say']}" for item in finding.get("not_verified", [])],
        rule_ids=[str(name) for name in finding.get("rule_ids", [])],
        forecast_as=sorted((looks[name] for name in named), key=lambda style: style.letter),
        pmid=str(source.get("pmid") or ""),
        doi=str(source.get("doi") or ""),
    )


def _summary(rows: Iterable[GuidelineRow]) -> str:
    """Return how many guidelines say what, in the order of VERDICTS."""
    rows = list(rows)
    counts = {words: sum(r.verdict == name for r in rows) for name, words in VERDICTS.items()}
    return ", ".join(f"{count} {words.lower()}" for words, count in counts.items() if count)


def guidelines(document: PlanDocument) -> tuple[list[Question], list[GuidelineRow]]:
    """Return the questions with the guidelines that answer, and the guidelines that do not speak to her.

    A guideline that could not be read stays with the answers if it replaces one that answers.
    """
    rules = document.rules or {}
    findings, facts = rules.get("findings") or [], rules.get("facts") or {}
    looks = {s.name: look(i) for i, s in enumerate(document.strategies)}
    replacing = {f.get("superseded_by") for f in findings if f["verdict"] not in SILENT}
    questions: dict[str, list[GuidelineRow]] = {name: [] for name, _ in QUESTIONS}
    silent = []
    for finding in findings:
        row = _row(finding, facts, looks)
        if finding["verdict"] in SILENT and finding["guideline"] not in replacing:
            silent.append(row)
        else:
            questions[_question_of(str(finding["domain"]))].append(row)
    rank = {name: place for place, name in enumerate(VERDICTS)}
    shown = [
        Question(name, sorted(rows, key=lambda r: rank.get(r.verdict, 99)), _summary(rows))
        for name, rows in questions.items()
        if rows
    ]
    return shown, silent


def safety(document: PlanDocument) -> Safety | None:
    """Return the safety rules sorted by state; None for a plan without rules.

    A rule without a ``state`` counts as firing: a warning is never hidden for want of a word.
    """
    if document.rules is None:
        return None
    items = document.rules.get("safety") or []
    state = {id(item): item.get("state") or "fires" for item in items}
    order = {"critical": 0, "warning": 1, "info": 2}
    items = sorted(items, key=lambda item: order.get(str(item.get("indicator")), 1))
    return Safety(
        red_flags=[i for i in items if i.get("red_flag") and state[id(i)] == "fires"],
        unasked=[i for i in items if i.get("red_flag") and state[id(i)] == "open"],
        fires=[i for i in items if not i.get("red_flag") and state[id(i)] == "fires"],
        open=[i for i in items if not i.get("red_flag") and state[id(i)] == "open"],
        standing=[i for i in items if not i.get("red_flag") and state[id(i)] == "standing"],
    )


@dataclass(frozen=True)
class Followed:
    """What following a guideline's regimen would do; `outcomes` as (name, value, range), empty with a reason."""

    label: str
    guidelines: str
    outcomes: list[tuple[str, str, str]]
    reason: str


def _estimate(value: Mapping[str, float]) -> Estimate:
    return Estimate(value["median"], value["low90"], value["high90"])


def followed(document: PlanDocument) -> list[Followed]:
    """Return one row for each bone regimen that a guideline names."""
    rows = []
    for entry in document.guideline_forecasts:
        outcomes = []
        for month, sites in (entry.get("t_score") or {}).items():
            if int(month) == 60:
                for site in ("lumbar_spine", "total_hip"):
                    estimate = _estimate(sites[site])
                    outcomes.append(
                        (f"T-score, {SITES[site]}, in 5 years", number(estimate.median), interval(estimate))
                    )
        for month, value in (entry.get("any_clinical_fracture") or {}).items():
            estimate = _estimate(value)
            name = f"Any fracture within {int(month) // 12} years"
            outcomes.append((name, of_base(estimate), of_base_interval(estimate)))
        names = ", ".join(entry["guidelines"])
        rows.append(Followed(str(entry["label"]), names, outcomes, str(entry.get("not_forecast") or "")))
    return rows


def contraindicated(document: PlanDocument, *, brief: bool = False) -> str:
    """Return one sentence on the medicines that the record speaks against as it stands; empty without any.

    brief : where there are several, their names alone; the page gives the reasons below.
    """
    warnings = safety(document)
    fires = [i for i in warnings.fires if i.get("severity") == "contraindicated"] if warnings else []
    if not fires:
        return ""
    if brief and len(fires) > 1:
        names = ", ".join(dict.fromkeys(str(item.get("context") or item["rule_id"]) for item in fires))
        return f"As the record stands, safety rules speak against: {names}. The forecast does not know of it."
    named = []
    for item in fires:
        why = "; ".join([str(item["do"]), *(str(sign) for sign in item.get("seen") or [])])
        named.append(f"{item.get('context') or item['rule_id']} ({why}; {item['rule_id']})")
    return f"As the record stands, a safety rule speaks against: {', '.join(named)}. The forecast does not know of it."


def guideline_sentence(document: PlanDocument) -> str:
    """Return one sentence on what the bone guidelines say of her and that they differ; empty without any."""
    questions, _ = guidelines(document)
    bone = next((q for q in questions if q.name == QUESTIONS[0][0]), None)
    if bone is None:
        return ""
    spoken = [r for r in bone.rows if r.verdict in {"treat", "consider", "monitor", "no_branch_fits", "refer"}]
    treat, consider = (sum(r.verdict == v for r in spoken) for v in ("treat", "consider"))
    if not spoken:
        return "No bone guideline could be applied to the record as it stands."
    text = f"Of {len(spoken)} bone guidelines that could be applied, {treat or 'none'} would treat now"
    if consider:
        text += f" and {consider} would consider it"
    unsure = sum(r.verdict == "unknown" for r in bone.rows)
    waiting = f"; {number(unsure, 0)} cannot say, because something is missing" if unsure else ""
    return f"{text}{waiting}."
