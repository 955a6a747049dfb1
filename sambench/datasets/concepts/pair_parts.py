"""The subsets that data for text prompts are made of: each one's annotation files, images and pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from sambench.datasets.base import DatasetCard
from sambench.datasets.concepts.saco_json import PairEntry, PairFile, read_pairs, same_pairs
from sambench.datasets.layout import sample_ids
from sambench.errors import DatasetError, listing

FolderOf = Callable[[PairFile], Path]
"""Gives the folder that a file's images are in."""


class Part(NamedTuple):
    """One subset.

    Attributes:
        subset: Its name, or "" where there is but one and it has none.
        files: One file an annotator, in the order in which ties between them are broken.
        folder: Where its images are.
        masks: Further files that hold its ground truth.
    """

    subset: str
    files: tuple[PairFile, ...]
    folder: Path
    masks: tuple[Path, ...] = ()

    @property
    def truths(self) -> list[Path]:
        """All files that hold its ground truth."""
        return [*(file.path for file in self.files), *self.masks]


def read_part(subset: str, paths: Iterable[Path], card: DatasetCard, folder: FolderOf) -> Part:
    """Read one subset.

    Args:
        subset: Its name, or "".
        paths: One file an annotator.
        card: The dataset's card, for messages.
        folder: Gives the images' folder, once the files are read.

    Raises:
        DatasetError: A file cannot be read, or the annotators' files are about other pairs.
    """
    files = tuple(read_pairs(path, card) for path in paths)
    same_pairs(files)
    return Part(subset, files, folder(files[0]))


class PairImage(NamedTuple):
    """One image of a subset, where it is looked for, and its pairs."""

    part: Part
    path: Path
    pairs: list[PairEntry]


def is_exhaustive(part: Part, pair: PairEntry) -> bool:
    """Tell whether every annotator drew all objects of a pair."""
    return pair.exhaustive and all(file.pairs[pair.id].exhaustive for file in part.files[1:])


def images_of(part: Part) -> dict[str, PairImage]:
    """Gather the pairs of each image, by sample id.

    Raises:
        DatasetError: Pairs of one image state several sizes.
    """
    gathered: dict[str, list[PairEntry]] = {}
    for pair in part.files[0].pairs.values():
        gathered.setdefault(pair.file_name, []).append(pair)
    uneven = [name for name, pairs in gathered.items() if any(pair.size != pairs[0].size for pair in pairs)]
    if uneven:
        what = f"{len(uneven)} images have another height or width in one pair than in another: {listing(uneven, 5)}"
        raise DatasetError(what, where=part.files[0].path, mend="write one size into all pairs of an image")
    keys = sample_ids(list(gathered))
    start = f"{part.subset}/" if part.subset else ""
    return {
        start + key: PairImage(part, part.folder / name, pairs)
        for key, (name, pairs) in zip(keys, gathered.items(), strict=True)
    }
