"""Pairs of images and phrases from annotation files in SA-Co's form, of one annotator or of several."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sambench.config.image_rules import ImageRules, Picture
from sambench.datasets.base import DatasetCard
from sambench.datasets.concepts.pair_parts import Part, images_of, is_exhaustive
from sambench.datasets.concepts.pairs import ConceptDataset, PairCount, PairPlaces
from sambench.datasets.concepts.saco_json import PairEntry, annotation_of, check_masks
from sambench.datasets.formats.coco_fields import AnnotationEntry
from sambench.datasets.layout import Folders
from sambench.datasets.reading import data_error, fingerprint, select, truth_digests
from sambench.errors import DatasetError, listing
from sambench.prompts.concepts import ConceptPair, ConceptTruth
from sambench.types import Annotation, Size

_log = logging.getLogger(__name__)

Draw = Callable[[AnnotationEntry, Size, ImageRules], Annotation]
"""Draws an annotation in its image of (height, width); the rules are for masks that are images themselves."""


class PairDataset(ConceptDataset):
    """Images with the pairs of SA-Co's files; masks are drawn one image at a time.

    Sample ids are the images' paths without ending, below the subset's name where there are subsets.

    Args:
        parts: The subsets.
        root: The folder that is read, as the user gave it.
        split: The chosen split or subset.
        card: The dataset's card.
        limit: Keep the first so many images, of each subset.
        ids: Images to keep: sample ids or their last parts.
        check_images: Refuse a set without its images; False where only the ground truth is needed.
        allow_missing: Leave out images that are missing where others are there, with their number in the card, beside
            which no published number then stands.
        form: What the fingerprint names it; the card's name where it is left out.
        draw: Draws annotations, where they are not SA-Co's run lengths; these are looked at beforehand.

    Attributes:
        parts: As given.

    Raises:
        DatasetError: An image has two sizes, masks are broken, `ids` are unknown, or images are missing.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        root: str | Path,
        split: str,
        card: DatasetCard,
        limit: int | None = None,
        ids: Iterable[str | int] | None = None,
        check_images: bool = True,
        allow_missing: bool = False,
        form: str | None = None,
        draw: Draw | None = None,
    ) -> None:
        self.parts, self.root, self.split = list(parts), str(root), split
        self._draw = draw or _of_run_lengths
        by_part = [images_of(part) for part in parts]
        self._images = {key: image for images in by_part for key, image in images.items()}
        if ids is not None:
            self.keys = select(list(self._images), ids=ids, limit=limit, where=root)
        else:
            self.keys = [key for images in by_part for key in select(list(images), limit=limit)]
        card = self._without_missing(card, check_images, allow_missing)
        for part in parts if draw is None else ():
            kept = [pair.id for key in self.keys if self._images[key].part is part for pair in self._images[key].pairs]
            for file in part.files:
                check_masks(file, kept)
        self.card = replace(card, note="; ".join(filter(None, (card.note, *self._notes()))))
        self._form = form or card.name
        files = [path for part in parts for path in part.truths]
        self.fingerprint = fingerprint(self._form, split, self.keys, files)

    @property
    def all_keys(self) -> list[str]:
        """Sample ids of the whole split, before `ids` and `limit`."""
        return list(self._images)

    def truth_digests(self) -> dict[str, str]:
        """Return for each sample the hash of its subset's annotation files."""
        kept, digests = set(self.keys), dict[str, str]()
        for part in self.parts:
            own = {key: () for key, image in self._images.items() if image.part is part and key in kept}
            digests |= truth_digests(self._form, part.subset, own, part.truths)
        return {key: digests[key] for key in self.keys}

    def picture(self, key: str) -> Picture:
        """Return an image file with what its ground truth says of it."""
        image = self._images[key]
        return Picture(image.path, lambda: image.pairs[0].size, says=f"{image.part.files[0].path} says")

    def size(self, key: str) -> Size:
        """Return the (height, width) that the files state."""
        return self._images[key].pairs[0].size

    def load_truth(self, key: str) -> ConceptTruth:
        """Draw one image's pairs.

        Raises:
            DatasetError: A mask cannot be drawn, which was looked for where the data were opened.
        """
        image = self._images[key]
        return ConceptTruth(
            [
                ConceptPair(pair.id, pair.phrase, self._drawn(image.part, pair), is_exhaustive(image.part, pair))
                for pair in image.pairs
            ]
        )

    def pair_places(self) -> Mapping[str, PairPlaces]:
        """Return subset -> pair id -> its sample and (height, width)."""
        places: dict[str, dict[int | str, tuple[str, Size]]] = {part.subset: {} for part in self.parts}
        for key, image in self._images.items():
            key_and_size = key, image.pairs[0].size
            places[image.part.subset].update((pair.id, key_and_size) for pair in image.pairs)
        return places

    def pair_counts(self, key: str) -> Iterator[PairCount]:
        """Count the objects of an image's pairs."""
        image = self._images[key]
        for pair in image.pairs:
            objects = tuple(len(file.annotations.get(pair.id, ())) for file in image.part.files)
            yield PairCount(objects, is_exhaustive(image.part, pair))

    def _drawn(self, part: Part, pair: PairEntry) -> tuple[list[Annotation], ...]:
        rules = self.image_rules
        return tuple(
            [self._draw(one, pair.size, rules) for one in file.annotations.get(pair.id, ())] for file in part.files
        )

    def _notes(self) -> list[str]:
        """Say which images and pairs are left out."""
        cut = len(self.keys) < len(self._images)
        notes = [f"{len(self.keys)} of the {len(self._images)} images of {self.split}"] if cut else []
        counts = [is_exhaustive(self._images[key].part, pair) for key in self.keys for pair in self._images[key].pairs]
        if not all(counts):
            notes.append(f"{counts.count(False)} of {len(counts)} pairs are not exhaustive and do not count")
        return notes

    def _without_missing(self, card: DatasetCard, check_images: bool, allow_missing: bool) -> DatasetCard:
        """Look for the kept images, and leave out those that may be missing; returns the card that tells it.

        Raises:
            DatasetError: Images are missing that may not be, or all of a subset.
        """
        missing = self._find_images()
        there = {self._images[key].part.subset for key in self.keys if key not in missing}
        some = there == {self._images[key].part.subset for key in self.keys}
        self.images_there = not missing or (allow_missing and some)
        message = f"{len(missing)} of {len(self.keys)} images are missing"
        if not missing or (not self.images_there and not check_images):
            return card
        if not self.images_there:
            names = listing([f"{path.parent.name}/{path.name}" for path in missing.values()])
            folders = listing(sorted({str(path.parent) for path in missing.values()}))
            error = data_error(card, f"{message}: {names}", folders)
            mend = "; data.allow_missing=true leaves them out and says so wherever the numbers stand" * some
            raise DatasetError(error.what, where=error.where, mend=f"{error.mend}{mend}")
        self.keys = [key for key in self.keys if key not in missing]
        _log.warning("%s: %s and left out", card.name, message)
        return replace(card, own=True, note="; ".join(filter(None, (card.note, f"{message} and left out"))))

    def _find_images(self) -> dict[str, Path]:
        """Look for all kept images by listing each folder once; returns those that are not there, by sample id."""
        folders, missing = Folders(), dict[str, Path]()
        for key in self.keys:
            image = self._images[key]
            if (path := folders.find(image.path)) is None:
                missing[key] = image.path
            else:
                self._images[key] = image._replace(path=path)
        return missing


class SubsetDataset(PairDataset):
    """The same of data that have subsets, over which results are averaged."""

    def dataset_of(self, key: str) -> str:
        """Return the name of the subset that a sample belongs to."""
        return self._images[key].part.subset


def _of_run_lengths(entry: AnnotationEntry, size: Size, _: ImageRules) -> Annotation:
    return annotation_of(entry, size)
