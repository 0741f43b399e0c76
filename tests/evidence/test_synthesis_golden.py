"""Agreement with metafor: 1e-8 for closed forms, 1e-6 for iterative fits (values by tests/golden/metafor.R)."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from aimss.evidence.synthesis.binomial_normal import pool_exact
from aimss.evidence.synthesis.effect_sizes import EffectSizes, effect_sizes
from aimss.evidence.synthesis.inconsistency import design_by_treatment, node_splits
from aimss.evidence.synthesis.influence import cumulative, influence, leave_one_out
from aimss.evidence.synthesis.meta_regression import regress
from aimss.evidence.synthesis.network import network_meta_analysis
from aimss.evidence.synthesis.network_data import arm_rows, studies_from_arms
from aimss.evidence.synthesis.random_effects import pool
from aimss.evidence.synthesis.small_study import egger, trim_and_fill

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "metafor.json").read_text())
CLOSED = GOLDEN["tolerance"]["closed_form"]
ITERATIVE = GOLDEN["tolerance"]["iterative"]


def ident(case: dict) -> str:
    parts = [case["name"], case.get("measure", ""), case.get("method", ""), "HK" if case.get("knha") else ""]
    return "-".join(str(p) for p in parts if p) + (f"-{case['nodes']}" if "nodes" in case else "")


def cases(kind: str) -> list:
    return [pytest.param(c, id=f"{i}-{ident(c)}") for i, c in enumerate(GOLDEN[kind])]


def sizes(case: dict) -> EffectSizes:
    keep = (case.get("options") or {}).get("drop00") is None
    columns = {name: np.atleast_1d(values) for name, values in case["columns"].items()}
    return effect_sizes(case["measure"], columns, double_zero="include" if keep else "exclude")


def close(found: object, expected: object, tolerance: float) -> None:
    """Relative agreement, absolute near zero; NaN where metafor has none."""
    np.testing.assert_allclose(
        np.asarray(found, dtype=float), np.asarray(expected, dtype=float), rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("case", cases("effects"))
def test_effect_sizes(case: dict) -> None:
    found = sizes(case)
    expected = [(y, v) for y, v in zip(case["yi"], case["vi"], strict=True) if y is not None and not math.isnan(y)]
    close(found.yi, [y for y, _ in expected], CLOSED)
    close(found.vi, [v for _, v in expected], CLOSED)


def check_fit(found, case: dict, tolerance: float) -> None:
    c = found.coefficients
    close([x.estimate for x in c], case["beta"], tolerance)
    close([x.se for x in c], case["se"], tolerance)
    close([x.statistic for x in c], case["stat"], tolerance * 10)
    close([x.p_value for x in c], case["p"], tolerance)
    close([x.ci_low for x in c], case["ci_low"], tolerance)
    close([x.ci_high for x in c], case["ci_high"], tolerance)
    close(found.tau2, case["tau2"], tolerance)
    close([found.Q, found.Q_p], [case["Q"], case["Q_p"]], CLOSED)
    close([found.I2, found.H2], [case["I2"], case["H2"]], tolerance)
    if case["tau2_se"] is not None and found.tau2_se is not None and found.k > len(c):
        close(found.tau2_se, case["tau2_se"], tolerance)
    if case["tau2_ci"] is not None and found.tau2_ci is not None:
        close(found.tau2_ci, case["tau2_ci"], ITERATIVE)
    if case["ll"] is not None:
        close(found.log_likelihood, case["ll"], tolerance)


@pytest.mark.parametrize("case", cases("pools"))
def test_pool(case: dict) -> None:
    found = pool(sizes(case), case["method"], knha=case["knha"], level=case["level"])
    tolerance = CLOSED if case["method"] in ("CE", "DL") else ITERATIVE
    check_fit(found, case, tolerance)
    if case.get("weights") is not None:
        close(found.weights, case["weights"], ITERATIVE)
    if case.get("pi") is not None and found.k > 1:
        close(found.prediction, case["pi"], tolerance)
    if case.get("back") is not None:
        back = found.back_transformed()
        close([back["estimate"], back["ci_low"], back["ci_high"]], case["back"], tolerance)


@pytest.mark.parametrize("case", cases("regressions"))
def test_meta_regression(case: dict) -> None:
    found = regress(sizes(case), case["mods"], case["method"], knha=case["knha"])
    check_fit(found, case, CLOSED * 100 if case["method"] in ("CE", "DL") else ITERATIVE)
    close([found.QM, found.QM_p], [case["QM"], case["QM_p"]], ITERATIVE)
    if case["R2"] is not None and case["method"] != "CE":
        close(found.R2, case["R2"], ITERATIVE * 100)


@pytest.mark.parametrize("case", cases("glmms"))
def test_exact_proportions(case: dict) -> None:
    """lme4's objective at the same number of nodes, maximised to the end: estimate, SE, tau², Q."""
    found = pool_exact(effect_sizes("PLO", case["columns"]), nodes=case["nodes"])
    close(found.estimate, case["beta"], ITERATIVE)
    close(found.tau2, case["tau2"], ITERATIVE)
    close(found.se, case["se"], ITERATIVE)
    close([found.Q, found.Q_p], [case["Q"], case["Q_p"]], ITERATIVE)
    # rma.glmm itself stops at its optimiser's tolerance
    close(found.estimate, case["metafor"]["beta"], 2e-4)
    close(found.I2, case["metafor"]["I2"], 2e-4)


@pytest.mark.parametrize("case", cases("influences"))
def test_influence(case: dict) -> None:
    fitted = pool(sizes(case), case["method"], knha=case["knha"])
    rows = influence(fitted)
    for name, key in (
        ("rstudent", "rstudent"), ("dffits", "dffits"), ("cook_distance", "cook"), ("covariance_ratio", "cov"),
        ("tau2_without", "tau2"), ("Q_without", "Q"), ("dfbetas", "dfbetas"),
    ):  # fmt: skip
        close([getattr(r, name) for r in rows], case[key], ITERATIVE)
    close([r.hat for r in rows], case["hat"], ITERATIVE)
    assert [r.influential for r in rows] == case["flag"]
    out = leave_one_out(fitted)
    close([r.estimate for r in out], case["loo"]["estimate"], ITERATIVE)
    close([r.ci_low for r in out], case["loo"]["ci_low"], ITERATIVE)
    close([r.I2 for r in out], case["loo"]["I2"], ITERATIVE)
    if case["cumulative"] is not None:
        steps = cumulative(fitted, order=list(range(fitted.k))[::-1])
        close([r.estimate for r in steps], case["cumulative"]["estimate"], ITERATIVE)
        close([r.se for r in steps], case["cumulative"]["se"], ITERATIVE)
        if case["cumulative"]["tau2"] is not None:
            close([r.tau2 for r in steps], case["cumulative"]["tau2"], ITERATIVE)


@pytest.mark.parametrize("case", cases("small"))
def test_small_study_effects(case: dict) -> None:
    fitted = pool(sizes(case), case["method"])
    for model in ("lm", "rma"):
        found = egger(fitted, model)
        close([found.statistic, found.p_value, found.limit],
              [case[model]["stat"], case[model]["p"], case[model]["limit"]], ITERATIVE)  # fmt: skip
    for estimator, expected in case["trimfill"].items():
        if expected is None:
            continue
        found = trim_and_fill(fitted, estimator)
        assert (found.missing, found.side) == (expected["k0"], expected["side"])
        close([found.missing_se, found.adjusted.estimate, found.adjusted.se, found.adjusted.tau2],
              [expected["k0_se"], expected["beta"], expected["se_beta"], expected["tau2"]], ITERATIVE)  # fmt: skip


@pytest.mark.parametrize("case", cases("networks"))
def test_network(case: dict) -> None:
    arms = case["arms"]
    columns = {c: np.array([a[c] for a in arms], dtype=float) for c in ("mi", "sdi", "xi", "ni") if c in arms[0]}
    studies = studies_from_arms(
        arm_rows(case["measure"], [str(a["study"]) for a in arms], [a["treat"] for a in arms], columns)
    )
    for method, expected in case["fits"].items():
        result = network_meta_analysis(studies, method)
        (part,) = result.components
        tolerance = CLOSED if method == "CE" else ITERATIVE
        close(part.tau2, expected["tau2"], ITERATIVE)
        close([part.Q, part.Q_p], [expected["Q"], expected["Q_p"]], CLOSED)
        pairs = [part.compare(a, b) for a, b in expected["pairs"]]
        close([p.estimate for p in pairs], expected["estimate"], tolerance)
        close([p.se for p in pairs], expected["se"], tolerance)
        scores = part.p_scores()
        close([scores[t] for t in expected["p_scores"]], list(expected["p_scores"].values()), tolerance)
        if method == "REML" and case["inconsistency"] is not None:
            test, want = design_by_treatment(part, "REML"), case["inconsistency"]
            assert (test.df_within, test.df_between) == (want["df_within"], want["df_between"])
            close([test.Q_within, test.Q_between], [want["Q_within"], want["Q_between"]], CLOSED)
            close([test.tau2_random, test.Q_random], [want["tau2"], want["Q_random"]], ITERATIVE)
        if method == "REML" and case["splits"]:
            found = {(s.treatment, s.comparator): s for s in node_splits(part)}
            assert set(found) == {(s["a"], s["b"]) for s in case["splits"]}
            for s in case["splits"]:
                split = found[s["a"], s["b"]]
                close([split.difference, split.difference_se], [s["difference"], s["se"]], ITERATIVE)
