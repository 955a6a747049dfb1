"""Whether what a reproduction needs is there, and is what it was checked with."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from sambench.commands.reproductions.catalogue import Input
from sambench.files.atomic import files_sha256


def missing(inputs: Sequence[Input], root: Path | None) -> dict[str, str]:
    """Map the name of each input that is not there to why.

    Args:
        inputs: Those of an entry.
        root: The folder that `data.root` names; None for none.
    """
    reasons = {one.name: _lacks(one, root) for one in inputs}
    return {name: why for name, why in reasons.items() if why}


def _lacks(one: Input, root: Path | None) -> str:
    """Return why an input is not there, or ""."""
    if one.package:
        return "" if find_spec(one.package) is not None else f"the package {one.package} is not installed"
    if root is None:
        return "no data.root was given"
    path = root / one.place
    if not path.exists():
        return f"{path} is not there"
    files = files_of(path)
    if len(files) < one.files:
        return f"{path} holds {len(files)} files, not {one.files}"
    if one.sha256 and files_sha256(files) != one.sha256:
        return f"{path} holds other bytes than those this was checked with (SHA-256 {one.sha256[:12]}...)"
    return ""


def files_of(root: Path) -> list[Path]:
    """Return a file itself, or a folder's files at every depth but hidden ones, in the order of their paths."""
    if root.is_file():
        return [root]
    files = [path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return sorted(files, key=lambda path: path.relative_to(root).as_posix())
