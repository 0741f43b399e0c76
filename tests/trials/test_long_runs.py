"""Kill -9 at random moments, four processes, a Dask cluster: the same bytes as one process in one go."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from aimss.trials.design_reading import read_design
from aimss.trials.run import run_trial
from tests.trials.conftest import EVERYTHING, SMALL

_RUN = """
import sys
from aimss.trials.design_reading import read_design
from aimss.trials.run import run_trial
from pathlib import Path
if __name__ == "__main__":
    data = run_trial(read_design(sys.argv[1]), 1, workers=int(sys.argv[3]), out=Path(sys.argv[2]), resume=True,
                     chunk_women=50)
    print(data.digest)
"""


@pytest.mark.slow
def test_killed_at_20_random_moments_and_resumed(tmp_path: Path) -> None:
    file, script, out = tmp_path / "design.yaml", tmp_path / "run.py", tmp_path / "out"
    file.write_text(yaml.safe_dump({**EVERYTHING, "n": 3000}))
    script.write_text(_RUN)
    expected = run_trial(read_design(file), 1, workers=1).digest
    dice = random.Random(20)
    kills, last = 0, ""
    start_up = 2.0
    while True:
        process = subprocess.Popen([sys.executable, script, file, out, "1"], stdout=subprocess.PIPE, text=True)
        try:
            # once 20 moments are through it may finish
            last, _ = process.communicate(timeout=dice.uniform(0.5, start_up + 1.5) if kills < 20 else 600)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            continue
        if kills >= 20:
            break
        # done before the 20th: begin again in another folder, the count of kills goes on
        assert last.strip() == expected
        out = tmp_path / f"out{kills}-{time.monotonic_ns()}"
    assert last.strip() == expected
    assert kills == 20


@pytest.mark.slow
def test_four_processes() -> None:
    design = read_design({**EVERYTHING, "n": 600})
    assert run_trial(design, 1, workers=4, chunk_women=40).digest == run_trial(design, 1, workers=1).digest


@pytest.mark.slow
def test_a_local_dask_cluster() -> None:
    distributed = pytest.importorskip("distributed")
    design = read_design({**SMALL, "n": 600})
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        found = run_trial(design, 1, scheduler=cluster.scheduler_address, chunk_women=100)
    assert found.digest == run_trial(design, 1, workers=1).digest
