"""Pictures that were drawn once, as files of a folder that lasts as long as the server."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from sambench.files.atomic import write_bytes

BUDGET = 1 << 30
"""Bytes of pictures that are kept; those that were asked for longest ago go first."""


class PictureCache:
    """Keeps drawn pictures.

    Args:
        folder: An empty folder of its own.
        budget: Bytes that they may take.
    """

    def __init__(self, folder: Path, budget: int = BUDGET) -> None:
        self.folder, self.budget, self.size = folder, budget, 0
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...], draw: Callable[[], bytes]) -> bytes:
        """Return a picture by what makes it the one it is, drawn if it is not there; a full disk only costs time."""
        name = hashlib.sha256(repr(key).encode()).hexdigest()
        path = self.folder / name
        with self._lock:
            if name in self._sizes:
                self._sizes.move_to_end(name)
        try:
            return path.read_bytes()
        except OSError:
            content = draw()
        try:
            write_bytes(path, content)
        except OSError:
            return content
        with self._lock:
            self.size += len(content) - self._sizes.pop(name, 0)
            self._sizes[name] = len(content)
            while self.size > self.budget and len(self._sizes) > 1:
                old, size = self._sizes.popitem(last=False)
                (self.folder / old).unlink(missing_ok=True)
                self.size -= size
        return content
