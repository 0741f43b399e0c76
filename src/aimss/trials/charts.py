"""Charts of a trial as Vega-Lite: courses by arm with bands, event-free time, forest beside the published, flow."""

from __future__ import annotations

from typing import Any

from aimss.charting import PALETTE, render_svg
from aimss.trials.document import EndpointRow, TrialDocument

Spec = dict[str, Any]
WIDTH, HEIGHT = 520, 300
_WORDS = {
    "bmd_percent_change": "BMD, change in %",
    "t_score": "T-score",
    "pain_change": "worst joint pain, change in points",
    "persistence": "share still on the drug",
}


def plot(document: TrialDocument, kind: str, endpoint: str | None = None) -> str:
    """Return one chart as SVG; ValueError if the trial has nothing for it."""
    specs = {"trajectory": trajectories, "kaplan_meier": event_free, "forest": forest, "flow": flow}
    if kind not in specs:
        raise ValueError(f"kind: one of {', '.join(specs)}; found {kind}")
    found = {name: spec for name, spec in specs[kind](document).items() if endpoint is None or endpoint in name}
    if not found:
        raise ValueError(f"{kind}: the trial has no data for it")
    return render_svg(next(iter(found.values())))


def all_plots(document: TrialDocument) -> dict[str, str]:
    """Return every chart of a trial as SVG by file name."""
    makers = (trajectories, event_free, forest, flow)
    return {name: render_svg(spec) for make in makers for name, spec in make(document).items()}


def _colour(document: TrialDocument) -> Spec:
    names = [arm.label for arm in document.arms]
    return {
        "field": "arm",
        "type": "nominal",
        "title": None,
        "sort": names,
        "scale": {"domain": names, "range": [PALETTE[i % len(PALETTE)] for i in range(len(names))]},
        "legend": {"orient": "bottom", "direction": "vertical", "labelLimit": 480},
    }


def trajectories(document: TrialDocument) -> dict[str, Spec]:
    """Return the course of every measure by arm: mean, and the middle 90 % of women as a band."""
    groups: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
    for arm in document.arms:
        for e in arm.endpoints:
            if e.month is not None and e.mean is not None and not e.name.startswith("fracture_"):
                groups.setdefault((e.name, e.site), []).append(_point(arm.label, e))
    specs = {}
    for (name, site), seen in groups.items():
        points = seen
        if len({p["month"] for p in points}) < 2:
            continue
        if "change" in name:
            points = [
                *({"arm": arm.label, "month": 0, "mean": 0, "low": 0, "high": 0} for arm in document.arms),
                *points,
            ]
        where = f", {site.replace('_', ' ')}" if site else ""
        y = {"type": "quantitative", "title": _WORDS.get(name, name.replace("_", " ")), "scale": {"zero": False}}
        x = {"field": "month", "type": "quantitative", "title": "months"}
        bands = {
            "mark": {"type": "area", "opacity": 0.12},
            "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": _colour(document)},
            "transform": [{"filter": "isValid(datum.low)"}],
        }
        lines = {
            "mark": {"type": "line", "point": True, "strokeWidth": 2.5},
            "encoding": {"x": x, "y": {**y, "field": "mean"}, "color": _colour(document)},
        }
        specs[f"trajectory-{name}{'-' + site if site else ''}"] = {
            "title": {
                "text": f"{_WORDS.get(name, name.replace('_', ' '))}{where}",
                "subtitle": "line: mean; band: the middle 90 % of women",
            },
            "width": WIDTH,
            "height": HEIGHT,
            "data": {"values": points},
            "layer": [bands, lines],
        }
    return specs


def _point(arm: str, e: EndpointRow) -> dict[str, Any]:
    return {"arm": arm, "month": e.month, "mean": e.mean, "low": e.low90, "high": e.high90}


def event_free(document: TrialDocument) -> dict[str, Spec]:
    """Return Kaplan-Meier curves with 95 % bands, one chart a kind of fracture."""
    labels = {arm.name: arm.label for arm in document.arms}
    specs = {}
    for name in dict.fromkeys(c.endpoint for c in document.curves):
        points = [
            {"arm": labels[c.arm], "month": m, "free": f, "low": low, "high": high}
            for c in document.curves
            if c.endpoint == name
            for m, f, low, high in zip(c.months, c.event_free, c.event_free_low95, c.event_free_high95, strict=True)
        ]
        x = {"field": "month", "type": "quantitative", "title": "months"}
        y = {"type": "quantitative", "title": "without fracture", "scale": {"zero": False}, "axis": {"format": "%"}}
        specs[f"kaplan-meier-{name}"] = {
            "title": {
                "text": name.replace("fracture_", "Fracture: ").replace("_", " "),
                "subtitle": "Kaplan-Meier, death censors; band: 95 % interval",
            },
            "width": WIDTH,
            "height": HEIGHT,
            "data": {"values": points},
            "layer": [
                {
                    "mark": {"type": "area", "opacity": 0.12, "interpolate": "step-after"},
                    "encoding": {
                        "x": x,
                        "y": {**y, "field": "low"},
                        "y2": {"field": "high"},
                        "color": _colour(document),
                    },
                },
                {
                    "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2.5},
                    "encoding": {"x": x, "y": {**y, "field": "free"}, "color": _colour(document)},
                },
            ],
        }
    return specs


def forest(document: TrialDocument) -> dict[str, Spec]:
    """Return the published results beside the simulated ones; a row not seen in print is marked."""
    if all(p.row.startswith("bone/fractures") for p in document.published):
        return {}
    points = []
    # ratios have another scale
    for p in (p for p in document.published if not p.row.startswith("bone/fractures")):
        mark = "" if p.verified in {"yes", "secondary"} else f" [{p.verified}]"
        when = f"month {p.month:g}" if p.month is not None else f"week {p.week}"
        place = f"{p.what}, {(p.site or 'pain').replace('_', ' ')}, {when}{mark}"
        points += [
            {
                "place": place,
                "who": "published",
                "value": p.published,
                "low": p.published_low95,
                "high": p.published_high95,
            },
            {
                "place": place,
                "who": "simulated",
                "value": p.simulated,
                "low": p.simulated_low95,
                "high": p.simulated_high95,
            },
        ]
    places = list(dict.fromkeys(p["place"] for p in points))
    y = {"field": "place", "type": "nominal", "title": None, "sort": places, "axis": {"labelLimit": 420}}
    x = {"type": "quantitative", "title": "change or difference, % of BMD or points of pain"}
    offset = {"field": "who", "sort": ["published", "simulated"]}
    colour = {"field": "who", "type": "nominal", "title": None, "scale": {"range": list(PALETTE[:2])}}
    return {
        "forest-published": {
            "title": {
                "text": "Published beside simulated",
                "subtitle": "point and 95 % interval where one was printed",
            },
            "width": WIDTH,
            "height": {"step": 18},
            "data": {"values": points},
            "layer": [
                {
                    "mark": {"type": "rule", "strokeWidth": 2},
                    "transform": [{"filter": "isValid(datum.low)"}],
                    "encoding": {
                        "y": y,
                        "yOffset": offset,
                        "x": {**x, "field": "low"},
                        "x2": {"field": "high"},
                        "color": colour,
                    },
                },
                {
                    "mark": {"type": "point", "filled": True, "size": 60},
                    "encoding": {"y": y, "yOffset": offset, "x": {**x, "field": "value"}, "color": colour},
                },
            ],
        }
    }


def flow(document: TrialDocument) -> dict[str, Spec]:
    """Return the flow of women as a column of boxes, arms side by side below."""
    f = document.flow
    again = sum(f.drawn_again.values())
    reasons = [f"{number:,} {name}" for name, number in f.drawn_again.items()][:4]
    boxes = [
        {"x": 0.5, "y": 3.0, "text": [f"{f.drawn:,} candidates drawn"]},
        {"x": 0.5, "y": 2.0, "text": [f"{again:,} drawn again", *reasons]},
        {"x": 0.5, "y": 1.0, "text": [f"{f.enrolled:,} women"]},
    ]
    for i, arm in enumerate(f.arms):
        text = [
            arm.name,
            f"{arm.allocated:,} women",
            f"{arm.died:,} died",
            f"{arm.dropped_out:,} dropped out",
            f"{arm.completed:,} to the end",
        ]
        boxes.append({"x": (i + 0.5) / len(f.arms), "y": 0.0, "text": text})
    rules = [{"x": 0.5, "y": a, "x2": 0.5, "y2": b} for a, b in ((3.0, 2.0), (2.0, 1.0))]
    rules += [{"x": 0.5, "y": 1.0, "x2": (i + 0.5) / len(f.arms), "y2": 0.0} for i in range(len(f.arms))]
    x = {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [0, 1]}}
    y = {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [-0.6, 3.3]}}
    line = {
        "mark": {"type": "rule", "opacity": 0.25},
        "data": {"values": rules},
        "encoding": {"x": x, "y": y, "x2": {"field": "x2"}, "y2": {"field": "y2"}},
    }
    words = {
        "mark": {"type": "text", "lineHeight": 14, "baseline": "middle", "fontSize": 11},
        "data": {"values": boxes},
        "encoding": {"x": x, "y": y, "text": {"field": "text", "type": "nominal"}},
    }
    return {
        "flow": {
            "title": "Flow of virtual women",
            "width": max(WIDTH, 150 * len(f.arms)),
            "height": 360,
            "layer": [line, words],
        }
    }
