"""Chunks on a Dask cluster; the only module that imports it (extra `cluster`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from aimss.errors import RunError
from aimss.trials.chunk import Chunk, run_chunk
from aimss.trials.job import Job

Task = tuple[int, int]


def run_on_cluster(job: Job, tasks: Sequence[Task], address: str) -> Iterator[Chunk]:
    """Yield the chunks as the cluster at an address (``tcp://host:8786``) makes them, in any order.

    Raises RunError if Dask is not installed, the cluster cannot be reached, or it gives up on a chunk.
    """
    try:
        import distributed
    except ImportError:
        raise RunError("--scheduler", "Dask", "a Python without it", "pip install 'aimss[cluster]'") from None
    dask: Any = distributed  # it has no types
    try:
        client = dask.Client(address, timeout="30s")
    except (OSError, ValueError) as error:
        raise RunError(
            "--scheduler",
            "the address of a Dask scheduler that answers",
            f"{address} ({type(error).__name__})",
            "Is it running, and of the same versions?",
        ) from None
    with client:
        sent = client.scatter(job, broadcast=True, hash=False)
        queue = iter(tasks)
        width = max(4, 2 * sum(client.nthreads().values()))

        def submit(task: Task) -> object:
            return client.submit(_work, sent, task, pure=False, retries=3)

        running = dask.as_completed([submit(task) for task in islice(queue, width)])
        for future in running:
            try:
                chunk = future.result()
            except Exception as error:
                raise RunError(
                    "cluster",
                    "a finished chunk",
                    f"{type(error).__name__} after four tries",
                    "See the cluster's log; then go on with --resume.",
                ) from error
            future.release()
            yield chunk
            for task in islice(queue, 1):
                running.add(submit(task))


def _work(job: Job, task: Task) -> Chunk:
    return run_chunk(job, *task)
