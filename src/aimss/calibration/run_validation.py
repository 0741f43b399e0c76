"""One call for `aimss validate`: the shipped targets or a user's file, scored, with the record of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aimss.body.parameters import Parameters
from aimss.calibration.arms import Arm
from aimss.calibration.target import Target
from aimss.calibration.validation import DRAWS, SEED, Scored


def validate(
    targets_file: Path | None = None,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    peers: bool = True,
    parameters: Parameters | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[list[Scored], dict[str, Any]]:
    """Score the shipped targets, or those of a file, under the shipped parameters; nothing is fitted again.

    parameters : others of the bone half, such as the first fit; the joint half keeps its own.
    Returns the scored targets and the record of the run. Raises TargetError, InputFileError or EngineError.
    """
    from aimss.calibration.predict import is_bone
    from aimss.calibration.unanswerable import no_answer
    from aimss.calibration.validation import score_bone

    arms: Mapping[str, Arm]
    all_targets: tuple[Target, ...]
    if targets_file is None:
        from aimss.calibration.targets_shipped import bone_arms, bone_targets

        arms, all_targets = bone_arms(), bone_targets()
    else:
        from aimss.calibration.target_files import read_targets

        given = read_targets(targets_file)
        arms, all_targets = given.arms, given.targets
    unanswered = {t.id: reason for t in all_targets if (reason := no_answer(arms, t))}
    all_targets = tuple(t for t in all_targets if t.id not in unanswered)
    bone = [t for t in all_targets if is_bone(t)]
    scored = score_bone(arms, bone, parameters=parameters, draws=draws, seed=seed, peers=peers, progress=progress)
    record = run_record(targets_file, draws, seed, parameters)
    rest = [t for t in all_targets if not is_bone(t)]
    if targets_file is None:
        from aimss.calibration.joint_validation import score_shipped

        progress("joint symptoms and stopping")
        return [*scored, *score_shipped()], record
    if rest:
        from aimss.calibration.joint_validation import score_joint

        joint, too = score_joint(arms, rest)
        unanswered |= too
        scored = [*scored, *joint]
    if unanswered:
        record["unanswered"] = unanswered
    return scored, record


def run_record(
    targets_file: Path | None, draws: int, seed: int, parameters: Parameters | None = None
) -> dict[str, Any]:
    """Return what made the numbers: version, hash of the parameters, spread between trials, draws and seed."""
    from importlib.metadata import version

    from aimss.body.between_trials import between_trial_scales
    from aimss.body.parameters import default
    from aimss.forecast.run_record import parameters_sha256

    command = "aimss validate" + (f" --targets {targets_file.name}" if targets_file else "")
    if parameters is not None and parameters is not default():
        command += " --first-fit"
    return {
        "command": command,
        "aimss": version("aimss"),
        "parameters_sha256": parameters_sha256(parameters or default()),
        "spread_between_trials": between_trial_scales(),
        "draws": draws,
        "seed": seed,
    }
