"""Images with boundaries that people drew: MATLAB files as BSDS500 has them, or boundary maps as images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.ndimage

from sambench.config.image_rules import ImageRules, Picture
from sambench.datasets.base import Dataset, DatasetCard
from sambench.datasets.images.files import read_image, read_pixels
from sambench.datasets.reading import data_error, fingerprint, select, truth_digests
from sambench.errors import DatasetError, listing
from sambench.files.mat_files import full, mat_names, read_mat
from sambench.metrics.boundary.inputs import boundaries_from_segs, one_channel
from sambench.metrics.boundary.thinning import thin
from sambench.types import BoundaryTruth, Sample, Size, without_pixels

_MEND = "save 255 where there is a boundary and 0 elsewhere, as PNG, by the threshold that the data set names"

_BLOCK, _BLOCK_SHARE = 6, 0.0225
"""Side in pixels, and as a share of the diagonal (three times the usual tolerance), of a square that no line fills."""


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
        truths = [read_truth(path, self.card, self.image_rules) for path in self._truths[key]]
        for path, one in zip(self._truths[key], truths, strict=True):
            if (ours := _size(one)) != (first := _size(truths[0])):
                difference = f"{ours[0]} x {ours[1]} (height x width), another annotator's is {first[0]} x {first[1]}"
                raise data_error(self.card, f"boundary map is {difference}", path)
        segmentations = [one for truth in truths for one in truth.segmentations]
        return BoundaryTruth(segmentations, [one for truth in truths for one in truth.boundaries])


def read_truth(path: Path, card: DatasetCard, rules: ImageRules) -> BoundaryTruth:
    """Read one file of ground truth.

    A `.mat` file holds a cell `groundTruth` with a struct an annotator (or an array of structs), of which one of two
    fields will do: without `Boundaries` the regions' borders are thinned to them, as those of BSDS500 are; without
    `Segmentation` there is no label map, which only region metrics read. An image is the boundary map of one annotator,
    of two values.

    Raises:
        DatasetError: It is missing or damaged, or holds something else.
    """
    if not path.is_file():
        raise data_error(card, "ground truth is missing", path)
    if path.suffix.lower() != ".mat":
        return BoundaryTruth([], [_read_map(path, card, rules)])
    try:
        content = read_mat(path, ["groundTruth"])
        annotators = _annotators(content["groundTruth"]) if "groundTruth" in content else None
        names = [] if annotators is not None else mat_names(path)
    # A damaged file makes scipy raise nearly anything (TypeError, zlib.error, struct.error, MemoryError, ...).
    except Exception as error:
        message = f"ground truth cannot be read, it may be truncated: {type(error).__name__}: {error}"
        raise data_error(card, message, path) from error
    if annotators is None and not names:
        raise data_error(card, "ground truth cannot be read, it may be truncated: it holds nothing", path)
    if not annotators:
        message = f"the file holds {listing(names)}" if names else "there is none, or it is something else"
        mend = "save a cell groundTruth of structs with a field Boundaries, or Segmentation, one for each annotator"
        raise DatasetError(f"ground truth should be structs in `groundTruth`; {message}", where=path, mend=mend)
    segmentations = [one["Segmentation"] for one in annotators if "Segmentation" in one]
    boundaries = [one["Boundaries"] for one in annotators if "Boundaries" in one]
    shapes = {part.shape for part in (*segmentations, *boundaries)}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2 or 0 in next(iter(shapes)):
        message = f"ground truth should hold maps of one size, has {sorted(shapes) if shapes else 'none'}"
        raise data_error(card, message, path)
    for name, maps in (("Segmentation", segmentations), ("Boundaries", boundaries)):
        if maps and len(maps) < len(annotators):
            raise data_error(card, f"only {len(maps)} of {len(annotators)} annotators have {name}", path)
    for one in segmentations:
        if one.dtype.kind not in "iufb":
            raise data_error(card, f"Segmentation holds {one.dtype}, numbers are expected", path)
        if one.dtype.kind == "f" and not (np.isfinite(one) & (one == np.floor(one))).all():
            raise data_error(card, "Segmentation holds NaN, infinite or broken numbers, labels are expected", path)
        if _is_drawing(one):
            what = "Segmentation holds lines of 1 on 0, not labels of regions: their borders would count twice"
            raise DatasetError(what, where=path, mend="save them as Boundaries, or label the regions between them")
    if boundaries:
        return BoundaryTruth(segmentations, [_lines(one, path) for one in boundaries])
    return BoundaryTruth(segmentations, [thin(one) for one in boundaries_from_segs(segmentations)])


def _annotators(variable: Any) -> list[dict[str, np.ndarray]]:
    """Return each annotator's fields from a cell of structs, a struct or an array of them; none where it is neither."""
    if not isinstance(variable, np.ndarray):
        return []
    structs = [variable] if variable.dtype.names else [one for one in variable.ravel() if isinstance(one, np.ndarray)]
    records = [record for one in structs if one.dtype.names for record in one.ravel()]
    whole = len(structs) == (1 if variable.dtype.names else variable.size) and all(one.dtype.names for one in structs)
    return [{name: full(one[name]) for name in one.dtype.names} for one in records] if whole else []


def _read_map(path: Path, card: DatasetCard, rules: ImageRules) -> np.ndarray:
    """Read a boundary map as (H, W) bool.

    Raises:
        DatasetError: As `_lines`, or its channels have no one value.
    """
    pixels = read_pixels(path, card, rules)
    if pixels.ndim == 3:
        try:
            return _lines(one_channel(pixels), path)
        except ValueError as error:
            raise DatasetError(f"boundary map has shape {pixels.shape}: {error}", where=path, mend=_MEND) from error
    return _lines(pixels, path)


def _lines(pixels: np.ndarray, path: Path) -> np.ndarray:
    """Return where a stored (H, W) map has a boundary, as bool.

    Raises:
        DatasetError: It has other values than 0 and one more, most of it is boundary, as where lines are dark on white,
            or areas of it are, as where objects are filled.
    """
    if pixels.ndim != 2 or pixels.dtype.kind not in "biuf":
        message = f"boundary map has shape {pixels.shape} and type {pixels.dtype}, numbers in one channel are expected"
        raise DatasetError(message, where=path, mend=_MEND)
    boundary: np.ndarray = pixels != 0
    if not (~boundary | (pixels == pixels.max())).all():
        values = np.unique(pixels)
        message = f"boundary map has {len(values)} values, two values in one channel are expected, 0 and one above it"
        raise DatasetError(f"{message}; it has {listing([f'{one:g}' for one in values], 5)}", where=path, mend=_MEND)
    if boundary.mean() > 0.5:
        what = f"boundary map is boundary at {boundary.mean():.0%} of its pixels, as where lines are dark on white"
        raise DatasetError(what, where=path, mend="save boundaries bright on black")
    height, width = boundary.shape
    side = max(_BLOCK, round(_BLOCK_SHARE * float(np.hypot(height, width))))
    rows, columns = height // side, width // side
    blocks = boundary[: rows * side, : columns * side].reshape(rows, side, columns, side)
    if blocks.all((1, 3)).any():
        what = f"boundary map is boundary in whole squares of {side} x {side} pixels, as where objects are filled"
        raise DatasetError(what, where=path, mend="save the lines between objects; filled ones are read by task=points")
    return boundary


def _is_drawing(labels: np.ndarray) -> bool:
    """Tell lines stored as 0 and 1 from labels: nowhere are 3 x 3 pixels together 1."""
    lines = labels == 1
    if min(lines.shape) < 3 or not lines.any() or not (lines | (labels == 0)).all():
        return False
    return not scipy.ndimage.binary_erosion(lines, np.ones((3, 3), bool)).any()


def _size(truth: BoundaryTruth) -> Size:
    height, width = truth.boundaries[0].shape
    return height, width
