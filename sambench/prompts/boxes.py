"""Boxes by two corners (XYXY) and by a corner and two sides (XYWH)."""

from __future__ import annotations

import numpy as np


def xyxy_of(boxes_xywh: np.ndarray) -> np.ndarray:
    """Return (..., 4) boxes in XYWH as XYXY."""
    low = boxes_xywh[..., :2]
    return np.concatenate([low, low + boxes_xywh[..., 2:]], axis=-1)


def xywh_of(boxes_xyxy: np.ndarray) -> np.ndarray:
    """Return (..., 4) boxes in XYXY as XYWH."""
    low = boxes_xyxy[..., :2]
    return np.concatenate([low, boxes_xyxy[..., 2:] - low], axis=-1)
