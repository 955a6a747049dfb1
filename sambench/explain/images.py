"""The images that a stored run has scored, read again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sambench.datasets.base import Dataset
from sambench.runs.run import Run
from sambench.types import Sample

Result = TypeVar("Result")

_AT_ONCE = 8
"""Images at most; what is done to them leaves the interpreter's lock only in part."""


def loaded(dataset: Dataset, key: str, images: bool = True) -> Sample:
    """Read a sample, with its pixels where they are asked for and there."""
    return dataset.load(key) if images and dataset.images_there else dataset.load_without_pixels(key)


def of_each_image(run: Run, dataset: Dataset, work: Callable[[str], Result]) -> dict[str, Result]:
    """Do some work for each image that a run has scored, several at once; sample id -> what it gave, in data order."""
    scored = run.sample_ids()
    return of_keys([key for key in dataset.all_keys if key in scored], work)


def of_keys(keys: Sequence[str], work: Callable[[str], Result]) -> dict[str, Result]:
    """Do some work for each image, several at once; image -> what it gave, in the order of the keys."""
    with ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1)) as pool:
        return dict(zip(keys, pool.map(work, keys), strict=True))
