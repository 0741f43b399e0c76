"""The parameters of the body: one line each in `parameters.csv`, immutable, looked up by full name."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from aimss.counter_random import normals
from aimss.errors import ParameterError
from aimss.normal import NORMAL_95

_UNIT_INTERVAL = "lognormal in (0,1)"
_DRAWN = ("lognormal", _UNIT_INTERVAL, "normal")
_SITE_SUFFIXES = ("_lumbar_spine", "_total_hip", "_femoral_neck")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line of `parameters.csv`; `ln_sd` is the uncertainty of ln value, `between_woman_ln_sd` its spread."""

    name: str
    symbol: str
    value: float
    unit: str
    meaning: str
    distribution: str
    ln_sd: float | None
    between_woman_ln_sd: float | None
    ci95_low: float | None
    ci95_high: float | None
    status: str
    source: str

    @property
    def sd(self) -> float:
        """Return the SD of its uncertainty: of its logarithm, or of itself where it is normal; 0 where it is fixed."""
        if self.distribution == "normal" and self.ci95_low is not None and self.ci95_high is not None:
            return (self.ci95_high - self.ci95_low) / (2 * NORMAL_95)
        return self.ln_sd or 0.0


class Parameters(Mapping[str, float]):
    """All parameters at one set of values: `parameters["estrogen_hill"]`.

    covariance_text : CSV of the covariance of the fitted ln values, by name.
    """

    def __init__(self, table: tuple[Parameter, ...], covariance_text: str) -> None:
        self._table = {p.name: p for p in table}
        self.covariance_text = covariance_text

    def __getitem__(self, name: str) -> float:
        return self.parameter(name).value

    def __contains__(self, name: object) -> bool:
        return name in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    @property
    def names(self) -> tuple[str, ...]:
        """The full names, in the order of the table."""
        return tuple(self._table)

    def parameter(self, name: str) -> Parameter:
        """Return one whole line; raises ParameterError for an unknown name."""
        try:
            return self._table[name]
        except KeyError:
            raise ParameterError(
                name, "the name of a parameter", "no such name", "See `aimss model describe`."
            ) from None

    def unit(self, name: str) -> str:
        """Return the unit of a parameter."""
        return self.parameter(name).unit

    def replace(self, values: Mapping[str, float]) -> Parameters:
        """Return a copy with other values for the named parameters; raises ParameterError for an unknown name."""
        from dataclasses import replace

        for name in values:
            self.parameter(name)
        return Parameters(
            tuple(replace(p, value=float(values[n])) if n in values else p for n, p in self._table.items()),
            self.covariance_text,
        )

    def replace_between_women(self, ln_sds: Mapping[str, float]) -> Parameters:
        """Return a copy with another spread between women for the named parameters."""
        from dataclasses import replace

        return Parameters(
            tuple(
                replace(p, between_woman_ln_sd=float(ln_sds[n])) if n in ln_sds else p for n, p in self._table.items()
            ),
            self.covariance_text,
        )

    @property
    def drawn_names(self) -> tuple[str, ...]:
        """The names whose value is uncertain, in the order in which draws are made."""
        return tuple(p.name for p in self._table.values() if p.distribution in _DRAWN)

    def draws(self, n: int, seed: int, first: int = 0) -> dict[str, NDArray[np.float64]]:
        """Return n draws of the uncertain parameters, name -> (n,): rows `first` to `first + n - 1` of all draws.

        ln values are normal with the covariance of the fit; a draw with a share outside (0, 1) is made again as a
        whole, so that the rest keeps its correlation with the shares. A row depends on seed and number alone.
        """
        names = self.drawn_names
        values = {name: np.empty(n) for name in names}
        attempt, todo = 0, np.arange(n)
        while todo.size:
            if attempt == 1000:
                raise ParameterError("parameter draws", "shares within (0, 1)", "none in 1000 attempts")
            white = normals(
                seed, f"parameters/{attempt}", first + int(todo[0]), int(todo[-1] - todo[0]) + 1, len(names)
            )
            drawn = self.from_normals(white[todo - todo[0]])
            for name in names:
                values[name][todo] = drawn[name]
            todo = todo[~self.plausible(drawn)]
            attempt += 1
        return values

    def from_normals(self, white: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the uncertain parameters of rows of standard normal numbers (n, len(drawn_names)), name -> (n,)."""
        names = self.drawn_names
        root = _factor(names, self)
        is_log = [self._table[k].distribution != "normal" for k in names]
        # one row at a time in a fixed order of sums: a matrix product may round by the number of rows
        moved = np.einsum("ij,kj->ki", white, root)
        return {
            name: np.exp(np.log(self[name]) + moved[i]) if is_log[i] else self[name] + moved[i]
            for i, name in enumerate(names)
        }

    def plausible(self, drawn: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        """Return which draws (n,) keep every share below 1; the others are to be made again as a whole."""
        shares = [name for name in self.drawn_names if self._table[name].distribution == _UNIT_INTERVAL]
        return np.asarray(np.logical_and.reduce([drawn[name] < 1.0 for name in shares]))

    @property
    def between_women(self) -> dict[str, float]:
        """The parameters that differ between women and the SD of their logarithm."""
        return {p.name: p.between_woman_ln_sd for p in self._table.values() if p.between_woman_ln_sd}

    @property
    def differences_between_women(self) -> dict[str, list[str]]:
        """The same parameters in groups that differ together: the sites of one process are one group."""
        groups: dict[str, list[str]] = {}
        for name in self.between_women:
            group = name
            for suffix in _SITE_SUFFIXES:
                group = group.removesuffix(suffix)
            groups.setdefault(group, []).append(name)
        return groups


def _factor(names: tuple[str, ...], parameters: Parameters) -> NDArray[np.float64]:
    """Return the lower Cholesky factor of the covariance of the drawn quantities; the unfitted ones are independent."""
    labels, fitted = _covariance(parameters.covariance_text)
    covariance = np.zeros((len(names), len(names)))
    for i, name in enumerate(names):
        p = parameters.parameter(name)
        if name not in labels:
            if p.sd == 0.0:
                raise ParameterError(name, "a 95 % interval or a standard deviation of its logarithm", "none")
            covariance[i, i] = p.sd**2
    at = np.array([names.index(label) for label in labels])
    covariance[np.ix_(at, at)] = fitted
    return np.asarray(np.linalg.cholesky(covariance))


@cache
def _covariance(text: str) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    rows = list(csv.reader(text.splitlines()))
    return tuple(rows[0][1:]), np.array([[float(v) for v in row[1:]] for row in rows[1:]])


def _number(text: str) -> float | None:
    return float(text) if text else None


@cache
def default() -> Parameters:
    """Return the parameters that aimss ships, as `aimss calibrate` makes them (decision 0193)."""
    return _shipped("")


@cache
def first_fit() -> Parameters:
    """Return the first fit of the same equations, kept runnable beside the shipped one: version 1 of the model."""
    return _shipped("_first_fit")


def _shipped(suffix: str) -> Parameters:
    text = (files("aimss.body") / f"parameters{suffix}.csv").read_text(encoding="utf-8")
    covariance_text = (files("aimss.body") / f"parameter_covariance{suffix}.csv").read_text(encoding="utf-8")
    return Parameters(
        tuple(
            Parameter(
                name=row["name"],
                symbol=row["symbol"],
                value=float(row["value"]),
                unit=row["unit"],
                meaning=row["meaning"],
                distribution=row["distribution"],
                ln_sd=_number(row["ln_sd"]),
                between_woman_ln_sd=_number(row["between_woman_ln_sd"]),
                ci95_low=_number(row["ci95_low"]),
                ci95_high=_number(row["ci95_high"]),
                status=row["status"],
                source=row["source"],
            )
            for row in csv.DictReader(text.splitlines())
        ),
        covariance_text,
    )
