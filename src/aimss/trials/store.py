"""A run's folder: chunks under their checksum, a manifest, nothing half-visible, safe against kill -9.

A chunk is written beside its name, flushed to the disk and renamed; the manifest likewise. What a run has done is what
lies in the folder and reads back: no journal, no clock.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.errors import RunError
from aimss.trials.chunk import Chunk

MANIFEST = "manifest.json"
_MAGIC = b"aimss chunk 1\n"


class Folder:
    """The folder of one run; at most one process may hold it.

    Raises RunError if it holds another run, if another process runs in it, or if the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: Any = None
        self.unreadable: list[int] = []

    def open(self, manifest: Mapping[str, Any], resume: bool) -> None:
        """Take the folder for a run; with `resume` go on with the same run, else it must not hold one."""
        with _disk(self.path):
            (self.path / "chunks").mkdir(parents=True, exist_ok=True)
        self._take()
        found = self._manifest()
        if found is None:
            if any((self.path / "chunks").iterdir()):
                raise RunError(
                    str(self.path),
                    "a folder without chunks, or with their manifest",
                    "chunks alone",
                    "Choose another --out.",
                )
            write_atomic(self.path / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
            return
        differs = [k for k in sorted({*found, *manifest}) if found.get(k) != manifest.get(k)]
        if differs:
            raise RunError(
                str(self.path),
                "the folder of this run",
                f"a run with another {', '.join(differs)}",
                "Choose another --out, or go back to the design, seed and version that began it.",
            )
        if not resume:
            raise RunError(
                str(self.path),
                "a folder without a run, or --resume",
                "this run, begun before",
                "Add --resume to go on with it.",
            )

    def close(self) -> None:
        """Let the folder go."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take(self) -> None:
        import fcntl

        self._lock = (self.path / ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise RunError(
                str(self.path),
                "a folder that no other process writes to",
                "one that is in use",
                "Wait for the other run, or choose another --out.",
            ) from None

    def _manifest(self) -> dict[str, Any] | None:
        file = self.path / MANIFEST
        if not file.exists():
            return None
        try:
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise RunError(
                str(file),
                "the manifest of a run",
                "a file that cannot be read",
                "Choose another --out; the chunks cannot be told apart without it.",
            ) from None
        return found

    def _file(self, first: int) -> Path:
        return self.path / "chunks" / f"{first:012d}.chunk"

    def write(self, chunk: Chunk) -> None:
        """Put a chunk on the disk: whole or not at all."""
        write_atomic(self._file(chunk.first), pack(chunk))

    def done(self, starts: Mapping[int, int]) -> set[int]:
        """Return which chunks (first woman -> count) lie here and read back; unreadable ones are removed and noted."""
        found = set()
        for file in (self.path / "chunks").iterdir():
            if file.suffix == ".part":
                file.unlink()
        for first, count in starts.items():
            if not self._file(first).exists():
                continue
            try:
                chunk = self.read(first)
            except RunError:
                self._file(first).unlink()
                self.unreadable.append(first)
                continue
            if chunk.count == count:
                found.add(first)
        return found

    def read(self, first: int) -> Chunk:
        """Return a chunk; RunError if it is missing or its checksum is wrong."""
        file = self._file(first)
        try:
            raw = file.read_bytes()
            return unpack(raw)
        except (OSError, ValueError, KeyError):
            raise RunError(
                str(file),
                "a chunk with its checksum",
                "one that is missing or damaged",
                "Run again with --resume: it is made anew.",
            ) from None

    def read_column(self, first: int, key: str) -> NDArray[Any]:
        """Return one column of a chunk that was read whole before (its checksum is not looked at again)."""
        try:
            with self._file(first).open("rb") as stream, np.lib.npyio.NpzFile(stream, allow_pickle=False) as archive:
                values: NDArray[Any] = archive[key]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            raise RunError(
                str(self._file(first)),
                "the chunk that was there",
                "one that went away or changed",
                "Run again with --resume.",
            ) from None
        return values


def pack(chunk: Chunk) -> bytes:
    """Return the bytes of a chunk, its SHA-256 in front."""
    stream = io.BytesIO()
    head = json.dumps({"first": chunk.first, "count": chunk.count, "counts": dict(chunk.counts)}, sort_keys=True)
    arrays: dict[str, Any] = {"__head__": np.frombuffer(head.encode(), dtype=np.uint8), **chunk.columns}
    np.savez(stream, **arrays)
    body = stream.getvalue()
    return _MAGIC + hashlib.sha256(body).digest() + body


def unpack(raw: bytes) -> Chunk:
    """Return the chunk of some bytes; ValueError if they are not whole."""
    size = len(_MAGIC)
    digest, body = raw[size : size + 32], raw[size + 32 :]
    if raw[:size] != _MAGIC or hashlib.sha256(body).digest() != digest:
        raise ValueError("not a whole chunk")
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        head = json.loads(archive["__head__"].tobytes())
        columns: dict[str, NDArray[Any]] = {name: archive[name] for name in archive.files if name != "__head__"}
    return Chunk(head["first"], head["count"], columns, head["counts"])


def write_atomic(file: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a crash; RunError if the disk is full."""
    part = file.with_name(file.name + ".part")
    with _disk(file):
        try:
            with part.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(file)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        handle = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _disk(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise RunError(
                str(file),
                "room on the disk",
                "a full disk",
                "Make room and run again with --resume: what was done stays done.",
            ) from None
        raise RunError(
            str(file),
            "a folder that can be written to",
            error.strerror or "an error",
            "Check the path and its permissions.",
        ) from None
