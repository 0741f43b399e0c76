"""NUTS on one core: chains one after the other, each with its own key, and what tells whether they agree.

Import only after `extra.require_bayes`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
from numpyro.infer import MCMC, NUTS, init_to_median

Draws = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Settings:
    """How long to run: `draws` are kept a chain after `warmup` steps of adaptation."""

    chains: int = 4
    draws: int = 1000
    warmup: int = 1000
    seed: int = 1
    target_acceptance: float = 0.9
    max_tree_depth: tuple[int, int] = (6, 8)  # in warmup, after it


@dataclass(frozen=True, eq=False)
class Sampled:
    """Draws of one stage, (chains, draws, ...), with divergences and leapfrog steps, (chains, draws)."""

    stage: str
    draws: Draws
    divergent: NDArray[np.bool_]
    steps: NDArray[np.int64]
    seconds: float
    settings: Settings

    @property
    def flat(self) -> Draws:
        """All chains one after the other, (chains x draws, ...)."""
        return {name: v.reshape(-1, *v.shape[2:]) for name, v in self.draws.items()}

    def diagnostics(self) -> list[dict[str, Any]]:
        """Return split R-hat and effective sample size of every scalar."""
        rows = []
        for name, values in self.draws.items():
            parts = values.reshape(*values.shape[:2], -1)
            for k in range(parts.shape[2]):
                one = parts[..., k]
                rows.append(
                    {
                        "stage": self.stage,
                        "name": name if values.ndim == 2 else f"{name}[{k}]",
                        "r_hat": float(split_gelman_rubin(one)),
                        "effective_sample_size": float(effective_sample_size(one)),
                        "mean": float(one.mean()),
                        "sd": float(one.std(ddof=1)),
                    }
                )
        return rows

    def worst(self) -> tuple[float, float, int]:
        """Return the largest R-hat, the smallest effective sample size and the number of divergences."""
        rows = self.diagnostics()
        return (
            max(r["r_hat"] for r in rows),
            min(r["effective_sample_size"] for r in rows),
            int(self.divergent.sum()),
        )


def sample(
    stage: str, model: Callable[..., None], settings: Settings, *arguments: Any, progress: Callable[[str], None]
) -> Sampled:
    """Run NUTS with a dense mass matrix; the chains differ in their key only."""
    kernel = NUTS(
        model,
        dense_mass=True,
        target_accept_prob=settings.target_acceptance,
        max_tree_depth=settings.max_tree_depth,
        init_strategy=init_to_median(num_samples=15),
    )
    run = MCMC(kernel, num_warmup=settings.warmup, num_samples=settings.draws, num_chains=1, progress_bar=False)
    found, divergent, steps = [], [], []
    started = time.monotonic()
    for chain in range(settings.chains):
        run.run(jax.random.key(settings.seed * 1000 + chain), *arguments, extra_fields=("diverging", "num_steps"))
        found.append({name: np.asarray(v) for name, v in run.get_samples().items()})
        extra = run.get_extra_fields()
        divergent.append(np.asarray(extra["diverging"]))
        steps.append(np.asarray(extra["num_steps"]))
        progress(
            f"{stage}, chain {chain + 1} of {settings.chains}: {time.monotonic() - started:.0f} s, "
            f"{divergent[-1].sum()} divergences, {steps[-1].mean():.0f} steps a draw"
        )
    joined = {name: np.stack([one[name] for one in found]) for name in found[0]}
    return Sampled(stage, joined, np.stack(divergent), np.stack(steps), time.monotonic() - started, settings)
