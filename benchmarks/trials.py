"""How long a trial takes: women, workers -> wall time, processor time, memory, disk; a section of docs/performance.md.

Run: python benchmarks/trials.py 1000000 2 out/folder     (the folder keeps chunks: a second call goes on)
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

from aimss.trials.design_reading import read_design
from aimss.trials.run import run_trial
from aimss.trials.summary import summarise_trial

DESIGN = Path(__file__).parents[1] / "examples" / "trials" / "million-women.yaml"


def main(women: int, workers: int, out: Path) -> None:
    """Run the design with so many women and print what it took."""
    design = read_design(DESIGN).model_copy(update={"n": women})
    began = time.monotonic()
    data = run_trial(design, 1, workers=workers, out=out, resume=out.exists())
    wall = time.monotonic() - began
    here, workers_used = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    size = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    print(
        f"{women} women, {workers} workers: wall {wall:.1f} s; processor here {_cpu(here):.1f} s, workers"
        f" {_cpu(workers_used):.1f} s; memory here {here.ru_maxrss / 1024:.0f} MB, largest worker"
        f" {workers_used.ru_maxrss / 1024:.0f} MB; disk {size / 1e6:.0f} MB; digest {data.digest[:16]}"
    )
    began = time.monotonic()
    summarise_trial(data)
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(
        f"analysis: wall {time.monotonic() - began:.1f} s, processor {_cpu(after) - _cpu(here):.1f} s,"
        f" memory {after.ru_maxrss / 1024:.0f} MB"
    )


def _cpu(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
