"""The encoding half of an exported model: pixels in the form a graph takes, features under the names decoders know."""

from __future__ import annotations

import json
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sambench.errors import ModelError
from sambench.models.onnx.contracts import FEATURES, Contract
from sambench.models.onnx.geometry import Geometry, Stretched, geometry_of
from sambench.models.onnx.sessions import GraphSession, Port
from sambench.models.sam.preprocess import longest_side_size

ENCODE_VERSION = 1
"""Raised whenever this package computes another embedding from the same files and image."""

SAME_FRAME = {"efficientvit"}
"""Contracts whose encoder may read a smaller square than the decoder's coordinates are in."""


class Encoder(Protocol):
    """From an image to named features."""

    identity: str
    """Names everything that changes a feature."""

    def __call__(self, image: np.ndarray) -> dict[str, Tensor]:
        """Return the features of an (H, W, 3) uint8 RGB image."""

    def describe(self) -> dict[str, Any]:
        """Return what `run.json` says of it."""


class OnnxEncoder:
    """A graph from pixels to features.

    Args:
        session: The graph.
        contract: Of the decoder that the features are for.
        side: Of the decoder's square of coordinates.

    Raises:
        ModelError: Its input has no form that is known, or another size than the decoder's frame.
    """

    def __init__(self, session: GraphSession, contract: Contract, side: int) -> None:
        self.session = session
        self.input = _pixel_input(session)
        self.raw = self.input.rank == 3
        read = side if self.raw or contract == "efficientsam" else self.input.shape[-1] or side
        if read != side and contract not in SAME_FRAME:
            what = f"the encoder reads a square of {read} pixels, the decoder's points are in one of {side}"
            raise ModelError(what, where=session.file.path, mend="give the encoder and decoder of one model")
        self.geometry: Geometry = geometry_of(contract, read, stated_family(session))
        self.identity = f"onnx {session.file.sha256} {self.preprocessing} {session.provider} version {ENCODE_VERSION}"

    @property
    def preprocessing(self) -> str:
        """What happens to an image before the graph."""
        if not self.raw:
            return self.geometry.describe()
        return "the image at its own size" if isinstance(self.geometry, Stretched) else f"resized only, {self._side}"

    @property
    def _side(self) -> int:
        return int(getattr(self.geometry, "size", 0))

    def __call__(self, image: np.ndarray) -> dict[str, Tensor]:
        """Return the features of an (H, W, 3) uint8 RGB image, named by what decoders call them."""
        pixels = self._raw(image) if self.raw else self.geometry.pixels(image)[None].numpy()
        made = self.session.run({self.input.name: pixels}, list(self.session.outputs))
        return name_features(made, self.session)

    def _raw(self, image: np.ndarray) -> np.ndarray:
        """Return (h, w, 3) float32 of 0 to 255 for graphs that normalise and pad by themselves."""
        if isinstance(self.geometry, Stretched):
            return image.astype(np.float32)
        height, width = longest_side_size(image.shape[0], image.shape[1], self._side)
        return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR), np.float32)

    def describe(self) -> dict[str, Any]:
        """Return what `run.json` says of it."""
        return {**self.session.describe(), "preprocessing": self.preprocessing}


def stated_family(session: GraphSession) -> str | None:
    """Return the family that a graph of `sambench export` says it is of."""
    try:
        content = json.loads(session.file.about["notes"].get("sambench", "{}"))
    except ValueError:
        return None
    family = content.get("family") if isinstance(content, dict) else None
    return family if isinstance(family, str) else None


class OwnImage:
    """In the place of an encoder where one graph does everything: keeps the pixels, which are encoded at every prompt.

    Args:
        geometry: Makes the pixels.
    """

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry
        self.identity = f"pixels {geometry.describe()}"

    def __call__(self, image: np.ndarray) -> dict[str, Tensor]:
        """Return the pixels."""
        return {"pixels": self.geometry.pixels(image)}

    def describe(self) -> dict[str, Any]:
        """Return what `run.json` says of it."""
        return {"file": None, "preprocessing": self.geometry.describe()}


def _pixel_input(session: GraphSession) -> Port:
    """Return the one input, which must be an image."""
    ports = list(session.inputs.values())
    text = ", ".join(map(str, ports))
    if len(ports) == 1:
        (port,) = ports
        if port.rank == 3 and port.shape[0] == 3 and "uint8" in port.type:
            what = f"the encoder is SAM 3's detector's, which takes no clicks: {text}"
            raise ModelError(what, where=session.file.path, mend="export SAM 3's tracker")
        if (port.rank == 3 and port.shape[-1] == 3) or (port.rank == 4 and port.shape[1] in (3, None)):
            return port
    what = f"the encoder takes no image alone, but {text}"
    raise ModelError(what, where=session.file.path, mend="give model.encoder=FILE, the graph that reads pixels")


def name_features(made: dict[str, np.ndarray], session: GraphSession) -> dict[str, Tensor]:
    """Name an encoder's (1, ...) outputs as decoders know them, by shape: exporters put the finest first, or last.

    Returns:
        Features without the batch's side, float32.

    Raises:
        ModelError: No output is a map of features.
    """
    early = [array for array in made.values() if array.ndim == 5]
    features = {"interm_embeddings": early[0][0]} if early else {}
    maps = {name: array for name, array in made.items() if array.ndim == 4}
    for name in [name for name in maps if "positional" in name]:
        features["image_positional_embeddings"] = maps.pop(name)[0]
    for role, array in zip(FEATURES[:3], sorted(maps.values(), key=lambda one: one.shape[-1]), strict=False):
        features[role] = array[0]
    if "image_embedding" not in features:
        text = ", ".join(f"{name} {array.shape}" for name, array in made.items())
        what = f"the encoder gives no map of features, but {text}"
        raise ModelError(what, where=session.file.path, mend="give model.encoder=FILE, an encoder's graph")
    return {name: torch.from_numpy(np.ascontiguousarray(array, np.float32)) for name, array in features.items()}
