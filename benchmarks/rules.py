"""Time the rules: all rules for one woman, and a CSV of many women from file to verdicts.

    python benchmarks/rules.py [WOMEN] [--profile]

The claims of the documentation are: one woman under 5 ms, 100,000 women from CSV under 60 s, on one core.
"""

from __future__ import annotations

import csv
import platform
import random
import sys
import tempfile
import time
from pathlib import Path

from aimss.care.batch import verdict_rows
from aimss.care.evaluate import evaluate
from aimss.patient.reading import read_record

HEADER = [
    "sex", "record_date", "age_years", "bmi_kg_m2", "menopause_status", "menopause_cause", "aromatase_inhibitor_status",
    "aromatase_inhibitor_drug", "aromatase_inhibitor_start", "cancer_phase", "cancer_node_status",
    "cancer_recurrence_risk", "dxa_date", "dxa_lumbar_spine_t_score", "dxa_total_hip_t_score",
    "dxa_femoral_neck_t_score", "frax_country", "frax_major_osteoporotic_percent", "frax_hip_percent",
    "laboratory_date", "laboratory_creatinine_clearance_ml_min", "laboratory_egfr_ml_min_1_73m2", "pain_date",
    "pain_instrument", "pain_value", "risk_factors_smoking", "risk_factors_parental_hip_fracture",
    "risk_factors_glucocorticoid_months", "drugs_drug", "symptoms_night_bone_pain", "complete_lists",
]  # fmt: skip


def woman(rng: random.Random) -> list[str]:
    """One invented row: many inputs given, some missing."""

    def maybe(value: object) -> str:
        return str(value) if rng.random() < 0.85 else ""

    t = rng.gauss(-1.4, 1.0)
    mof = rng.uniform(3, 30)
    return [
        "female", "2026-06-15", str(rng.randint(40, 88)), maybe(round(rng.gauss(27, 4), 1)), "postmenopausal",
        "natural", "current", rng.choice(["letrozole", "anastrozole", "exemestane"]), "2025-03-15", "adjuvant",
        maybe(rng.choice(["N0", "N1"])), maybe(rng.choice(["low", "high"])), "2026-05-15", f"{t:.1f}",
        f"{t + 0.3:.1f}", f"{t + 0.2:.1f}", "US", f"{mof:.1f}", f"{mof / 4:.1f}", "2026-05-15",
        str(rng.randint(20, 110)), str(rng.randint(20, 110)), "2026-06-01", "bpi_worst", str(rng.randint(0, 9)),
        maybe(rng.choice(["never", "past", "current"])), maybe(rng.choice(["true", "false"])), maybe(0),
        rng.choice(["calcium", "warfarin", "duloxetine"]), maybe("false"), maybe("drugs|conditions|fractures|tried"),
    ]  # fmt: skip


def one_woman() -> float:
    record = read_record(Path(__file__).parents[1] / "examples" / "letrozole-three-years-falling-dxa.yaml")
    evaluate(record)
    times = []
    for _ in range(300):
        start = time.perf_counter()
        evaluate(record)
        times.append(time.perf_counter() - start)
    return sorted(times)[150] * 1e3


def many_women(count: int) -> tuple[float, float, int]:
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "women.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(HEADER)
            writer.writerows(woman(rng) for _ in range(count))
        start, busy = time.perf_counter(), time.process_time()
        treated = sum("treat" in row for row in verdict_rows(path) if isinstance(row, list))
        return time.perf_counter() - start, time.process_time() - busy, treated


if __name__ == "__main__":
    numbers = [word for word in sys.argv[1:] if word.isdigit()]
    women = int(numbers[0]) if numbers else 100_000
    print(f"{platform.machine()}, Python {platform.python_version()}, one core")
    print(f"one woman, all rules: {one_woman():.2f} ms (median of 300)")
    if "--profile" in sys.argv:
        import cProfile

        cProfile.run(f"many_women({women})", sort="tottime")
    seconds, busy, treated = many_women(women)
    each = busy / women * 1e3
    print(f"{women:,} women from CSV to verdicts: {seconds:.1f} s, {busy:.1f} s of one core ({each:.2f} ms each)")
    print(f"at least one guideline treats {treated:,} of them")
