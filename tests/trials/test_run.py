from __future__ import annotations

import errno
import json
import os
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimss.errors import RunError
from aimss.trials import chunk, store, workers
from aimss.trials.chunk import run_chunk
from aimss.trials.design import TrialDesign
from aimss.trials.job import Job, balanced_arms
from aimss.trials.run import run_trial
from aimss.trials.store import Folder, pack, unpack
from tests.trials.conftest import make


def digest(design: TrialDesign, seed: int = 1, **how: Any) -> str:
    return run_trial(design, seed, **{"workers": 1, **how}).digest


def test_same_seed_same_bytes_at_any_chunk_size(everything: TrialDesign) -> None:
    whole = digest(everything)
    assert digest(everything, chunk_women=37) == whole
    assert digest(everything, chunk_women=113) == whole
    assert digest(everything, seed=2) != whole


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 299), min_size=1, max_size=4, unique=True))
def test_a_woman_s_row_is_hers_wherever_the_cuts_fall(cuts: list[int]) -> None:
    job = Job(make(allocation="crossover"), 5)
    whole = run_chunk(job, 0, 300).columns
    edges = [0, *sorted(cuts), 300]
    parts = [run_chunk(job, a, b - a).columns for a, b in pairwise(edges)]
    for key, values in whole.items():
        assert np.concatenate([p[key] for p in parts], axis=1).tobytes() == values.tobytes(), key


def test_two_processes_give_the_same_bytes(small: TrialDesign) -> None:
    assert digest(small, workers=2, chunk_women=60) == digest(small)


def test_arms_are_balanced_within_strata() -> None:
    design = make(stratify_by=["t_score_lowest < -2", "prior_fracture"], n=301, replicates=2)
    job = Job(design, 3)
    arms = balanced_arms(job)
    from aimss.trials.job import strata

    found = strata(design, job.women(0, design.total))
    for replicate in (slice(0, 301), slice(301, 602)):
        for code in np.unique(found):
            count = np.bincount(arms[replicate][found[replicate] == code], minlength=2)
            assert abs(int(count[0]) - int(count[1])) <= 1


def test_blocks_hold_every_arm_once(small: TrialDesign) -> None:
    arms = Job(small, 1).arms_of(0, 300).reshape(-1, 2)
    assert (arms.sum(axis=1) == 1).all()
    assert 40 < arms[:, 0].sum() < 110


def test_a_run_goes_on_where_it_stopped(small: TrialDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def breaks(job: Job, first: int, count: int) -> chunk.Chunk:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(first)
        return run_chunk(job, first, count)

    monkeypatch.setattr(workers, "run_chunk", breaks)
    with pytest.raises(KeyboardInterrupt):
        run_trial(small, 1, workers=1, out=tmp_path, chunk_women=60)
    assert len(list((tmp_path / "chunks").iterdir())) == 2
    monkeypatch.setattr(workers, "run_chunk", lambda *a: made.append(a[1]) or run_chunk(*a))
    resumed = run_trial(small, 1, workers=1, out=tmp_path, resume=True, chunk_women=60)
    assert sorted(made) == [0, 60, 120, 180, 240]
    assert resumed.digest == digest(small)
    assert resumed.counts["women"] == 300


def test_a_folder_is_one_run_s(small: TrialDesign, tmp_path: Path) -> None:
    run_trial(small, 1, workers=1, out=tmp_path)
    for design, seed, resume, words in (
        (small, 1, False, "Add --resume"),
        (small, 2, True, "another seed"),
        (make(horizon_years=3), 1, True, "another design_sha256"),
    ):
        with pytest.raises(RunError, match=words):
            run_trial(design, seed, workers=1, out=tmp_path, resume=resume)


def test_two_processes_do_not_share_a_folder(small: TrialDesign, tmp_path: Path) -> None:
    held = Folder(tmp_path)
    held.open({"run": 1}, resume=False)
    with pytest.raises(RunError, match="no other process"):
        run_trial(small, 1, workers=1, out=tmp_path)
    held.close()


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_chunk_is_made_anew(small: TrialDesign, tmp_path: Path, damage: str) -> None:
    whole = run_trial(small, 1, workers=1, out=tmp_path, chunk_women=100)
    file = tmp_path / "chunks" / f"{100:012d}.chunk"
    raw = bytearray(file.read_bytes())
    if damage == "flip":
        raw[len(raw) // 2] ^= 1
    file.write_bytes({"cut": raw[: len(raw) // 2], "flip": raw, "empty": b"", "other": b"not a chunk"}[damage])
    (tmp_path / "chunks" / "000000000200.chunk.part").write_bytes(b"half a chunk")
    told: list[str] = []
    again = run_trial(small, 1, workers=1, out=tmp_path, resume=True, chunk_women=100, note=told.append)
    assert again.digest == whole.digest
    assert "damaged" in told[0]
    assert not list((tmp_path / "chunks").glob("*.part"))


def test_a_chunk_that_cannot_be_read_is_told(small: TrialDesign, tmp_path: Path) -> None:
    data = run_trial(small, 1, workers=1, out=tmp_path)
    file = tmp_path / "chunks" / f"{0:012d}.chunk"
    file.write_bytes(b"")
    with pytest.raises(RunError, match="--resume"):
        data.column("end/cause")
    with pytest.raises(RunError, match="--resume"):
        data.folder.read(0)


def test_a_full_disk_leaves_nothing_half_visible(
    small: TrialDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = os.fsync, [0]

    def full(handle: int) -> None:
        written[0] += 1
        if written[0] > 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(RunError, match="a full disk") as caught:
        run_trial(small, 1, workers=1, out=tmp_path, chunk_women=60)
    assert caught.value.exit_code == 13
    names = sorted(f.name for f in (tmp_path / "chunks").iterdir())
    assert names
    assert all(name.endswith(".chunk") for name in names)
    for name in names:
        unpack((tmp_path / "chunks" / name).read_bytes())
    monkeypatch.setattr(store.os, "fsync", real)
    assert run_trial(small, 1, workers=1, out=tmp_path, resume=True, chunk_women=60).digest == digest(small)


def _dies_once(job: Job, first: int, count: int) -> chunk.Chunk:
    marker = Path(os.environ["AIMSS_TEST_MARKER"])
    if first == 120 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), 9)
    return run_chunk(job, first, count)


def _always_dies(job: Job, first: int, count: int) -> chunk.Chunk:
    os.kill(os.getpid(), 9)
    raise AssertionError


def _begin_dying(job: Job) -> None:
    workers._begin(job)
    workers.run_chunk = _dies_once


def _begin_always_dying(job: Job) -> None:
    workers._begin(job)
    workers.run_chunk = _always_dies


def test_a_worker_that_dies_costs_no_woman(small: TrialDesign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIMSS_TEST_MARKER", str(tmp_path / "died"))
    original = workers.ProcessPoolExecutor
    monkeypatch.setattr(
        workers, "ProcessPoolExecutor", lambda n, ctx, initializer, initargs: original(
            n, ctx, initializer=_begin_dying, initargs=initargs)
    )  # fmt: skip
    told: list[str] = []
    found = run_trial(small, 1, workers=2, chunk_women=60, note=told.append)
    assert found.digest == digest(small)
    assert told == ["a worker died; its chunks are done again"]


class _BreaksAtTheThird:
    """A pool that works in this process and breaks when the third chunk is handed to it, once."""

    handed = 0

    def __init__(self, *_: Any, initializer: Any, initargs: Any) -> None:
        initializer(*initargs)

    def submit(self, work: Any, task: Any) -> Future[chunk.Chunk]:
        type(self).handed += 1
        if self.handed == 3:
            raise BrokenProcessPool
        done: Future[chunk.Chunk] = Future()
        done.set_result(work(task))
        return done

    def shutdown(self, **_: Any) -> None:
        pass


def test_a_pool_that_breaks_while_it_is_handed_work_loses_none(
    small: TrialDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "ProcessPoolExecutor", _BreaksAtTheThird)
    assert digest(small, workers=2, chunk_women=60) == digest(small)
    assert _BreaksAtTheThird.handed > 5


def test_workers_that_keep_dying_are_told(small: TrialDesign, monkeypatch: pytest.MonkeyPatch) -> None:
    original = workers.ProcessPoolExecutor
    monkeypatch.setattr(workers, "MOST_DEATHS", 1)
    monkeypatch.setattr(
        workers, "ProcessPoolExecutor", lambda n, ctx, initializer, initargs: original(
            n, ctx, initializer=_begin_always_dying, initargs=initargs)
    )  # fmt: skip
    with pytest.raises(RunError, match="Out of memory"):
        run_trial(small, 1, workers=2, chunk_women=60)


def test_no_decision_reads_the_clock(small: TrialDesign, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = digest(small)
    jumps = iter(range(10**9, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: float(next(jumps)))
    assert digest(small, out=tmp_path, chunk_women=60) == before
    for file in tmp_path.rglob("*"):
        os.utime(file, (0, 0))
    assert digest(small, out=tmp_path, resume=True, chunk_women=60) == before


def test_chunks_keep_every_type() -> None:
    columns = {"a/b": np.array([[1.5, np.nan]], dtype=np.float32), "c": np.array([[3, 4]], dtype=np.uint8)}
    found = unpack(pack(chunk.Chunk(7, 2, columns, {"women": 2})))
    assert (found.first, found.count, found.counts) == (7, 2, {"women": 2})
    for key, values in columns.items():
        assert found.columns[key].tobytes() == values.tobytes()
        assert found.columns[key].dtype == values.dtype


def test_the_manifest_names_the_run(small: TrialDesign, tmp_path: Path) -> None:
    found = run_trial(small, 4, workers=1, out=tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert (manifest["seed"], manifest["women"], manifest["design_sha256"]) == (4, 300, found.design_sha256)
