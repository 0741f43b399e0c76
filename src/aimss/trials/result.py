"""`TrialResult`: what `aimss.trial` returns; for notebooks and for the command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aimss.trials.design import TrialDesign
from aimss.trials.document import TrialDocument
from aimss.trials.quiet import no_note, no_progress

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from aimss.trials.run import Data


@dataclass(frozen=True, eq=False)
class TrialResult:
    """The result of a trial. `document` is what `to_json` writes; `data` the endpoint data on the disk."""

    design: TrialDesign
    document: TrialDocument
    data: Data

    def to_json(self, indent: int | None = 1) -> str:
        """Return the document as JSON, schema aimss-trial/1."""
        return self.document.model_dump_json(by_alias=True, indent=indent)

    def table(self) -> pd.DataFrame:
        """Return the endpoints of every arm as a DataFrame, a row an endpoint and time."""
        import pandas as pd

        return pd.DataFrame([{"arm": arm.name, **e.model_dump()} for arm in self.document.arms for e in arm.endpoints])

    def contrasts(self) -> pd.DataFrame:
        """Return the contrasts as a DataFrame."""
        import pandas as pd

        return pd.DataFrame([c.model_dump() for c in self.document.contrasts])

    def to_dataset(self) -> xr.Dataset:
        """Return every woman's endpoint data: dims (arm, woman) or (woman) with her arm; memory grows with them."""
        from aimss.trials.dataset import to_dataset

        return to_dataset(self.data)

    def plot(self, kind: str = "trajectory", endpoint: str | None = None) -> str:
        """Return a chart as SVG: trajectory, kaplan_meier, forest or flow; ValueError if there is nothing to show."""
        from aimss.trials.charts import plot

        return plot(self.document, kind, endpoint)

    def methods_text(self) -> str:
        """Return the methods paragraph with its sources."""
        listed = "\n".join(f"{i}. {text}" for i, text in enumerate(self.document.sources, 1))
        return f"{self.document.methods}\n\nSources\n{listed}\n"

    def write(self, folder: Path) -> list[Path]:
        """Write result.json, tables, methods, charts and endpoint data into a folder, each whole or not at all."""
        from aimss.trials.writing import write_result

        return write_result(self, folder)


def run_design(
    source: Any,
    *,
    seed: int = 1,
    workers: int | None = None,
    scheduler: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] = no_progress,
    note: Callable[[str], None] = no_note,
) -> TrialResult:
    """Read a design, run it and analyse it; see `aimss.trial`."""
    from aimss.trials.checking import check_design
    from aimss.trials.design_reading import read_design
    from aimss.trials.run import run_trial
    from aimss.trials.summary import summarise_trial

    design = read_design(source)
    check_design(design)
    folder = Path(out) if out is not None else None
    data = run_trial(
        design, seed, workers=workers, scheduler=scheduler, out=folder, resume=resume, progress=progress, note=note
    )
    result = TrialResult(design, summarise_trial(data), data)
    if folder is not None:
        result.write(folder)
    return result
