"""What COCO, LVIS and others in their format share: images with instance annotations in one JSON file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sambench.config.image_rules import Drawn, Picture
from sambench.datasets.base import Dataset, DatasetCard, card_with_notes
from sambench.datasets.formats.coco_boxes import check_boxes
from sambench.datasets.formats.coco_fields import AnnotationEntry, ImageEntry, LocateImage
from sambench.datasets.formats.coco_json import InstanceFile, annotation, read_instances, settle
from sambench.datasets.images.files import read_image
from sambench.datasets.layout import Folders, sample_ids
from sambench.datasets.reading import data_error, fingerprint, select, truth_digests
from sambench.errors import DatasetError, listing
from sambench.masks import rle
from sambench.types import InstanceTruth, Sample, Size, without_pixels

Judge = Callable[[InstanceFile], DatasetCard]
"""Gives the card that a file deserves: the published data's, or a user's own (`sambench.datasets.official_files`)."""


class InstanceDataset(Dataset):
    """Images with instance annotations in COCO's JSON; COCO and LVIS differ in where files are.

    Args:
        file: The annotation file, or what another form of ground truth was turned into.
        locate: Gives an image's name and path.
        root: The folder that is read, as the user gave it.
        split: The chosen split.
        card: The dataset's card.
        judge: Looks at the file's contents for another card; None keeps this one.
        limit: Keep the first so many images.
        ids: Images to keep: sample ids, file names without ending, or image ids of the annotation file.
        check_images: Refuse a set without its images; False where only the ground truth is needed.
        boxes_only: Keep annotations of which there is a box and no mask, as tasks that score boxes do.
        allow_damaged: Leave out masks that cannot be drawn, with a note and the count in the title, not refuse them.

        truths: Image id -> the files whose bytes are its ground truth, "" -> those of all; by default the one file.
        form: What the fingerprint names it; the card's name where it is left out.
        drawn: The image that the ground truth is drawn on, where an image has an EXIF orientation.

    Attributes:
        categories: The annotation file's category records: `id`, `name`, and `frequency` ("r", "c", "f") in LVIS.
        image_ids: Image ids in the annotation file, one a key.
        classless: Whether the file tells no categories, so that all objects are one.
        categories_of_image_id: Categories that an image has annotations of, for the whole split.
        rules: Whose evaluation rules are the data's own.

    Raises:
        DatasetError: Annotations or images are missing, damaged or contradict each other, or `ids` are unknown.
    """

    rules: Literal["coco", "lvis"] = "coco"

    def __init__(
        self,
        file: Path | InstanceFile,
        locate: LocateImage,
        *,
        root: Path,
        split: str,
        card: DatasetCard,
        judge: Judge | None = None,
        limit: int | None = None,
        ids: Iterable[str | int] | None = None,
        check_images: bool = True,
        boxes_only: bool = False,
        allow_damaged: bool = False,
        truths: Mapping[str, Sequence[Path]] | None = None,
        form: str | None = None,
        drawn: Drawn = "stored",
    ) -> None:
        self.root = str(root)
        self._file = file if isinstance(file, InstanceFile) else read_instances(file, card)
        self._drawn, file = drawn, self._file.path
        form, card = form or card.name, card if judge is None else judge(self._file)
        self.split = "all" if card.own else split
        self.categories: list[dict[str, Any]] = self._file.categories
        self.classless = self._file.classless
        known = _by_key(self._file.images.values(), locate, file)
        aliases = {str(entry.id): key for key, (entry, _) in known.items()}
        self._known = {entry.id: key for key, (entry, _) in known.items()}
        self.keys = select(list(known), ids=ids, limit=limit, aliases=aliases, where=file)
        self._images = {key: known[key] for key in self.keys}
        self.image_ids = [entry.id for entry, _ in self._images.values()]
        self.categories_of_image_id = {
            number: {one.category_id for one in entries} for number, entries in self._file.annotations.items()
        }
        part = f"{len(self.keys)} of the {len(known)} images of {self.split}" if len(self.keys) < len(known) else ""
        self._file.annotations = {number: self._file.annotations.get(number, []) for number in self.image_ids}
        notes = settle(self._file, self.image_ids, boxes_only, allow_damaged)
        notes += check_boxes(self._file, self.image_ids)
        self.card = card_with_notes(replace(card, note="; ".join(filter(None, (card.note, part)))), notes)
        missing = self._find_images()
        self.images_there = not missing
        if missing and check_images:
            self._refuse(missing)
        form += " allow_damaged" if self.card.title != card.title else ""
        self._form, self._truths = form, {"": [file]} if truths is None else truths
        files = [path for own in self._truths.values() for path in own]
        self.fingerprint = fingerprint(form, split, self.keys, files)

    def truth_digests(self) -> dict[str, str]:
        """Return for each sample the hash of the annotation files it is read from."""
        own = {key: self._truths.get(str(entry.id), ()) for key, (entry, _) in self._images.items()}
        return truth_digests(self._form, self.split, own, self._truths.get("", ()))

    @property
    def all_keys(self) -> list[str]:
        """Sample ids of the whole split, before `ids` and `limit`."""
        return list(self._known.values())

    @property
    def size_of_image_id(self) -> dict[int | str, Size]:
        """(height, width) by image id of the annotation file, for the whole split."""
        return {number: entry.size for number, entry in self._file.images.items()}

    @property
    def key_of_image_id(self) -> dict[int | str, str]:
        """Sample id by image id of the annotation file, for the whole split."""
        return self._known

    @property
    def entry_of_image_id(self) -> Mapping[int | str, ImageEntry]:
        """What the annotation file tells of each image, by its id there, for the whole split."""
        return self._file.images

    @property
    def federated(self) -> bool:
        """Whether images tell which categories are absent or not fully annotated, as LVIS's do."""
        return any(one.neg_category_ids or one.not_exhaustive_category_ids for one in self._file.images.values())

    def entry(self, key: str) -> ImageEntry:
        """Return what the annotation file tells of a kept image."""
        return self._images[key][0]

    def annotation_entries(self, key: str) -> Sequence[AnnotationEntry]:
        """Return a kept image's annotations as the file gives them, not drawn."""
        return self._file.annotations[self.entry(key).id]

    def picture(self, key: str) -> Picture:
        """Return an image file with what the annotation file says of it."""
        entry, path = self._images[key]
        return Picture(path, lambda: entry.size, self._drawn, f"{self._file.path} says")

    def load(self, key: str) -> Sample:
        """Read one image and its objects.

        Raises:
            DatasetError: The image is missing or damaged, or its size is not the annotation file's.
        """
        return Sample(key, read_image(self.picture(key), self.card, self.image_rules), self.load_truth(key))

    def load_without_pixels(self, key: str) -> Sample:
        """Read one image's objects; its size is the annotation file's."""
        return without_pixels(key, self._images[key][0].size, self.load_truth(key))

    def load_truth(self, key: str) -> InstanceTruth:
        """Read one image's objects without touching the image."""
        entry = self._images[key][0]
        return InstanceTruth(
            annotations=[annotation(record, entry.size) for record in self._file.annotations[entry.id]],
            image_id=entry.id,
            neg_category_ids=entry.neg_category_ids,
            not_exhaustive_category_ids=entry.not_exhaustive_category_ids,
        )

    def load_boxes(self, key: str) -> np.ndarray:
        """Read one image's boxes, one an annotation of `load_truth`.

        Returns:
            (N, 4) float64 left, top, width, height in pixels: the file's own `bbox`, else the mask's.
        """
        entry = self._images[key][0]
        boxes = []
        for record in self._file.annotations[entry.id]:
            drawn = record.bbox is None
            boxes.append(rle.boxes_xywh([annotation(record, entry.size).rle])[0] if drawn else record.bbox)
        return np.asarray(boxes, np.float64).reshape(-1, 4)

    def _find_images(self) -> list[Path]:
        """Look for all images by listing each folder once; returns those that are not there."""
        folders = Folders()
        missing = []
        for key, (entry, path) in self._images.items():
            on_disk = folders.find(path)
            if on_disk is None:
                missing.append(path)
            else:
                self._images[key] = entry, on_disk
        return missing

    def _refuse(self, missing: list[Path]) -> None:
        names = listing([f"{path.parent.name}/{path.name}" for path in missing])
        folders = listing(sorted({str(path.parent) for path in missing}))
        raise data_error(self.card, f"{len(missing)} of {len(self.keys)} images are missing: {names}", folders)


def _by_key(entries: Iterable[ImageEntry], locate: LocateImage, file: Path) -> dict[str, tuple[ImageEntry, Path]]:
    """Name every image by its path, without ending where that tells it from the others.

    Raises:
        DatasetError: Two images have one path, or an image has none.
    """
    placed = [(entry, *locate(entry)) for entry in entries]
    nameless = [str(entry.id) for entry, relative, _ in placed if not relative or relative.endswith("/")]
    counts = Counter(relative for _, relative, _ in placed)
    twice = [relative for relative, count in counts.items() if count > 1 and not relative.endswith("/")]
    for what, names in (("have no file name", nameless), ("share their file name with another", twice)):
        if names:
            raise DatasetError(f"{len(names)} images {what}: {listing(names)}", where=file)
    keys = sample_ids([relative for _, relative, _ in placed])
    return {key: (entry, path) for key, (entry, _, path) in zip(keys, placed, strict=True)}
