"""The state a predictor keeps of its image, read as named tensors and put back.

Known are SamPredictor's (`features`, `input_size`, and SAM-HQ's `interm_features`) and SAM2ImagePredictor's
(`_features`). `original_size` travels with the embedding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sambench.types import Size


def read_state(predictor: Any) -> dict[str, Tensor] | None:
    """Return the state after `set_image` as named tensors; None for a predictor of an unknown kind."""
    features = getattr(predictor, "features", None)
    if isinstance(features, Tensor) and getattr(predictor, "input_size", None) is not None:
        state = {"features": features, "input_size": torch.tensor(list(predictor.input_size))}
        for index, tensor in enumerate(_as_list(getattr(predictor, "interm_features", None))):
            state[f"interm_features.{index}"] = tensor
        return {name: tensor.contiguous() for name, tensor in state.items()}
    features = getattr(predictor, "_features", None)
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


def _as_list(value: Any) -> list[Tensor]:
    return [] if value is None else list(value)


def _numbered(state: dict[str, Tensor], name: str) -> list[Tensor]:
    """Return `name.0`, `name.1`... in order."""
    count = sum(key.startswith(f"{name}.") for key in state)
    return [state[f"{name}.{index}"] for index in range(count)]
