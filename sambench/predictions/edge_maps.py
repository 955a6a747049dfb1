"""Folders of edge predictions: written by a run, or made elsewhere and found by sample id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from sambench.config.image_rules import ImageRules
from sambench.datasets.base import Dataset
from sambench.errors import PredictionError
from sambench.files.atomic import atomic_path
from sambench.files.safe_names import file_inside
from sambench.predictions.edge_files import ENDINGS, EdgeFile, read_edge_file
from sambench.predictions.edge_suppression import SAMPLED, Suppression, choose_suppression, strength_notes, suppressed
from sambench.predictions.map_folders import MapFolder
from sambench.predictions.reader import PredictionReader, Saving
from sambench.types import Sample, Size

EdgePrediction = np.ndarray | list[np.ndarray]
"""A soft map (H, W) uint8, uint16 or float in [0, 1]; or a list of (H, W) integer label maps, one a threshold."""


def write_map(prediction: np.ndarray, folder: Path, sample_id: str) -> None:
    """Write a soft map as PNG (uint8, uint16) or .npy (float32), atomically, below `folder` by its safe name."""
    ending = ".npy" if prediction.dtype == np.float32 else ".png"
    with atomic_path(file_inside(folder, sample_id, ending)) as temporary, temporary.open("wb") as file:
        if ending == ".npy":
            np.save(file, prediction)
        else:
            Image.fromarray(prediction).save(file, format="PNG")


def read_map(path: Path, sample_id: str, size: Size, max_pixels: int = ImageRules.max_pixels) -> EdgeFile:
    """Read one prediction.

    Args:
        path: Its file.
        sample_id: Whose prediction.
        size: (height, width) it must have.
        max_pixels: As `read_edge_file`.

    Raises:
        PredictionError: It cannot be read or has another size.
    """
    edge_file = read_edge_file(path, max_pixels)
    for part in edge_file.content if isinstance(edge_file.content, list) else [edge_file.content]:
        if part.shape != tuple(size):
            shape = " x ".join(map(str, part.shape))
            raise PredictionError(
                f"prediction for {sample_id} is {shape} (height x width), its image {size[0]} x {size[1]}",
                where=path,
                mend="predict at the image's own size and orientation",
            )
    return edge_file


class EdgeMapFolder(MapFolder):
    """A folder of edge predictions; soft maps that are raw are suppressed as they are read.

    Args:
        folder, all_keys: As for `MapFolder`.
        nms: "toolbox" suppresses soft maps, "none" leaves them, "auto" measures some of them and chooses.
        keys: Samples that are scored.
        max_pixels: `data.max_pixels`, which holds for maps stored as images too.
        names: As for `MapFolder`.

    Raises:
        PredictionError: The folder is not there, or "auto" cannot tell what its maps are.
    """

    def __init__(
        self,
        folder: Path,
        all_keys: Sequence[str],
        nms: Suppression,
        keys: Sequence[str],
        max_pixels: int = ImageRules.max_pixels,
        names: str | None = None,
    ) -> None:
        super().__init__(folder, all_keys, ENDINGS, names)
        self.max_pixels = max_pixels
        there = [path for key in keys if (path := self.find(key)) is not None]
        few = there[:: max(1, len(there) // SAMPLED)][:SAMPLED]
        some = {path.relative_to(folder).as_posix(): read_edge_file(path, max_pixels) for path in few}
        soft = {name: file.strength for name, file in some.items() if file.kind == "soft"}
        self.nms = choose_suppression(soft, folder) if nms == "auto" else nms
        if soft:
            self.choices = {"nms": self.nms}
            self.notes += strength_notes(soft)

    def read(self, sample: Sample) -> EdgePrediction:
        """Read the sample's map."""
        edge_file = read_map(self.path(sample.id), sample.id, sample.size, self.max_pixels)
        return (
            suppressed(edge_file.strength) if edge_file.kind == "soft" and self.nms == "toolbox" else edge_file.content
        )


class EdgeMapSaving(Saving):
    """A task whose predictions are edge maps, in a file each."""

    def save(self, sample: Sample, prediction: np.ndarray, folder: Path) -> None:
        """Write the map as a PNG (8 or 16 bits), or as .npy where it is float32."""
        write_map(prediction, folder, sample.id)

    def reader(
        self, path: Path, dataset: Dataset, nms: Suppression = "auto", names: str | None = None
    ) -> PredictionReader:
        """Open a folder of soft maps, `ucm2` or `segs` files made by `save` or by any detector.

        Args:
            path: The folder.
            dataset: What they answer to.
            nms: Edge suppression of soft maps; "auto" measures whether they still need it.
            names: A template of the files' names; None finds it.
        """
        return EdgeMapFolder(path, dataset.all_keys, nms, dataset.keys, dataset.image_rules.max_pixels, names)
