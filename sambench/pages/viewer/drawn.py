"""The scene of a task that draws its predictions itself: its pictures as they are."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sambench.engine.task import Task
from sambench.pages.report.pictures import picture_files
from sambench.pages.viewer.layers import Scene, jpeg
from sambench.types import Sample


def drawn_scene(task: Task, sample: Sample, prediction: Any) -> Scene:
    """Show what a task draws of an image (`Task.illustrate`).

    Args:
        task: The run's task.
        sample: The image.
        prediction: What was stored of it.
    """
    scene = Scene({"kind": "pictures", "shown": []})
    with tempfile.TemporaryDirectory() as scratch:
        task.illustrate(sample, prediction, Path(scratch))
        files = picture_files(Path(scratch).rglob("*.png"), sample.id, task.name)
        pictures = [(caption, _read(path)) for caption, path in files]
    for index, (caption, picture) in enumerate(pictures):
        name = scene.add(f"picture-{index}.jpg", _encoded(picture))
        scene.content["shown"].append({"told": caption, "picture": name, "size": list(picture.shape[:2])})
    return scene


def _read(path: Path) -> np.ndarray:
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        return np.asarray(image.convert("RGB"))


def _encoded(picture: np.ndarray) -> Callable[[], bytes]:
    return lambda: jpeg(picture)
