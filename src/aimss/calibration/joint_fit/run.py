"""The command's part of the joint fit: run, write, and the two checks that may be asked for."""

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
    leave_one_out: bool = False,
    simulate: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[list[Path], list[str]]:
    """Fit the joint half and write its files; return their paths and what forbids shipping (nothing if sound).

    Raises RunError where the extra `bayes` is not installed.
    """
    require_bayes()
    from aimss.calibration.joint_fit.fit import calibrate_joint, kept
    from aimss.calibration.joint_fit.results import table, write
    from aimss.calibration.joint_fit.sampler import Settings

    fit = calibrate_joint(Settings(chains, draws, warmup, seed), progress)
    paths = write(fit, out)
    if leave_one_out:
        from aimss.calibration.joint_fit.held_out import held_out

        rows = held_out(fit.model, kept(fit.latent), seed=seed, progress=progress)
        paths.append(out / "held_out.csv")
        paths[-1].write_text(table(rows), encoding="utf-8")
    if simulate:
        from aimss.calibration.joint_fit.simulated import simulation_check

        checked = simulation_check(fit.model, simulate, seed, progress=progress)
        paths.append(out / "simulated.csv")
        paths[-1].write_text(table(checked), encoding="utf-8")
    return paths, fit.faults
