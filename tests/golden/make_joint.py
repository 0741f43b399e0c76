"""Turn a fit of the joint model into what aimss ships, and into the golden numbers of tests/joint.

    python tests/golden/make_joint.py FIT_DIRECTORY

FIT_DIRECTORY holds parameters.csv, posterior_draws.npz, draw_labels.json, targets.csv and calibration_table.csv as the
calibration of the joint model wrote them (NumPyro NUTS, latent 500, remedy 300 and persistence 200 draws). Writes
src/aimss/body/joint_draws.npz, joint_parameters.csv, joint_targets.csv and tests/golden/joint.json. Symbols of the fit
become full names here and nowhere else.
"""

# ruff: noqa: E501 - tables of names and meanings
from __future__ import annotations

import csv
import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from aimss.errors import EvidenceError
from aimss.evidence.references import resolve, split_reference

ROOT = Path(__file__).resolve().parents[2]
BODY = ROOT / "src" / "aimss" / "body"
LATENT = {
    "mu_b": "trait_mean_points",
    "sd_b": "trait_sd_points",
    "sd_u": "fluctuation_sd_points",
    "tau_u": "fluctuation_time_weeks",
    "sd_e": "measurement_sd_points",
    "logit_pi": "susceptible_logit",
    "m_G": "amplitude_mean_points",
    "tau_A": "population_amplitude_log_sd",
    "tau_on": "onset_time_weeks",
    "kappa": "context_points",
    "d_tam": "tamoxifen_points",
    "c_S": "survey_threshold_points",
    "s_S": "survey_spread_points",
    "tau_S": "survey_between_study_sd_points",
    "s_AE": "adverse_event_spread_points",
    "mu_aAE": "adverse_event_intercept",
    "tau_aAE": "adverse_event_intercept_sd",
    "c_J": "notable_threshold_points",
    "d_nt": "no_treatment_drift_points",
    "a_AE": "trial_adverse_event_intercept",
    "eta_AE": "trial_amplitude_effect",
    "xi_S": "survey_threshold_effect",
    "eta_S": "survey_amplitude_effect",
    "xi_f": "fenlon2014_threshold_shift_points",
    "xi_f13": "fenlon2013_threshold_shift_points",
    "xi_m": "mskqol2014_threshold_shift_points",
    "xi_c": "hadji2014_threshold_shift_points",
    "eta_B": "prietoalhambra2011_amplitude_effect",
    "eta_C": "castel2013_amplitude_effect",
}
REMEDY = {
    "d_acu": "acupuncture",
    "d_dul": "duloxetine",
    "d_om3": "omega_3",
    "d_herb": "herbal_blue_citrus",
    "d_ncur": "nanoemulsion_curcumin",
    "d_testo": "testosterone",
    "d_emu": "topical_emu_oil",
    "d_vitd": "vitamin_d",
    "d_ex": "exercise",
    "m_oral": "oral_class_mean_points",
    "s_oral": "oral_class_sd_points",
    "tau_d": "between_trial_sd_points",
    "rho_pill": "pill_placebo_response_points",
    "rho_sham": "sham_response_points",
    "rho_open": "open_label_response_points",
    "tau_rho": "response_between_trial_sd_points",
    "mu_nt": "natural_course_points",
    "tau_nt": "natural_course_between_trial_sd_points",
}
PERSISTENCE = {
    "nu": "burden_exponent",
    "zeta": "pain_hazard_fading_months",
    "w_late": "late_share_of_other_hazard",
    "mu_lam": "pain_log_rate_mean",
    "sd_lam": "pain_log_rate_between_setting_sd",
    "mu_ho": "other_log_rate_mean",
    "sd_ho": "other_log_rate_between_setting_sd",
    "hr_exe": "exemestane_hazard_ratio_elph",
}
SETTINGS = {
    "elph": "henry2012",
    "chim": "chim2013",
    "laroche": "laroche2014",
    "egawa": "egawa2016_savs",
    "presant": "presant2007",
    "big": "chirgwin2016",
    "her": "hershman2011",
    "ma27": "ma27_goss2013",
    "ibis": "sestak2018_ibis2",
    "new": "new_setting",
}


MEANINGS = {
    "mu_b": "mean of the lasting background pain over women; below 0 means no pain",
    "sd_b": "spread of the lasting background pain between women",
    "sd_u": "spread of the ups and downs of pain within a woman",
    "tau_u": "time over which her ups and downs forget themselves",
    "sd_e": "spread of a recorded score about the pain felt",
    "logit_pi": "share of women whose joints respond to the fall of estradiol, as a logit",
    "m_G": "mean pain that full suppression adds in a susceptible woman",
    "tau_A": "spread of the amplitude between populations or trials",
    "tau_on": "median time for the effect on the joints to build up",
    "kappa": "pain of starting adjuvant treatment knowingly, not due to estradiol; confounded with the amplitude",
    "d_tam": "change of pain on tamoxifen against nothing",
    "c_S": "rise of pain at which half of women say new or worse in a survey",
    "s_S": "spread of that threshold between women",
    "tau_S": "spread of that threshold between surveys",
    "s_AE": "rise of pain that moves an adverse-event report by one probit",
    "mu_aAE": "mean reluctance of trials to record joint pain as an adverse event",
    "tau_aAE": "spread of that reluctance between trials",
    "c_J": "pain at which half of women name joint pain themselves before treatment",
    "d_nt": "change without treatment in women selected for pain, beyond regression to the mean",
    "nu": "how steeply the hazard of stopping for pain rises with burden",
    "zeta": "time over which the hazard of stopping for pain fades in those who stay",
    "w_late": "share of the hazard of stopping for other reasons that lasts beyond the first year",
    "mu_lam": "mean over settings of the log hazard of stopping for pain at a burden of 3 points",
    "sd_lam": "spread of that hazard between settings",
    "mu_ho": "mean over settings of the log hazard of stopping for other reasons",
    "sd_ho": "spread of that hazard between settings",
    "hr_exe": "hazard ratio of stopping, exemestane against letrozole in one trial; off everywhere else",
}
REMEDY_MEANINGS = {
    "d_": "change of pain beyond the remedy's own placebo, sham or usual care",
    "m_oral": "mean specific effect of an oral remedy not yet tried",
    "s_oral": "spread of specific effects between oral remedies",
    "tau_d": "spread of a specific effect between trials",
    "rho_pill": "response to a placebo pill beyond the natural course",
    "rho_sham": "response to sham acupuncture beyond the natural course",
    "rho_open": "response to an open-label programme beyond the natural course; from a prior, not separable",
    "tau_rho": "spread of placebo and sham responses between trials",
    "mu_nt": "natural course in women selected for pain, mean over trials",
    "tau_nt": "spread of the natural course between trials",
}
# name: (symbol in the design, symbol in the fit or '', value if not in the fit, unit, meaning, distribution)
ASSUMED = {
    "full_suppression": ("X_ref", "", 0.90, "fraction", "fall of estradiol that counts as full suppression: below that of all three AIs, so that none hurts less by this model", ""),
    "onset_time_between_woman_log_sd": ("sd k", "sd_tau_on", None, "log SD", "spread of the onset time", ""),
    "offset_time_weeks": ("tau_off", "tau_off", None, "weeks", "median time of easing once estradiol is back", None),
    "offset_time_log_sd": ("sd tau_off", "", 0.5, "log SD", "spread of the time of easing", ""),
    "amplitude_log_sd": ("s_G", "s_G", None, "log SD", "spread of the amplitude among susceptible women", ""),
    "context_time_weeks": ("tau_ctx", "tau_ctx", None, "weeks", "time over which context pain builds up", ""),
    "burden_share_of_present_pain": ("w_V", "w_V", None, "share", "burden = share x pain + (1 - share) x rise", ""),
    "risk_share_specific_to_the_drug": ("omega", "omega_risk", None, "share", "share of a risk factor's effect that acts through susceptibility", "0 to 1 at choice"),
    "risk_slope": ("k", "k_risk", None, "-", "slope of logit susceptibility on logit report", ""),
    "remedy_proportionality": ("gamma", "gamma_prop", None, "power", "a remedy's effect grows with this power of present pain", ""),
    "reference_pain_points": ("P_ref", "P_ref", None, "points", "pain at entry of the remedy trials", ""),
    "amplitude_after_switch": ("m_switch", "m_switch", None, "factor", "amplitude on a second AI against the first; no randomised difference exists", None),
    "haq_per_point": ("beta_HAQ", "beta_HAQ", None, "HAQ per point", "HAQ rise a point of pain", None),
    "haq_per_point_log_sd": ("sd beta_HAQ", "", 0.3, "log SD", "uncertainty of the HAQ rise a point", ""),
    "haq_cut_low": ("cut_HAQ", "", 0.125, "HAQ", "lowest cut-off of studies", "Uniform(0.125, 0.4) with haq_cut_high"),
    "haq_cut_high": ("cut_HAQ", "", 0.4, "HAQ", "highest cut-off of studies", ""),
    "haq_spread": ("HAQ", "", 0.2, "HAQ", "spread of HAQ at a given pain", ""),
    "bodily_pain_cut_low": ("SF36-BP", "", 0.5, "points", "lowest rise counted as worse", "Uniform(0.5, 1.5) with bodily_pain_cut_high"),
    "bodily_pain_cut_high": ("SF36-BP", "", 1.5, "points", "highest rise counted as worse", ""),
    "bodily_pain_spread_points": ("SF36-BP", "", 1.2, "points", "spread of the SF-36 answer at a given rise", ""),
    "response_fading_weeks": ("T_off rho", "T_off_rho", None, "weeks", "fading of placebo and sham responses", None),
    "stopping_hazard_ratio_poor_sleep": ("Z sleep", "HR_stop_sleep", None, "HR", "poor sleep, hazard of stopping", None),
    "stopping_hazard_ratio_younger_age": ("Z age", "HR_stop_age_younger", None, "HR", "younger age; off by default", None),
    "stopping_hazard_ratio_prior_tamoxifen": ("Z tamoxifen", "HR_stop_prior_tam", None, "HR", "tamoxifen before; off by default", None),
    "stopping_hazard_ratio_taxane": ("Z taxane", "HR_stop_taxane", None, "HR", "taxane; off by default", None),
    "carpal_tunnel_rate_ratio": ("RR_CTS", "RR_CTS", None, "rate ratio", "carpal tunnel syndrome, AI against comparator; not linked to pain", None),
    "late_other_hazard_months": ("exp(-t/6)", "", 6.0, "months", "time over which the early hazard of other reasons fades", ""),
}  # fmt: skip
TIMES = {"dul": "duloxetine", "acu": "acupuncture", "ex": "exercise", "om3": "omega_3"}


def write_parameters(fit: dict[str, dict[str, str]]) -> None:
    lines = [
        ["name", "symbol", "value", "unit", "meaning", "distribution", "ci95_low", "ci95_high", "status", "source"]
    ]

    def fitted(symbol: str, name: str, meaning: str) -> None:
        row = fit[symbol]
        lines.append([name, symbol, row["value"], row["unit"], meaning, "draws of joint_draws.npz", row["lo95"],
                      row["hi95"], "E", row["source"]])  # fmt: skip

    for symbol, name in {**LATENT, **PERSISTENCE}.items():
        if symbol in fit:
            fitted(symbol, name, MEANINGS[symbol])
    for symbol, name in REMEDY.items():
        key = symbol if symbol in REMEDY_MEANINGS else "d_"
        fitted(symbol, name, REMEDY_MEANINGS[key])
    for name, (symbol, key, value, unit, meaning, distribution) in ASSUMED.items():
        row = fit[key] if key else {"value": value, "lo95": "", "hi95": "", "source": "assumption", "draw_as": ""}
        lines.append([name, symbol, row["value"], unit, meaning,
                      row["draw_as"] if distribution is None else distribution, row["lo95"], row["hi95"],
                      "D" if row.get("kind") == "derived" else "P", row["source"]])  # fmt: skip
    for short, remedy in TIMES.items():
        for edge in ("on", "off"):
            row = fit[f"T_{edge}_{short}"]
            lines.append([f"{remedy}_{edge}_weeks", f"T_{edge} {short}", row["value"], "weeks",
                          f"time for {remedy} to act" if edge == "on" else f"time for {remedy} to fade after its end",
                          row["draw_as"], row["lo95"], row["hi95"], "P", row["source"]])  # fmt: skip
            lines.append([f"{remedy}_{edge}_log_sd", f"sd T_{edge} {short}", row["sd"], "log SD",
                          f"uncertainty of {remedy}_{edge}_weeks", "", "", "", "P", "assumption"])  # fmt: skip
    lines.append(["response_fading_log_sd", "sd T_off rho", fit["T_off_rho"]["sd"], "log SD",
                  "uncertainty of response_fading_weeks", "", "", "", "P", "assumption"])  # fmt: skip
    for line in lines:
        line[-1] = line[-1].replace("models.md: ", "").replace("risk_map.py: ", "slope in this model: ")
    lines[0].append("basis")
    for line in lines[1:]:
        line[-1:] = split_source(line[0], line[-1])
    with (BODY / "joint_parameters.csv").open("w", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows(lines)


_STOPPING = "henry2012 chim2013 chirgwin2016 hershman2011 ma27_goss2013"
_ORAL = "S0927 BLUECITRUS NEC2024 A221102 SHAPIRO2016"
# Parameters whose fit names no study by id: the studies that inform them.
_NAMED = {
    "fluctuation_time_weeks": "HOPE MAO2014 PEACE",
    "pain_log_rate_between_setting_sd": "henry2012 chim2013 laroche2014 egawa2016_savs presant2007",
    "other_log_rate_between_setting_sd": f"{_STOPPING} sestak2018_ibis2",
    "acupuncture": "CREW2010 MAO2014 PEACE EXT_VICKERS2018",
    "oral_class_mean_points": _ORAL,
    "oral_class_sd_points": _ORAL,
    "between_trial_sd_points": f"{_ORAL} S1202 CREW2010 MAO2014 PEACE HOPE JUST2017",
    "response_between_trial_sd_points": "S0927 S1202 BLUECITRUS JUST2017 CHERRY2022 MAO2014 PEACE HOPE",
    "natural_course_between_trial_sd_points": "MAO2014 HOPE PEACE",
    "risk_slope": "crew2007 presant2007 dizdar2009 romero2020 boonstra2013 egawa2016_savs swenson2013",
    "duloxetine_off_weeks": "S1202",
}


def split_source(name: str, words: str) -> list[str]:
    """Return (ids of sources, what the fit says of them); an id that the library does not hold stays in the words only."""
    found = [part for part in split_reference(words) if not part[0].isdigit() and _resolves(part)]
    ids = _NAMED.get(name) or " ".join(found)
    return [ids.replace(" ", ";"), "" if ids == words else words]


def _resolves(part: str) -> bool:
    try:
        resolve(part)
    except EvidenceError:
        return False
    return True


def main(source: Path) -> None:
    fit = np.load(source / "posterior_draws.npz")
    labels = json.loads((source / "draw_labels.json").read_text())
    trials = [name for name in labels["A_a_AE, A_eta_AE (order)"] if not name.startswith("(")]
    surveys = labels["A_xi_S, A_eta_S (order)"]
    out: dict[str, np.ndarray] = {}
    for symbol, name in LATENT.items():
        values = fit["A_" + symbol]
        out["latent/" + name] = values[:, : len(trials)] if symbol in {"a_AE", "eta_AE"} else values
    for symbol, name in REMEDY.items():
        out["remedy/" + name] = fit["C_" + symbol]
    for symbol, name in PERSISTENCE.items():
        out["persistence/" + name] = fit["D_" + symbol]
    for symbol, name in SETTINGS.items():
        if "D_zl_" + symbol in fit:
            out["persistence/pain_setting_effect/" + name] = fit["D_zl_" + symbol]
        if "D_zo_" + symbol in fit:
            out["persistence/other_setting_effect/" + name] = fit["D_zo_" + symbol]
    out["labels/trials"] = np.array(trials)
    out["labels/surveys"] = np.array(surveys)
    target = BODY / "joint_draws.npz"
    np.savez_compressed(target, **out)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    print("joint_draws.npz sha256", digest)

    with (source / "targets.csv").open(newline="") as handle:
        targets = list(csv.DictReader(handle))
    with (BODY / "joint_targets.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, [*targets[0], "source"], lineterminator="\n")
        writer.writeheader()
        # The historical controls of ZAP are an arm, not a study.
        writer.writerows(
            {**row, "source": {"ZAP_HC": "ZAP-HC"}.get(row["study_id"], row["study_id"])} for row in targets
        )
    write_parameters({row["name"]: row for row in csv.DictReader((source / "parameters.csv").open())})
    table = {row["target"]: row for row in csv.DictReader((source / "calibration_table.csv").open())}
    golden = {
        "generator": "tests/golden/make_joint.py from the first fit of the joint model (500 latent draws)",
        "tolerance": 0.01,
        "calibration": {
            name: [float(row[k]) for k in ("observed", "fit_median", "fit_lo", "fit_hi")] for name, row in table.items()
        },
        "base_any_draws": [round(float(v), 6) for v in fit["A_p_base_any"][:50]],
        "base_mean_draws": [round(float(v), 6) for v in fit["A_base_mean"][:50]],
        "attributable_mean_week_52_draws": [round(float(v), 6) for v in fit["A_mean_attrib_52"][:50]],
        "new_setting_stopped_for_pain_12_months": [round(float(v), 6) for v in fit["D_new_pain12"]],
        "new_setting_stopped_12_months": [round(float(v), 6) for v in fit["D_new_total12"]],
        "new_setting_stopped_60_months": [round(float(v), 6) for v in fit["D_new_total60"]],
    }
    (ROOT / "tests" / "golden" / "joint.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
