"""What data for text prompts share: images, each with its pairs, wherever these come from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sambench.datasets.base import Dataset
from sambench.datasets.images.files import read_image
from sambench.prompts.concepts import ConceptTruth
from sambench.types import Sample, Size, without_pixels

PairPlaces = Mapping[int | str, tuple[str, Size]]
"""Pair id -> its sample and (height, width) in pixels."""


class PairCount(NamedTuple):
    """How many objects one pair has, without its masks.

    Attributes:
        objects: Of each annotator, groups (`iscrowd`) included.
        exhaustive: Whether the pair counts.
    """

    objects: tuple[int, ...]
    exhaustive: bool


class ConceptDataset(Dataset):
    """Images with phrases and what each names there; one sample is one image with all its pairs."""

    @abstractmethod
    def load_truth(self, key: str) -> ConceptTruth:
        """Draw one image's pairs without touching the image.

        Raises:
            DatasetError: Ground truth is damaged.
        """

    @abstractmethod
    def size(self, key: str) -> Size:
        """Return the (height, width) of an image that its ground truth is for."""

    @abstractmethod
    def pair_places(self) -> Mapping[str, PairPlaces]:
        """Return subset -> where each of its pairs is, over the whole split; "" stands for data without subsets."""

    @abstractmethod
    def pair_counts(self, key: str) -> Iterator[PairCount]:
        """Count the objects of an image's pairs, in their order, without drawing them."""

    def load(self, key: str) -> Sample:
        """Read one image and its pairs.

        Raises:
            DatasetError: A file is missing or damaged, or the image has another size than its ground truth.
        """
        picture = self.picture(key)
        if picture is None:
            raise NotImplementedError(f"{type(self).__name__} reads its images by itself")
        return Sample(key, read_image(picture, self.card, self.image_rules), self.load_truth(key))

    def load_without_pixels(self, key: str) -> Sample:
        """Read one image's pairs; its size is that of the ground truth."""
        return without_pixels(key, self.size(key), self.load_truth(key))
