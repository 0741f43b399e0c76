"""How near can the equations come to the very results that they are fitted to? The least error of one site.

    python benchmarks/best_in_sample.py

All BMD results of one site alone, plain least squares of points, priors at a fiftieth of their weight: what no fit of
these equations to all results, and no fit that has not seen a trial, can be expected to beat.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np

from aimss.body.parameters import default
from aimss.calibration.fit import DAMPINGS, LARGEST_MOVE, Problem, bone_problem
from aimss.calibration.targets_shipped import bone_arms, bone_targets

PRIOR_WEIGHT = 0.02
SMALL_GAIN = 0.002  # of the sum of squares


def least_error(problem: Problem, iterations: int) -> tuple[float, int]:
    """Return the root mean square error at the least squares of a problem's results, and the iterations done."""
    x = np.log([problem.parameters[name] for name in problem.names])
    prior = PRIOR_WEIGHT * problem.prior_precision

    def cost(row: np.ndarray, predicted: np.ndarray) -> float:
        moved = row - problem.centre
        return float(np.sum((problem.observed - predicted) ** 2) + moved @ prior @ moved)

    predicted, done = problem.predicted(x[None])[0], 0
    for done in range(1, iterations + 1):
        predicted, slopes = problem.linearised(x)
        gradient = slopes.T @ (problem.observed - predicted) - prior @ (x - problem.centre)
        curvature = slopes.T @ slopes + prior
        moves = [np.linalg.solve(curvature + d * np.diag(np.diag(curvature)), gradient) for d in DAMPINGS]
        rows = np.array([np.minimum(x + m * min(1.0, LARGEST_MOVE / np.abs(m).max()), problem.largest) for m in moves])
        found = problem.predicted(rows)
        costs = [cost(row, p) for row, p in zip(rows, found, strict=True)]
        best = int(np.argmin(costs))
        gain = cost(x, predicted) - costs[best]
        if gain > 0:
            x, predicted = rows[best], found[best]
        if gain < SMALL_GAIN:
            break
        print(f"iteration {done}: {costs[best]:.2f}", file=sys.stderr, flush=True)
    return float(np.sqrt(np.mean((problem.observed - predicted) ** 2))), done


def main() -> None:
    """Print the least error of spine and hip."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iterations", type=int, default=120)
    given = parser.parse_args()
    whole = bone_problem(bone_arms(), bone_targets(), default())
    for site in ("lumbar_spine", "total_hip"):
        own = tuple(t for t in whole.targets if t.quantity == "bmd" and t.site == site)
        error, done = least_error(replace(whole, targets=own), given.iterations)
        print(f"{site}: {error:.2f} points over {len(own)} results, {len(whole.names)} parameters, {done} iterations")


if __name__ == "__main__":
    main()
