"""What the synthesis does at the edges: refusals, exclusions, small k, disconnected networks, fast against slow."""

from __future__ import annotations

import itertools
import json
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from typer.testing import CliRunner

from aimss.charting import render_svg
from aimss.cli import app
from aimss.errors import EvidenceError
from aimss.evidence.synthesis.batched import reml_many
from aimss.evidence.synthesis.bayesian import pool_bayes
from aimss.evidence.synthesis.binomial_normal import pool_exact
from aimss.evidence.synthesis.effect_sizes import EffectSizes, effect_sizes
from aimss.evidence.synthesis.heterogeneity import fisher_scoring
from aimss.evidence.synthesis.inconsistency import node_splits
from aimss.evidence.synthesis.meta_regression import regress, subgroups
from aimss.evidence.synthesis.network import network_meta_analysis
from aimss.evidence.synthesis.network_data import ContrastRow, arm_rows, studies_from_arms, studies_from_contrasts
from aimss.evidence.synthesis.random_effects import pool
from aimss.evidence.synthesis.user_tables import read_user_table

RUN = CliRunner()


def gen(y: list[float], v: list[float]) -> EffectSizes:
    return effect_sizes("GEN", {"yi": y, "vi": v})


# ---- proportions without or with nothing but events ------------------------------------------------------------


def test_exact_model_against_the_integral_itself() -> None:
    """At the fitted values the likelihood equals a slow adaptive integral, study by study."""
    x, n = np.array([0, 3, 14, 22, 2, 0, 8.0]), np.array([14, 3, 22, 22, 9, 4, 30.0])
    r = pool_exact(effect_sizes("PLO", {"xi": x, "ni": n}))
    tau = np.sqrt(r.tau2)

    def one(events: float, total: float) -> float:
        def f(u: float) -> float:
            p = 1 / (1 + np.exp(-(r.estimate + tau * u)))
            return float(stats.binom.pmf(events, total, p) * stats.norm.pdf(u))

        edges = np.linspace(-14, 14, 29)
        pieces = itertools.pairwise(edges)
        return float(np.log(sum(integrate.quad(f, a, b, epsabs=1e-15, epsrel=1e-11)[0] for a, b in pieces)))

    assert r.log_likelihood == pytest.approx(sum(one(a, b) for a, b in zip(x, n, strict=True)), abs=1e-8)


def test_exact_model_refuses_what_has_no_finite_answer() -> None:
    for x in ([0, 0, 0], [5, 7, 9]):
        with pytest.raises(EvidenceError, match="infinite"):
            pool_exact(effect_sizes("PLO", {"xi": x, "ni": [5, 7, 9]}))
    with pytest.raises(EvidenceError, match="measure PLO"):
        pool_exact(gen([1.0, 2.0], [1.0, 1.0]))


def test_exact_model_of_one_study_is_its_logit() -> None:
    r = pool_exact(effect_sizes("PLO", {"xi": [30], "ni": [100]}))
    assert r.back_transformed()["estimate"] == pytest.approx(0.3, abs=1e-12)
    assert r.se == pytest.approx(np.sqrt(1 / 30 + 1 / 70), rel=1e-9)


# ---- exclusions and refusals -----------------------------------------------------------------------------------


def test_double_zero_studies_are_kept_and_noted_as_in_metafor_or_left_out_and_listed() -> None:
    d = {"ai": [0, 3, 5], "n1i": [10, 20, 30], "ci": [0, 1, 9], "n2i": [12, 22, 28]}
    kept = effect_sizes("OR", d)
    assert kept.k == 3
    assert "both arms of study 1: kept" in pool(kept).notes[0]
    left_out = effect_sizes("OR", d, double_zero="exclude")
    assert [e.study for e in left_out.excluded] == ["study 1"]
    assert (left_out.k, left_out.notes) == (2, ())
    difference = effect_sizes("RD", d)
    assert (difference.k, difference.notes) == (3, ()), "no event in either arm is information about a difference"


def test_counts_that_are_not_whole_are_named() -> None:
    d = effect_sizes("OR", {"ai": [1.5, 3], "n1i": [10, 20], "ci": [2, 1], "n2i": [12, 22]})
    assert "not whole numbers, used as given: study 1." in d.notes[0]


def test_variance_and_standard_error_of_one_row_must_agree() -> None:
    filled = effect_sizes("GEN", {"yi": [0.1, 0.2], "vi": [0.04, np.nan], "sei": [0.2, 0.3]})
    assert filled.vi.tolist() == pytest.approx([0.04, 0.09])
    with pytest.raises(EvidenceError, match="square root of vi"):
        effect_sizes("GEN", {"yi": [0.1], "vi": [0.04], "sei": [0.3]})


def test_hartung_knapp_of_one_study_is_its_normal_interval() -> None:
    """metafor sets test="z" since k=1: 0.3 (-0.3197950 to 0.9197950)."""
    r = pool(gen([0.3], [0.1]), knha=True)
    assert [r.ci_low, r.ci_high] == pytest.approx([-0.3197950, 0.9197950], abs=1e-7)
    assert not r.knha
    assert any("Hartung-Knapp needs two" in note for note in r.notes)


def test_a_coarse_quadrature_says_what_the_exact_integral_gives() -> None:
    d = effect_sizes("PLO", {"xi": [0, 3, 14, 22, 2, 0], "ni": [14, 3, 22, 22, 9, 4]})
    exact, coarse = pool_exact(d), pool_exact(d, nodes=7)
    assert not any("too coarse" in note for note in exact.notes)
    assert any(f"gives {exact.estimate:.4f} (se {exact.se:.4f})" in note for note in coarse.notes)
    mild = pool_exact(effect_sizes("PLO", {"xi": [30, 25, 50, 41], "ni": [100, 60, 90, 95]}), nodes=7)
    assert not any("too coarse" in note for note in mild.notes)


def test_a_missing_number_excludes_the_study_and_says_so() -> None:
    d = gen([0.1, np.nan, 0.3], [0.1, 0.1, 0.2])
    assert (d.k, d.excluded[0].study) == (2, "study 2")


@pytest.mark.parametrize(
    ("measure", "columns", "match"),
    [
        ("XX", {"yi": [1.0]}, "measure"),
        ("GEN", {"yi": [1.0], "vi": [0.0]}, "above 0"),
        ("GEN", {"yi": [1.0]}, "column sei"),
        ("OR", {"ai": [5], "n1i": [4], "ci": [1], "n2i": [4]}, "study 1, column n1i"),
        ("OR", {"ai": [-1], "n1i": [4], "ci": [1], "n2i": [4]}, "at least 0"),
        ("OR", {"ai": [np.nan], "n1i": [4], "ci": [0], "n2i": [4]}, "at least one study"),
        ("PLO", {"xi": [5], "ni": [4]}, "column ni"),
        ("MD", {"m1i": [1], "sd1i": [-1], "n1i": [3], "m2i": [1], "sd2i": [1], "n2i": [3]}, "standard deviation"),
        ("HR", {"hr": [1.5], "ci_low": [1.6], "ci_high": [2.0]}, "ci_low < hr < ci_high"),
        ("GEN", {"yi": [np.nan], "vi": [1.0]}, "missing"),
    ],
)
def test_impossible_numbers_are_refused(measure: str, columns: dict, match: str) -> None:
    with pytest.raises(EvidenceError, match=match):
        effect_sizes(measure, columns)


def test_refusals_of_the_fit() -> None:
    with pytest.raises(EvidenceError, match="identical"):
        pool(gen([1.0, 1.0], [1.0, 2.0]), knha=True)
    with pytest.raises(EvidenceError, match="level"):
        pool(gen([1.0, 2.0], [1.0, 2.0]), level=95)
    with pytest.raises(EvidenceError, match="method"):
        pool(gen([1.0, 2.0], [1.0, 2.0]), "XYZ")
    with pytest.raises(EvidenceError, match="moderators"):
        regress(gen([1.0, 2.0, 3.0], [1.0] * 3), {"a": [1, 2, 3], "b": [2, 4, 6]})
    with pytest.raises(EvidenceError, match="moderators"):
        regress(gen([1.0, 2.0], [1.0] * 2), {"a": [1, 2]})


def test_few_studies_carry_a_warning_and_one_study_its_own_estimate() -> None:
    one = pool(gen([0.7], [0.04]))
    assert (one.estimate, one.se, one.tau2, one.I2) == (pytest.approx(0.7), pytest.approx(0.2), 0.0, 0.0)
    assert "One study" in one.notes[0]
    assert "Only 3 studies" in pool(gen([0.1, 0.2, 0.5], [0.1, 0.2, 0.1])).notes[0]


def test_prediction_quantile_is_chosen_by_name() -> None:
    d = gen([0.1, 0.5, 0.9, 0.3, 1.4], [0.05, 0.1, 0.08, 0.2, 0.1])
    normal, t = pool(d), pool(d, prediction="t")
    width = (normal.prediction[1] - normal.prediction[0]) / (t.prediction[1] - t.prediction[0])
    assert width == pytest.approx(stats.norm.ppf(0.975) / stats.t.ppf(0.975, 3))
    assert (normal.prediction_quantile, t.prediction_quantile) == ("normal", "t (3 df)")


def test_subgroups_by_hand() -> None:
    d = gen([0.1, 0.2, 1.1, 1.2], [0.1, 0.1, 0.1, 0.1])
    results, q, df, p = subgroups(d, ["a", "a", "b", "b"], "CE")
    assert results["b"].estimate == pytest.approx(1.15)
    assert (q, df) == (pytest.approx(2 * (0.5**2) / 0.05), 1)
    assert p == pytest.approx(stats.chi2.sf(10, 1))


def test_results_are_frozen_and_describe_themselves() -> None:
    r = pool(effect_sizes("OR", {"ai": [4, 0, 9], "n1i": [20, 22, 40], "ci": [8, 5, 12], "n2i": [21, 20, 38]}))
    with pytest.raises(FrozenInstanceError):
        r.tau2 = 1.0
    assert "log odds ratio in 3 studies" in r.methods_text()
    assert "empty cell" in r.methods_text()
    assert any("Viechtbauer" in c for c in r.citations())
    assert len(r.table().rows) == 5
    json.dumps(r.to_json(), allow_nan=False)
    for kind in ("forest", "funnel"):
        svg = render_svg(r.plot(kind))
        assert svg.startswith("<svg")
        assert "currentColor" in svg
    assert "study 2" in render_svg(r.plot("forest"))


# ---- properties -------------------------------------------------------------------------------------------------

EFFECTS = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 2)), min_size=3, max_size=12)


@settings(max_examples=60, deadline=None)
@given(EFFECTS, st.floats(-5, 5), st.floats(0.1, 10), st.sampled_from(["CE", "DL", "PM", "REML", "ML"]))
def test_shift_scale_and_order_do_what_they_should(rows: list, shift: float, scale: float, method: str) -> None:
    y, v = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    base, moved = pool(gen(y, v), method), pool(gen((y * scale + shift)[::-1], (v * scale**2)[::-1]), method)
    if abs(moved.tau2 - base.tau2 * scale**2) < 1e-6 * scale**2:
        assert moved.estimate == pytest.approx(base.estimate * scale + shift, abs=1e-5)
        assert moved.se == pytest.approx(base.se * scale, rel=1e-5)
    else:  # two maxima of the likelihood of almost one height
        assert method in ("REML", "ML")
        assert moved.log_likelihood == pytest.approx(base.log_likelihood - moved_by(base, scale, method), abs=1e-6)
    assert y.min() - 1e-9 <= base.estimate <= y.max() + 1e-9
    assert base.tau2_ci is None or base.tau2_ci[0] <= base.tau2_ci[1]


def moved_by(result: object, scale: float, method: str) -> float:
    return (result.k - (1 if method == "REML" else 0)) * float(np.log(scale))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 25))
def test_batched_reml_is_the_single_one(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.02, 0.6, (20, k))
    y = rng.normal(0.3, np.sqrt(v + rng.uniform(0, 0.5)))
    many = reml_many(y, v)
    assert many.converged.all()
    for i in range(20):
        one = pool(gen(y[i], v[i]))
        assert many.tau2[i] == pytest.approx(one.tau2, abs=1e-7)
        assert many.estimate[i] == pytest.approx(one.estimate, abs=1e-7)
        assert many.se[i] == pytest.approx(one.se, abs=1e-7)


# ---- Bayesian --------------------------------------------------------------------------------------------------


def test_bayes_against_brute_force_on_a_grid() -> None:
    y, v, scale = np.array([0.2, 0.9, -0.1]), np.array([0.1, 0.2, 0.15]), 0.5
    mu, tau = np.linspace(-6, 6, 2401), np.linspace(0, 4.5, 1801)
    density = stats.halfnorm.pdf(tau, scale=scale)[:, None] * np.ones_like(mu)
    for a, b in zip(y, v, strict=True):
        density = density * stats.norm.pdf(a, mu[None, :], np.sqrt(b + tau[:, None] ** 2))
    margin = integrate.simpson(density, x=tau, axis=0)
    cdf = integrate.cumulative_simpson(margin, x=mu, initial=0)
    low, middle, high = np.interp([0.025, 0.5, 0.975], cdf / cdf[-1], mu)
    tau_margin = integrate.simpson(density, x=mu, axis=1)
    tau_cdf = integrate.cumulative_simpson(tau_margin, x=tau, initial=0)
    r = pool_bayes(gen(y, v), tau_scale=scale)
    assert [r.estimate, r.ci_low, r.ci_high] == pytest.approx([middle, low, high], abs=2e-5)
    expected = np.interp([0.5, 0.025, 0.975], tau_cdf / tau_cdf[-1], tau)
    assert [r.tau, r.tau_low, r.tau_high] == pytest.approx(list(expected), abs=2e-4)
    assert r.prediction[0] < r.ci_low
    assert "half-normal(0.5)" in r.methods_text()


def test_bayes_asks_for_a_scale_where_only_the_user_knows_it() -> None:
    with pytest.raises(EvidenceError, match="tau_scale"):
        pool_bayes(gen([1.0, 2.0], [1.0, 1.0]))


# ---- networks --------------------------------------------------------------------------------------------------


def rows(*items: tuple) -> list[ContrastRow]:
    return [ContrastRow(*i) for i in items]


def test_disconnected_parts_stay_apart_until_a_named_assumption_joins_them() -> None:
    studies = studies_from_contrasts(
        rows(
            ("s1", "acupuncture", "waitlist", -2.0, 0.5),
            ("s2", "duloxetine", "placebo", -0.8, 0.2),
            ("s3", "exercise", "usual care", -1.0, 0.4),
            ("s4", "exercise", "usual care", -0.5, 0.3),
        )
    )
    apart = network_meta_analysis(studies)
    assert [c.treatments for c in apart.components] == [
        ("exercise", "usual care"), ("acupuncture", "waitlist"), ("duloxetine", "placebo")]  # fmt: skip
    with pytest.raises(EvidenceError, match="separate components"):
        apart.compare("acupuncture", "exercise")
    one = network_meta_analysis(studies, joins=[("waitlist", "usual care")])
    assert len(one.components) == 2
    assert "waitlist = usual care" in one.summary()
    assert "waitlist = usual care" in one.methods_text()
    indirect = one.compare("acupuncture", "exercise")
    against = one.compare("exercise", "usual care = waitlist")
    assert indirect.estimate == pytest.approx(-2.0 - against.estimate)
    assert "component" in render_svg(apart.plot())


def test_a_join_that_a_trial_contradicts_is_refused() -> None:
    studies = studies_from_contrasts(rows(("s1", "sham", "waitlist", -1.0, 0.5)))
    with pytest.raises(EvidenceError, match=r"compares (sham, waitlist|waitlist, sham)"):
        network_meta_analysis(studies, joins=[("sham", "waitlist")])
    with pytest.raises(EvidenceError, match="treatment of the network"):
        network_meta_analysis(studies, joins=[("sham", "placebo")])


def test_bucher_indirect_comparison_and_node_split_by_hand() -> None:
    studies = studies_from_contrasts(
        rows(("1", "A", "C", 1.0, 0.3), ("2", "B", "C", 0.4, 0.4), ("3", "A", "B", 1.5, 0.5))
    )
    part = network_meta_analysis(studies, "CE").components[0]
    split = next(s for s in node_splits(part) if (s.treatment, s.comparator) == ("A", "B"))
    assert [split.direct, split.direct_se] == pytest.approx([1.5, 0.5])
    assert [split.indirect, split.indirect_se] == pytest.approx([0.6, 0.5])
    assert split.difference == pytest.approx(0.9)
    assert pytest.approx(0.9**2 / 0.5) == part.Q


def test_three_arm_study_from_all_pairs_equals_its_arms() -> None:
    level, var = {"A": 1.0, "B": 0.2, "C": -0.4}, {"A": 0.04, "B": 0.05, "C": 0.1}
    contrasts = [
        ContrastRow("s", a, b, level[a] - level[b], float(np.sqrt(var[a] + var[b]))) for a, b in ("AB", "AC", "CB")
    ]
    (study,) = studies_from_contrasts(contrasts)
    assert study.contrast("B", "C") == pytest.approx((0.6, 0.15))
    shared = study.covariance[0, 1]
    assert shared == pytest.approx(var[study.treatments[0]])


@pytest.mark.parametrize(
    ("items", "match"),
    [
        ([("s", "A", "B", 1, 0.1), ("s", "A", "B", 1, 0.1)], "A and B twice"),
        ([("s", "A", "A", 1, 0.1)], "two different treatments"),
        ([("s", "A", "B", 1, 0.0)], "above 0"),
        ([("s", "A", "B", 1, 0.1), ("s", "B", "C", 1, 0.1), ("s", "A", "C", 9, 0.1)], "agree with each other"),
        ([("s", "A", "B", 1, 0.1), ("s", "B", "C", 1, 0.1), ("s", "A", "C", 2, 0.5)], "independent arms"),
        ([("s", "A", "C", 1, 0.1), ("s", "B", "C", 1, 0.1)], "shared arm"),
        ([("s", "A", "B", 1, 0.1), ("s", "B", "C", 1, 0.1), ("s", "C", "D", 1, 0.1)], "share one arm"),
    ],
)
def test_unsound_network_studies_are_named(items: list, match: str) -> None:
    with pytest.raises(EvidenceError, match=match) as error:
        studies_from_contrasts(rows(*items))
    assert "study s" in str(error.value)


def test_shared_arm_variance_from_sizes_or_by_assumption() -> None:
    items = [ContrastRow("s", "A", "C", 1.0, 0.3, 50, 50), ContrastRow("s", "B", "C", 0.5, 0.3, 50, 50)]
    (sized,) = studies_from_contrasts(items)
    (halved,) = studies_from_contrasts(
        rows(("s", "A", "C", 1.0, 0.3), ("s", "B", "C", 0.5, 0.3)), shared_variance="half"
    )
    assert sized.covariance[0, 1] == pytest.approx(0.045) == halved.covariance[0, 1]


def test_names_that_look_like_one_treatment_are_noted() -> None:
    studies = studies_from_contrasts(rows(("1", "acupuncture", "sham", 1.0, 0.3), ("2", "Acupunture", "sham", 1.0, 0.3),
                                          ("3", "drug 10 mg", "drug 20 mg", 0.1, 0.2)))  # fmt: skip
    assert network_meta_analysis(studies).notes == (
        "Nearly the same name, taken as two treatments: 'Acupunture' and 'acupuncture'.",
    )


def test_a_network_names_the_studies_with_an_empty_cell() -> None:
    arms = arm_rows("OR", ["1", "1", "2", "2"], ["A", "B", "A", "B"],
                    {"xi": np.array([1.0, 0, 3, 5]), "ni": np.array([20.0] * 4)})  # fmt: skip
    result = network_meta_analysis(studies_from_arms(arms), joins=())
    assert result.notes == ("One half was added to every count of studies with an empty cell: 1.",)
    assert result.to_json()["notes"] == list(result.notes)


# ---- the command -----------------------------------------------------------------------------------------------


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return str(path)


def test_meta_command_prints_json(tmp_path: Path) -> None:
    path = write(tmp_path, "study,ai,n1i,ci,n2i,dose\nA,4,20,8,21,1\nB,0,22,5,20,2\nC,9,40,12,38,3\nD,0,5,0,5,4\n")
    run = RUN.invoke(app, ["evidence", "meta", path, "--measure", "OR", "--method", "DL", "--double-zero", "exclude",
                           "--json"])  # fmt: skip
    assert run.exit_code == 0, run.output
    out = json.loads(run.stdout)
    assert set(out) >= {"estimate", "se", "ci_low", "ci_high", "tau2", "Q", "I2", "k", "excluded", "back_transformed"}
    assert out["k"] == 3
    assert out["excluded"][0]["study"] == "D"
    assert out["back_transformed"]["estimate"] == pytest.approx(np.exp(out["estimate"]))
    run = RUN.invoke(app, ["evidence", "meta", path, "--measure", "OR", "--mods", "dose", "--json"])
    out = json.loads(run.stdout)
    assert [c["name"] for c in out["coefficients"]] == ["intercept", "dose"]
    assert out["QM"] is not None


def test_checks_say_what_they_could_not_do(tmp_path: Path) -> None:
    path = write(tmp_path, "study,yi,vi\nA,0.1,0.1\nB,0.5,0.2\nC,0.9,0.05\n")
    run = RUN.invoke(app, ["evidence", "meta", path, "--measure", "GEN", "--checks", "--tau-scale", "0.5", "--json"])
    out = json.loads(run.stdout)["checks"]
    assert [r["studies"] for r in out["leave_one_out"]] == ["without A", "without B", "without C"]
    expected = pool_bayes(gen([0.1, 0.5, 0.9], [0.1, 0.2, 0.05]), tau_scale=0.5)
    assert out["bayesian"]["ci_low"] == pytest.approx(expected.ci_low)
    assert out["egger"]["df"] == 1
    two = write(tmp_path, "study,yi,vi\nA,0.1,0.1\nB,0.5,0.2\n")
    text = RUN.invoke(app, ["evidence", "meta", two, "--measure", "GEN", "--checks"]).stdout
    assert "small-study effects need three studies" in text
    assert "needs the scale of a prior" in text


def test_proportions_that_fall_apart_are_refused() -> None:
    for x, n in (([0, 10], [10, 10]), ([0, 5], [1_000_000, 5])):
        with pytest.raises(EvidenceError, match="almost none and almost all"):
            pool_exact(effect_sizes("PLO", {"xi": x, "ni": n}))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6))
def test_any_counts_are_pooled_or_refused(counts: list) -> None:
    pairs = [(x, x + m) for x, m in counts if x + m > 0]
    if not pairs:
        return
    x, n = zip(*pairs, strict=True)
    try:
        r = pool_exact(effect_sizes("PLO", {"xi": x, "ni": n}))
    except EvidenceError:
        return
    assert np.isfinite([r.estimate, r.se, r.tau2, r.Q]).all()
    assert 0 < r.back_transformed()["estimate"] < 1
    common = pool_exact(effect_sizes("PLO", {"xi": [sum(x)], "ni": [sum(n)]})).estimate
    assert r.tau2 > 0 or r.estimate == pytest.approx(common)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "empty file"),
        ("study,yi,vi\n", "no rows"),
        ("study,yi,vi\nA,1,x\n", "row 1 (line 2), column vi"),
        ("study,yi,vi\nA,1,0.1\nB,2\n", "row 2 (line 3)"),
        ("study,yi,yi\nA,1,2\n", "'yi' twice"),
        ("study,a,b\nA,1,2\n", "columns of measure GEN"),
        ("study,yi,vi\nA,1,-0.1\n", "row 1 (line 2), column vi"),
        ("study,yi,vi\nA,inf,0.1\n", "column yi"),
        ('study,yi,vi\n"A,1,0.1\n', "line"),
    ],
)
def test_bad_files_name_file_row_and_column(tmp_path: Path, text: str, where: str) -> None:
    path = write(tmp_path, text)
    run = RUN.invoke(app, ["evidence", "meta", path, "--measure", "GEN"])
    assert isinstance(run.exception, EvidenceError)
    assert run.exception.exit_code == 8
    assert path in str(run.exception)
    assert where in str(run.exception)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("f") / "t.csv"
    path.write_bytes(b"study,yi,vi\n" + raw)
    try:
        table = read_user_table(path)
    except EvidenceError:
        return
    assert table.columns == ("study", "yi", "vi")
    assert all(len(r) == 3 for r in table.rows)


def test_network_command(tmp_path: Path) -> None:
    path = write(tmp_path, "study,treat1,treat2,yi,sei\n1,A,B,-1,0.3\n2,B,C,-0.5,0.2\n3,D,E,0.1,0.2\n")
    run = RUN.invoke(app, ["evidence", "network", path, "--json"])
    assert run.exit_code == 0, run.output
    out = json.loads(run.stdout)
    assert len(out["components"]) == 2
    pair = next(c for c in out["components"][0]["comparisons"] if (c["treatment"], c["comparator"]) == ("A", "C"))
    assert [pair["estimate"], pair["se"]] == pytest.approx([-1.5, np.hypot(0.3, 0.2)])
    text = RUN.invoke(app, ["evidence", "network", path, "--join", "C=D"]).stdout
    assert text.startswith("assumption: C = D")
    graph = tmp_path / "g.svg"
    assert RUN.invoke(app, ["evidence", "network", path, "--plot", str(graph)]).exit_code == 0
    assert graph.read_text().startswith("<svg")
    arms = write(tmp_path, "study,treat,mi,sdi,ni\n1,A,2,1,50\n1,B,3,1,50\n2,A,1,1,20\n2,C,3,2,25\n")
    out = json.loads(RUN.invoke(app, ["evidence", "network", arms, "--json"]).stdout)
    assert out["components"][0]["comparisons"][0]["estimate"] == pytest.approx(-1)


def test_network_command_names_the_bad_cell(tmp_path: Path) -> None:
    path = write(tmp_path, "study,treat1,treat2,yi,sei\n1,A,B,-1,0.3\n2,B,C,-0.5,\n")
    run = RUN.invoke(app, ["evidence", "network", path])
    assert isinstance(run.exception, EvidenceError)
    assert "row 2 (line 3), column sei" in str(run.exception)


def test_scoring_climbs_to_the_top_and_says_where_it_does_not_settle():
    # log-likelihood -(tau2 - 2)^2 / 2: one step; with too little information said, steps overshoot and are halved
    assert fisher_scoring(lambda t: (2.0 - t, 1.0), 0.5, 1.0) == pytest.approx(2.0, abs=1e-12)
    assert fisher_scoring(lambda t: (2.0 - t, 0.6), 0.5, 1.0) == pytest.approx(2.0, abs=1e-9)
    assert fisher_scoring(lambda t: (-1.0 - t, 1.0), 0.5, 1.0) == 0.0
    assert fisher_scoring(lambda _: (1.0, 1.0), 0.0, 1.0, most=5) is None
