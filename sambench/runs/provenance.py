"""Where a number comes from: code, libraries, machine."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sambench.files.version import __version__

_PACKAGES = (
    "torch", "transformers", "numpy", "scipy", "numba", "scikit-image", "higra", "pycocotools", "lvis", "hotcoco",
    "pandas", "pyarrow", "pillow", "hydra-core",
)  # fmt: skip


def now() -> str:
    """Return the time in UTC, to the second, in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def code() -> dict[str, Any]:
    """Return sambench's version and, in a checkout, the commit and whether files differ from it."""
    root = Path(__file__).resolve().parents[2]
    described: dict[str, Any] = {"version": __version__, "commit": None, "dirty": None}
    if (root / ".git").exists():
        commit = _git(root, "rev-parse", "HEAD")
        status = _git(root, "status", "--porcelain", "--untracked-files=no")
        described.update(commit=commit, dirty=None if status is None else bool(status))
    return described


def environment(device: str) -> dict[str, Any]:
    """Return Python, platform, processor count, device and the versions of the libraries that numbers depend on."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "device": device,
        "packages": {name: installed for name in _PACKAGES if (installed := _version(name)) is not None},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
