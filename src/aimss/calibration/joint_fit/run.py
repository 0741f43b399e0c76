"""The command's part of the joint fit: run, write, and the two checks that may be asked for, with the fit or alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aimss.calibration.joint_fit.extra import require_bayes


def run(
    out: Path,
    *,
    chains: int,
    draws: int,
    warmup: int,
    seed: int,
    from_shipped: bool = False,
    leave_one_out: bool = False,
    simulate: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[list[Path], list[str]]:
    """Fit the joint half and write its files; return their paths and what forbids shipping (nothing if sound).

    With `from_shipped` the shipped draws are checked and nothing is fitted. Raises RunError where the extra `bayes` is
    not installed.
    """
    require_bayes()
    from aimss.body.joint_draws import latent_draws
    from aimss.calibration.joint_fit.fit import calibrate_joint, kept
    from aimss.calibration.joint_fit.latent import LatentModel
    from aimss.calibration.joint_fit.results import table, write
    from aimss.calibration.joint_fit.sampler import Settings

    out.mkdir(parents=True, exist_ok=True)
    paths, faults = list[Path](), list[str]()
    if from_shipped:
        model, latent = LatentModel(), dict(latent_draws())
    else:
        fit = calibrate_joint(Settings(chains, draws, warmup, seed), progress)
        paths, faults = write(fit, out), fit.faults
        model, latent = fit.model, kept(fit.latent)
    if leave_one_out:
        from aimss.calibration.joint_fit.held_out import held_out

        rows = held_out(model, latent, seed=seed, progress=progress)
        paths.append(out / "held_out.csv")
        paths[-1].write_text(table(rows), encoding="utf-8")
    if simulate:
        found = simulated(out, simulate, seed, progress)
        paths += found[0]
        faults += found[1]
    return paths, faults


def simulated(out: Path, data_sets: int, seed: int, progress: Callable[[str], None]) -> tuple[list[Path], list[str]]:
    """Run simulated data sets of all stages, going on where `out` has some; return the files and what fails."""
    from aimss.calibration.joint_fit.results import table
    from aimss.calibration.joint_fit.simulated import ranks_of
    from aimss.calibration.joint_fit.simulated_stages import STAGES
    from aimss.calibration.joint_fit.simulated_table import collect, faults, summary

    rows, short = out / "simulated.csv", out / "simulated_summary.csv"
    for name, stage_of in STAGES.items():
        progress(f"{name}, simulated data sets: the first also compiles")
        stage = stage_of()
        settings = {"warmup": stage.length.warmup, "draws": stage.length.draws}
        collect(rows, name, data_sets, seed, settings, ranks_of(stage), progress)
    short.write_text(table(summary(rows)), encoding="utf-8")
    return [rows, short], faults(rows)
