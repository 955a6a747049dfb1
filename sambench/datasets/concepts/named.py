"""COCO and LVIS as pairs of images and phrases: the names of their categories are what is asked."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

from sambench.config.image_rules import Picture
from sambench.datasets import coco, lvis
from sambench.datasets.coco import Coco
from sambench.datasets.concepts.pairs import ConceptDataset, PairCount, PairPlaces
from sambench.datasets.formats.coco_fields import ImageEntry
from sambench.datasets.instances import InstanceDataset
from sambench.datasets.lvis import Lvis
from sambench.datasets.reading import DIGITS, check_choice
from sambench.errors import UsageError, listing
from sambench.prompts.category_names import Names, phrases_of
from sambench.prompts.concepts import ConceptPair, ConceptTruth
from sambench.types import Annotation, Size

PLACES = 100_000
"""A pair's id is its image's id times this, and its category's id added."""

_LARGEST = 1 << 40
"""Image ids from here on are joined to the category's as text."""


class NamedDataset(ConceptDataset):
    """Instance annotations as pairs: which categories are asked of an image, the data's own rules say.

    In LVIS, and wherever images tell `neg_category_ids` or `not_exhaustive_category_ids`, an image is asked about the
    categories it has objects of and those verified to be absent; what is not fully annotated is not exhaustive.
    Elsewhere it is asked about every category, and one of which it has a group (`iscrowd`) is not exhaustive.

    Args:
        data: The annotations.
        names: How a category becomes a phrase.

    Raises:
        DatasetError: The file has no categories with names.
        UsageError: Synonyms are asked for, and there are none.
    """

    def __init__(self, data: InstanceDataset, names: Names) -> None:
        self._data, self._phrases = data, _phrases(data, names)
        self.root, self.split, self.keys, self.images_there = data.root, data.split, data.keys, data.images_there
        self._federated = data.rules == "lvis" or data.federated
        self._form = f"concepts 1 {names} {'federated' if self._federated else 'all'}"
        self.fingerprint = hashlib.sha256(f"{self._form} {data.fingerprint}".encode()).hexdigest()
        counts = [count.exhaustive for key in self.keys for count in self.pair_counts(key)]
        twice = [phrase for phrase, count in Counter(self._phrases.values()).items() if count > 1]
        notes = [data.card.note, f"category names as phrases ({names})"]
        if not all(counts):
            notes.append(f"{counts.count(False)} of {len(counts)} pairs are not exhaustive and do not count")
        if twice:
            notes.append(f"{len(twice)} phrases stand for several categories each: {listing(twice, 3)}")
        card = replace(data.card, note="; ".join(filter(None, notes)))
        if not card.own:
            card = replace(card, name=f"{card.name}_concepts", title=f"{card.title}, category names as phrases")
        self.card = card

    @property
    def all_keys(self) -> list[str]:
        """Sample ids of the whole split, before `ids` and `limit`."""
        return self._data.all_keys

    def truth_digests(self) -> dict[str, str]:
        """Return for each sample the hash of the annotation file and of how it is read."""
        digests = self._data.truth_digests()
        hashes = {one: hashlib.sha256(f"{self._form} {one}".encode()).hexdigest()[:DIGITS] for one in digests.values()}
        return {key: hashes[one] for key, one in digests.items()}

    def picture(self, key: str) -> Picture:
        """Return an image file with what the annotation file says of it."""
        return self._data.picture(key)

    def size(self, key: str) -> Size:
        """Return the (height, width) that the annotation file states."""
        return self._data.entry(key).size

    def load_truth(self, key: str) -> ConceptTruth:
        """Draw one image's pairs, in the order of the categories' ids."""
        truth, entry = self._data.load_truth(key), self._data.entry(key)
        drawn: dict[int, list[Annotation]] = {}
        for one in truth.annotations:
            drawn.setdefault(one.category_id, []).append(one)
        crowds = {one.category_id for one in truth.annotations if one.iscrowd}
        pairs = []
        for category in self._asked(entry):
            own = (drawn.get(category, []),)
            whole = self._is_whole(entry, category, crowds)
            pairs.append(ConceptPair(pair_id(entry.id, category), self._phrases[category], own, whole))
        return ConceptTruth(pairs)

    def pair_places(self) -> Mapping[str, PairPlaces]:
        """Return under "" pair id -> its sample and (height, width)."""
        places: dict[int | str, tuple[str, Size]] = {}
        for number, key in self._data.key_of_image_id.items():
            entry = self._data.entry_of_image_id[number]
            key_and_size = key, entry.size
            places.update((pair_id(number, category), key_and_size) for category in self._asked(entry))
        return {"": places}

    def pair_counts(self, key: str) -> Iterator[PairCount]:
        """Count the objects of an image's pairs."""
        entry = self._data.entry(key)
        annotations = self._data.annotation_entries(key)
        objects = Counter(one.category_id for one in annotations)
        crowds = {one.category_id for one in annotations if one.iscrowd}
        for category in self._asked(entry):
            yield PairCount((objects[category],), self._is_whole(entry, category, crowds))

    def _asked(self, entry: ImageEntry) -> Iterable[int]:
        """Return the categories that an image is asked about, lowest id first."""
        if not self._federated:
            return self._phrases
        return sorted({*self._data.categories_of_image_id.get(entry.id, ()), *entry.neg_category_ids})

    def _is_whole(self, entry: ImageEntry, category: int, crowds: set[int]) -> bool:
        return category not in (entry.not_exhaustive_category_ids if self._federated else crowds)


def coco_concepts(
    root: str | Path | None = None,
    split: str = "val2017",
    names: Names = "name",
    annotations: str | Path | None = None,
    images: str | Path | None = None,
    limit: int | None = None,
    ids: Iterable[str | int] | None = None,
    check_images: bool = True,
    allow_damaged: bool = False,
    title: str | None = None,
) -> NamedDataset:
    """COCO's 80 category names asked of every image; those with a group of objects do not count (concepts).

    Args:
        root, split, annotations, images, limit, ids, check_images, allow_damaged, title: As `Coco`.
        names: "name" asks names as they stand, "underscore_to_space" with spaces, "first_synonym" the first synonym.

    Raises:
        DatasetError: As `InstanceDataset`.
        UsageError: A choice is unknown, or neither root nor the files are given.
    """
    check_choice(coco.CARD, "names", names, get_args(Names))
    data = Coco(
        root,
        split,
        annotations,
        images,
        limit,
        ids,
        check_images=check_images,
        allow_damaged=allow_damaged,
        title=title,
    )
    return NamedDataset(data, names)


def lvis_concepts(
    root: str | Path | None = None,
    split: str = "val",
    version: str = "v1",
    names: Names = "underscore_to_space",
    annotations: str | Path | None = None,
    images: str | Path | None = None,
    limit: int | None = None,
    ids: Iterable[str | int] | None = None,
    check_images: bool = True,
    allow_damaged: bool = False,
    title: str | None = None,
) -> NamedDataset:
    """LVIS's category names asked of images that show them or are verified not to (concepts).

    Args:
        root, split, version, annotations, images, limit, ids, check_images, allow_damaged, title: As `Lvis`.
        names: As `coco_concepts`; how SAM 3's authors asked for `bow_(weapon)` is not published.

    Raises:
        DatasetError: As `InstanceDataset`.
        UsageError: A choice is unknown, or neither root nor the files are given.
    """
    check_choice(lvis.CARD, "names", names, get_args(Names))
    data = Lvis(
        root,
        split,
        version,
        annotations,
        images,
        limit,
        ids,
        check_images=check_images,
        allow_damaged=allow_damaged,
        title=title,
    )
    return NamedDataset(data, names)


def pair_id(image_id: int | str, category_id: int) -> int | str:
    """Return a pair's id: IMAGE * 100000 + CATEGORY, or "IMAGE/CATEGORY" where these are texts or too large."""
    if isinstance(image_id, int) and 0 <= image_id < _LARGEST and 0 <= category_id < PLACES:
        return image_id * PLACES + category_id
    return f"{image_id}/{category_id}"


def _phrases(data: InstanceDataset, names: Names) -> dict[int, str]:
    """Return category id -> phrase, lowest id first."""
    if data.classless:
        raise UsageError(
            "the annotation file tells no categories, and their names are what is asked",
            where=f"data={data.card.name}",
            mend="add its `categories` with names, and each annotation's category_id",
        )
    return phrases_of(data.categories, names, data.card.name, "data.names")
