"""Running a trial: chunks made anywhere, put into the folder as they come, read back in order."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import EngineError
from aimss.forecast.run_record import parameters_sha256, sha256_of
from aimss.trials.chunk import Chunk
from aimss.trials.design import CsvPopulation, TrialDesign
from aimss.trials.job import Job, balanced_arms
from aimss.trials.quiet import no_note, no_progress
from aimss.trials.store import Folder
from aimss.trials.workers import run_here, worker_count

CHUNK_WOMEN = 4096
LARGEST_FAILED_SHARE = 0.05
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Data:
    """All endpoint data of a run, on the disk; one column at a time comes into memory.

    `counts` adds up over all women; `digest` is the hash of all columns in the order of the women.
    """

    design: TrialDesign
    seed: int
    folder: Folder
    starts: tuple[int, ...]
    counts: dict[str, int]
    keys: tuple[str, ...]
    digest: str
    design_sha256: str
    notes: tuple[str, ...]

    def column(self, key: str) -> NDArray[Any]:
        """Return one column, (arms or 1, women)."""
        return np.concatenate([self.folder.read_column(first, key) for first in self.starts], axis=1)


def design_sha256(job: Job) -> str:
    """Return the hash of everything that the numbers follow from except the seed: design, parameters, own women."""
    design = job.design
    own = ""
    if isinstance(design.population, CsvPopulation):
        own = hashlib.sha256(Path(design.population.csv).read_bytes()).hexdigest()
    written = design.model_dump(mode="json", by_alias=True)
    if own:
        written["population"] = own
    return sha256_of([written, parameters_sha256(job.parameters)])


def run_trial(
    design: TrialDesign,
    seed: int,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    out: Path | None = None,
    resume: bool = False,
    chunk_women: int = CHUNK_WOMEN,
    progress: Progress = no_progress,
    note: Callable[[str], None] = no_note,
) -> Data:
    """Run all women of a design and return their data; the same bytes for any workers, scheduler and chunk size.

    out : the folder to keep chunks in; None uses a temporary one, which lives as long as the process.
    Raises RunError (folder, disk, workers) and EngineError where too many women could not be solved.
    """
    job = Job(design, seed)
    if design.stratify_by:
        job.arm_of = balanced_arms(job)
    tasks = [(a, min(chunk_women, design.total - a)) for a in range(0, design.total, chunk_women)]
    sha = design_sha256(job)
    folder = Folder(out if out is not None else _temporary())
    folder.open(
        {"schema": "aimss-trial-run/1", "trial": design.name, "design_sha256": sha, "seed": seed,
         "version": version("aimss"), "chunk_women": chunk_women, "women": design.total},
        resume,
    )  # fmt: skip
    try:
        done = folder.done(dict(tasks))
        notes = [f"chunk of woman {first} was damaged and made anew" for first in folder.unreadable]
        for text in notes:
            note(text)
        todo = [task for task in tasks if task[0] not in done]
        finished = sum(count for first, count in tasks if first in done)
        progress(finished, design.total)
        for chunk in _chunks(job, todo, workers, scheduler, note):
            folder.write(chunk)
            finished += chunk.count
            progress(finished, design.total)
        return _collected(job, folder, tuple(first for first, _ in tasks), sha, tuple(notes))
    finally:
        folder.close()


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def _temporary() -> Path:
    _KEPT.append(tempfile.TemporaryDirectory(prefix="aimss-trial-"))
    return Path(_KEPT[-1].name)


def _chunks(
    job: Job, todo: list[tuple[int, int]], workers: int | None, scheduler: str | None, note: Callable[[str], None]
) -> Iterator[Chunk]:
    if scheduler is not None:
        from aimss.trials.cluster import run_on_cluster

        return run_on_cluster(job, todo, scheduler)
    count = min(worker_count(workers), max(1, len(todo)))
    if count > 1:
        from aimss.forecast.engine.kernel_cache import load_kernel

        load_kernel()  # compiled once here, so that the workers find it on the disk
    return run_here(job, todo, count, note)


def _collected(job: Job, folder: Folder, starts: tuple[int, ...], sha: str, notes: tuple[str, ...]) -> Data:
    """Read all chunks back once: add up the counts, hash every column in the order of the women."""
    counts: dict[str, int] = {}
    hashes: dict[str, Any] = {}
    for first in starts:
        chunk = folder.read(first)
        for name, number in chunk.counts.items():
            counts[name] = counts.get(name, 0) + number
        for key, values in chunk.columns.items():
            if key not in hashes:
                hashes[key] = [hashlib.sha256(f"{key} {values.dtype} ".encode()) for _ in values]
            for row, hashed in zip(values, hashes[key], strict=True):
                hashed.update(np.ascontiguousarray(row).tobytes())
    whole = hashlib.sha256()
    for key in sorted(hashes):
        for hashed in hashes[key]:
            whole.update(hashed.digest())
    failed, women = counts.get("failed", 0), counts["women"]
    if failed > LARGEST_FAILED_SHARE * women:
        raise EngineError("trial", "at least 95 % of the women solved", f"{failed} of {women} failed",
                          "Check the arms' drugs; if they are right, please report the design.")  # fmt: skip
    return Data(job.design, job.seed, folder, starts, counts, tuple(sorted(hashes)), whole.hexdigest(), sha, notes)
