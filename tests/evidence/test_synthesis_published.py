"""Published analyses recomputed, with the page on which each number stands.

Pages and printed values are those that metafor's own test suite compares with (tests/testthat/test_analysis_example_*.r
of github.com/wviechtb/metafor); where the paper differs in its last digit by rounding, that suite says so and the
value of the unrounded computation is used, as there. Data sets come from R package metadat (tests/golden/metafor.R).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from aimss.evidence.synthesis.binomial_normal import pool_exact
from aimss.evidence.synthesis.effect_sizes import EffectSizes, effect_sizes
from aimss.evidence.synthesis.meta_regression import regress
from aimss.evidence.synthesis.network import network_meta_analysis
from aimss.evidence.synthesis.network_data import NetworkStudy
from aimss.evidence.synthesis.random_effects import pool

DATA = json.loads((Path(__file__).parents[1] / "golden" / "metafor.json").read_text())["datasets"]


def generic(y: list[float], v: list[float]) -> EffectSizes:
    return effect_sizes("GEN", {"yi": y, "vi": v})


def rounded(values: object, digits: int) -> list[float]:
    return [float(x) for x in np.atleast_1d(np.round(np.asarray(values, dtype=float), digits))]


def triple(r: object, digits: int) -> list[float]:
    return rounded([r.estimate, r.ci_low, r.ci_high], digits)


def test_normand_1999_lidocaine_page_349() -> None:
    """Normand, Stat Med 1999;18:321, Tables III (page 330) and VII (page 349): risk differences in per cent."""
    d = effect_sizes("RD", DATA["hine1989"])
    assert rounded(d.yi * 100, 4) == [2.8026, 0.0, 1.9711, 1.7961, 3.5334, 4.4031]
    assert rounded(d.vi * 1e4, 4) == [17.7575, 37.5657, 8.1323, 10.8998, 8.0114, 6.1320]
    for method in ("CE", "REML", "DL"):
        r = pool(d, method)
        assert rounded(r.estimate * 100, 2) == [2.94]
        assert rounded([r.ci_low * 100, r.ci_high * 100], 1) == [0.4, 5.5]
        assert r.tau2 == 0


def test_normand_1999_stroke_page_352() -> None:
    """Normand 1999, Tables VIII (page 351) and IX (page 352): length of stay, pooled standard deviations."""
    d = dict(DATA["normand1999"])
    n1, n2 = np.array(d["n1i"]), np.array(d["n2i"])
    sd = np.sqrt(((n1 - 1) * np.array(d["sd1i"]) ** 2 + (n2 - 1) * np.array(d["sd2i"]) ** 2) / (n1 + n2 - 2))
    data = effect_sizes("MD", {**d, "sd1i": sd, "sd2i": sd})
    assert rounded(data.vi, 2) == [40.59, 2.05, 15.28, 150.22, 20.19, 1.22, 95.38, 8.03, 20.69]
    assert triple(pool(data, "CE"), 2) == [-3.49, -5.03, -1.96]
    assert triple(pool(data, "DL"), 2) == [-14.10, -24.45, -3.75]
    assert rounded(pool(data, "DL").tau2, 2) == [218.72]
    assert triple(pool(data, "REML"), 2) == [-15.12, -32.67, 2.43]
    assert rounded(pool(data, "REML").tau2, 2) == [685.20]


def test_raudenbush_1985_pages_83_to_92() -> None:
    """Raudenbush and Bryk, J Educ Stat 1985;10:75, pages 83-86 and 90-92: teacher expectancy."""
    d = generic(**{k[0]: v for k, v in DATA["raudenbush1985"].items()})
    r = pool(d)
    assert rounded([r.tau2, r.estimate, r.Q, r.pooled.statistic], 4) == [0.0188, 0.0837, 35.8295, 1.6208]
    m = regress(d, {"weeks": DATA["raudenbush_weeks"]})
    assert rounded([c.estimate for c in m.coefficients], 4) == [0.4072, -0.1572]
    assert rounded([m.tau2, m.Q], 4) == [0.0, 16.5708]


@pytest.mark.parametrize(
    ("method", "knha", "row"),
    [
        ("CE", False, [0.0, 0.060, 0.036, 1.655, -0.011, 0.132]),
        ("ML", False, [0.013, 0.078, 0.047, 1.637, -0.015, 0.171]),
        ("REML", False, [0.019, 0.084, 0.052, 1.621, -0.018, 0.185]),
        ("DL", False, [0.026, 0.089, 0.056, 1.601, -0.020, 0.199]),
        ("CE", True, [0.0, 0.060, 0.051, 1.173, -0.048, 0.168]),
        ("ML", True, [0.013, 0.078, 0.059, 1.311, -0.047, 0.202]),
        ("REML", True, [0.019, 0.084, 0.062, 1.359, -0.046, 0.213]),
        ("DL", True, [0.026, 0.089, 0.064, 1.405, -0.044, 0.223]),
    ],
)
def test_raudenbush_2009_page_309(method: str, knha: bool, row: list[float]) -> None:
    """Raudenbush in Cooper (ed.), Handbook of Research Synthesis 2009, Table 16.3, page 309."""
    r = pool(generic(**{k[0]: v for k, v in DATA["raudenbush1985"].items()}), method, knha=knha)
    assert rounded([r.tau2, r.estimate, r.se, r.pooled.statistic, r.ci_low, r.ci_high], 3) == row


def test_van_houwelingen_2002_pages_596_to_609() -> None:
    """van Houwelingen, Stat Med 2002;21:589, pages 596, 597, 599 and 608-609: BCG vaccine, odds ratios."""
    d = effect_sizes("OR", DATA["colditz1994"])
    common = pool(d, "CE").back_transformed()
    assert rounded([common["estimate"], common["ci_low"], common["ci_high"]], 3) == [0.647, 0.595, 0.702]
    r = pool(d, "ML")
    back = r.back_transformed()
    assert rounded([back["estimate"], back["ci_low"], back["ci_high"]], 3) == [0.476, 0.336, 0.675]
    assert rounded(r.tau2, 3) == [0.302]
    half = 1.959964 * np.sqrt(r.tau2)
    assert rounded([r.estimate - half, r.estimate + half], 3) == [-1.820, 0.336]
    m = regress(d, {"latitude": DATA["colditz_latitude"]}, "ML")
    assert rounded([c.estimate for c in m.coefficients], 3) == [0.371, -0.033]
    assert rounded([c.se for c in m.coefficients], 3) == [0.106, 0.003]
    assert rounded(m.tau2, 3) == [0.004]
    assert rounded(m.R2, 1) == [98.7]


def test_viechtbauer_2007_intervals_of_tau2_page_44() -> None:
    """Viechtbauer, Stat Med 2007;26:37, Table II, page 44: diuretics in pregnancy."""
    d = effect_sizes("OR", DATA["collins1985b"])
    assert rounded([pool(d, m).tau2 for m in ("DL", "ML", "REML")], 3) == [0.230, 0.239, 0.301]
    assert rounded(pool(d, "DL").tau2_ci, 3) == [0.072, 2.203]


def test_viechtbauer_2007_hypericum_pages_107_and_109() -> None:
    """Viechtbauer, Z Psychol 2007;215:104, pages 107 and 109: St John's wort, risk ratios."""
    d = effect_sizes("RR", DATA["linde2005"])
    common, r = pool(d, "CE"), pool(d, "DL")
    b, c = common.back_transformed(), r.back_transformed()
    assert rounded([b["estimate"], b["ci_low"], b["ci_high"], common.Q], 4) == [1.3840, 1.2599, 1.5204, 51.5454]
    assert rounded([c["estimate"], c["ci_low"], c["ci_high"]], 4) == [1.5722, 1.3103, 1.8864]
    assert rounded([c["prediction_low"], c["prediction_high"], r.tau2], 4) == [0.8488, 2.9120, 0.0903]


@pytest.mark.parametrize(
    ("events", "total", "model", "row"),
    [
        ("ci", "n2i", "REML", [-3.30, 0.24, 0.66, 0.036, 0.023, 0.055]),
        ("ai", "n1i", "REML", [-4.26, 0.26, 0.39, 0.014, 0.008, 0.023]),
        ("ci", "n2i", "GLMM", [-3.50, 0.26, 0.81, 0.029, 0.018, 0.048]),
        ("ai", "n1i", "GLMM", [-4.81, 0.36, 0.83, 0.008, 0.004, 0.016]),
    ],
)
def test_stijnen_2010_proportions_page_3050(events: str, total: str, model: str, row: list[float]) -> None:
    """Stijnen, Hamza and Ozdemir, Stat Med 2010;29:3046, Table II, page 3050: normal-normal and exact model."""
    d = effect_sizes("PLO", {"xi": DATA["nielweise2007"][events], "ni": DATA["nielweise2007"][total]})
    r = pool_exact(d) if model == "GLMM" else pool(d)
    b = r.back_transformed()
    assert rounded([r.estimate, r.se, r.tau2], 2) == row[:3]
    assert rounded([b["estimate"], b["ci_low"], b["ci_high"]], 3) == row[3:]


def test_stijnen_2010_odds_ratio_page_3052() -> None:
    """Stijnen 2010, Table III, page 3052: the double-zero study is left out."""
    d = effect_sizes("OR", DATA["nielweise2007"], double_zero="exclude")
    r = pool(d)
    assert len(d.excluded) == 1
    assert rounded([r.estimate, r.se], 3) == [-0.980, 0.243]
    assert rounded(np.sqrt(r.tau2), 2) == [0.19]


def test_lipsey_2001_pages_133_to_141() -> None:
    """Lipsey and Wilson, Practical Meta-Analysis 2001, Exhibits 7.3 (page 133), 7.6 and 7.7 (page 141)."""
    y = [-0.33, 0.32, 0.39, 0.31, 0.17, 0.64, -0.33, 0.15, -0.02, 0.00]
    v = [0.084, 0.035, 0.017, 0.034, 0.072, 0.117, 0.102, 0.093, 0.012, 0.067]
    mods = {"random": [0, 0, 0, 0, 0, 0, 1, 1, 1, 1], "intensity": [7, 3, 7, 5, 7, 7, 4, 4, 5, 6]}
    d = generic(y, v)
    common, r = pool(d, "CE"), pool(d, "DL")
    assert rounded([common.estimate, common.se, common.ci_low, common.ci_high, common.Q, common.Q_p], 4) == [
        0.1549, 0.0609, 0.0356, 0.2742, 14.7640, 0.0976]  # fmt: skip
    assert rounded([r.estimate, r.se, r.ci_low, r.ci_high], 4) == [0.1534, 0.0858, -0.0146, 0.3215]
    assert rounded(r.tau2, 6) == [0.025955]
    fixed, mixed = regress(d, mods, "CE"), regress(d, mods, "DL")
    assert rounded([c.estimate for c in fixed.coefficients], 4) == [0.3223, -0.3298, -0.0041]
    assert rounded([fixed.QM, fixed.QM_p, fixed.Q, fixed.Q_p], 4) == [7.0807, 0.0290, 7.6832, 0.3614]
    assert rounded([c.estimate for c in mixed.coefficients], 4) == [0.3311, -0.3269, -0.0068]
    assert rounded([c.se for c in mixed.coefficients], 4) == [0.3198, 0.1439, 0.0528]
    assert rounded([mixed.QM, mixed.QM_p], 4) == [5.5711, 0.0617]
    assert rounded(mixed.tau2, 5) == [0.00488]


def test_dersimonian_2007_clasp_pages_111_and_112() -> None:
    """DerSimonian and Kacker, Contemp Clin Trials 2007;28:105, Tables 3 and 4, pages 111-112."""
    d = effect_sizes(
        "OR",
        {"ai": [5, 5, 12, 69, 9, 313], "n1i": [156, 303, 565, 1570, 103, 4659], "ci": [8, 17, 9, 94, 11, 352],
         "n2i": [74, 303, 477, 1565, 105, 4650]},
    )  # fmt: skip
    for method, row in {
        "PM": [0.3681, -0.3811, 0.2060],
        "DL": [0.2323, -0.3240, 0.1540],
        "REML": [0.1843, -0.2980, 0.1343],
    }.items():
        r = pool(d, method)
        assert rounded([np.sqrt(r.tau2), r.estimate, r.se], 4) == row
    # the paper's ML stops at tau = 0.0023; the likelihood is highest at 0, which moves nothing printed
    r = pool(d, "ML")
    assert rounded([r.estimate, r.se], 3) == [-0.197, 0.069]


@pytest.mark.parametrize(
    ("method", "first", "second"),
    [
        ("DL", [0.277, 80.44, 5.11], [0.013, 27.53, 1.38]),
        ("ML", [0.197, 74.51, 3.92], [0.013, 28.45, 1.40]),
        ("REML", [0.223, 76.84, 4.32], [0.016, 32.02, 1.47]),
        ("PM", [0.192, 74.05, 3.85], [0.010, 23.72, 1.31]),
    ],
)
def test_viechtbauer_2005_pages_271_and_272(method: str, first: list[float], second: list[float]) -> None:
    """Viechtbauer, J Educ Behav Stat 2005;30:261, pages 271 and 272 (empirical Bayes there is Paule-Mandel here)."""
    one = generic(
        [-0.581, 0.530, 0.771, 1.031, 0.553, 0.295, 0.078, 0.573, -0.176, -0.232],
        [0.023, 0.052, 0.060, 0.115, 0.095, 0.203, 0.200, 0.211, 0.051, 0.040],
    )
    two = generic(
        [0.100, -0.162, -0.090, -0.049, -0.046, -0.010, -0.431, -0.261, 0.134, 0.019, 0.175, 0.056, 0.045, 0.103,
         0.121, -0.482, 0.290, 0.342],
        [0.016, 0.015, 0.050, 0.050, 0.032, 0.052, 0.036, 0.024, 0.034, 0.033, 0.031, 0.034, 0.039, 0.167, 0.134,
         0.096, 0.016, 0.035],
    )  # fmt: skip
    for d, row in ((one, first), (two, second)):
        r = pool(d, method)
        assert rounded(r.tau2, 3) + rounded([r.I2, r.H2], 2) == row


def test_henmi_copas_2010_page_2978() -> None:
    """Henmi and Copas, Stat Med 2010;29:2969, page 2978: acupuncture point stimulation against nausea."""
    r = pool(effect_sizes("OR", DATA["lee2004"]), "DL")
    assert rounded([r.tau2, r.estimate, r.ci_low, r.ci_high], 4) == [0.3325, -0.6787, -1.0664, -0.2911]


def test_berkey_1995_page_408() -> None:
    """Berkey et al., Stat Med 1995;14:395, page 408: empirical Bayes, which solves the Paule-Mandel equation."""
    b = DATA["bcg"]
    tpos, cpos = np.array(b["ai"], float), np.array(b["ci"], float)
    n1, n2 = np.array(b["n1i"], float), np.array(b["n2i"], float)
    y = effect_sizes("RR", b).yi
    v = np.sum((n1 - tpos) / tpos) / (13 * n1) + np.sum((n2 - cpos) / cpos) / (13 * n2)
    d = generic(list(y), list(v))
    r = pool(d, "PM")
    assert rounded([r.estimate, r.se], 4) + rounded(r.tau2, 3) == [-0.5429, 0.1842, 0.268]
    latitude = {"latitude": np.array(DATA["bcg_latitude"]) - 33.46}
    m, fixed = regress(d, latitude, "PM"), regress(d, latitude, "CE")
    assert rounded([c.estimate for c in m.coefficients], 4) == [-0.6303, -0.0268]
    assert rounded([c.se for c in m.coefficients], 4) == [0.1591, 0.0110]
    assert rounded(m.tau2, 3) == [0.157]
    assert rounded([c.estimate for c in fixed.coefficients], 4) == [-0.5949, -0.0282]


def test_law_2016_example_2_network() -> None:
    """Law, Jackson et al., BMC Med Res Methodol 2016;16:87, example 2 (witness: metafor's suite)."""
    two_arm = [
        ("1", "A", "B", -3.61988658, 0.9672619), ("2", "B", "C", 0.0, 0.4), ("3", "B", "C", 0.19342045, 0.24987648),
        ("4", "B", "C", 2.79320801, 0.61904762), ("5", "B", "C", 0.24512246, 0.27958937),
        ("6", "B", "C", 0.03748309, 0.23845689), ("7", "B", "D", 0.86020127, 0.04321419),
        ("8", "B", "D", 0.14310084, 0.47692308), ("9", "C", "D", 0.07598591, 0.18416468),
        ("10", "C", "D", -0.99039870, 0.61978022),
    ]  # fmt: skip
    three_arm = [
        ("11", ("A", "B", "D"), [-1.74085310, 0.34830670], [[0.12650164, 0.07397504], [0.07397504, 0.1583906]]),
        ("12", ("B", "C", "D"), [0.40546510, 1.91692260], [[0.389881, 0.2857143], [0.2857143, 0.5151261]]),
        ("13", ("B", "C", "D"), [-0.32850410, 1.07329450], [[0.4361111, 0.2111111], [0.2111111, 0.5380342]]),
    ]
    studies = [NetworkStudy(s, (a, b), np.array([y]), np.array([[v]])) for s, a, b, y, v in two_arm]
    studies += [NetworkStudy(s, arms, np.array(y), np.array(v)) for s, arms, y, v in three_arm]
    (part,) = network_meta_analysis(studies, reference="A").components
    assert rounded(part.tau2, 4) == [0.5482]
    assert rounded([part.compare(t, "A").estimate for t in "BCD"], 4) == [-1.8847, -1.3366, -0.7402]
