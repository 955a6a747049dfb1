"""One edge prediction read from a file, in any of the forms that detectors write.

Soft maps are PNG, JPEG, TIFF or BMP images of one channel (or equal ones), `.npy` arrays, or a MATLAB variable,
`result` or the only map of its file. Contour maps (`ucm2`) and segmentations (`segs`) are the Berkeley benchmark's own
MATLAB files. Integers of 8 and 16 bits are divided by their largest value, floats lie in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from sambench.config.image_rules import ImageRules
from sambench.datasets.images.headers import unlimited
from sambench.errors import PredictionError
from sambench.files.mat_files import full, read_mat
from sambench.metrics.boundary.inputs import one_channel, strength_from_image
from sambench.metrics.ucm2 import pb_from_ucm2

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
ENDINGS = (".png", ".npy", ".mat", *IMAGE_ENDINGS[1:])
"""Endings of edge predictions, in lower case."""

_GREY = "save edge strength as a grey image of 8 or 16 bits, strong edges bright, or as floats in [0, 1]"
_CONTENT = "save a soft map as `result`, a contour map as `ucm2`, or label maps as `segs`"


@dataclass(frozen=True)
class EdgeFile:
    """What a file holds.

    Attributes:
        kind: "soft" for a detector's map, "contours" for the map of a `ucm2`, "segs" for label maps.
        content: (H, W) uint8, uint16, float32 or float64 in [0, 1]; or a list of (H, W) integer label maps.
    """

    kind: Literal["soft", "contours", "segs"]
    content: np.ndarray | list[np.ndarray]

    @property
    def strength(self) -> np.ndarray:
        """(H, W) float64 in [0, 1] of a soft map."""
        return strength_from_image(np.asarray(self.content))


def read_edge_file(path: Path, max_pixels: int = ImageRules.max_pixels) -> EdgeFile:
    """Read an edge prediction.

    Args:
        path: Its file.
        max_pixels: An image of more pixels is refused before it is decoded.

    Raises:
        PredictionError: It is missing, too large, cannot be read, or holds something else.
    """
    try:
        if path.suffix.lower() == ".mat":
            return _from_variables(read_mat(path), path)
        stored = np.load(path, allow_pickle=False) if path.suffix.lower() == ".npy" else _image_array(path, max_pixels)
        return EdgeFile("soft", _soft(stored, path))
    except PredictionError as error:
        raise error if error.where else PredictionError(error.what, where=path, mend=error.mend) from error
    except MemoryError:
        raise
    except Exception as error:  # whatever a decoder raises on a damaged file
        message = f"prediction cannot be read: {type(error).__name__}: {error}"
        raise PredictionError(message, where=path, mend="write the file again") from error


def _from_variables(variables: dict[str, Any], path: Path) -> EdgeFile:
    """Choose what a MATLAB file is read for."""
    if "ucm2" in variables:
        contours = pb_from_ucm2(numbers(variables["ucm2"], "ucm2", path).astype(np.float64))
        return EdgeFile("contours", _soft(contours, path))
    if "segs" in variables:
        return EdgeFile("segs", label_maps(variables["segs"], path))
    # Detectors save their settings beside the map: texts, scalars, lists.
    names = [name for name, value in variables.items() if min(np.shape(value) or (0,)) > 1] or list(variables)
    if "result" in variables or len(names) == 1:
        name = "result" if "result" in variables else names[0]
        return EdgeFile("soft", _soft(numbers(variables[name], name, path), path))
    message = (
        f"the file holds {', '.join(names)}, which of them is the edge map is not known" if names else "it is empty"
    )
    raise PredictionError(message, where=path, mend=_CONTENT)


def label_maps(cells: Any, path: Path) -> list[np.ndarray]:
    """Return the (H, W) integer label maps of a variable `segs`, a cell array.

    Raises:
        PredictionError: There is none, or one is no map.
    """
    maps = [numbers(one, "segs", path) for one in np.asarray(cells, object).ravel()]
    if not maps:
        raise PredictionError("`segs` holds no label map", where=path, mend=_CONTENT)
    return maps


def numbers(value: Any, name: str, path: Path) -> np.ndarray:
    """Check that a variable is a map of numbers, and fill in the zeros of a sparse one.

    Raises:
        PredictionError: It is none, or too large.
    """
    try:
        array = full(value)
    except ValueError as error:
        raise PredictionError(f"`{name}` is {error}", where=path, mend=_CONTENT) from error
    if array.ndim < 2 or array.size == 0 or array.dtype.kind not in "biuf":
        message = f"`{name}` has shape {array.shape} and type {array.dtype}, a map of numbers is expected"
        raise PredictionError(message, where=path, mend=_CONTENT)
    return array


def _image_array(path: Path, max_pixels: int) -> np.ndarray:
    """Decode an image as (H, W) or (H, W, C)."""
    with unlimited(), Image.open(path) as image:
        if (pictures := getattr(image, "n_frames", 1)) > 1:
            message = f"the file holds {pictures} pictures, which of them is the edge map is not known"
            raise PredictionError(message, where=path, mend="save one picture a file")
        if (pixels := image.width * image.height) > max_pixels:
            message = f"edge map is larger than data.max_pixels={max_pixels}: {image.width} x {image.height} pixels"
            raise PredictionError(message, where=path, mend=f"give data.max_pixels={pixels} to read it")
        if image.mode == "I" and image.format == "PNG":  # 16 bits, as older versions of Pillow open them
            return np.asarray(image).astype(np.uint16)
        if image.mode == "P":
            return np.asarray(image.convert("RGBA" if "transparency" in image.info else "RGB"))
        if image.mode in ("1", "L", "LA", "RGB", "RGBA", "F") or image.mode.startswith("I"):
            return np.asarray(image)
        raise PredictionError(f"the edge map's image has mode {image.mode}", where=path, mend=_GREY)


def _soft(stored: np.ndarray, path: Path) -> np.ndarray:
    """Check a soft map, and bring it to (H, W) uint8, uint16, float32 or float64.

    Raises:
        PredictionError: It is no map of numbers with a known range.
    """
    # Networks hand on (1, H, W) or (1, 1, H, W); (1, W, C) is an image of one line.
    while stored.ndim > 2 and stored.shape[0] == 1 and stored.shape[-1] > 4:
        stored = stored[0]
    if stored.ndim == 3:
        try:
            stored = one_channel(stored)
        except ValueError as error:
            raise PredictionError(str(error), where=path, mend=_GREY) from error
    if stored.ndim != 2 or stored.size == 0:
        message = f"edge map has shape {stored.shape}, (height, width) is expected"
        raise PredictionError(message, where=path, mend="save one channel")
    if stored.dtype == np.bool_:
        return stored.astype(np.uint8) * np.uint8(255)
    if stored.dtype in (np.uint8, np.uint16):
        return stored
    if stored.dtype.kind != "f":
        raise PredictionError(f"an edge map of type {stored.dtype} has no known range", where=path, mend=_GREY)
    if undefined := int(np.count_nonzero(np.isnan(stored))):
        message = f"{undefined} of {stored.size} values of an edge map are NaN, where strength must lie in [0, 1]"
        raise PredictionError(message, where=path, mend="find out why the detector makes NaN there, then predict again")
    if not (stored.min() >= 0 and stored.max() <= 1):
        logits = "save probabilities: of logits, as a network gives them, take the sigmoid"
        raise PredictionError(
            f"edge strength must lie in [0, 1], it runs from {np.min(stored):g} to {np.max(stored):g}",
            where=path,
            mend=logits if stored.min() < 0 else "scale the map by the same factor for all images, then save it again",
        )
    return stored if stored.dtype == np.float64 else stored.astype(np.float32)
