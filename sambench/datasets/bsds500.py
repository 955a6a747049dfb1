"""BSDS500 as downloaded: photographs and every annotator's segmentation (Arbelaez et al., TPAMI 2011)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.io

from sambench.datasets.base import Dataset, DatasetCard
from sambench.datasets.image_files import read_image
from sambench.datasets.image_rules import Picture
from sambench.datasets.reading import data_error, fingerprint, list_files
from sambench.datasets.selection import select
from sambench.errors import UsageError, listing
from sambench.types import BoundaryTruth, Sample, Size, without_pixels

CARD = DatasetCard(
    name="bsds500",
    title="Berkeley Segmentation Data Set 500 (BSDS500)",
    home="https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/resources.html",
    terms="non-commercial research and education",
    layout="""
BSDS500/data/images/{train,val,test}/100007.jpg
BSDS500/data/groundTruth/{train,val,test}/100007.mat
""",
    splits=("train", "val", "test"),
)

_WHOLE = {"train": 200, "val": 100, "test": 200}
"""Images a split has when nothing is missing."""


class Bsds500(Dataset):
    """BSDS500: photographs with the segmentations of four to nine annotators each (edges).

    Args:
        root: The folder that holds `BSDS500/` (or the archive's `BSR/`), or `BSDS500/` itself, or its `data/`.
        split: "train", "val" or "test".
        limit: Keep the first so many images.
        ids: Images to keep, as "test/100007" or "100007".
        check_images: Refuse a split without its images; False where only the ground truth is needed.
        card: Card of another data set in the same layout.

    Raises:
        DatasetError: The layout is not found, images and ground truth do not pair up, or `ids` are unknown.
        UsageError: The split is unknown.
    """

    card: DatasetCard = CARD

    def __init__(
        self,
        root: str | Path,
        split: str = "test",
        limit: int | None = None,
        ids: Iterable[str | int] | None = None,
        check_images: bool = True,
        card: DatasetCard = CARD,
    ) -> None:
        if split not in card.splits:
            raise UsageError(f"{card.name} has no split {split!r}", mend=f"choose one of {', '.join(card.splits)}")
        self.root, self.split = str(root), split
        data = _data_folder(Path(root), card)
        self.images_there = check_images or (data / "images" / split).is_dir()
        self._images: dict[str, Path] = {}
        if self.images_there:
            self._images = self._list(data / "images" / split, (".jpg", ".jpeg", ".png"), card)
        self._truths = self._list(data / "groundTruth" / split, (".mat",), card)
        if self.images_there:
            self._check_pairs(card, data)
        self.keys = select(list(self._truths), ids=ids, limit=limit, where=data / "groundTruth" / split)
        whole = _WHOLE[split] if card is CARD else len(self._truths)
        part = f"{len(self.keys)} of the {whole} images of {split}" if len(self.keys) != whole else ""
        self.card = replace(card, note="; ".join(filter(None, (card.note, part))))
        self.fingerprint = fingerprint(card.name, split, self.keys, (self._truths[key] for key in self.keys))

    @property
    def all_keys(self) -> list[str]:
        """Sample ids of the whole split, before `ids` and `limit`."""
        return list(self._truths)

    def load(self, key: str) -> Sample:
        """Read one photograph and its annotators' segmentations.

        Raises:
            DatasetError: A file is missing or damaged, or image and segmentations differ in size.
        """
        truth = self.load_truth(key)
        picture = self.picture(key)._replace(size=lambda: _size(truth))
        return Sample(key, read_image(picture, self.card, self.image_rules), truth)

    def picture(self, key: str) -> Picture:
        """Return a photograph's file with what its ground truth says of it."""
        truth = self._truths[key]
        return Picture(self._images[key], lambda: _size(self.load_truth(key)), says=f"{truth} is for")

    def load_without_pixels(self, key: str) -> Sample:
        """Read one image's segmentations, whose size is the image's."""
        truth = self.load_truth(key)
        return without_pixels(key, _size(truth), truth)

    def load_truth(self, key: str) -> BoundaryTruth:
        """Read one image's segmentations without touching the image.

        Raises:
            DatasetError: The file is missing or damaged.
        """
        return _read_truth(self._truths[key], self.card)

    def _list(self, folder: Path, endings: tuple[str, ...], card: DatasetCard) -> dict[str, Path]:
        if not folder.is_dir():
            raise data_error(card, f"split {self.split!r} is not there: folder is missing", folder)
        files = {f"{self.split}/{name}": path for name, path in list_files(folder, endings).items()}
        if not files:
            raise data_error(card, f"split {self.split!r} is empty: no {' or '.join(endings)} file", folder)
        return files

    def _check_pairs(self, card: DatasetCard, data: Path) -> None:
        """Refuse a split whose images and truths differ: what is missing would be left out of the score."""
        for ours, others, what, folder in (
            (self._images, self._truths, "images have no ground truth (.mat)", "groundTruth"),
            (self._truths, self._images, "ground truths have no image (.jpg)", "images"),
        ):
            if alone := [key for key in ours if key not in others]:
                told = f"{len(alone)} of {len(ours)} {what}: {listing(alone)}"
                raise data_error(card, told, data / folder / self.split)


def _data_folder(root: Path, card: DatasetCard) -> Path:
    """Find the folder that holds `images/` and `groundTruth/`, from the root or any level of the layout."""
    for inner in ("data", "BSDS500/data", "BSR/BSDS500/data", "."):
        if (root / inner / "images").is_dir() or (root / inner / "groundTruth").is_dir():
            return root / inner
    what = "no images/ and groundTruth/ folders here" if root.is_dir() else "folder does not exist"
    raise data_error(card, f"{card.name} is not found: {what}", root)


def _read_truth(path: Path, card: DatasetCard) -> BoundaryTruth:
    """Read a `.mat` file: a cell `groundTruth` with a struct (Segmentation, Boundaries) an annotator."""
    if not path.is_file():
        raise data_error(card, "ground truth is missing", path)
    try:
        cells = scipy.io.loadmat(path, variable_names=["groundTruth"])["groundTruth"].ravel()
        segmentations = [np.asarray(cell["Segmentation"][0, 0]) for cell in cells]
        boundaries = [np.asarray(cell["Boundaries"][0, 0]) != 0 for cell in cells]
    # A damaged file makes scipy raise nearly anything (TypeError, zlib.error, struct.error, MemoryError, ...).
    except Exception as error:
        told = f"ground truth cannot be read, it may be truncated: {type(error).__name__}: {error}"
        raise data_error(card, told, path) from error
    shapes = {part.shape for part in (*segmentations, *boundaries)}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        told = f"ground truth should hold maps of one size, has {sorted(shapes) if shapes else 'none'}"
        raise data_error(card, told, path)
    return BoundaryTruth(segmentations=segmentations, boundaries=boundaries)


def _size(truth: BoundaryTruth) -> Size:
    height, width = truth.boundaries[0].shape
    return height, width
