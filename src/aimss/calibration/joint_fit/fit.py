"""`aimss calibrate --part joint`: the three stages one after the other, each given the one before ("cut").

A: the latent course and how it is reported. C: remedies, which share nothing with A but the scale. D: stopping, with
the latent course at the mean of A. Import only after `extra.require_bayes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aimss.calibration.joint_fit.latent import LatentModel
from aimss.calibration.joint_fit.remedies import remedy_model
from aimss.calibration.joint_fit.sampler import Draws, Sampled, Settings, sample
from aimss.calibration.joint_fit.stopping import StoppingModel

KEPT = {"latent": 500, "remedy": 300, "persistence": 200}
HIGHEST_R_HAT = 1.01


@dataclass(frozen=True, eq=False)
class JointFit:
    """The sampled stages and the models that they were sampled from."""

    model: LatentModel
    stopping: StoppingModel
    latent: Sampled
    remedy: Sampled
    persistence: Sampled

    @property
    def stages(self) -> dict[str, Sampled]:
        """Return the stages by name."""
        return {"latent": self.latent, "remedy": self.remedy, "persistence": self.persistence}

    @property
    def faults(self) -> list[str]:
        """Return what forbids shipping: a stage whose chains disagree or diverged."""
        found = []
        for name, stage in self.stages.items():
            r_hat, _, divergences = stage.worst()
            if r_hat >= HIGHEST_R_HAT:
                found.append(f"{name}: R-hat {r_hat:.4f}, below {HIGHEST_R_HAT} wanted")
            if divergences:
                found.append(f"{name}: {divergences} divergences")
        return found


def kept(stage: Sampled) -> Draws:
    """Return the draws that ship: every so manieth of all chains, so that they are as far apart as can be."""
    flat = stage.flat
    total = len(next(iter(flat.values())))
    count = min(KEPT[stage.stage], total)
    places = [total * k // count for k in range(count)]
    return {name: values[places] for name, values in flat.items()}


def calibrate_joint(settings: Settings, progress: Callable[[str], None] = lambda _: None) -> JointFit:
    """Sample the three stages; the same settings and versions give the same draws on one machine."""
    model = LatentModel()
    latent = sample("latent", model, settings, progress=progress)
    remedy = sample("remedy", remedy_model, settings, progress=progress)
    stopping = StoppingModel(latent.flat)
    persistence = sample("persistence", stopping, settings, progress=progress)
    return JointFit(model, stopping, latent, remedy, persistence)
