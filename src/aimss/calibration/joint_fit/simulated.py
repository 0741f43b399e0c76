"""Simulation-based calibration of a stage: truths from the priors, results simulated and fitted, ranks of truths.

Talts and others 2018, arXiv 1804.06788: ranks are uniform if the sampler gives the posterior of its own model. The
joint density is ranked as well, since a sampler that had not seen the results would pass without it (Modrák and
others 2023, arXiv 2211.02383). Chains start where those of the fit do and know nothing of the truth (decision 0197).
Import only after `extra.require_bayes`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray
from numpyro.diagnostics import effective_sample_size
from numpyro.distributions import biject_to
from numpyro.infer import init_to_median
from numpyro.infer.hmc import hmc
from numpyro.infer.util import initialize_model

Array = NDArray[np.float64]
Values = Mapping[str, Any]
JOINT_DENSITY = "joint density"


@dataclass(frozen=True)
class Length:
    """Steps that are thrown away, draws that are kept, and how NUTS walks."""

    warmup: int = 250
    draws: int = 250
    target_acceptance: float = 0.9
    max_tree_depth: int = 6


@dataclass(frozen=True, eq=False)
class Stage:
    """A stage of the fit as a simulator and a model of what it simulates.

    `model` takes the results as arguments; `simulate` gives from a seed the values of all its sample sites, drawn from
    the priors, and the results; `known_draws` (draws, ...) of every site, where there are any, give the chains their
    mass matrix, which is else adapted to every data set.
    """

    name: str
    model: Callable[..., None]
    simulate: Callable[[int], tuple[Values, tuple[Any, ...]]]
    known_draws: Values | None = None
    length: Length = Length()


class Chain:
    """NUTS on one stage, compiled once for all data sets of its shape."""

    def __init__(self, stage: Stage) -> None:
        _, results = stage.simulate(0)
        found = initialize_model(
            jax.random.key(0), stage.model, init_strategy=init_to_median(num_samples=15), dynamic_args=True,
            model_args=results,
        )  # fmt: skip
        self.length = stage.length
        self.start, self._unravel = ravel_pytree(found.param_info.z)
        self._maps = {name: biject_to(found.model_trace[name]["fn"].support) for name in found.param_info.z}
        self._potential = found.potential_fn
        known = stage.known_draws
        self.inverse_mass = None if known is None else np.cov(np.asarray(jax.vmap(self.unconstrained)(known)).T)
        self._run = jax.jit(self._steps)
        self._density = jax.jit(lambda z, results: -self._of(*results)(z))
        self.names = tuple(
            name if np.ndim(value) == 0 else f"{name}[{k}]"
            for name, value in sorted(found.param_info.z.items())
            for k in range(np.size(value))
        )

    def unconstrained(self, values: Values) -> Any:
        """Return the coordinates of the sampler, (parameters,) in the order of `names`."""
        return ravel_pytree({name: change.inv(jnp.asarray(values[name])) for name, change in self._maps.items()})[0]

    def run(self, seed: int, results: tuple[Any, ...]) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.int64]]:
        """Return draws (draws, parameters), their joint log density, what diverged and leapfrog steps, (draws,)."""
        # the truth was drawn from the seed itself, and chains must not share its random numbers
        found = self._run(jax.random.fold_in(jax.random.key(seed), 1), results)
        z, density, divergent, steps = (np.asarray(v)[self.length.warmup :] for v in found)
        return z, density, divergent, steps

    def density(self, values: Values, results: tuple[Any, ...]) -> float:
        """Return the joint log density of values and results, in the coordinates of the sampler."""
        return float(self._density(self.unconstrained(values), results))

    def _of(self, *results: Any) -> Callable[[Any], Any]:
        potential = self._potential(*results)
        return lambda flat: potential(self._unravel(flat))

    def _steps(self, key: Any, results: tuple[Any, ...]) -> Any:
        begin, move = hmc(potential_fn_gen=self._of, algo="NUTS")
        state = begin(
            self.start, self.length.warmup, step_size=0.1, inverse_mass_matrix=self.inverse_mass,
            adapt_mass_matrix=self.inverse_mass is None, dense_mass=True, model_args=results, rng_key=key,
            target_accept_prob=self.length.target_acceptance, max_tree_depth=self.length.max_tree_depth,
        )  # fmt: skip

        def step(state: Any, _: None) -> Any:
            state = move(state, results, {})
            return state, (state.z, -state.potential_energy, state.diverging, state.num_steps)

        return jax.lax.scan(step, state, None, length=self.length.warmup + self.length.draws)[1]


def ranked(stage: Stage, chain: Chain, seed: int) -> list[dict[str, Any]]:
    """Return for each parameter of one simulated data set the rank (0 to 1) of its truth, and how chains moved."""
    started = time.monotonic()
    truth, results = stage.simulate(seed)
    z, density, divergent, steps = chain.run(seed, results)
    true = np.append(np.asarray(chain.unconstrained(truth)), chain.density(truth, results))
    draws = np.column_stack([z, density])
    # ties and the ends: a rank is spread over its own place, so that it is uniform on 0 to 1 and not on its fractions
    place = np.random.default_rng([seed, 1]).uniform(size=draws.shape[1])
    rank = ((draws < true).sum(axis=0) + place) / (len(draws) + 1)
    effective = [float(effective_sample_size(column[None])) for column in draws.T]
    shared = {
        "divergences": int(divergent.sum()),
        "leapfrog_steps": float(steps.mean()),
        "seconds": time.monotonic() - started,
    }
    return [
        {"parameter": name, "rank": float(r), "effective_sample_size": e, **shared}
        for name, r, e in zip((*chain.names, JOINT_DENSITY), rank, effective, strict=True)
    ]


def ranks_of(stage: Stage) -> Callable[[int], list[dict[str, Any]]]:
    """Return `ranked` of a stage by seed; its chain is compiled when it is first asked for."""
    chain = cache(lambda: Chain(stage))
    return lambda seed: ranked(stage, chain(), seed)
