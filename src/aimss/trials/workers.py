"""Chunks over processes of this machine; a worker that dies costs its chunk's time, not the run."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from aimss.errors import RunError
from aimss.trials.chunk import Chunk, run_chunk
from aimss.trials.job import Job

Task = tuple[int, int]
MOST_DEATHS = 5  # in a row without a finished chunk

_job: Job | None = None


def _begin(job: Job) -> None:
    global _job  # noqa: PLW0603 - one job a worker process, sent once
    _job = job


def _work(task: Task) -> Chunk:
    assert _job is not None
    return run_chunk(_job, *task)


def worker_count(workers: int | None) -> int:
    """Return how many processes to use: as asked, else as many as this process may use."""
    return (
        workers
        if workers
        else len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )


def run_here(job: Job, tasks: Sequence[Task], workers: int, note: Callable[[str], None]) -> Iterator[Chunk]:
    """Yield the chunks as they are done, in any order; RunError if workers keep dying."""
    if workers == 1:
        for task in tasks:
            yield run_chunk(job, *task)
        return
    todo, deaths = deque(tasks), 0
    while todo:
        for chunk in _one_pool(job, todo, min(workers, len(todo))):
            deaths = 0
            yield chunk
        if todo:
            deaths += 1
            if deaths >= MOST_DEATHS:
                raise RunError(
                    "workers", "processes that live", f"{deaths} pools that died one after another",
                    "Out of memory? Use fewer --workers; then go on with --resume.",
                )  # fmt: skip
            note("a worker died; its chunks are done again")


def _one_pool(job: Job, todo: deque[Task], workers: int) -> Iterator[Chunk]:
    """Work off `todo` until it is empty or the pool breaks; what is not yielded goes back into it."""
    running: dict[Future[Chunk], Task] = {}
    # spawn: a fork of a process with threads may hang
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(job,))
    try:
        while todo or running:
            while todo and len(running) < 2 * workers:
                # off the list only once the pool has it: a broken one refuses
                running[pool.submit(_work, todo[0])] = todo[0]
                todo.popleft()
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                chunk = future.result()
                del running[future]
                yield chunk
    except BrokenProcessPool:
        pass
    finally:
        todo.extendleft(sorted(running.values(), reverse=True))
        pool.shutdown(wait=True, cancel_futures=True)
