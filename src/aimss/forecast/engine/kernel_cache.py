"""Keep the kernel module in the user's cache directory, where numba keeps its machine code beside it.

numba's cache needs a file that stays: the module is written once under the hash of its text, so that another model
is another file and a second process finds the machine code of the first. Nothing compiled is shipped.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

from aimss.forecast.engine.codegen import Kernel, generate


def cache_directory() -> Path:
    """Return the cache directory by the rules of the platform; the variable AIMSS_CACHE_DIR overrides them."""
    if chosen := os.environ.get("AIMSS_CACHE_DIR"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "aimss" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "aimss"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aimss"


def write_kernel(kernel: Kernel, directory: Path) -> Path:
    """Write the module where it is missing or differs, in one move, and return its path."""
    name = f"aimss_kernel_{hashlib.sha256(kernel.source.encode()).hexdigest()[:16]}.py"
    path = directory / name
    if path.is_file() and path.read_text(encoding="utf-8") == kernel.source:
        return path
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=directory, suffix=".part", delete=False, encoding="utf-8") as part:
        part.write(kernel.source)
    Path(part.name).replace(path)
    return path


@cache
def load_kernel() -> tuple[Kernel, ModuleType]:
    """Return the kernel and its module; a cache directory that cannot be written is replaced by a temporary one."""
    kernel = generate()
    try:
        path = write_kernel(kernel, cache_directory())
    except OSError:
        path = write_kernel(kernel, Path(tempfile.mkdtemp(prefix="aimss-")))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return kernel, module
