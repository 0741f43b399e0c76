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


@contextmanager
def counted(
    title: str, unit: str, quiet: bool = False
) -> Iterator[tuple[Callable[[int, int], None], Callable[[str], None]]]:
    """Give two functions, (done, total) and a note: a bar with the time left, or a line each tenth."""
    import time

    if quiet:
        yield lambda *_: None, lambda _: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit),
                   TimeElapsedColumn(), TimeRemainingColumn())  # fmt: skip
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=None)
            yield (
                lambda done, total: bar.update(task, completed=done, total=total),
                bar.console.print,
            )
    else:
        started, shown = time.monotonic(), -1
        before: int | None = None

        def progress(done: int, total: int) -> None:
            nonlocal shown, before
            before = done if before is None else before
            tenth = 10 * done // max(total, 1)
            if tenth == shown:
                return
            shown = tenth
            spent = time.monotonic() - started
            left = f", about {spent / (done - before) * (total - done):.0f} s left" if done > before else ""
            print(f"{title}: {done:,} of {total:,} {unit}, {spent:.0f} s{left}", file=sys.stderr, flush=True)

        yield progress, lambda text: print(f"{title}: {text}", file=sys.stderr, flush=True)
