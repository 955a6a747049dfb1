"""Looking at every file of a dataset: what is damaged, what is left out, and whether the counts are the paper's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from sambench.datasets.base import Dataset
from sambench.datasets.formats.sources import keep_regions
from sambench.datasets.images.files import read_image
from sambench.datasets.images.headers import Header
from sambench.datasets.images.orientation import drawn_size, turning
from sambench.datasets.masks import MaskDataset
from sambench.datasets.sampling import take_subset
from sambench.errors import DatasetError
from sambench.types import Size

_READ_AS = {
    "first_frames": "has several frames or pages, of which the first is read",
    "scaled": "has 16 bits a channel, scaled to 8",
}


class Finding(NamedTuple):
    """One thing that was found.

    Attributes:
        fault: True where a run would stop or score the wrong thing; False where something is left out or cut by rule.
        where: The file or sample, with the mask where there is one.
        what: What is wrong.
    """

    fault: bool
    where: str
    what: str

    @property
    def kind(self) -> str:
        """The text without its numbers, by which findings are gathered."""
        return re.sub(r"\d+([.,]\d+)*(e[+-]?\d+)?", "N", self.what)


@dataclass
class Checked:
    """What a check found.

    Attributes:
        masks: Masks by sample id, for every image whose ground truth could be read.
        findings: What is wrong or left out.
        whole: False where only a part of the images was looked at.
        turned: Images that were turned by their EXIF orientation.
        ignored: Images with an EXIF orientation that were read as stored.
        readings: Images of which the first frame was read, or that were scaled to 8 bits, by these names.
    """

    masks: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    whole: bool = True
    turned: int = 0
    ignored: int = 0
    readings: Counter[str] = field(default_factory=Counter)

    @property
    def faults(self) -> list[Finding]:
        """The findings that a run would stop at."""
        return [finding for finding in self.findings if finding.fault]


def check_masks(dataset: MaskDataset, limit: int | None = None, advance: Callable[[], None] = lambda: None) -> Checked:
    """Read every image and its masks.

    Args:
        dataset: The dataset; its subset rule plays no part.
        limit: Look only at the first so many images.
        advance: Called after each image.

    Returns:
        What was found; nothing is raised.
    """
    source = dataset.source
    keys = dataset.all_keys[:limit]
    checked = Checked(whole=len(keys) == len(dataset.all_keys))
    checked.findings = [Finding(True, fault.where, fault.what) for fault in source.faults]
    missing = {fault.where for fault in source.faults}
    for key in keys:
        size = _check_truth(dataset, key, checked)
        if str(source.items[key].image) not in missing:
            _check_image(dataset, key, size, checked)
        advance()
    return checked


def check_samples(dataset: Dataset, limit: int | None = None, advance: Callable[[], None] = lambda: None) -> Checked:
    """Load every sample of a dataset of another kind; arguments as `check_masks`."""
    keys = dataset.all_keys[:limit]
    checked = Checked(whole=len(keys) == len(dataset.all_keys))
    for key in keys:
        try:
            dataset.load(key)
            if (picture := dataset.picture(key)) is not None:
                _note_reading(*turning(picture, dataset.card, dataset.image_rules), str(picture.path), checked)
        except DatasetError as error:
            checked.findings.append(Finding(True, error.where or key, error.what))
        advance()
    return checked


def compare_counts(dataset: MaskDataset, checked: Checked) -> list[str]:
    """Compare counts with those that the card states; a difference becomes a note among the findings.

    Returns:
        Lines to print: what there is and what they had who scored it.
    """
    card = dataset.source.card
    subset = take_subset(list(checked.masks), checked.masks.__getitem__, dataset=card.name)
    with_masks = sum(count > 0 for count in checked.masks.values())
    lines = [f"{len(checked.masks)} images read, {with_masks} with masks, {sum(checked.masks.values())} masks"]
    if subset.sampled:
        lines.append(f"subset=paper takes {len(subset.keys)} images with {subset.masks} masks (seed 0)")
    if card.expected_masks is None:
        return lines
    images, masks = len(subset.keys), subset.masks
    who, source = card.expected_by
    lines.append(f"{who} scored {card.expected_images} images with {card.expected_masks} masks ({source})")
    if not checked.whole:
        lines.append("only a part was read, so the counts are not compared")
    elif (images, masks) == (card.expected_images, card.expected_masks):
        lines.append("the counts are equal")
    else:
        difference = f"{images - (card.expected_images or 0):+} images, {masks - card.expected_masks:+} masks"
        what = f"the counts differ by {difference} from {who}'s; rule: {card.count_rule}"
        if with_masks < (card.expected_images or 0):
            what += f"; fewer images than {who} scored: a part of the dataset, or another split"
        checked.findings.append(Finding(False, dataset.root, what))
    return lines


def _check_truth(dataset: MaskDataset, key: str, checked: Checked) -> Size | None:
    """Draw an image's masks; returns the size they are for, or None where that cannot be told."""
    try:
        size, regions = dataset.source.regions(key)
    except DatasetError as error:
        checked.findings.append(Finding(True, error.where or key, error.what))
        return None
    kept, left_out = keep_regions(regions)
    checked.masks[key] = len(kept)
    gone = {id(region) for region, _ in left_out}
    for region, why in left_out:
        checked.findings.append(Finding(False, f"{key}, mask {region.id}", f"left out: {why}"))
    for region in regions:
        if region.note and id(region) not in gone:
            checked.findings.append(Finding(False, f"{key}, mask {region.id}", region.note))
    if not kept:
        checked.findings.append(Finding(False, key, "left out: image has no mask"))
    return size


def _check_image(dataset: MaskDataset, key: str, size: Size | None, checked: Checked) -> None:
    """Decode an image; where its ground truth cannot be read, its own size is taken for right."""
    picture, card, rules = dataset.picture(key), dataset.source.card, dataset.image_rules
    try:
        stated = drawn_size(picture.path, card, rules, picture.drawn) if size is None else size
        picture = picture._replace(size=lambda: stated)
        read_image(picture, card, rules)
        _note_reading(*turning(picture, card, rules), str(picture.path), checked)
    except DatasetError as error:
        checked.findings.append(Finding(True, error.where or key, error.what))


def _note_reading(header: Header, turned: bool, where: str, checked: Checked) -> None:
    orientation = header.orientation
    checked.readings.update(header.read_as)
    checked.findings += [Finding(False, where, _READ_AS[name]) for name in header.read_as]
    if orientation == 0:
        checked.findings.append(Finding(False, where, "read as stored: its EXIF block is damaged"))
    elif orientation > 1 and turned:
        checked.turned += 1
        checked.findings.append(Finding(False, where, f"turned by its EXIF orientation {orientation}"))
    elif orientation > 1:
        checked.ignored += 1
        what = f"read as stored, though it has EXIF orientation {orientation} (exif=apply turns it)"
        checked.findings.append(Finding(False, where, what))
