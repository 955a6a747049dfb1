"""Where sambench keeps what it makes, and where a user keeps data sets."""

from __future__ import annotations

import hashlib
import os
import re
from functools import cache
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


@cache
def source_stamp() -> str:
    """Return a name of the source of all loops (16 hexadecimal digits): what is compiled of another is never taken.

    numba looks at the time and size of the one file that a loop stands in, not at those of the loops it calls.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        source = path.read_bytes()
        if path.name == "kernels.py" or re.search(rb"^from sambench\.files\.kernels import", source, re.MULTILINE):
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + source)
    return digest.hexdigest()[:16]


def data_root() -> Path | None:
    """Return the folder that holds downloaded data sets, SAMBENCH_DATA, or None where it is not set."""
    chosen = os.environ.get("SAMBENCH_DATA")
    return Path(chosen).expanduser() if chosen else None
