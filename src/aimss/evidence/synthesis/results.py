"""What a pooled analysis returns: one frozen object that prints, draws, cites and describes itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aimss.evidence.synthesis.citations import citations_for
from aimss.evidence.synthesis.effect_formulas import PROPORTIONS, TWO_BY_TWO
from aimss.evidence.synthesis.effect_sizes import MEASURE_NAMES, EffectSizes
from aimss.evidence.synthesis.scales import BACK_SCALES, back_transform
from aimss.evidence.synthesis.tables import Table

if TYPE_CHECKING:
    from aimss.charting import Spec


@dataclass(frozen=True)
class Coefficient:
    """One coefficient of the model on the analysis scale; ``df`` is None when the normal quantile was used."""

    name: str
    estimate: float
    se: float
    statistic: float
    p_value: float
    ci_low: float
    ci_high: float
    df: float | None = None

    def as_dict(self) -> dict[str, float | str | None]:
        """Return the fields under their own names."""
        return dict(vars(self))


@dataclass(frozen=True)
class MetaResult:
    """A pooled estimate or meta-regression on the analysis scale, with everything needed to judge it.

    ``tau2`` is the between-study variance, ``Q``, ``I2`` (per cent) and ``H2`` describe heterogeneity,
    ``weights`` (k,) are in per cent, ``QM`` tests the moderators (chi-square, or F after Hartung-Knapp).
    """

    data: EffectSizes
    method: str
    knha: bool
    level: float
    coefficients: tuple[Coefficient, ...]
    covariance: tuple[tuple[float, ...], ...]
    tau2: float
    tau2_se: float | None
    tau2_ci: tuple[float, float] | None
    Q: float
    Q_df: int
    Q_p: float
    I2: float
    H2: float
    weights: tuple[float, ...]
    prediction: tuple[float, float] | None = None
    prediction_quantile: str = ""
    QM: float | None = None
    QM_df: tuple[int, int | None] | None = None
    QM_p: float | None = None
    R2: float | None = None
    log_likelihood: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def k(self) -> int:
        """Number of studies analysed."""
        return self.data.k

    @property
    def has_moderators(self) -> bool:
        """Whether the model has more than a pooled mean."""
        return len(self.coefficients) > 1

    @property
    def pooled(self) -> Coefficient:
        """The pooled mean; the intercept when there are moderators."""
        return self.coefficients[0]

    @property
    def estimate(self) -> float:
        """Pooled mean on the analysis scale."""
        return self.pooled.estimate

    @property
    def se(self) -> float:
        """Standard error of the pooled mean."""
        return self.pooled.se

    @property
    def ci_low(self) -> float:
        """Lower bound of the confidence interval."""
        return self.pooled.ci_low

    @property
    def ci_high(self) -> float:
        """Upper bound of the confidence interval."""
        return self.pooled.ci_high

    def back_transformed(self) -> dict[str, float | str | None]:
        """Return estimate, interval and prediction interval on the scale people read."""
        measure, totals = self.data.measure, self.data.totals
        low, high = self.prediction or (None, None)
        return {
            "scale": BACK_SCALES[measure],
            "estimate": back_transform(measure, self.estimate, totals),
            "ci_low": back_transform(measure, self.ci_low, totals),
            "ci_high": back_transform(measure, self.ci_high, totals),
            "prediction_low": back_transform(measure, low, totals),
            "prediction_high": back_transform(measure, high, totals),
        }

    def to_json(self) -> dict[str, Any]:
        """Return plain types for ``json.dumps``; the pooled mean is null when the model has moderators."""
        low, high = self.prediction or (None, None)
        tau_low, tau_high = self.tau2_ci or (None, None)
        one = not self.has_moderators
        return {
            "measure": self.data.measure,
            "scale": MEASURE_NAMES[self.data.measure],
            "method": self.method,
            "knha": self.knha,
            "level": self.level,
            "k": self.k,
            "estimate": self.estimate if one else None,
            "se": self.se if one else None,
            "statistic": self.pooled.statistic if one else None,
            "p_value": self.pooled.p_value if one else None,
            "ci_low": self.ci_low if one else None,
            "ci_high": self.ci_high if one else None,
            "prediction_low": low,
            "prediction_high": high,
            "prediction_quantile": self.prediction_quantile or None,
            "tau2": self.tau2,
            "tau2_se": self.tau2_se,
            "tau2_ci_low": tau_low,
            "tau2_ci_high": tau_high,
            "Q": self.Q,
            "Q_df": self.Q_df,
            "Q_p": self.Q_p,
            "I2": self.I2,
            "H2": self.H2,
            "coefficients": [c.as_dict() for c in self.coefficients],
            "QM": self.QM,
            "QM_df": None if self.QM_df is None else list(self.QM_df),
            "QM_p": self.QM_p,
            "R2": self.R2,
            "log_likelihood": self.log_likelihood,
            "back_transformed": self.back_transformed() if one else None,
            "studies": [
                {"study": s, "yi": float(y), "vi": float(v), "weight_percent": w}
                for s, y, v, w in zip(self.data.labels, self.data.yi, self.data.vi, self.weights, strict=True)
            ],
            "excluded": [{"study": e.study, "reason": e.reason} for e in self.data.excluded],
            "corrected": list(self.data.corrected),
            "notes": list(self.notes),
            "citations": list(self.citations()),
        }

    def table(self) -> Table:
        """Return studies and pooled mean (back-transformed), or the coefficients of a meta-regression."""
        if self.has_moderators:
            rows = tuple(
                (c.name, c.estimate, c.se, c.statistic, c.p_value, c.ci_low, c.ci_high) for c in self.coefficients
            )
            columns = ("coefficient", "estimate", "se", "statistic", "p", "ci low", "ci high")
            return Table(columns, rows, title=f"Meta-regression, {MEASURE_NAMES[self.data.measure]}", digits=4)
        from aimss.evidence.synthesis.charts import study_intervals

        back = self.back_transformed()
        body: list[tuple[str | float | None, ...]] = [
            (s["study"], s["estimate"], s["low"], s["high"], s["weight"]) for s in study_intervals(self)
        ]
        body.append(("pooled", back["estimate"], back["ci_low"], back["ci_high"], 100.0))
        if self.prediction is not None:
            body.append(("prediction interval", None, back["prediction_low"], back["prediction_high"], None))
        return Table(("study", str(back["scale"]), "ci low", "ci high", "weight %"), tuple(body))

    def plot(self, kind: str = "forest") -> Spec:
        """Return a Vega-Lite spec: ``forest`` or ``funnel``."""
        from aimss.evidence.synthesis import charts

        return charts.funnel(self) if kind == "funnel" else charts.forest(self)

    def citations(self) -> tuple[str, ...]:
        """Return the references of the methods that were used."""
        keys = [self.method, "I2"]
        keys += ["knha"] if self.knha else []
        keys += ["qprofile"] if self.tau2_ci is not None else []
        keys += ["prediction"] if self.prediction is not None else []
        keys += [self.data.measure]
        return citations_for(keys)

    def methods_text(self) -> str:
        """Return the sentences of a methods section that describe this analysis."""
        measure = self.data.measure
        parts = [f"Effects were analysed as {MEASURE_NAMES[measure]} in {self.k} studies."]
        if measure in (*TWO_BY_TWO, *PROPORTIONS) and self.data.corrected and self.method != "GLMM":
            parts.append(f"{self.data.correction:g} was added to every cell of studies with an empty cell "
                         f"({', '.join(self.data.corrected)}).")  # fmt: skip
        parts.append(_MODEL_TEXT[self.method])
        if self.knha:
            parts.append("Intervals use the Hartung-Knapp-Sidik-Jonkman adjustment and a t distribution.")
        if self.prediction is not None:
            parts.append(f"The prediction interval uses the {self.prediction_quantile} quantile.")
        if self.data.excluded:
            parts.append(
                f"{len(self.data.excluded)} studies were excluded: "
                + "; ".join(f"{e.study} ({e.reason})" for e in self.data.excluded)
                + "."
            )
        return " ".join([*parts, *self.notes])

    def summary(self) -> str:
        """Return the result in a few lines for the terminal."""
        percent = f"{self.level:.0%}"
        tau = "" if self.tau2_ci is None else f" ({percent} CI {self.tau2_ci[0]:.4f} to {self.tau2_ci[1]:.4f})"
        lines = [str(self.table()), ""]
        lines.append(f"k = {self.k}   method {self.method}{' + Hartung-Knapp' if self.knha else ''}")
        if not self.has_moderators:
            c = self.pooled
            lines.append(
                f"{MEASURE_NAMES[self.data.measure]}: {c.estimate:.4f} (se {c.se:.4f}; {percent} CI "
                f"{c.ci_low:.4f} to {c.ci_high:.4f}; p = {c.p_value:.4g})"
            )
        lines.append(f"tau² = {self.tau2:.4f}{tau}   I² = {self.I2:.1f} %   H² = {self.H2:.2f}")
        lines.append(f"Q = {self.Q:.4f} on {self.Q_df} df, p = {self.Q_p:.4g}")
        if self.QM is not None and self.QM_df is not None and self.QM_p is not None:
            second = "" if self.QM_df[1] is None else f" and {self.QM_df[1]}"
            lines.append(f"moderators: QM = {self.QM:.4f} on {self.QM_df[0]}{second} df, p = {self.QM_p:.4g}")
        lines += [f"excluded: {e.study}: {e.reason}" for e in self.data.excluded]
        lines += [f"note: {n}" for n in self.notes]
        return "\n".join(lines)


_MODEL_TEXT = {
    "CE": "A common-effect model with inverse-variance weights was fitted.",
    "DL": "A random-effects model was fitted with the DerSimonian-Laird estimator of the between-study variance.",
    "PM": "A random-effects model was fitted with the Paule-Mandel estimator of the between-study variance.",
    "REML": "A random-effects model was fitted with restricted maximum likelihood (REML).",
    "ML": "A random-effects model was fitted with maximum likelihood.",
    "GLMM": "An exact binomial-normal model (logistic regression with a random intercept a study) was fitted by "
    "maximum likelihood with adaptive Gauss-Hermite quadrature; no continuity correction enters the estimate.",
}
