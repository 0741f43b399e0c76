"""The first fit of the joint model, which aimss once shipped, as a yardstick for our own (decision 0089).

    python tests/golden/make_joint.py FIT_DIRECTORY

FIT_DIRECTORY holds posterior_draws.npz, draw_labels.json and calibration_table.csv as the first calibration of the joint model wrote
them (NumPyro NUTS, latent 500, remedy 300 and persistence 200 draws). Writes joint_first_fit.npz (its draws under our names; one blind
trial's effects dropped) and joint.json (its published medians). Symbols of the first fit become full names here and nowhere else.
"""

# ruff: noqa: E501 - tables of names and meanings
from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
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
    np.savez_compressed(GOLDEN / "joint_first_fit.npz", **out)
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
    (GOLDEN / "joint.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
