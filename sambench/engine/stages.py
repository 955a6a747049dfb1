"""How long each stage of a run takes: seconds of work, whether or not stages overlap."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

STAGES = ("read", "encode", "cache", "decode", "post", "save", "draw", "score")
"""The stages in the order a sample passes them."""


class Stages:
    """Adds up the seconds spent in each stage; stages may nest, and the inner one's time is not counted twice."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock = Lock()
        self._inner: list[float] = []

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Count the block's time, less that of stages timed inside it, for a stage of the main thread."""
        start = time.perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            inside = self._inner.pop()
            if self._inner:
                self._inner[-1] += spent
            self.add(stage, spent - inside)

    def add(self, stage: str, seconds: float) -> None:
        """Count seconds measured elsewhere (a reader thread, a worker process)."""
        with self._lock:
            self.seconds[stage] += seconds

    def table(self, images: int, wall_seconds: float) -> dict[str, dict[str, float]]:
        """Return stage -> seconds, share of all stages' seconds, seconds per image; and `wall` for the whole run."""
        total = sum(self.seconds.values()) or 1.0
        order = [stage for stage in STAGES if stage in self.seconds]
        rows = {
            stage: {
                "seconds": round(self.seconds[stage], 4),
                "share": round(self.seconds[stage] / total, 4),
                "per_image": round(self.seconds[stage] / max(images, 1), 5),
            }
            for stage in order
        }
        rows["wall"] = {
            "seconds": round(wall_seconds, 4),
            "share": 1.0,
            "per_image": round(wall_seconds / max(images, 1), 5),
        }
        return rows
