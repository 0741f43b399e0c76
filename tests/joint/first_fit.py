"""The first fit of the joint model (tests/golden/make_joint.py): its draws and its published medians, a yardstick."""

import json
from pathlib import Path

import numpy as np

_FOLDER = Path(__file__).parents[1] / "golden"
PUBLISHED = json.loads((_FOLDER / "joint.json").read_text())


def first_fit(part):
    with np.load(_FOLDER / "joint_first_fit.npz") as archive:
        found = {n.removeprefix(part + "/"): archive[n] for n in archive.files if n.startswith(part + "/")}
    return {name: values.astype(np.float64) for name, values in found.items()}
