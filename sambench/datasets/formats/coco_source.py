"""Masks from instance annotations in COCO's JSON, of one file or of several that are joined."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sambench.datasets.base import card_with_notes
from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.coco_boxes import check_boxes
from sambench.datasets.formats.coco_fields import AnnotationEntry, ImageEntry, LocateImage
from sambench.datasets.formats.coco_json import InstanceFile, mask_fault, read_instances
from sambench.datasets.formats.drawing import draw_segmentation
from sambench.datasets.formats.sources import Item, Region, RegionSource
from sambench.datasets.layout import Fault, Folders, sample_ids
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError, listing
from sambench.masks import rle
from sambench.types import Size


class Part(NamedTuple):
    """One annotation file and where its images are."""

    annotations: Path
    locate: LocateImage


class CocoMasks(RegionSource):
    """Images with annotations in COCO's JSON; groups (`iscrowd`) are no objects and are left out.

    Args:
        card: The dataset's card; its title tells of damaged masks left out.
        parts: Annotation files with the place of their images; ids may repeat between files.
        rules: As `Source.rules`.
        by_class: Join all annotations of one category in an image into one mask.
        allow_damaged: Leave out masks that cannot be decoded, instead of making faults of them.
        check_images: Make faults of images that are missing; False where only the ground truth is needed.

    Attributes:
        files: The contents of the annotation files.
        notes: How many damaged masks are left out, where they may be and there are any.

    Raises:
        DatasetError: As `read_instances`, two images share a path, or masks to be joined by category have none.
    """

    def __init__(
        self,
        card: MaskCard,
        parts: Sequence[Part],
        *,
        rules: str,
        by_class: bool = False,
        allow_damaged: bool = False,
        check_images: bool = True,
    ) -> None:
        self.card, self.rules, self._by_class = card, rules, by_class
        self.shared = tuple(part.annotations for part in parts)
        self.items, self.categories, self.faults = {}, {}, []
        self.files: list[InstanceFile] = []
        self._places: dict[str, tuple[InstanceFile, ImageEntry]] = {}
        placed: list[tuple[InstanceFile, ImageEntry, str, Path]] = []
        differing: list[str] = []
        for part in parts:
            file = read_instances(part.annotations, card)
            if by_class and file.classless:
                raise data_error(
                    card, "masks are joined by category, but no annotation tells its category_id", file.path
                )
            self.files.append(file)
            differing += check_boxes(file, file.images, masks_alone=True)
            self.categories |= {record["id"]: str(record.get("name", record["id"])) for record in file.categories}
            placed += [(file, entry, *part.locate(entry)) for entry in file.images.values()]
        self._add(placed, len(parts) == 1, check_images)
        damaged = [fault for file in self.files for fault in _damaged(file)]
        self.notes: list[str] = []
        if damaged and allow_damaged:
            masks = sum(len(entries) for file in self.files for entries in file.annotations.values())
            self.notes = [
                f"{len(damaged)} damaged masks of {masks} left out: {listing([one.where for one in damaged], 5)}"
            ]
            self.rules += " allow_damaged"
            self.card = card_with_notes(card, self.notes)
        elif damaged:
            self.faults += damaged
        if differing:
            self.card = card_with_notes(self.card, differing)

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Draw each annotation; its id is the file's."""
        file, image = self._places[key]
        drawn = [_draw(entry, image.size, bool(self.notes)) for entry in file.annotations.get(image.id, ())]
        return image.size, _joined(drawn) if self._by_class else drawn

    def size(self, key: str) -> Size:
        """Return the size that the file states."""
        return self._places[key][1].size

    def _add(
        self, placed: Sequence[tuple[InstanceFile, ImageEntry, str, Path]], alone: bool, check_images: bool
    ) -> None:
        """Name all images and look for their files."""
        seen: set[str] = set()
        for file, entry, relative, _ in placed:
            nameless = not relative or relative.endswith("/")
            if nameless or relative in seen:
                what = "image has no file name" if nameless else f"image shares its file name {relative} with another"
                raise DatasetError(what, where=f"{file.path}, image {entry.id}", mend="mend or download the file again")
            seen.add(relative)
        folders = Folders()
        keys = sample_ids([relative for _, _, relative, _ in placed])
        for key, (file, entry, _, path) in zip(keys, placed, strict=True):
            on_disk = folders.find(path)
            if on_disk is None and not check_images:
                self.images_there = False
            elif on_disk is None:
                self.faults.append(Fault(str(path), "image is missing"))
            self.items[key] = Item(on_disk or path, number=entry.id if alone else None)
            self._places[key] = file, entry


def _draw(entry: AnnotationEntry, size: Size, some_damaged: bool) -> Region:
    if entry.iscrowd:
        return Region(entry.id, entry.category_id, None, "it stands for a group (iscrowd)")
    if some_damaged and (damage := _damage(entry, size)) is not None:
        return Region(entry.id, entry.category_id, None, damage)
    code, note = draw_segmentation(entry.segmentation, size)
    return Region(entry.id, entry.category_id, code, "; ".join(filter(None, (entry.note, note))))


def _damaged(file: InstanceFile) -> list[Fault]:
    """Look for masks that say nothing, as their reader would leave them out."""
    what, faults = "mask is damaged (data.allow_damaged=true leaves such masks out and tells it)", []
    for image_id, entries in file.annotations.items():
        size = file.images[image_id].size
        for entry in entries:
            damage = None if entry.iscrowd else _damage(entry, size)
            if damage is not None:
                faults.append(Fault(f"{file.path}, annotation {entry.id}: {damage}", what))
    return faults


def _damage(entry: AnnotationEntry, size: Size) -> str | None:
    """Say why a mask means nothing: run lengths that do not fill its image, text, pieces that are no x, y in turn.

    Pieces of fewer than three points, and those off the image, stand in real data sets; they are left out and told.
    """
    fault = mask_fault(entry, size)
    if fault is None or isinstance(entry.segmentation, dict) or "numbers" in fault:
        return fault
    pieces = entry.segmentation
    whole = isinstance(pieces, list | tuple) and all(np.ndim(piece) == 1 and len(piece) % 2 == 0 for piece in pieces)
    return None if whole else fault


def _joined(regions: Sequence[Region]) -> list[Region]:
    """Join regions by category; what cannot be drawn stays alone, with its note."""
    joined = [region for region in regions if region.rle is None]
    for category in sorted({region.category_id for region in regions if region.rle is not None}):
        own = [region for region in regions if region.category_id == category and region.rle is not None]
        notes = listing([f"{region.id}: {region.note}" for region in own if region.note], 3)
        joined.append(
            Region(f"class {category}", category, rle.union([r.rle for r in own if r.rle is not None]), notes)
        )
    return joined
