"""Writes docs/trials.md: what `aimss trial` does, and the published trials run again as designs.

Run from the root of the repository: python docs/make_trials.py
"""

from __future__ import annotations

from pathlib import Path

import aimss

ROOT = Path(__file__).parents[1]
DESIGNS = ROOT / "examples" / "trials" / "published"

INTRODUCTION = """# In-silico trials

<!-- written by docs/make_trials.py; the numbers are of seed 1 -->

`aimss trial DESIGN` runs strategies as arms over virtual women. A design is one YAML file
(`aimss trial --schema` prints its JSON Schema; `examples/trials/` holds designs):

```yaml
population: ai_starters          # a preset, changes to one (based_on), or csv: your own women
n: 2000
arms:
  - {name: six_monthly, strategy: zoledronate_4mg_6_monthly}   # `aimss strategies` lists them; or a file; or inline
  - {name: ai_alone, strategy: ai_alone}
allocation: parallel             # or crossover: every woman through every arm
horizon_years: 5
endpoints:
  - {measure: bmd_percent_change, site: total_hip, months: [12, 60]}
  - {measure: fracture, kind: any_clinical}
```

```
aimss trial design.yaml --check                       the mistakes of a design, without running it
aimss trial design.yaml --out results --workers 4     chunks, tables, charts, methods, result.json
aimss trial design.yaml --out results --resume        goes on after a power cut or kill -9
aimss trial design.yaml --scheduler tcp://head:8786   on a Dask cluster
```

In a notebook: `result = aimss.trial("design.yaml")`, then `result.table()`, `result.contrasts()`, `result.plot()`,
`result.methods_text()`, `result.to_dataset()`.

- **The women** come from a Gaussian copula over published margins (`src/aimss/trials/presets/`): each margin names its
  evidence row and status, and says `assumed` where nothing was printed. Candidates who are not plausible or not
  eligible are drawn again and counted in the flow. Woman *i* depends on the seed and *i* alone.
- **The same seed gives the same bytes** at any number of workers, chunk size and scheduler; `digest` is the hash of all
  endpoint data.
- **Intervals are of sampling women.** The model's own error, as large as trials of one regimen differ, does not shrink
  with n; every result gives its size under `limits`, with the arms that go beyond what is validated.
- **Pain** counts the effect beyond a remedy's own comparator. Arms whose remedies were tried against different
  comparators are not compared unless `analysis.merge_remedies` names that assumption.

## Published trials run again

Each design is in `examples/trials/published/`. Published values are as printed, with how far they were seen (`yes`,
`secondary`, or `no`: from memory, shown and never fitted). Many of these results were used to fit the model, so that
nearness is no validation: see `aimss validate` for results held out.

Populations are those that the evidence describes; where it gives no range of age or T-score, the women are those of
`ai_starters`, and the difference between such women and the trial's is part of what is seen here.
"""


def main() -> None:
    """Run the designs and write the page."""
    parts = [INTRODUCTION]
    for file in sorted(DESIGNS.glob("*.yaml")):
        document = aimss.trial(file, workers=1).document
        parts.append(f"\n### {document.title}\n")
        parts.append(f"`{file.name}`, {document.run.women:,} women, digest `{document.run.digest[:16]}`.\n")
        parts.append("| evidence row | what | where and when | published (95 %) | seen | simulated (95 %) |")
        parts.append("|---|---|---|---|---|---|")
        for p in document.published:
            fracture = p.row.startswith("bone/fractures")
            when = f"month {p.month:g}" if p.month is not None else f"week {p.week}" if p.week else "any time"
            what = "fracture" if fracture else (p.site or "pain").replace("_", " ")
            where = f"{what}, {when}, {p.statistic}"
            published = _value(p.published, p.published_low95, p.published_high95)
            simulated = _value(p.simulated, p.simulated_low95, p.simulated_high95)
            parts.append(f"| {p.row} | {p.what} | {where} | {published} | {p.verified} | {simulated} |")
        fractures = [(a.name, e) for a in document.arms for e in a.endpoints if e.name.startswith("fracture_")]
        if fractures:
            parts.append("\nFractures, cumulative incidence beside death: ")
            parts.append(
                "; ".join(
                    f"{n}, {e.name.removeprefix('fracture_').replace('_', ' ')}: {100 * (e.mean or 0):.1f} %"
                    for n, e in fractures
                )
                + "."
            )
        beyond = [limit for limit in document.limits if limit.arms]
        parts += [f"\nNot validated ({', '.join(limit.arms)}): {limit.text}" for limit in beyond]
        print(file.name, document.run.digest[:16], flush=True)
    (ROOT / "docs" / "trials.md").write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


def _value(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
