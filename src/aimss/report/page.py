"""The page: one self-contained HTML file made from a `PlanDocument` and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aimss.charting import PALETTE
from aimss.forecast.plan_document import PlanDocument
from aimss.report.answer import DENOSUMAB_WARNING, at_first_sight, short_answer
from aimss.report.banners import banner_figures
from aimss.report.believe import believe
from aimss.report.bones import bones
from aimss.report.charts.figure import look
from aimss.report.guidance import contraindicated, fact_text, followed, guidelines, safety
from aimss.report.harms import harms
from aimss.report.joints import joints
from aimss.report.reading import SITES
from aimss.report.words import T_SCORE_REFERENCES, month_from_today, number, plain_drug, plain_field

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class Section:
    """A part of the page; it is on the page only if its data are in the plan."""

    id: str
    name: str
    template: str


def stylesheet() -> str:
    """Return the style sheet of the page; chart colours are swapped for variables that follow light and dark."""
    text = files("aimss.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    swaps = [
        f'svg.chart [{kind}="{colour}"] {{ {kind}: var(--s{index}); }}'
        for index, colour in enumerate(PALETTE, start=1)
        for kind in ("stroke", "fill")
    ]
    return text + "\n".join(swaps) + "\n"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("aimss.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        {"month": month_from_today, "number": number, "plain_field": plain_field, "plain_drug": plain_drug}
    )
    return environment


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested data as (path, text), absent ones left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name} · {key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value, start=1):
            yield from _flat(inner, f"{name} {position}")
    elif value is not None:
        yield name.replace("_", " "), str(value)


def _age(record: dict[str, Any]) -> int | None:
    """Return her whole years on the day of the record, given or from the year of birth; None if neither is there."""
    if record.get("age_years") is not None:
        return int(float(record["age_years"]))
    birth, today = str(record.get("birth_date") or ""), str(record.get("record_date") or "")
    if not (birth[:4].isdigit() and today[:4].isdigit()):
        return None
    return int(today[:4]) - int(birth[:4]) - (today[4:] < birth[4:])


def _facts(record: dict[str, Any]) -> str:
    """Return the line under the title: age, drug, since when, day of the record."""
    parts = []
    age = _age(record)
    if age is not None:
        parts.append(f"{age} years old")
    ai = record.get("aromatase_inhibitor") or {}
    drug, start = ai.get("drug") or "an aromatase inhibitor", ai.get("start")
    status = {
        "current": f"on {drug}" + (f" since {start}" if start else ""),
        "planned": f"{drug} planned",
        "stopped": f"{drug} stopped" + (f" {ai.get('stop')}" if ai.get("stop") else ""),
    }.get(str(ai.get("status")))
    if status:
        parts.append(status)
    if record.get("record_date"):
        parts.append(f"record of {record['record_date']}")
    return ", ".join(parts)


def _title(record: dict[str, Any]) -> str:
    label = str(record.get("label") or "Your plan")
    return label[:1].upper() + label[1:]


def contents(document: PlanDocument) -> list[Section]:
    """Return the sections that the plan has data for, in the order of the page."""
    joint = document.joints or {}
    wanted = [
        (
            bool(joint.get("of_100") or joint.get("course") or joint.get("attributable")),
            Section("joints", "Your joints: is it the drug?", "joints.html"),
        ),
        (len(joint.get("choices") or []) > 1, Section("choices", "What if you stop, pause or switch?", "choices.html")),
        (bool(joint.get("remedies")), Section("remedies", "What helps the joints?", "remedies.html")),
        (bool(document.strategies), Section("bones", "Your bones", "bones.html")),
        (
            bool((document.rules or {}).get("findings")),
            Section("guidelines", "What the guidelines say", "guidelines.html"),
        ),
        (document.rules is not None, Section("safety", "Is any of it dangerous here?", "safety.html")),
        (bool(document.harms), Section("harms", "Benefits and harms of the medicines", "harms.html")),
        (bool(document.missing), Section("missing", "What is missing", "missing.html")),
        (bool(document.explain), Section("width", "What makes the ranges wide", "explain.html")),
        (True, Section("believe", "Why believe it", "believe.html")),
    ]
    return [section for present, section in wanted if present]


def render_page(document: PlanDocument) -> str:
    """Return the whole page as HTML text; it needs no network and no script."""
    environment = _environment()
    positions = {s.name: i for i, s in enumerate(document.strategies)}

    def strategy_label(name: str) -> str:
        if name not in positions:
            return name
        i = positions[name]
        return f"{look(i).letter} {document.strategies[i].label}"

    facts = (document.rules or {}).get("facts") or {}
    local = environment.overlay()
    local.filters = {
        **environment.filters,
        "strategy_label": strategy_label,
        "strategy_look": lambda n: look(positions[n]),
        "fact": lambda name: fact_text(facts, name),
    }
    first = document.strategies[0] if document.strategies else None
    any_clinical = first.fracture.get("any_clinical") if first else None
    run = document.run.model_dump(exclude={"command"})
    answer, more_answer = at_first_sight(document.short_answer or short_answer(document))
    return local.get_template("page.html").render(
        document=document,
        title=_title(document.record),
        facts=_facts(document.record),
        answer=answer,
        more_answer=more_answer,
        banner_figures=banner_figures,
        safety=safety(document),
        against=contraindicated(document),
        guidelines=guidelines(document),
        followed=followed(document),
        joints=joints(document),
        bones=bones(document),
        harms=harms(document),
        believe=believe(document),
        fracture_definition=any_clinical.definition if any_clinical else "",
        denosumab_warning=DENOSUMAB_WARNING,
        contents=contents(document),
        sites=SITES,
        t_score_reference=T_SCORE_REFERENCES.get(document.run.t_score_reference, document.run.t_score_reference),
        style=stylesheet(),
        run_record=list(_flat(run)),
        record_lines=list(_flat(document.record)),
    )


def write_page(document: PlanDocument, path: Path) -> Path:
    """Write the page; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_page(document), encoding="utf-8")
    return path
