"""What a joint fit leaves behind: the archive of draws, the table of parameters, and how far to trust them."""

from __future__ import annotations

import hashlib
import io
import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aimss.calibration.joint_fit.fit import JointFit, kept
from aimss.calibration.joint_fit.priors import priors
from aimss.calibration.joint_fit.remedies import ORAL
from aimss.calibration.joint_fit.stopping import NEW, OTHER, PAIN
from aimss.calibration.joint_fit.untreated import UNTREATED
from aimss.calibration.tables import Line, as_csv, renewed

INFORMED, PARTLY = 0.5, 0.8


def archive(fit: JointFit) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of `body/joint_draws.npz`, in single precision as they ship."""
    latent, remedy, stopping = (kept(s) for s in (fit.latent, fit.remedy, fit.persistence))
    out: dict[str, NDArray[np.generic]] = {}
    for name, values in latent.items():
        if name != "trial_report_probit":
            out[f"latent/{name}"] = values.astype(np.float32)
    for name in (*priors("remedy"), *ORAL):
        out[f"remedy/{name}"] = remedy[name].astype(np.float32)
    for name in priors("persistence"):
        out[f"persistence/{name}"] = stopping[name].astype(np.float32)
    for setting in (*fit.stopping.settings, NEW):
        for name in (PAIN + setting, OTHER + setting):
            if fit.stopping.reported(name):
                out[f"persistence/{name}"] = stopping[name].astype(np.float32)
    out["labels/trials"] = np.array(fit.model.predictor.trials)
    out["labels/surveys"] = np.array(fit.model.predictor.surveys)
    return out


def archive_bytes(fit: JointFit) -> bytes:
    """Return the archive as the bytes of an npz file; they hold no time of writing."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **archive(fit))  # type: ignore[arg-type]
    return stream.getvalue()


def _all_draws(fit: JointFit) -> dict[str, NDArray[np.float64]]:
    found: dict[str, NDArray[np.float64]] = {}
    for stage in fit.stages.values():
        found |= {name: v for name, v in stage.flat.items() if v.ndim == 1}
    return found


def parameter_table(fit: JointFit) -> str:
    """Return `joint_parameters.csv` with the fitted lines (status E) renewed and all others as they are."""
    draws, told = _all_draws(fit), {row["name"]: row for row in identifiability(fit)}

    def renew(row: Line) -> Line:
        if row["status"] != "E":
            return {}
        low, median, high = np.quantile(draws[row["name"]], [0.025, 0.5, 0.975])
        values = {"value": f"{median:.4g}", "ci95_low": f"{low:.4g}", "ci95_high": f"{high:.4g}"}
        return values | {"basis": _basis(row["name"], told)}

    return renewed("joint_parameters.csv", renew)


def _basis(name: str, told: dict[str, dict[str, Any]]) -> str:
    if name not in told:
        return "one of the oral remedies: drawn to the mean of their class"
    row = told[name]
    return f"prior {row['prior']}; {row['verdict']} (posterior SD over prior SD {row['ratio']:.2f})"


def identifiability(fit: JointFit) -> list[dict[str, Any]]:
    """Return posterior over prior SD of every parameter, on the scale of its prior (log for a lognormal)."""
    draws, rows = _all_draws(fit), []
    for stage in fit.stages:
        for name, prior in priors(stage).items():
            before, after = prior.sd(), prior.sd(draws[name])
            ratio = after / before
            verdict = "informed" if ratio < INFORMED else "partly informed" if ratio < PARTLY else "prior mostly"
            words = f"{prior.distribution}({prior.location:g}, {prior.scale:g})"
            rows.append(
                {
                    "name": name, "stage": stage, "prior": words, "prior_sd": before, "posterior_sd": after,
                    "ratio": ratio, "verdict": verdict,
                }
            )  # fmt: skip
    return sorted(rows, key=lambda r: -r["ratio"])


def diagnostics(fit: JointFit) -> list[dict[str, Any]]:
    """Return R-hat and effective sample size of every scalar, the worst first."""
    return sorted((r for s in fit.stages.values() for r in s.diagnostics()), key=lambda r: -r["r_hat"])


def target_rows(fit: JointFit) -> list[dict[str, Any]]:
    """Return what the kept draws of the latent course say of every target that they were fitted to."""
    draws = {name: jnp.asarray(v) for name, v in kept(fit.latent).items()}
    shares, changes = jax.jit(lambda d: jax.lax.map(fit.model.predictor, d))(draws)
    predicted = np.concatenate([np.asarray(shares), np.asarray(changes)], axis=1)
    names = [(t.study, t.definition, t.arm, t.week, t.observed) for t in fit.model.predictor.targets]
    names += [(u.study, "change without treatment", "no remedy", u.weeks, u.observed) for u in UNTREATED]
    low, median, high = np.quantile(predicted, [0.025, 0.5, 0.975], axis=0)
    return [
        {
            "study": study, "definition": definition, "arm": arm, "week": week, "observed": observed,
            "predicted": float(median[i]), "low95": float(low[i]), "high95": float(high[i]),
        }
        for i, (study, definition, arm, week, observed) in enumerate(names)
    ]  # fmt: skip


def provenance(fit: JointFit, made: dict[str, bytes]) -> dict[str, Any]:
    """Return what the files were made of and by what: hashes, versions, settings and how the chains agreed."""
    folder, body = files("aimss.calibration.joint_fit"), files("aimss.body")
    inputs = {name: folder / name for name in ("priors.csv", "remedy_results.csv")}
    inputs |= {name: body / name for name in ("joint_targets.csv", "persistence_targets.csv")}
    settings = fit.latent.settings
    stages = {}
    for name, stage in fit.stages.items():
        r_hat, least, divergences = stage.worst()
        stages[name] = {
            "highest_r_hat": round(r_hat, 5), "least_effective_sample_size": round(least, 1),
            "divergences": divergences, "leapfrog_steps_a_draw": round(float(stage.steps.mean()), 1),
            "seconds": round(stage.seconds),
        }  # fmt: skip
    return {
        "command": f"aimss calibrate --part joint --chains {settings.chains} --draws {settings.draws} "
        f"--warmup {settings.warmup} --seed {settings.seed}",
        "inputs_sha256": {k: hashlib.sha256(v.read_bytes()).hexdigest() for k, v in inputs.items()},
        "result_sha256": {k: hashlib.sha256(v).hexdigest() for k, v in made.items()},
        "versions": {name: version(name) for name in ("jax", "jaxlib", "numpyro", "numpy", "scipy")},
        "stages": stages,
        "faults": fit.faults,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return rows as CSV text, numbers to six digits."""
    return as_csv(rows, 6)


def write(fit: JointFit, folder: Path) -> list[Path]:
    """Write draws, parameters, diagnostics, identifiability, targets and provenance; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {
        "joint_draws.npz": archive_bytes(fit),
        "joint_parameters.csv": parameter_table(fit).encode(),
        "diagnostics.csv": table(diagnostics(fit)).encode(),
        "identifiability.csv": table(identifiability(fit)).encode(),
        "targets.csv": table(target_rows(fit)).encode(),
    }
    record = json.dumps(provenance(fit, made), indent=1) + "\n"
    for name, content in (made | {"provenance.json": record.encode()}).items():
        (folder / name).write_bytes(content)
    return [folder / name for name in [*made, "provenance.json"]]
