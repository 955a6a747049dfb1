"""The state a predictor keeps of its image, read as named tensors and put back.

Known are SamPredictor's (`features`, `input_size`, and SAM-HQ's `interm_features`) and SAM2ImagePredictor's
(`_features`). `original_size` travels with the embedding.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sambench.types import Size

KNOWN = {"features", "interm_features", "_features"}
"""Attributes with arrays that are read and put back."""


class PredictorState:
    """A predictor's state, where it can be read and put back.

    A wrapper may hand on what it is asked for, but keeps what is put into it for itself; the state is therefore that of
    the object whose methods set the image and answer, and unknown where these are two.

    Args:
        predictor: The predictor.
        asked: Name of its method that answers.
    """

    def __init__(self, predictor: Any, asked: str) -> None:
        self.predictor = predictor
        owners = [getattr(getattr(predictor, name), "__self__", None) for name in ("set_image", asked)]
        self.owner = owners[0] if owners[0] is owners[1] else None

    def set_image(self, image: np.ndarray) -> dict[str, Tensor] | None:
        """Have an image set, (H, W, 3) uint8 RGB; returns the state as named tensors, None where it is unknown."""
        before = dict(getattr(self.owner, "__dict__", {}))
        self.predictor.set_image(image)
        if self.owner is None:
            return None
        after = getattr(self.owner, "__dict__", {})
        others = [name for name, value in after.items() if value is not before.get(name) and name not in KNOWN]
        return None if any(_holds_array(after[name]) for name in others) else read_state(self.owner)

    def restore(self, tensors: dict[str, Tensor], original_size: Size) -> None:
        """Put back what `set_image` gave."""
        restore_state(self.owner, tensors, original_size)


def read_state(predictor: Any) -> dict[str, Tensor] | None:
    """Return the state after `set_image` as named tensors; None for a predictor of an unknown kind."""
    features = _own(predictor, "features")
    if isinstance(features, Tensor) and _own(predictor, "input_size") is not None:
        state = {"features": features, "input_size": torch.tensor(list(predictor.input_size))}
        for index, tensor in enumerate(_as_list(_own(predictor, "interm_features"))):
            state[f"interm_features.{index}"] = tensor
        return {name: tensor.contiguous() for name, tensor in state.items()}
    features = _own(predictor, "_features")
    if isinstance(features, dict) and isinstance(features.get("image_embed"), Tensor):
        state = {"image_embed": features["image_embed"]}
        for index, tensor in enumerate(_as_list(features.get("high_res_feats"))):
            state[f"high_res_feats.{index}"] = tensor
        known = {"image_embed", "high_res_feats"} >= set(features)
        return {name: tensor.contiguous() for name, tensor in state.items()} if known else None
    return None


def restore_state(predictor: Any, tensors: dict[str, Tensor], original_size: Size) -> None:
    """Put a state back that `read_state` gave, on the predictor's device."""
    device = getattr(predictor, "device", "cpu")
    state = {name: tensor.to(device) for name, tensor in tensors.items()}
    if "image_embed" in state:
        predictor._features = {
            "image_embed": state["image_embed"],
            "high_res_feats": _numbered(state, "high_res_feats"),
        }
        predictor._orig_hw = [original_size]
        predictor._is_image_set = True
        predictor._is_batch = False
        return
    predictor.features = state["features"]
    predictor.original_size = original_size
    predictor.input_size = tuple(int(side) for side in tensors["input_size"])
    if numbered := _numbered(state, "interm_features"):
        predictor.interm_features = numbered
    predictor.is_image_set = True


def _own(owner: Any, name: str) -> Any:
    """Return an attribute that can be set where it is read, None for one that a `__getattr__` or a property makes."""
    attribute = inspect.getattr_static(owner, name, None)
    return None if attribute is None or isinstance(attribute, property) else getattr(owner, name)


def _holds_array(value: Any, depth: int = 3) -> bool:
    if isinstance(value, Tensor | np.ndarray):
        return value.ndim > 0
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return depth > 0 and any(_holds_array(part, depth - 1) for part in parts)


def _as_list(value: Any) -> list[Tensor]:
    return [] if value is None else list(value)


def _numbered(state: dict[str, Tensor], name: str) -> list[Tensor]:
    """Return `name.0`, `name.1`... in order."""
    count = sum(key.startswith(f"{name}.") for key in state)
    return [state[f"{name}.{index}"] for index in range(count)]
