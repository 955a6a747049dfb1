"""How long each stage of a run takes: seconds of work, whether or not stages overlap."""

from __future__ import annotations

import time
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

import numpy as np

PERCENTILES = (50, 90, 99)

STAGES = ("read", "encode", "cache", "decode", "post", "save", "draw", "score")
"""The stages in the order a sample passes them."""


class Stages:
    """Adds up the seconds spent in each stage; stages may nest, and the inner one's time is not counted twice.

    Attributes:
        seconds: Of each stage.
        images: Of each stage the seconds of every image, where they are told by image.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.images: dict[str, array[float]] = defaultdict(lambda: array("d"))
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

    def of_images(self, stage: str, seconds: Iterable[float]) -> None:
        """Note what a stage took for images, one by one; their sum is counted by `timed` or `add`."""
        with self._lock:
            self.images[stage].extend(seconds)

    def since(self, before: Mapping[str, float]) -> dict[str, float]:
        """Return the seconds of the main thread's stages beyond an earlier copy of `seconds`."""
        with self._lock:
            spent = {stage: seconds - before.get(stage, 0.0) for stage, seconds in self.seconds.items()}
        return {stage: seconds for stage, seconds in spent.items() if stage != "read"}

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.seconds.clear()
            self.images.clear()

    def table(self, images: int, wall_seconds: float) -> dict[str, dict[str, float]]:
        """Return what each stage took, and `wall` for the whole run.

        Returns:
            stage -> seconds, share of all stages' seconds, seconds per image, and where the images' own are known the
            50th, 90th and 99th percentile of theirs.
        """
        total = sum(self.seconds.values()) or 1.0
        order = [stage for stage in STAGES if stage in self.seconds]
        rows = {
            stage: {
                "seconds": round(self.seconds[stage], 4),
                "share": round(self.seconds[stage] / total, 4),
                "per_image": round(self.seconds[stage] / max(images, 1), 5),
                **self._percentiles(stage),
            }
            for stage in order
        }
        rows["wall"] = {
            "seconds": round(wall_seconds, 4),
            "share": 1.0,
            "per_image": round(wall_seconds / max(images, 1), 5),
        }
        return rows

    def _percentiles(self, stage: str) -> dict[str, float]:
        if not self.images.get(stage):
            return {}
        percentiles = np.percentile(np.frombuffer(self.images[stage]), PERCENTILES)
        return {f"p{number}": round(float(value), 5) for number, value in zip(PERCENTILES, percentiles, strict=True)}
