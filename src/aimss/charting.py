"""Vega-Lite specs (plain dicts) in, SVG or PNG out; the only module that imports vl-convert.

Text, axes and rules are drawn in ``currentColor``, so that a chart put inside a page follows the page's own
light or dark colours. Data colours come from the palette of Okabe and Ito (2008), which people with any of
the common colour-vision deficiencies can tell apart.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

Spec = dict[str, Any]

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6FC9", "#767676")
"""Colour-blind-safe categorical colours; the original's black and yellow vanish on dark or light pages."""

_INK = "#010203"  # stands for currentColor while Vega works, which parses every colour it is given
_FONT = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"

THEME: Spec = {
    "background": None,
    "font": _FONT,
    "range": {"category": list(PALETTE), "ramp": {"scheme": "viridis"}},
    "view": {"stroke": None},
    "axis": {
        "labelColor": _INK,
        "titleColor": _INK,
        "domainColor": _INK,
        "tickColor": _INK,
        "gridColor": _INK,
        "gridOpacity": 0.12,
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "legend": {"labelColor": _INK, "titleColor": _INK, "titleFontWeight": "normal", "labelLimit": 260},
    "title": {"color": _INK, "subtitleColor": _INK, "fontSize": 14, "anchor": "start", "fontWeight": 600},
    "header": {"labelColor": _INK, "titleColor": _INK},
    "text": {"color": _INK},
    "rule": {"color": _INK},
}


def themed(spec: Spec) -> Spec:
    """Return a copy of a Vega-Lite spec with the aimss theme under its own ``config``."""
    result = copy.deepcopy(spec)
    result.setdefault("$schema", "https://vega.github.io/schema/vega-lite/v5.json")
    own = result.get("config", {})
    config = copy.deepcopy(THEME)
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(config.get(key), dict):
            config[key].update(value)
        else:
            config[key] = value
    result["config"] = config
    text = json.dumps(result).replace('"currentColor"', f'"{_INK}"')
    themed_spec: Spec = json.loads(text)
    return themed_spec


def render_svg(spec: Spec) -> str:
    """Return the SVG text of a Vega-Lite spec, safe on light and dark pages (ink is ``currentColor``)."""
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(themed(spec))
    return re.sub(re.escape(_INK), "currentColor", svg, flags=re.IGNORECASE)


def render_png(spec: Spec, *, scale: float = 2.0) -> bytes:
    """Return PNG bytes of a Vega-Lite spec, dark ink on a white ground, at ``scale`` pixels per point."""
    import vl_convert

    paper = themed(spec)
    paper["config"]["background"] = "white"
    png: bytes = vl_convert.vegalite_to_png(paper, scale=scale)
    return png
