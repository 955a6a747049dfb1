"""Finding files as archives lay them out: roots, trees, pairs of image and ground truth, names in another case."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sambench.datasets.base import DatasetCard
from sambench.datasets.cards import MaskCard
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError, UsageError, listing

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif")
"""Endings of images, in lower case."""


class DatasetAbsentError(DatasetError):
    """A dataset that is not where it was looked for; another error means that it is there and damaged."""


class Fault(NamedTuple):
    """Something wrong with a file, which would change what is scored.

    Attributes:
        where: The file, with line, key or id where there is one.
        what: What is wrong.
    """

    where: str
    what: str


def find_folder(root: str | Path | None, card: MaskCard, markers: Sequence[str] = ()) -> Path:
    """Find a dataset's own folder: the root itself, a folder below it that the archive makes, or one of its name.

    Args:
        root: The folder a user named.
        card: The dataset's card.
        markers: Files or folders, any of which tells that this is it, as `MaskCard.markers`, which serve where none are
            given.

    Raises:
        UsageError: No root is given.
        DatasetAbsentError: None of the folders holds a marker; what the root holds is told.
    """
    base, wanted = require_root(root, card), tuple(markers or card.markers)
    for folder in (".", *card.folders, card.name, *(f"{card.name}/{folder}" for folder in card.folders)):
        inner = base / folder
        if any(next(inner.glob(mark), None) if "*" in mark else (inner / mark).exists() for mark in wanted):
            return inner
    absent = data_error(card, f"{card.name} is not found: no {' or '.join(wanted)} here; {holds(base)}", base)
    raise DatasetAbsentError(absent.what, where=absent.where, mend=absent.mend)


def require_root(root: str | Path | None, card: DatasetCard) -> Path:
    """Refuse to go on without a root.

    Raises:
        UsageError: No root is given.
    """
    if root is None:
        mend = f"give data.root=FOLDER, or set SAMBENCH_DATA to the folder that holds it; it is at {card.home}"
        raise UsageError(f"{card.name} needs the folder it was downloaded to", where="data.root", mend=mend)
    return Path(root)


def require_folder(folder: Path, card: DatasetCard) -> Path:
    """Refuse a folder that is not there.

    Raises:
        DatasetError: It is not there; what lies around it is told.
    """
    if not folder.is_dir():
        raise data_error(card, f"{card.name} is not whole: no {folder.name}/ here; {holds(folder.parent)}", folder)
    return folder


def holds(folder: Path) -> str:
    """Say what a folder holds, for messages."""
    if not folder.is_dir():
        return "the folder does not exist"
    names = sorted(name + "/" * (folder / name).is_dir() for name in os.listdir(folder) if not _hidden(name))
    return f"the folder holds {listing(names)}" if names else "the folder is empty"


def tree(folder: Path, endings: Sequence[str] = IMAGE_ENDINGS, tail: str = "") -> dict[str, Path]:
    """List all files below a folder, sorted by name.

    Hidden files, the `._*` twins of macOS archives and Thumbs.db are left out; endings may be in upper case. Linked
    folders are followed.

    Args:
        folder: The folder; one that is not there holds no file.
        endings: Endings to list, in lower case with the dot.
        tail: List only names that end so, before the ending.

    Returns:
        Paths by their relative path without ending and tail.

    Raises:
        DatasetError: Two files differ in nothing but their endings.
        OSError: A folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        if not (isinstance(error, FileNotFoundError) and error.filename == str(folder)):
            raise error

    files: dict[str, Path] = {}
    for parent, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        folders[:] = [name for name in folders if not _hidden(name)]
        inner = Path(parent).relative_to(folder).as_posix()
        for name in names:
            stem, ending = os.path.splitext(name)
            if _hidden(name) or ending.lower() not in endings or not stem.endswith(tail):
                continue
            key = ("" if inner == "." else f"{inner}/") + stem.removesuffix(tail)
            if key in files:
                what = f"two files are called {key}: {files[key].name} and {name}"
                raise DatasetError(what, where=parent, mend="move one of them away")
            files[key] = Path(parent) / name
    return dict(sorted(files.items()))


def pair(
    images: Mapping[str, Path], truths: Mapping[str, Path], prefix: str = ""
) -> tuple[dict[str, tuple[Path, Path]], list[Fault]]:
    """Pair images with ground-truth files of the same name.

    Args:
        images: Images by name.
        truths: Ground-truth files by the same names.
        prefix: Put before a name to give the sample id.

    Returns:
        Image and ground truth by sample id, and a fault for each file that stands alone.
    """
    pairs = {prefix + name: (path, truths[name]) for name, path in images.items() if name in truths}
    alone = [Fault(str(path), "image has no ground truth") for name, path in images.items() if name not in truths]
    alone += [Fault(str(path), "ground truth has no image") for name, path in truths.items() if name not in images]
    return pairs, alone


def sample_ids(names: Sequence[str]) -> list[str]:
    """Name samples by their files without endings; those that would share a name so keep their endings.

    Args:
        names: File names or relative paths, each once.
    """
    stems = [os.path.splitext(name)[0] for name in names]
    shared, whole = Counter(stems), set(names)
    return [
        name if shared[stem] > 1 or (stem in whole and stem != name) else stem
        for name, stem in zip(names, stems, strict=True)
    ]


class Folders:
    """Looks files up by listing each folder once.

    An ending in another case is accepted, one that was left out, and letters with accents that are written in another
    of Unicode's forms, as macOS writes them.
    """

    def __init__(self) -> None:
        self._listed: dict[Path, dict[str, Path]] = {}

    def find(self, path: Path) -> Path | None:
        """Return the file as it is written on disk, or None where there is none.

        Raises:
            DatasetError: A name without an ending is that of several images.
        """
        if path.parent not in self._listed:
            names = os.listdir(path.parent) if path.parent.is_dir() else []
            listed = {_alike(Path(name)): path.parent / name for name in names}
            self._listed[path.parent] = {**listed, **{name: path.parent / name for name in names}}
        known = self._listed[path.parent]
        exact = known.get(path.name) or known.get(_alike(path))
        if exact is not None or path.suffix.lower() in IMAGE_ENDINGS:
            return exact
        others = [known[path.name + ending] for ending in IMAGE_ENDINGS if path.name + ending in known]
        if len(others) > 1:
            what = f"name {path.name} has no ending and is that of several images"
            candidates = listing([other.name for other in others])
            raise DatasetError(
                f"{what}: {candidates}", where=path.parent, mend="write the ending into the annotation file"
            )
        return others[0] if others else None


def _alike(path: Path) -> str:
    """Return a file's name with what may be written in several ways in one."""
    return unicodedata.normalize("NFC", path.stem) + path.suffix.lower()


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in ("Thumbs.db", "__MACOSX")
