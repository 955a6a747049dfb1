"""Images with boundaries that people drew: MATLAB files as BSDS500 has them, or boundary maps as images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.io

from sambench.datasets.base import Dataset, DatasetCard
from sambench.datasets.image_files import read_image, read_pixels
from sambench.datasets.reading import data_error, fingerprint, truth_digests
from sambench.datasets.selection import select
from sambench.errors import DatasetError
from sambench.image_rules import ImageRules, Picture
from sambench.metrics.boundary_inputs import boundaries_from_segs
from sambench.metrics.thinning import thin
from sambench.types import BoundaryTruth, Sample, Size, without_pixels


class BoundaryDataset(Dataset):
    """Images with the boundaries that one or more people drew of each.

    Args:
        images: Image files by sample id; empty where they are not needed.
        truths: Ground-truth files by sample id, in the dataset's order: one of all annotators, or one an annotator.
        root: The folder that is read.
        split: The chosen split.
        card: The dataset's card.
        whole: Images the split has when nothing is missing.
        limit: Keep the first so many images.
        ids: Images to keep: sample ids or their last parts.
        form: What the fingerprint names it; the card's name where it is left out.

    Raises:
        DatasetError: `ids` are unknown.
    """

    def __init__(
        self,
        images: Mapping[str, Path],
        truths: Mapping[str, Path] | Mapping[str, Sequence[Path]],
        *,
        root: str | Path,
        split: str,
        card: DatasetCard,
        whole: int,
        limit: int | None = None,
        ids: Iterable[str | int] | None = None,
        form: str | None = None,
    ) -> None:
        self.root, self.split = str(root), split
        self.images_there = bool(images)
        self._images = dict(images)
        self._truths = {key: (files,) if isinstance(files, Path) else tuple(files) for key, files in truths.items()}
        self.keys = select(list(truths), ids=ids, limit=limit, where=root)
        part = f"{len(self.keys)} of the {whole} images of {split}" if len(self.keys) != whole else ""
        self.card = replace(card, note="; ".join(filter(None, (card.note, part))))
        self._form = form or card.name
        files = (path for key in self.keys for path in self._truths[key])
        self.fingerprint = fingerprint(self._form, split, self.keys, files)

    @property
    def all_keys(self) -> list[str]:
        """Sample ids of the whole split, before `ids` and `limit`."""
        return list(self._truths)

    def truth_digests(self) -> dict[str, str]:
        """Return for each sample the hash of its ground truth's file."""
        return truth_digests(self._form, self.split, {key: self._truths[key] for key in self.keys}, [])

    def load(self, key: str) -> Sample:
        """Read one image and what its annotators drew.

        Raises:
            DatasetError: A file is missing or damaged, or image and ground truth differ in size.
        """
        truth = self.load_truth(key)
        picture = self.picture(key)._replace(size=lambda: _size(truth))
        return Sample(key, read_image(picture, self.card, self.image_rules), truth)

    def picture(self, key: str) -> Picture:
        """Return an image's file with what its ground truth says of it."""
        truth = self._truths[key][0]
        return Picture(self._images[key], lambda: _size(self.load_truth(key)), says=f"{truth} is for")

    def load_without_pixels(self, key: str) -> Sample:
        """Read one image's ground truth, whose size is the image's."""
        truth = self.load_truth(key)
        return without_pixels(key, _size(truth), truth)

    def load_truth(self, key: str) -> BoundaryTruth:
        """Read what one image's annotators drew without touching the image.

        Raises:
            DatasetError: A file is missing or damaged, or the annotators' maps differ in size.
        """
        found = [read_truth(path, self.card, self.image_rules) for path in self._truths[key]]
        for path, one in zip(self._truths[key], found, strict=True):
            if (ours := _size(one)) != (first := _size(found[0])):
                told = f"{ours[0]} x {ours[1]} (height x width), another annotator's is {first[0]} x {first[1]}"
                raise data_error(self.card, f"boundary map is {told}", path)
        segmentations = [one for truth in found for one in truth.segmentations]
        return BoundaryTruth(segmentations, [one for truth in found for one in truth.boundaries])


def read_truth(path: Path, card: DatasetCard, rules: ImageRules) -> BoundaryTruth:
    """Read one file of ground truth.

    A `.mat` file holds a cell `groundTruth` with a struct an annotator, of which one of two fields will do: without
    `Boundaries` the regions' borders are thinned to them, as those of BSDS500 are; without `Segmentation` there is no
    label map, which only region metrics read. An image is the boundary map of one annotator, of two values.

    Raises:
        DatasetError: It is missing or damaged, or holds something else.
    """
    if not path.is_file():
        raise data_error(card, "ground truth is missing", path)
    if path.suffix.lower() != ".mat":
        return BoundaryTruth([], [_read_map(path, card, rules)])
    try:
        cells = scipy.io.loadmat(path, variable_names=["groundTruth"])["groundTruth"].ravel()
        found = [{name: np.asarray(cell[name][0, 0]) for name in cell.dtype.names} for cell in cells]
    # A damaged file makes scipy raise nearly anything (TypeError, zlib.error, struct.error, MemoryError, ...).
    except Exception as error:
        told = f"ground truth cannot be read, it may be truncated: {type(error).__name__}: {error}"
        raise data_error(card, told, path) from error
    segmentations = [one["Segmentation"] for one in found if "Segmentation" in one]
    boundaries = [one["Boundaries"] != 0 for one in found if "Boundaries" in one]
    shapes = {part.shape for part in (*segmentations, *boundaries)}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2 or 0 in next(iter(shapes)):
        told = f"ground truth should hold maps of one size, has {sorted(shapes) if shapes else 'none'}"
        raise data_error(card, told, path)
    for name, maps in (("Segmentation", segmentations), ("Boundaries", boundaries)):
        if maps and len(maps) < len(found):
            raise data_error(card, f"only {len(maps)} of {len(found)} annotators have {name}", path)
    if segmentations and segmentations[0].dtype.kind not in "iufb":
        raise data_error(card, f"Segmentation holds {segmentations[0].dtype}, numbers are expected", path)
    return BoundaryTruth(segmentations, boundaries or [thin(one) for one in boundaries_from_segs(segmentations)])


def _read_map(path: Path, card: DatasetCard, rules: ImageRules) -> np.ndarray:
    """Read a boundary map as (H, W) bool.

    Raises:
        DatasetError: It has more than two values, or most of it is boundary, as where lines are dark on white.
    """
    pixels = read_pixels(path, card, rules)
    if pixels.ndim == 3 and all(np.array_equal(pixels[..., 0], pixels[..., band]) for band in (1, pixels.shape[2] - 1)):
        pixels = pixels[..., 0]
    values = np.unique(pixels)
    if pixels.ndim != 2 or len(values) > 2:
        what = f"boundary map has shape {pixels.shape} and {len(values)} values, two values in one channel are expected"
        mend = "save 255 where there is a boundary and 0 elsewhere, as PNG, by the threshold that the data set names"
        raise DatasetError(what, where=path, mend=mend)
    found: np.ndarray = pixels != 0 if len(values) == 1 else pixels == values[-1]
    if found.mean() > 0.5:
        what = f"boundary map is boundary at {found.mean():.0%} of its pixels, as where lines are dark on white"
        raise DatasetError(what, where=path, mend="save boundaries bright on black")
    return found


def _size(truth: BoundaryTruth) -> Size:
    height, width = truth.boundaries[0].shape
    return height, width
