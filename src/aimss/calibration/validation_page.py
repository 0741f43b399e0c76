"""The validation as people read it: Markdown for the docs, one HTML page, and short lines on the terminal."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from aimss.calibration.filing import PART_NAMES
from aimss.calibration.sister_trials import NAME as ANOTHER_TRIAL
from aimss.calibration.validation import Scored, endpoint
from aimss.calibration.validation_scores import document, groups, summary_of

_SITES = {"all_bmd_lumbar_spine": "All BMD, lumbar spine", "all_bmd_total_hip": "All BMD, total hip",
          "all_bmd_femoral_neck": "All BMD, femoral neck", "role_calibrate": "Targets that were fitted",
          "role_check": "Targets that were only checked", "role_blind": "A user's own targets"}  # fmt: skip
PEER_NAMES = {"peterson_riggs": "Peterson-Riggs", "joerg_2022": "Jörg 2022"}
EXPLAINED = (
    "RMSE, width and interval score are in percentage points of BMD change (points) for bone density and on the "
    "natural logarithm (ln) for markers, estradiol, ratios and shares; results on several scales are scored one scale "
    "after the other, and what has to be beaten stands beside the first. The interval holds parameter uncertainty, the "
    "fitted spread between trials and the sampling error of the printed result.",
    "“Other trials” is the mean of what other trials of the same regimen printed for the same site within 6 months of "
    "the same month: how close one comes that knows regimen, site and month and no model. It never holds the trial "
    "that it predicts, while most targets here were fitted by aimss; figures of trials that a fit has not seen are in "
    "credibility.md.",
)


def name_of(group: str) -> str:
    """Return a part or group of targets in words."""
    return {**PART_NAMES, **_SITES}.get(group, group)


def _beside(name: str, peer: Mapping[str, Any]) -> str:
    words = f"{peer['rmse']:.2f} against {peer['rmse_aimss_on_the_same']:.2f} (n {peer['n']})"
    return f"{PEER_NAMES[name]} {words}" if name in PEER_NAMES else words


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _unanswered(run: Mapping[str, Any]) -> list[str]:
    return [f"Not answered: {name}: {reason}." for name, reason in run.get("unanswered", {}).items()]


def _of(scale: Mapping[str, Any], n: int) -> str:
    return f" (n {scale['n_rmse']})" if scale["n_rmse"] < n else ""


def summary_rows(scored: Sequence[Scored]) -> list[list[str]]:
    """Return the table of scores, one row a group: name, n, inside, RMSE, what it has to beat, width, score."""
    rows = []
    for group, members in groups(scored).items():
        s = summary_of(members)
        scales = [s, *s["other_scales"]]
        models = "; ".join(_beside(n, p) for n, p in s["peers"].items() if n in PEER_NAMES)
        others = s["peers"].get(ANOTHER_TRIAL)
        rows.append(
            [
                name_of(group),
                str(s["n"]),
                f"{s['inside']} ({100 * s['coverage']:.0f} %)",
                "; ".join(f"{_number(one['rmse'])} {one['unit']}" + _of(one, s["n"]) for one in scales),
                _number(s["rmse_baseline"]),
                _beside(ANOTHER_TRIAL, others) if others else "–",
                models or "–",
                "; ".join(_number(one["mean_width"]) for one in scales),
                "; ".join(_number(one["mean_interval_score"]) for one in scales),
            ]
        )
    return rows


SUMMARY_HEAD = ["Part", "n", "Inside 90 %", "RMSE", "RMSE, constant change",
                "RMSE, other trials (aimss on the same)",
                "RMSE, published models (aimss on the same)", "Mean width", "Mean interval score"]  # fmt: skip
TARGET_HEAD = ["", "Target", "Study", "Arm", "Endpoint", "Months", "Observed (95 %)", "Predicted (90 %)", "Constant",
               "Role"]  # fmt: skip


def target_row(s: Scored) -> list[str]:
    """Return one target as cells of text; a miss is marked first and in words."""
    t = s.target
    months = f"{t.from_month:g}–{t.month:g}" if t.from_month else f"{t.month:g}"
    arm = t.arm.replace("_", " ") + (f" v {t.comparator.replace('_', ' ')}" if t.comparator else "")
    arm += f", {t.women}" if t.women else ""
    arm += f" ({s.mixture})" if s.mixture else ""
    return [
        "inside" if s.inside else "MISSED",
        t.id,
        t.study,
        arm,
        endpoint(t).replace("_", " "),
        months,
        f"{t.observed:.4g} ({s.low95:.3g} to {s.high95:.3g})",
        f"{s.median:.3g} ({s.low90:.3g} to {s.high90:.3g})",
        "–" if s.baseline is None else f"{s.baseline:.3g}",
        t.role + ("" if t.verified == "yes" else f", {t.verified}"),
    ]


def markdown(scored: Sequence[Scored], run: Mapping[str, Any], preface: str = "") -> str:
    """Return the validation as Markdown: what it is, scores by part, then every target, misses as loud as hits."""
    s = document(scored, run)["summary"]
    unanswered = _unanswered(run)
    lines = [
        "# Validation: predicted against published",
        "",
        "Made by `aimss validate`; do not edit by hand.",
        "",
        *([preface, ""] if preface else []),
        f"{s['inside']} of {s['n']} published results lie within the 90 % predictive interval "
        f"({100 * s['coverage']:.0f} %)." if s["n"] else "No target was scored.",
        "",
        *(f"- **{line}**" for line in unanswered),
        *([""] if unanswered else []),
        *_table(SUMMARY_HEAD, summary_rows(scored)),
        "",
        *(line for text in EXPLAINED for line in (text, "")),
    ]  # fmt: skip
    for group, members in groups(scored).items():
        if group in PART_NAMES:
            missed = sum(not m.inside for m in members)
            lines += [f"## {PART_NAMES[group]}", "", f"{missed} of {len(members)} missed.", ""]
            lines += [*_table(TARGET_HEAD, [target_row(m) for m in members]), ""]
    lines += ["## Run", "", *(f"- {k}: {v}" for k, v in run.items() if k != "unanswered"), ""]
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(c.replace("|", "/") for c in cells) + " |"

    return [line(head), "|" + " --- |" * len(head), *map(line, rows)]


_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .5rem;
  border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
tr.missed td:first-child { font-weight: 700; } tr.missed { background: color-mix(in srgb, #D55E00 18%, transparent); }
.scroll { overflow-x: auto; } svg { max-width: 100%; height: auto; overflow: visible; }
figure { margin: 1.5rem 0; } figcaption { max-width: 70ch; }
"""


def page(scored: Sequence[Scored], run: Mapping[str, Any], charts: Mapping[str, str]) -> str:
    """Return one HTML page that stands alone: scores, charts (caption -> SVG), every target."""
    s = document(scored, run)["summary"]
    body = [f"<p>{s['inside']} of {s['n']} published results lie within the 90 % predictive interval.</p>"]
    body += [f"<p><strong>{html.escape(line)}</strong></p>" for line in _unanswered(run)]
    body.append(_html_table(SUMMARY_HEAD, summary_rows(scored)))
    body += [f"<p>{html.escape(text)}</p>" for text in EXPLAINED]
    for caption, svg in charts.items():
        body.append(f"<figure>{svg}<figcaption>{html.escape(caption)}</figcaption></figure>")
    for group, members in groups(scored).items():
        if group in PART_NAMES:
            body.append(f"<h2>{html.escape(PART_NAMES[group])}</h2>")
            body.append(_html_table(TARGET_HEAD, [target_row(m) for m in members]))
    record = "".join(f"<li>{html.escape(f'{k}: {v}')}</li>" for k, v in run.items() if k != "unanswered")
    body.append(f"<h2>Run</h2><ul>{record}</ul>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>aimss: predicted against published</title>'
        f"<style>{_STYLE}</style></head><body><h1>Predicted against published</h1>{''.join(body)}</body></html>\n"
    )


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{html.escape(c)}</th>' for c in head)
    lines = "".join(
        f"<tr{' class=missed' if r[0] == 'MISSED' else ''}>"
        + "".join(f"<td>{html.escape(c)}</td>" for c in r)
        + "</tr>"
        for r in rows
    )
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>'
