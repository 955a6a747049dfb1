"""Edge predictions as files: PNG and .npy soft maps, and the benchmark's own `ucm2` and `segs` MATLAB files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sambench.errors import PredictionError
from sambench.files import atomic_path, files_below, hidden
from sambench.metrics.boundary_inputs import pb_from_ucm2
from sambench.types import Sample, Size

ENDINGS = (".png", ".npy", ".mat")
"""Accepted files, the first that exists wins."""

EdgePrediction = np.ndarray | list[np.ndarray]
"""A soft map (H, W) uint8, uint16 or float in [0, 1]; or a list of (H, W) integer label maps, one a threshold."""


def write_map(prediction: np.ndarray, folder: Path, sample_id: str) -> None:
    """Write a soft map as PNG (uint8, uint16) or .npy (float32), atomically, below `folder` by its sample id."""
    from PIL import Image

    ending = ".npy" if prediction.dtype == np.float32 else ".png"
    with atomic_path(folder / f"{sample_id}{ending}") as temporary, temporary.open("wb") as file:
        if ending == ".npy":
            np.save(file, prediction)
        else:
            Image.fromarray(prediction).save(file, format="PNG")


def read_map(folder: Path, sample_id: str, size: Size) -> EdgePrediction:
    """Read one prediction.

    Args:
        folder: The folder of predictions; files are named by sample id or by its last part.
        sample_id: Whose prediction.
        size: (height, width) it must have.

    Raises:
        PredictionError: It is missing, cannot be read, or has another size.
    """
    path = find_map(folder, sample_id)
    if path is None:
        raise PredictionError(
            f"no prediction for {sample_id}", where=folder, mend="add it, or score the rest with allow_missing=true"
        )
    try:
        found = _read_mat(path) if path.suffix == ".mat" else _read_soft(path)
    except PredictionError:
        raise
    except Exception as error:  # whatever a decoder raises on a damaged file
        raise PredictionError(f"prediction cannot be read: {error}", where=path, mend="write the file again") from error
    shape = found[0].shape if isinstance(found, list) else found.shape
    if tuple(shape[:2]) != tuple(size):
        raise PredictionError(
            f"prediction for {sample_id} is {shape[0]} x {shape[1]} (height x width), its image {size[0]} x {size[1]}",
            where=path,
            mend="predict at the image's own size and orientation",
        )
    return found


def find_map(folder: Path, sample_id: str) -> Path | None:
    """Return the file that answers a sample: `ID.png` before `LAST_PART.png`, PNG before .npy before .mat."""
    for name in dict.fromkeys((sample_id, sample_id.rsplit("/", 1)[-1])):
        for ending in ENDINGS:
            path = folder / f"{name}{ending}"
            if path.exists():
                return path
    return None


class EdgeMapFolder:
    """A folder of edge predictions, as `sambench.engine.task.PredictionReader`.

    Args:
        folder: The folder.
        all_keys: Sample ids of the whole split; a file that answers none of them is a stranger.

    Raises:
        PredictionError: The folder is not there.
    """

    without: Literal["left out", "empty"] = "left out"

    def __init__(self, folder: Path, all_keys: Sequence[str]) -> None:
        if not folder.is_dir():
            raise PredictionError(
                "the folder of predictions does not exist", where=folder, mend="give it as predictions=FOLDER"
            )
        self.folder, self._all_keys = folder, list(all_keys)

    def compare(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the samples without a file, and the files (relative paths) that answer no sample."""
        found = {key: find_map(self.folder, key) for key in keys}
        answered = {find_map(self.folder, key) for key in self._all_keys}
        strangers = sorted(str(path.relative_to(self.folder)) for path in self._files() if path not in answered)
        return [key for key, path in found.items() if path is None], strangers

    def read(self, sample: Sample) -> EdgePrediction:
        """Read the sample's map."""
        return read_map(self.folder, sample.id, sample.size)

    def fingerprint(self) -> str:
        """Return a SHA-256 over names and bytes of all prediction files."""
        digest = hashlib.sha256()
        for path in self._files():
            digest.update(str(path.relative_to(self.folder)).encode() + hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def _files(self) -> list[Path]:
        return [path for path in files_below(self.folder) if path.suffix in ENDINGS and not hidden(path)]


def _read_soft(path: Path) -> np.ndarray:
    from PIL import Image

    if path.suffix == ".npy":
        strength = np.load(path, allow_pickle=False)
    else:
        with Image.open(path) as image:
            if image.mode not in ("L", "I;16", "I", "1"):
                raise PredictionError(
                    f"edge map has mode {image.mode}, one grey channel of 8 or 16 bits is expected",
                    where=path,
                    mend="save edge strength as a grey PNG, strong edges bright",
                )
            strength = np.asarray(image)
    if strength.dtype == np.bool_:
        strength = strength.astype(np.uint8) * 255
    if strength.dtype == np.int32:
        strength = strength.astype(np.uint16)
    if strength.dtype.kind == "f":
        strength = strength.astype(np.float32)
        if not (np.isfinite(strength).all() and strength.min() >= 0 and strength.max() <= 1):
            raise PredictionError(
                "edge strength must lie in [0, 1]",
                where=path,
                mend="scale the map by the same factor for all images, then save it again",
            )
    if strength.ndim != 2:
        raise PredictionError(
            f"edge map has shape {strength.shape}, (height, width) is expected", where=path, mend="save one channel"
        )
    return strength


def _read_mat(path: Path) -> EdgePrediction:
    from scipy.io import loadmat

    content: dict[str, Any] = loadmat(path)
    if "ucm2" in content:
        return pb_from_ucm2(content["ucm2"])
    if "segs" in content:
        return [np.asarray(labels) for labels in content["segs"].ravel()]
    names = ", ".join(name for name in content if not name.startswith("__")) or "nothing"
    raise PredictionError(
        f"the file holds {names}; `ucm2` or `segs` is expected", where=path, mend="save a contour map as ucm2"
    )
