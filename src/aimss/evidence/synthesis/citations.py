"""References of the methods, by the key under which a result asks for them."""

from __future__ import annotations

from collections.abc import Iterable

REFERENCES = {
    "CE": "Cochran WG. The combination of estimates from different experiments. Biometrics 1954;10:101-129.",
    "DL": "DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials 1986;7:177-188.",
    "PM": "Paule RC, Mandel J. Consensus values and weighting factors. J Res Natl Bur Stand 1982;87:377-385.",
    "REML": "Viechtbauer W. Bias and efficiency of meta-analytic variance estimators in the random-effects model. "
    "J Educ Behav Stat 2005;30:261-293.",
    "ML": "Hardy RJ, Thompson SG. A likelihood approach to meta-analysis with random effects. "
    "Stat Med 1996;15:619-629.",
    "GLMM": "Stijnen T, Hamza TH, Ozdemir P. Random effects meta-analysis of event outcome in the framework of the "
    "generalized linear mixed model with applications in sparse data. Stat Med 2010;29:3046-3067.",
    "knha": "Knapp G, Hartung J. Improved tests for a random effects meta-regression with a single covariate. "
    "Stat Med 2003;22:2693-2710.",
    "qprofile": "Viechtbauer W. Confidence intervals for the amount of heterogeneity in meta-analysis. "
    "Stat Med 2007;26:37-52.",
    "prediction": "Higgins JPT, Thompson SG, Spiegelhalter DJ. A re-evaluation of random-effects meta-analysis. "
    "J R Stat Soc A 2009;172:137-159.",
    "I2": "Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat Med 2002;21:1539-1558.",
    "SMD": "Hedges LV. Distribution theory for Glass's estimator of effect size and related estimators. "
    "J Educ Stat 1981;6:107-128.",
    "PFT": "Freeman MF, Tukey JW. Transformations related to the angular and the square root. "
    "Ann Math Stat 1950;21:607-611. Inverse: Miller JJ. Am Stat 1978;32:138.",
    "egger": "Egger M, Davey Smith G, Schneider M, Minder C. Bias in meta-analysis detected by a simple, graphical "
    "test. BMJ 1997;315:629-634.",
    "trimfill": "Duval S, Tweedie R. Trim and fill: a simple funnel-plot-based method of testing and adjusting for "
    "publication bias in meta-analysis. Biometrics 2000;56:455-463.",
    "influence": "Viechtbauer W, Cheung MW-L. Outlier and influence diagnostics for meta-analysis. "
    "Res Synth Methods 2010;1:112-125.",
    "network": "Salanti G. Indirect and mixed-treatment comparison, network, or multiple-treatments meta-analysis. "
    "Res Synth Methods 2012;3:80-97.",
    "pscore": "Rücker G, Schwarzer G. Ranking treatments in frequentist network meta-analysis works without "
    "resampling methods. BMC Med Res Methodol 2015;15:58.",
    "design": "Higgins JPT, Jackson D, Barrett JK, et al. Consistency and inconsistency in network meta-analysis. "
    "Res Synth Methods 2012;3:98-110.",
    "split": "Dias S, Welton NJ, Caldwell DM, Ades AE. Checking consistency in mixed treatment comparison "
    "meta-analysis. Stat Med 2010;29:932-944.",
    "bayes": "Röver C. Bayesian random-effects meta-analysis using the bayesmeta R package. "
    "J Stat Softw 2020;93(6):1-51.",
}


def citations_for(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the references of the given keys once each, in order; a key without a reference adds none."""
    return tuple(dict.fromkeys(REFERENCES[k] for k in keys if k in REFERENCES))
