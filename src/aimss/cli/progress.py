"""Progress on long work: a moving line on a terminal, plain lines elsewhere, nothing when quiet; always on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stages(title: str, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Give a function that names the stage that begins; shown with the time since the start."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title)
            yield lambda stage: bar.update(task, description=f"{title}: {stage}")
    else:
        yield lambda stage: print(f"{title}: {stage}", file=sys.stderr, flush=True)
