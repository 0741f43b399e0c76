"""Charts drawn in processes of their own, so that the rest of a run goes on beside them.

The renderer holds the interpreter's lock from a chart's beginning to its end, and takes a third of a second to start;
threads would gain nothing. The SVG of a chart is the same wherever it is drawn.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import SimpleQueue

from aimss.charting import Spec, render_svg

_MOST = 2  # a page has eight charts: a third process costs more to start than it saves


class _Drawers:
    """Processes that take a spec a line and give an SVG a line; what one fails to draw is drawn here."""

    def __init__(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        self.processes = processes
        self.free: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        for process in processes:
            self.free.put(process)
        self.waiting = ThreadPoolExecutor(len(processes))

    def draw(self, spec: Spec) -> str:
        process = self.free.get()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(spec) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            return str(json.loads(line)) if line.endswith("\n") else render_svg(spec)
        except OSError:  # it is gone
            return render_svg(spec)
        finally:
            self.free.put(process)

    def close(self) -> None:
        self.waiting.shutdown(cancel_futures=True)
        for process in self.processes:
            process.kill()
            process.communicate()


_running: list[_Drawers] = []


def _start(most: int) -> list[subprocess.Popen[str]]:
    # -P: a folder that happens to hold a file of some module's name must not be searched first
    command = [sys.executable, "-P", "-m", "aimss.chart_processes"]
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    started: list[subprocess.Popen[str]] = []
    with suppress(OSError):  # where no further process is allowed, fewer do
        while len(started) < most:
            started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=none, text=True, encoding="utf-8"))
    return started


@contextmanager
def drawn_beside(most: int = _MOST) -> Iterator[None]:
    """Let `svg_to_come` draw in processes of their own while this lasts; on a single core all is drawn in this one."""
    processes = _start(most) if (os.cpu_count() or 1) > 1 else []
    if not processes:
        yield
        return
    drawers = _Drawers(processes)
    _running.append(drawers)
    try:
        yield
    finally:
        _running.remove(drawers)
        drawers.close()


def svg_to_come(spec: Spec) -> Callable[[], str]:
    """Have a Vega-Lite spec drawn; return what waits for its SVG, the same as that of `aimss.charting.render_svg`."""
    if _running:
        return _running[-1].waiting.submit(_running[-1].draw, spec).result
    svg = render_svg(spec)
    return lambda: svg


def _serve() -> None:
    """Draw a chart a line of standard input, until there is no more."""
    # for nobody: the renderer starts while the first chart is still to come
    render_svg({"data": {"values": [{"x": 0}]}, "mark": "point"})
    for line in sys.stdin:
        sys.stdout.write(json.dumps(render_svg(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
