"""Where sambench keeps what it makes, and where a user keeps data sets."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """Return the folder of generated data and embeddings: SAMBENCH_CACHE, else the user's own cache folder."""
    if chosen := os.environ.get("SAMBENCH_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base).expanduser() if base else Path.home() / ".cache") / "sambench"


def kernel_cache() -> Path:
    """Return the folder of compiled loops: NUMBA_CACHE_DIR, else `kernels` below `cache_root`."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    return Path(chosen) if chosen else cache_root() / "kernels"


def data_root() -> Path | None:
    """Return the folder that holds downloaded data sets, SAMBENCH_DATA, or None where it is not set."""
    chosen = os.environ.get("SAMBENCH_DATA")
    return Path(chosen).expanduser() if chosen else None
