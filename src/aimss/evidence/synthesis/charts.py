"""Forest plot, funnel plot and network graph as Vega-Lite specs (plain dicts)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aimss.charting import PALETTE, Spec
from aimss.errors import EvidenceError
from aimss.evidence.synthesis.effect_formulas import PROPORTIONS
from aimss.evidence.synthesis.effect_sizes import MEASURE_NAMES
from aimss.evidence.synthesis.scales import BACK_SCALES, back_transform

if TYPE_CHECKING:
    from aimss.evidence.synthesis.network import NetworkResult
    from aimss.evidence.synthesis.results import MetaResult

LOG_SCALED = ("OR", "RR", "HR")
NO_EFFECT = {"OR": 1.0, "RR": 1.0, "HR": 1.0, "RD": 0.0, "MD": 0.0, "SMD": 0.0, "GEN": 0.0}


def study_intervals(result: MetaResult) -> list[dict[str, Any]]:
    """Return each study's estimate and interval on the scale people read, with its weight in per cent.

    A proportion is shown as observed with its exact (Clopper-Pearson) interval, every other effect with its normal
    interval on the analysis scale.
    """
    from scipy.stats import beta, norm

    data = result.data
    tail = (1 - result.level) / 2
    z = float(norm.isf(tail))
    rows = []
    for i, label in enumerate(data.labels):
        if data.measure in PROPORTIONS and data.events is not None and data.totals is not None:
            x, n = float(data.events[i]), float(data.totals[i])
            low = 0.0 if x == 0 else float(beta.ppf(tail, x, n - x + 1))
            high = 1.0 if x == n else float(beta.isf(tail, x + 1, n - x))
            values: list[float | None] = [x / n, low, high]
        else:
            y, half = float(data.yi[i]), z * float(np.sqrt(data.vi[i]))
            values = [back_transform(data.measure, t) for t in (y, y - half, y + half)]
        rows.append(
            {"study": label, "estimate": values[0], "low": values[1], "high": values[2],
             "weight": result.weights[i]}
        )  # fmt: skip
    return rows


def forest(result: MetaResult, title: str = "") -> Spec:
    """Return a forest plot: studies sized by weight, the pooled diamond row and the prediction interval."""
    if result.has_moderators:
        return _coefficient_forest(result, title)
    measure = result.data.measure
    back = result.back_transformed()
    rows = study_intervals(result)
    order = _unique([r["study"] for r in rows])
    for name, row in zip(order, rows, strict=True):
        row["study"] = name
        row["text"] = f"{row['estimate']:.2f} ({row['low']:.2f} to {row['high']:.2f})  {row['weight']:.1f} %"
    pooled = f"Pooled ({result.method}{', Hartung-Knapp' if result.knha else ''})"
    summary = [
        {"study": pooled, "estimate": back["estimate"], "low": back["ci_low"], "high": back["ci_high"],
         "text": f"{back['estimate']:.2f} ({back['ci_low']:.2f} to {back['ci_high']:.2f})"}
    ]  # fmt: skip
    names = [*order, pooled]
    predicted = []
    if result.prediction is not None:
        low, high = back["prediction_low"], back["prediction_high"]
        label = "Prediction interval"
        names.append(label)
        predicted = [{"study": label, "low": low, "high": high, "text": f"({low:.2f} to {high:.2f})"}]
    scale: dict[str, Any] = {"type": "log", "nice": False} if measure in LOG_SCALED else {"zero": False}
    if measure in PROPORTIONS:
        scale = {"domain": [0, 1]}
    x = {"type": "quantitative", "scale": scale, "title": BACK_SCALES[measure]}
    y = {"field": "study", "type": "nominal", "sort": names, "title": None,
         "axis": {"domain": False, "ticks": False, "labelLimit": 320, "labelPadding": 12}}  # fmt: skip
    layers: list[Spec] = []
    if measure in NO_EFFECT:
        layers.append(
            {"data": {"values": [{"x": NO_EFFECT[measure]}]}, "mark": {"type": "rule", "strokeDash": [3, 3]},
             "encoding": {"x": {"field": "x", **x}}}
        )  # fmt: skip
    layers += [
        _interval(rows, x, y, "currentColor", 1.0),
        {"data": {"values": rows}, "mark": {"type": "square", "filled": True, "opacity": 1, "color": PALETTE[0]},
         "encoding": {"x": {"field": "estimate", **x}, "y": y,
                      "size": {"field": "weight", "type": "quantitative", "legend": None,
                               "scale": {"range": [15, 220], "domainMin": 0}}}},
        _interval(summary, x, y, PALETTE[1], 3.0),
        {"data": {"values": summary},
         "mark": {"type": "point", "shape": "diamond", "filled": True, "opacity": 1, "size": 220,
                  "color": PALETTE[1]},
         "encoding": {"x": {"field": "estimate", **x}, "y": y}},
    ]  # fmt: skip
    if predicted:
        layers.append(_interval(predicted, x, y, PALETTE[1], 1.5, dash=[5, 3]))
    texts = {
        "data": {"values": [*rows, *summary, *predicted]},
        "mark": {"type": "text", "align": "left", "x": 0, "fontSize": 11},
        "encoding": {"y": {**y, "axis": None}, "text": {"field": "text", "type": "nominal"}},
        "width": 180,
        "view": {"stroke": None},
    }
    plot = {"layer": layers, "width": 380}
    height = {"step": 20}
    spec: Spec = {"hconcat": [{**plot, "height": height}, {**texts, "height": height}], "spacing": 8}
    spec["resolve"] = {"scale": {"y": "shared"}}
    spec["title"] = title or _headline(result)
    return spec


def _headline(result: MetaResult) -> str:
    return f"{result.k} studies, tau² = {result.tau2:.3f}, I² = {result.I2:.0f} %"


def _unique(names: list[str]) -> list[str]:
    """Tell studies of the same name apart, which one row of the chart each needs."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def _interval(
    rows: list[dict[str, Any]], x: Mapping[str, Any], y: Mapping[str, Any], color: str, width: float,
    dash: list[int] | None = None,
) -> Spec:  # fmt: skip
    mark: dict[str, Any] = {"type": "rule", "color": color, "strokeWidth": width}
    if dash:
        mark["strokeDash"] = dash
    return {
        "data": {"values": rows},
        "mark": mark,
        "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, "y": dict(y)},
    }


def _coefficient_forest(result: MetaResult, title: str) -> Spec:
    rows = [{"study": c.name, "estimate": c.estimate, "low": c.ci_low, "high": c.ci_high} for c in result.coefficients]
    x = {"type": "quantitative", "title": f"coefficient ({MEASURE_NAMES[result.data.measure]})"}
    y = {"field": "study", "type": "nominal", "sort": [r["study"] for r in rows], "title": None,
         "axis": {"labelLimit": 320, "labelOverlap": False}}  # fmt: skip
    return {
        "title": title or _headline(result),
        "width": 380,
        "height": {"step": 24},
        "layer": [
            {"data": {"values": [{"x": 0}]}, "mark": {"type": "rule", "strokeDash": [3, 3]},
             "encoding": {"x": {"field": "x", **x}}},
            _interval(rows, x, y, "currentColor", 1.0),
            {"data": {"values": rows}, "mark": {"type": "point", "filled": True, "color": PALETTE[0]},
             "encoding": {"x": {"field": "estimate", **x}, "y": y}},
        ],
    }  # fmt: skip


def funnel(result: MetaResult, title: str = "") -> Spec:
    """Return a funnel plot on the analysis scale with the pseudo 95 % region around the pooled mean.

    Raises
    ------
    EvidenceError : the model has moderators, so that there is no one mean.
    """
    if result.has_moderators:
        raise EvidenceError("funnel plot", "a pooled mean", "a meta-regression", "Draw it without moderators.")
    data = result.data
    se = np.sqrt(data.vi)
    centre = result.estimate
    points = [
        {"study": s, "effect": float(y), "se": float(e)} for s, y, e in zip(data.labels, data.yi, se, strict=True)
    ]
    top = float(se.max()) * 1.05
    region = [{"se": 0.0, "low": centre, "high": centre},
              {"se": top, "low": centre - 1.96 * top, "high": centre + 1.96 * top}]  # fmt: skip
    x = {"type": "quantitative", "scale": {"zero": False}, "title": MEASURE_NAMES[data.measure]}
    y = {"field": "se", "type": "quantitative", "scale": {"reverse": True}, "title": "standard error"}
    sides: list[Spec] = [
        {"data": {"values": region}, "mark": {"type": "line", "strokeDash": [4, 3], "color": "currentColor"},
         "encoding": {"x": {"field": side, **x}, "y": y, "order": {"field": "se", "type": "quantitative"}}}
        for side in ("low", "high")
    ]  # fmt: skip
    return {
        "title": title or f"Funnel plot, {result.k} studies",
        "width": 380,
        "height": 300,
        "layer": [
            *sides,
            {"data": {"values": [{"x": centre}]}, "mark": {"type": "rule", "color": PALETTE[1]},
             "encoding": {"x": {"field": "x", **x}}},
            {"data": {"values": points},
             "mark": {"type": "point", "filled": True, "opacity": 0.9, "color": PALETTE[0]},
             "encoding": {"x": {"field": "effect", **x}, "y": y,
                          "tooltip": [{"field": "study", "type": "nominal"}]}},
        ],
    }  # fmt: skip


def network_graph(result: NetworkResult, title: str = "") -> Spec:
    """Return the network: treatments on a circle, edge width by number of studies, one colour a component."""
    treatments = [(t, i) for i, c in enumerate(result.components) for t in c.treatments]
    angle = {t: 2 * np.pi * j / len(treatments) for j, (t, _) in enumerate(treatments)}
    nodes = [
        {"treatment": t, "component": f"component {i + 1}", "x": float(np.sin(angle[t])),
         "y": float(np.cos(angle[t])), "studies": result.studies_of(t)}
        for t, i in treatments
    ]  # fmt: skip
    edges = [
        {"x": float(np.sin(angle[a])), "y": float(np.cos(angle[a])), "x2": float(np.sin(angle[b])),
         "y2": float(np.cos(angle[b])), "studies": n, "label": f"{a} - {b}: {n}"}
        for (a, b), n in result.edge_counts().items()
    ]  # fmt: skip
    hidden = {"type": "quantitative", "axis": None, "scale": {"domain": [-1.5, 1.5]}}
    counts = sorted(set(result.edge_counts().values()))
    return {
        "title": title or f"{len(nodes)} treatments, {result.k} studies, {len(result.components)} component(s)",
        "width": 620,
        "height": 380,
        "layer": [
            {"data": {"values": edges}, "mark": {"type": "rule", "color": "currentColor", "opacity": 0.45},
             "encoding": {"x": {"field": "x", **hidden}, "y": {"field": "y", **hidden}, "x2": {"field": "x2"},
                          "y2": {"field": "y2"},
                          "strokeWidth": {"field": "studies", "type": "quantitative",
                                          "scale": {"range": [1, 8], "domainMin": 0},
                                          "legend": {"title": "studies", "values": counts, "format": "d"}}}},
            {"data": {"values": nodes}, "mark": {"type": "circle", "opacity": 1},
             "encoding": {"x": {"field": "x", **hidden}, "y": {"field": "y", **hidden},
                          "color": {"field": "component", "type": "nominal", "title": None},
                          "size": {"field": "studies", "type": "quantitative", "legend": None,
                                   "scale": {"range": [60, 500], "domainMin": 0}}}},
            *(_outside(nodes, side, hidden) for side in ("left", "center", "right")),
        ],
    }  # fmt: skip


def _outside(nodes: list[dict[str, Any]], side: str, hidden: Mapping[str, Any]) -> Spec:
    """Return the names on one side of the circle, written outwards so that no line of the graph crosses them."""
    here = [n for n in nodes if side == ("center" if abs(n["x"]) < 0.1 else "left" if n["x"] > 0 else "right")]
    placed = [{**n, "x": 1.13 * n["x"], "y": 1.13 * n["y"]} for n in here]
    return {
        "data": {"values": placed},
        "mark": {"type": "text", "align": side, "fontSize": 11},
        "encoding": {"x": {"field": "x", **hidden}, "y": {"field": "y", **hidden},
                     "text": {"field": "treatment", "type": "nominal"}},
    }  # fmt: skip
