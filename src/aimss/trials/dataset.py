"""Endpoint data of every woman: as an xarray Dataset, as Parquet where pyarrow is installed (else .npz), as Zarr."""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aimss.errors import RunError
from aimss.trials.store import write_atomic

if TYPE_CHECKING:
    import xarray as xr

    from aimss.trials.run import Data


def to_dataset(data: Data) -> xr.Dataset:
    """Return all columns; (arm, woman) where every woman is in every arm, else (woman)."""
    import xarray as xr

    names = [arm.name for arm in data.design.arms]
    variables: dict[str, Any] = {}
    for key in data.keys:
        if key.startswith("trajectory/"):
            continue
        values = data.column(key)
        dims = ("arm", "woman") if len(values) > 1 else ("woman",)
        variables[key.replace("/", ".")] = (dims, values if len(values) > 1 else values[0], {"long_name": key})
    coords = {"arm": names} if any("arm" in v[0] for v in variables.values()) else {"arm_name": ("arm_number", names)}
    return xr.Dataset(variables, coords, {"trial": data.design.name, "seed": data.seed, "digest": data.digest})


def write_endpoints(data: Data, folder: Path) -> list[Path]:
    """Write every woman's endpoints as endpoints.parquet (a row a woman and arm), or .npz without pyarrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return [_write_npz(data, folder / "endpoints.npz")]
    target, part = folder / "endpoints.parquet", folder / "endpoints.parquet.part"
    writer = None
    keys = [key for key in data.keys if not key.startswith("trajectory/")]
    try:
        for first in data.starts:
            chunk = data.folder.read(first)
            rows = max(len(chunk.columns[key]) for key in keys)
            columns: dict[str, Any] = {"woman": np.tile(np.arange(first, first + chunk.count), rows)}
            if rows > 1:
                columns["arm"] = np.repeat(np.arange(rows, dtype=np.uint8), chunk.count)
            for key in keys:
                values = chunk.columns[key]
                columns[key] = (values if len(values) == rows else np.repeat(values, rows, axis=0)).reshape(-1)
            table = pa.table(columns, metadata={"trial": data.design.name, "digest": data.digest})
            writer = writer or pq.ParquetWriter(part, table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()
    except OSError as error:
        with contextlib.suppress(OSError):
            if writer is not None:
                writer.close()
        part.unlink(missing_ok=True)
        raise _full(target, error) from None
    part.replace(target)
    return [target]


def _full(target: Path, error: OSError) -> RunError:
    return RunError(str(target), "room on the disk", error.strerror or "an error", "Make room; then --resume.")


def _write_npz(data: Data, file: Path) -> Path:
    stream = io.BytesIO()
    columns: dict[str, Any] = {key: data.column(key) for key in data.keys}
    np.savez_compressed(stream, **columns)
    write_atomic(file, stream.getvalue())
    return file


def write_trajectories(data: Data, folder: Path) -> list[Path]:
    """Write every woman's true BMD by visit as trajectories.zarr, (arm, woman, month); RunError without zarr."""
    try:
        import zarr
    except ImportError:
        raise RunError("trajectories", "zarr", "a Python without it", "pip install 'aimss[parquet]'") from None
    from aimss.trials.bones import Times

    target, part = folder / "trajectories.zarr", folder / "trajectories.zarr.part"
    for old in (part, target):
        shutil.rmtree(old, ignore_errors=True)
    keys = [key for key in data.keys if key.startswith("trajectory/")]
    try:
        root: Any = zarr.open_group(str(part), mode="w")
        root.attrs.update(
            {"trial": data.design.name, "digest": data.digest, "arms": [a.name for a in data.design.arms]}
        )
        months = np.array([0.0, *Times.of(data.design).visits])
        root.create_array("month", data=months, dimension_names=("month",)).attrs["units"] = "months"
        for first in data.starts:
            for key in keys:
                values = data.folder.read_column(first, key)
                name = key.removeprefix("trajectory/")
                if name not in root:
                    shape = (len(values), data.design.total, len(months))
                    made = root.create_array(
                        name, shape=shape, chunks=(1, min(65_536, shape[1]), shape[2]), dtype="float32",
                        dimension_names=("arm", "woman", "month"), fill_value=float("nan"),
                    )  # fmt: skip
                    made.attrs.update({"units": "g/cm2", "long_name": name.replace("_", " ")})
                root[name][:, first : first + values.shape[1]] = values
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise _full(target, error) from None
    part.rename(target)
    return [target]
