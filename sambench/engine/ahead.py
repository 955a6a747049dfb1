"""A first run has its loops compiled by a second process, while it imports, generates and reads."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sambench.files.paths import kernel_cache, source_stamp

LOOPS = ("edges", "hierarchy")
"""Loops that are rehearsed together, by the name of the task or of the model that runs them; the last needed first."""


@contextmanager
def compiled_ahead(config: Mapping[str, Any]) -> Iterator[None]:
    """Compile the loops of a run in a second process while the block runs, where that was not done before.

    What it has compiled is found by this process; what it has not, this process compiles itself. It is ended with the
    block, and nothing depends on whether it succeeds.

    Args:
        config: A resolved configuration.
    """
    chosen = loops_of(config)
    if not chosen or (os.cpu_count() or 1) < 2 or compiled_mark(chosen).exists():
        yield
        return
    command = [sys.executable, "-P", "-m", "sambench.engine.rehearsal", *chosen]
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def loops_of(config: Mapping[str, Any]) -> list[str]:
    """Return what a run will need, the last needed first; a detector's run or files made elsewhere need no masks."""
    names = [config["task"]["name"], config["model"]["name"]]
    return [loops for loops in LOOPS if loops in names]


def compiled_mark(chosen: Sequence[str]) -> Path:
    """Return the file that is there once these loops of this installation were compiled."""
    installed = [platform.python_version(), version("numba"), source_stamp(), __file__, platform.node(), *chosen]
    return kernel_cache() / f"{hashlib.sha256(' '.join(installed).encode()).hexdigest()[:16]}.compiled"
