"""Segmentations as files: the benchmark's own `ucm2` and `segs` MATLAB files, and NumPy arrays of the same content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sambench.datasets.base import Dataset
from sambench.errors import PredictionError
from sambench.files.mat_files import read_mat
from sambench.predictions.edge_files import ENDINGS, label_maps, numbers
from sambench.predictions.map_folders import MapFolder
from sambench.predictions.reader import PredictionReader, Saving
from sambench.types import Sample, Size

RegionPrediction = np.ndarray | list[np.ndarray]
"""A contour map (2 * H + 1, 2 * W + 1) float, cut at every threshold; or (H, W) integer label maps, one a threshold."""


class RegionMapFolder(MapFolder):
    """A folder of segmentations, as `sambench.predictions.reader.PredictionReader`.

    Files are named as edge maps are: by sample id or by its last part, or by a template of these.
    """

    def __init__(self, folder: Path, all_keys: Sequence[str], names: str | None = None) -> None:
        super().__init__(folder, all_keys, ENDINGS, names)

    def read(self, sample: Sample) -> RegionPrediction:
        """Read the sample's contour map or label maps."""
        return read_regions(self.path(sample.id), sample.id, sample.size)


def read_regions(path: Path, sample_id: str, size: Size) -> RegionPrediction:
    """Read one prediction: `.mat` with `ucm2` or `segs`; `.npy` with a float contour map or (T, H, W) integer labels.

    Args:
        path: Its file.
        sample_id: Whose prediction.
        size: (height, width) of the image.

    Raises:
        PredictionError: It cannot be read, is no segmentation, or has another size.
    """
    try:
        content = _read(path)
    except PredictionError:
        raise
    except Exception as error:  # whatever a decoder raises on a damaged file
        raise PredictionError(f"prediction cannot be read: {error}", where=path, mend="write the file again") from error
    wanted = tuple(size) if isinstance(content, list) else tuple(2 * length + 1 for length in size)
    for part in content if isinstance(content, list) else [content]:
        if part.shape != wanted:
            message = f"prediction for {sample_id} has shape {part.shape}, {wanted} is expected for its image"
            raise PredictionError(f"{message} of {size[0]} x {size[1]} (height x width)", where=path, mend=_MEND)
    return content


_MEND = "save label maps (segs) at the image's size, or a contour map (ucm2) of twice height and width and one more"


def _read(path: Path) -> RegionPrediction:
    if path.suffix.lower() == ".npy":
        stored = np.load(path, allow_pickle=False)
        if stored.dtype.kind == "f":
            return stored
        return [stored] if stored.ndim == 2 else list(stored)
    if path.suffix.lower() == ".mat":
        variables = read_mat(path)
        if "segs" in variables:
            return label_maps(variables["segs"], path)
        if "ucm2" in variables:
            return numbers(variables["ucm2"], "ucm2", path).astype(np.float64)
        names = ", ".join(variables) or "nothing"
        raise PredictionError(f"the file holds {names}; `ucm2` or `segs` is expected", where=path, mend=_MEND)
    raise PredictionError(
        "an edge map has no regions",
        where=path,
        mend="give segmentations (segs) or contour maps (ucm2) as .mat or .npy",
    )


class SegmentationReading(Saving):
    """A task that scores segmentations made elsewhere, and makes none."""

    def reader(self, path: Path, dataset: Dataset, names: str | None = None) -> PredictionReader:
        """Open a folder of `ucm2` or `segs` files (.mat), or of the same arrays as .npy.

        Args:
            path: The folder.
            dataset: What they answer to.
            names: A template of the files' names; None finds it.
        """
        return RegionMapFolder(path, dataset.all_keys, names)
