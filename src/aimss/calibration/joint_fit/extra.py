"""The one place that asks for the extra `bayes` (jax and numpyro), with a word for those who have not installed it."""

from __future__ import annotations

import os

from aimss.errors import RunError


def require_bayes() -> None:
    """Switch jax to double precision on the processor; RunError says how to install the extra where it is missing."""
    # one thread: sums are then added in one order on any number of cores, and a fit does not crowd out other work
    single = "--xla_cpu_multi_thread_eigen=false"
    if single not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {single}".strip()
    try:
        import jax
        import numpyro  # noqa: F401 - its absence is the question
    except ImportError as missing:
        raise RunError(
            "aimss calibrate --part joint",
            "the extra `bayes` (jax and numpyro)",
            f"no module {missing.name}",
            "Install it: pip install 'aimss[bayes]'.",
        ) from None
    jax.config.update("jax_platforms", "cpu")  # type: ignore[no-untyped-call]
    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
