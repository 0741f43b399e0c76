"""Speed of the synthesis beside metafor (if Rscript with metafor is there) and statsmodels (if installed).

Run: python benchmarks/synthesis.py
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable

import numpy as np

from aimss.evidence.synthesis.batched import reml_many
from aimss.evidence.synthesis.effect_sizes import effect_sizes
from aimss.evidence.synthesis.network import network_meta_analysis
from aimss.evidence.synthesis.network_data import ContrastRow, studies_from_contrasts
from aimss.evidence.synthesis.random_effects import pool

REFITS, STUDIES = 10_000, 20


def best_of(function: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest of some runs, after one to warm up."""
    function()
    spans = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        spans.append(time.perf_counter() - start)
    return min(spans)


def network_of(studies: int, treatments: int) -> list[ContrastRow]:
    """A connected network: a star on treatment 0, the rest of the studies between random pairs."""
    rng = np.random.default_rng(7)
    effect = rng.normal(0, 1, treatments)
    rows = []
    for i in range(studies):
        a, b = (0, i + 1) if i < treatments - 1 else rng.choice(treatments, 2, replace=False)
        y = effect[a] - effect[b] + rng.normal(0, 0.4)
        rows.append(ContrastRow(f"s{i}", f"t{a:02d}", f"t{b:02d}", float(y), 0.3))
    return rows


def metafor_seconds(y: np.ndarray, v: np.ndarray, fits: int) -> float | None:
    """Seconds of ``fits`` REML fits inside one R process, without its start."""
    if shutil.which("Rscript") is None:
        return None
    lines = ["suppressPackageStartupMessages(library(metafor))"]
    lines += [f"y <- matrix(c({','.join(f'{x:.8f}' for x in y[:fits].ravel())}), ncol={y.shape[1]}, byrow=TRUE)"]
    lines += [f"v <- matrix(c({','.join(f'{x:.8f}' for x in v[:fits].ravel())}), ncol={y.shape[1]}, byrow=TRUE)"]
    lines += [f"cat(system.time(for (i in 1:{fits}) try(rma(y[i,], v[i,]), silent=TRUE))[['elapsed']])"]
    with tempfile.NamedTemporaryFile("w", suffix=".R") as script:
        script.write("\n".join(lines))
        script.flush()
        run = subprocess.run(["Rscript", script.name], capture_output=True, text=True, check=False)
    try:
        return float(run.stdout.strip().split()[-1])
    except (ValueError, IndexError):
        return None


def main() -> None:
    """Print one line a measurement, with the target beside it."""
    rng = np.random.default_rng(1)
    v = rng.uniform(0.02, 0.5, (REFITS, STUDIES))
    y = rng.normal(0.3, np.sqrt(v + 0.1))
    batched = best_of(lambda: reml_many(y, v))
    share = reml_many(y, v).converged.mean()
    print(f"{REFITS} REML refits of k = {STUDIES}: {batched:.3f} s (target < 1 s), converged {share:.2%}")
    data = effect_sizes("GEN", {"yi": y[0], "vi": v[0]})
    single = best_of(lambda: pool(data))
    print(f"one full REML result (interval of tau², prediction, weights): {single * 1e3:.2f} ms")
    fits = 200
    theirs = metafor_seconds(y, v, fits)
    if theirs is None:
        print("metafor: not here")
    else:
        each = theirs / fits
        print(f"metafor rma(), one fit: {each * 1e3:.2f} ms")
        print(f"  ratio to a batched refit {each / (batched / REFITS):.0f} to 1")
        print(f"  ratio to a full result {each / single:.1f} to 1")
    if importlib.util.find_spec("statsmodels") is None:
        print("statsmodels: not installed")
    else:
        from statsmodels.stats.meta_analysis import combine_effects

        theirs = best_of(lambda: combine_effects(y[0], v[0], method_re="chi2"))
        ours = best_of(lambda: pool(data, "DL"))
        print(f"DerSimonian-Laird: statsmodels {theirs * 1e3:.2f} ms, aimss with all intervals {ours * 1e3:.2f} ms")
    rows = network_of(40, 15)
    network = best_of(lambda: network_meta_analysis(studies_from_contrasts(rows)))
    print(f"network of 40 studies, 15 treatments, with consistency tests: {network * 1e3:.1f} ms (target < 100 ms)")


if __name__ == "__main__":
    main()
