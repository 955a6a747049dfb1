"""Room for full-size answers that is used again: asking the system for it each time takes longer than painting it."""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from threading import Lock

import numpy as np
import torch

KEPT = 2
"""Rooms kept: one batch of answers is painted while the one before it is measured."""


class Canvases:
    """Hands out tensors of undefined content; the room of one that nobody holds any more is given to the next."""

    def __init__(self) -> None:
        self._rooms: list[tuple[np.ndarray, weakref.ref[np.ndarray]]] = []
        self._lock = Lock()

    def tensor(self, shape: Sequence[int]) -> torch.Tensor:
        """Return a float32 tensor on the CPU that shares memory with none that is still held, nor with a view of one.

        Args:
            shape: Its shape.
        """
        count = math.prod(shape)
        with self._lock:
            held = [(room, given) for room, given in self._rooms if given() is not None]
            free = [room for room, given in self._rooms if given() is None and room.size >= count]
            room = free[0] if free else np.empty(count, np.float32)
            given = room[:count].reshape(shape)  # which the tensor keeps alive as long as its memory is used
            self._rooms = [*held, (room, weakref.ref(given))][-KEPT:]
        return torch.from_numpy(given)
