"""Time to event: cumulative incidence beside competing death, Kaplan-Meier, hazard ratio; the owner of lifelines."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import RunError
from aimss.trials.events import DEATH, EVENT

Array = NDArray[np.float64]
CURVE_POINTS = 121
EXACT_VARIANCE = 2000
BATCHES = 50


@dataclass(frozen=True, eq=False)
class Curve:
    """At months (t,): event-free by Kaplan-Meier (death censors), 95 % band, and cumulative incidence beside death."""

    months: Array
    event_free: Array
    low95: Array
    high95: Array
    incidence: Array
    incidence_se: float
    at_risk: tuple[int, ...]
    events: int
    deaths: int


def _lifelines() -> Any:
    try:
        import lifelines
    except ImportError:
        raise RunError(
            "fracture endpoints", "lifelines", "a Python without it", "pip install 'aimss[survival]'"
        ) from None
    return lifelines


def require() -> None:
    """Raise RunError if lifelines is not installed, before hours of work."""
    _lifelines()


def curve(months: NDArray[Any], cause: NDArray[np.uint8], horizon_months: float) -> Curve:
    """Return the curves of one arm from times (n,) and causes (n,), see `events.CAUSES`."""
    lifelines = _lifelines()
    grid = np.linspace(0.0, horizon_months, CURVE_POINTS)
    times = months.astype(np.float64)
    fitter = lifelines.KaplanMeierFitter().fit(times, cause == EVENT)
    free = fitter.survival_function_at_times(grid).to_numpy()
    band = fitter.confidence_interval_survival_function_
    at = np.maximum(np.searchsorted(band.index.to_numpy(), grid, side="right") - 1, 0)
    # codes of lifelines: 0 censored, else the cause
    codes = np.where(cause == EVENT, 1, np.where(cause == DEATH, 2, 0))
    values, se = _incidence(times, codes, grid)
    marks = np.linspace(0, CURVE_POINTS - 1, 6).astype(int)
    return Curve(
        grid, free, band.iloc[:, 0].to_numpy()[at], band.iloc[:, 1].to_numpy()[at], values, se,
        tuple(int((times >= grid[m]).sum()) for m in marks),
        int((cause == EVENT).sum()), int((cause == DEATH).sum()),
    )  # fmt: skip


def _incidence(times: Array, codes: NDArray[Any], grid: Array) -> tuple[Array, float]:
    """Return the Aalen-Johansen cumulative incidence of code 1 at grid times and the standard error of its last value.

    The exact variance takes time that grows with the square of the events: beyond `EXACT_VARIANCE` women it comes from
    the spread between `BATCHES` equal parts of them.
    """
    if not (codes == 1).any():
        return np.zeros_like(grid), 0.0
    exact = len(times) <= EXACT_VARIANCE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tied times are moved apart by a fixed seed
        fitter = _lifelines().AalenJohansenFitter(seed=0, calculate_variance=exact).fit(times, codes, 1)
    density = fitter.cumulative_density_
    place = np.maximum(np.searchsorted(density.index.to_numpy(), grid, side="right") - 1, 0)
    values = density.iloc[:, 0].to_numpy()[place]
    if exact:
        return values, float(np.sqrt(max(float(fitter.variance_.to_numpy().ravel()[-1]), 0.0)))
    parts = zip(np.array_split(times, BATCHES), np.array_split(codes, BATCHES), strict=True)
    ends = [_last_incidence(t, c) for t, c in parts]
    return values, float(np.std(ends, ddof=1) / np.sqrt(BATCHES))


def _last_incidence(times: Array, codes: NDArray[Any]) -> float:
    if not (codes == 1).any():
        return 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = _lifelines().AalenJohansenFitter(seed=0, calculate_variance=False).fit(times, codes, 1)
    return float(fitter.cumulative_density_.iloc[-1, 0])


def hazard_ratio(
    months: tuple[NDArray[Any], NDArray[Any]], events: tuple[NDArray[np.bool_], NDArray[np.bool_]]
) -> tuple[float, float, float, float]:
    """Return the cause-specific hazard ratio of the first group to the second, its 95 % interval and p (Cox)."""
    if not (events[0].any() and events[1].any()):
        return (float("nan"),) * 4
    import pandas as pd

    lifelines = _lifelines()
    frame = pd.DataFrame(
        {
            "months": np.concatenate(months).astype(np.float64),
            "event": np.concatenate(events).astype(int),
            "first": np.repeat([1.0, 0.0], [len(months[0]), len(months[1])]),
        }
    )
    fitted = lifelines.CoxPHFitter().fit(frame, "months", "event").summary.loc["first"]
    return (
        float(fitted["exp(coef)"]), float(fitted["exp(coef) lower 95%"]), float(fitted["exp(coef) upper 95%"]),
        float(fitted["p"]),
    )  # fmt: skip
