"""Files and folders that a user names: below the root, or each by a key of its own."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.base import DatasetCard
from sambench.datasets.reading import data_error
from sambench.errors import UsageError, listing


def given_path(root: str | Path | None, given: str | Path) -> Path:
    """Return a path that a user gave: absolute as it is, else below the root, or where it is there, in the working one.

    Args:
        root: The folder that paths are relative to, or None where there is none but the working directory.
        given: The path.
    """
    path = Path(given)
    if path.is_absolute() or root is None:
        return path
    below = Path(root) / path
    return path if path.exists() and not below.exists() else below


def annotation_file(root: str | Path | None, given: str | Path | None, name: str, card: DatasetCard) -> Path:
    """Find an annotation file: the given one, or `name` in the root or its `annotations/`.

    Raises:
        UsageError: Neither is given.
        DatasetError: The root does not hold it; what it holds of the kind is listed.
    """
    if given is not None:
        return given_path(root, given)
    if root is None:
        raise UsageError(f"{card.name} needs the folder it was downloaded to", mend="give root=, or annotations=")
    folders = Path(root) / "annotations", Path(root)
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    others = [path.name for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.json"))]
    there = f"; there are {listing(others)}" if others else ""
    raise data_error(card, f"annotation file {name} is missing{there}", f"{root} and {root}/annotations")


def images_folder(root: str | Path | None, inner: str, given: str | Path | None, needed: bool) -> Path:
    """Choose the images' folder: the given one, or `inner` below the root.

    Raises:
        UsageError: Neither is given though images are needed.
    """
    if given is not None:
        return given_path(root, given)
    if root is None and needed:
        raise UsageError("annotations are given without the images' folder", mend="give images=, or root=")
    return Path(root or "") / inner
