"""Datasets whose ground truth is masks of objects: one class over all format families."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from sambench.config.image_rules import ImageRules, Picture
from sambench.datasets.base import Dataset
from sambench.datasets.cards import MaskCard
from sambench.datasets.counts import Counted, Counting, Counts
from sambench.datasets.formats.sources import RegionSource, keep_regions
from sambench.datasets.images.files import read_image
from sambench.datasets.reading import check_choice, data_error, fingerprint, select, truth_digests
from sambench.datasets.sampling import Subset, take_subset
from sambench.errors import listing
from sambench.types import InstanceTruth, Sample, Size, without_pixels

SubsetRule = Literal["paper", "all"]
"""Which images are scored: "paper" samples datasets of more than 15k masks to about 10k, "all" takes every image."""

Ids = Iterable[str | int]

_log = logging.getLogger(__name__)
_NO_MASK = "image left out, it has no mask"


_Reader = TypeVar("_Reader", bound=Callable[..., Dataset])


def reader_of(card: MaskCard) -> Callable[[_Reader], _Reader]:
    """Mark a function as the reader of a dataset, so that its `card` is known before anything is opened."""

    def mark(reader: _Reader) -> _Reader:
        reader.card = card  # type: ignore[attr-defined]
        return reader

    return mark


@dataclass(frozen=True)
class Choice:
    """Which samples a run reads.

    Attributes:
        limit: Keep the first so many images.
        ids: Images to keep, whatever the subset; sample ids, their last parts, or ids of the annotation file.
        subset: The rule for large datasets, where `ids` are not given.
        subset_seed: Another seed takes another subset.
    """

    limit: int | None = None
    ids: Ids | None = None
    subset: SubsetRule = "paper"
    subset_seed: int = 0


class MaskDataset(Dataset):
    """Images with masks of objects; images without masks and masks without pixels are left out and told.

    Nothing is drawn before `keys` is asked for, so that `sambench data check` can look at damaged data.

    Args:
        source: The images and regions, read by their format's family.
        root: The folder that is read.
        split: The chosen split.
        choice: Which samples are kept.
        form: What the fingerprint names it; the card's name where it is left out.

    Attributes:
        source: As given.
        report: One line for each image and mask that was left out so far.

    Raises:
        UsageError: The subset rule is unknown.
        DatasetError: On first use of `keys`: files are missing or damaged, `ids` are unknown, or no image has a mask.
    """

    def __init__(
        self, source: RegionSource, *, root: str | Path, split: str, choice: Choice, form: str | None = None
    ) -> None:
        check_choice(source.card, "subset", choice.subset, get_args(SubsetRule))
        self.source, self.root, self.split, self._choice = source, str(root), split, choice
        self._form, self.images_there = form, source.images_there
        self._counts = Counts(source)
        self._left_out: dict[str, list[str]] = {}
        self._subset: Subset | None = None

    @cached_property
    def keys(self) -> list[str]:  # type: ignore[override]
        """Sample ids with at least one mask, after `ids`, the subset rule and `limit`."""
        self._refuse_faults()
        chosen = self._chosen()
        self._counts.save()
        self._tell()
        if not chosen:
            why = Counter(line.partition(" left out: ")[2] for line in self.report if " left out: " in line)
            reasons = "".join(f"; {count} left out: {reason}" for reason, count in why.most_common(3))
            raise data_error(self.source.card, f"no image has a mask{reasons}", self.root)
        return chosen

    @cached_property
    def card(self) -> MaskCard:  # type: ignore[override]
        """The dataset's card, with the subset described in its note."""
        card, part = self.source.card, ""
        if self.keys and self._subset is not None and self._subset.sampled:
            taken = f"{len(self._subset.keys)} of {len(self.source.items)} images with {self._subset.masks} masks"
            details = f"seed {self._choice.subset_seed}, list SHA-256 {self._subset.list_sha256[:16]}"
            part = f"subset of {taken} ({details})"
        cut = self._choice.ids is not None or self._choice.limit is not None
        cut_note = f"{len(self.keys)} of the {len(self.source.items)} images of {self.split}" if cut else ""
        return replace(card, note="; ".join(filter(None, (card.note, part, cut_note))))

    @cached_property
    def fingerprint(self) -> str:  # type: ignore[override]
        """SHA-256 over name, rules, split, keys and the bytes of the annotation files read for them."""
        files = [*self.source.shared, *(path for key in self.keys for path in self.source.items[key].truths)]
        return fingerprint(f"{self._form or self.source.card.name} {self.source.rules}", self.split, self.keys, files)

    def truth_digests(self) -> dict[str, str]:
        """Return for each sample the hash of the annotation files it is read from."""
        own = {key: self.source.items[key].truths for key in self.keys}
        name = f"{self._form or self.source.card.name} {self.source.rules}"
        return truth_digests(name, self.split, own, self.source.shared)

    @property
    def all_keys(self) -> list[str]:
        """Sample ids of the whole split, before the subset rule, `ids` and `limit`."""
        return list(self.source.items)

    @property
    def subset(self) -> Subset | None:
        """The subset that the rule took, or None where `ids` or `subset=all` chose the images."""
        return self._subset if self.keys else None

    @property
    def report(self) -> list[str]:
        """One line for each image and mask that was left out so far."""
        return [f"{key}: {line}" for key, lines in self._left_out.items() for line in lines]

    @property
    def categories(self) -> list[dict[str, Any]]:
        """Category records `id` and `name`, as COCO has them."""
        return [{"id": number, "name": name} for number, name in sorted(self.source.categories.items())]

    def use_images(self, rules: ImageRules) -> None:
        """Read image files, those of the ground truth included, by these rules from now on."""
        self.image_rules = self.source.image_rules = rules

    def picture(self, key: str) -> Picture:
        """Return an image file with what its ground truth says of it."""
        return Picture(self.source.items[key].image, lambda: self.source.size(key), self.source.drawn)

    def load(self, key: str) -> Sample:
        """Read one image and its masks.

        Raises:
            DatasetError: A file is missing or damaged, or the image has another size than its ground truth.
        """
        size, truth = self._drawn(key)
        image = read_image(self.picture(key)._replace(size=lambda: size), self.source.card, self.image_rules)
        return Sample(id=key, image=image, target=truth)

    def load_without_pixels(self, key: str) -> Sample:
        """Read one image's masks; its size is the ground truth's."""
        size, truth = self._drawn(key)
        return without_pixels(key, size, truth)

    def load_truth(self, key: str) -> InstanceTruth:
        """Read one image's masks without decoding the image."""
        return self._drawn(key)[1]

    def count(self, key: str) -> int:
        """Count an image's masks, from the cache of counts where its ground truth has not changed."""
        known = self._counts.get(key)
        if known is None:
            kept, left_out = keep_regions(self.source.regions(key)[1])
            known = Counted(len(kept), [f"mask {region.id} left out: {why}" for region, why in left_out])
            self._counts.put(key, known)
        omissions = [*known.left_out, *([] if known.masks else [_NO_MASK])]
        if omissions:
            self._left_out[key] = omissions
        return known.masks

    def _drawn(self, key: str) -> tuple[Size, InstanceTruth]:
        size, regions = self.source.regions(key)
        number = self.source.items[key].number
        return size, InstanceTruth(keep_regions(regions)[0], image_id=key if number is None else number)

    def _chosen(self) -> list[str]:
        choice, items = self._choice, self.source.items
        if choice.ids is None and choice.subset == "paper":
            counting = Counting(self.count, self.source.card.name, len(items))
            self._subset = take_subset(list(items), counting, dataset=self.source.card.name, seed=choice.subset_seed)
            return select(self._subset.keys, limit=choice.limit)
        numbers = Counter(str(item.number) for item in items.values())
        aliases = {str(item.number): key for key, item in items.items() if numbers[str(item.number)] == 1}
        wanted = select(list(items), ids=choice.ids, aliases=aliases, where=self.root)
        select(wanted, limit=choice.limit)  # Refuses a limit below 1 before anything is counted.
        counting = Counting(self.count, self.source.card.name, len(wanted))
        kept: list[str] = []
        for key in wanted:
            if choice.limit is not None and len(kept) == choice.limit:
                break
            if counting(key):
                kept.append(key)
        return kept

    def _refuse_faults(self) -> None:
        """Refuse files that stand alone: what is missing would be left out of the score."""
        kinds: dict[str, list[str]] = {}
        for fault in self.source.faults:
            kinds.setdefault(fault.what, []).append(fault.where)
        if kinds:
            message = "; ".join(
                f"{len(locations)} x {what}: {listing(locations, 5)}" for what, locations in kinds.items()
            )
            raise data_error(self.source.card, f"files do not fit together: {message}", self.root)

    def _tell(self) -> None:
        """Log what was left out, once."""
        empty = [key for key, lines in self._left_out.items() if _NO_MASK in lines]
        masks = [line for line in self.report if not line.endswith(_NO_MASK)]
        name = self.source.card.name
        if empty:
            _log.warning("%s: %d images have no mask and are left out: %s", name, len(empty), listing(empty, 5))
        if masks:
            _log.warning("%s: %d masks are left out: %s", name, len(masks), listing(masks, 3))
