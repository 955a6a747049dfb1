"""Whether an annotation file in COCO's format is the published one or a user's own, by its contents.

The name of a file says nothing: own data are often laid out as COCO's, and re-annotated versions keep its file names. A
file is the published one where its images, its categories and its number of annotations are; a part of it where it has
fewer images. Published numbers answer to the whole alone.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple, TypeVar

from sambench.datasets.base import DatasetCard
from sambench.datasets.formats.coco_fields import ImageEntry
from sambench.datasets.formats.coco_json import InstanceFile

Card = TypeVar("Card", bound=DatasetCard)


class WholeFile(NamedTuple):
    """What a published file holds; None where the number is not known."""

    images: int
    annotations: int | None


COCO = {
    "val2017": WholeFile(5000, 36781),
    "train2017": WholeFile(118287, 860001),
    "val2014": WholeFile(40504, 291875),
    "train2014": WholeFile(82783, 604907),
}
LVIS_V1 = {"val": WholeFile(19809, 244707), "train": WholeFile(100170, 1270141)}
LVIS_V05 = {"val": WholeFile(5000, None)}

LVIS_CATEGORIES = {"v1": 1203, "v0.5": 1230}

# COCO's ids run to 90, but these were never annotated; the ids' names begin and end as these.
_UNUSED = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
_COCO_IDS = set(range(1, 91)) - _UNUSED
_COCO_NAMES = {1: "person", 3: "car", 17: "cat", 62: "chair", 90: "toothbrush"}

_FILE_NAME = re.compile(r"(?:COCO_(?:train|val)2014_)?(\d{12})\.jpg")
_COCO_URL = re.compile(
    r"https?://images\.cocodataset\.org/(?:train|val)20\d\d/(?:COCO_(?:train|val)2014_)?(\d{12})\.jpg"
)


def coco_card(card: Card, file: InstanceFile, split: str, title: str | None) -> Card:
    """Return COCO's card for its own files, with a note for a part of one; a card of the user's for any other.

    Args:
        card: COCO's.
        file: The contents.
        split: The split that was asked for.
        title: The user's name for own data.
    """
    known = {record.get("id"): record.get("name") for record in file.categories}
    categories = known.keys() <= _COCO_IDS and all(known.get(key, name) == name for key, name in _COCO_NAMES.items())
    named = all(_is_number(_FILE_NAME.fullmatch(entry.file_name), entry) for entry in file.images.values())
    return _judged(card, file, COCO.get(split), title, categories and named)


def lvis_card(card: Card, file: InstanceFile, split: str, version: str, title: str | None) -> Card:
    """Return LVIS's card for its own files of a version, with a note for a part; a card of the user's for any other."""
    named = all(_is_number(_COCO_URL.fullmatch(entry.coco_url), entry) for entry in file.images.values())
    marked = all("frequency" in record for record in file.categories)
    categories = marked and len(file.categories) <= LVIS_CATEGORIES[version]
    whole = {"v1": LVIS_V1, "v0.5": LVIS_V05}[version].get(split)
    return _judged(card, file, whole, title, categories and named)


def own_card(card: Card, title: str) -> Card:
    """Return the card of a user's own data in a published data set's format.

    Its name, which names run folders too, keeps of the title what every file system takes.
    """
    title = " ".join(title.split()) or "own data"
    name = re.sub(r"[^\w.-]+", "_", title).strip("._-")[:80] or "own"
    own = {"home": "the user's own files", "terms": "the user's own", "own": True, "note": "own data"}
    return replace(card, name=name, title=title, **own)  # type: ignore[arg-type]


def _judged(card: Card, file: InstanceFile, whole: WholeFile | None, title: str | None, alike: bool) -> Card:
    """Decide by the counts where names are the published ones; a name of the user's own settles it."""
    images, annotations = len(file.images), sum(map(len, file.annotations.values()))
    if title is not None or not alike or (whole is not None and images > whole.images):
        return own_card(card, title or file.path.stem)
    if whole is None:
        return card
    if images < whole.images:
        part = f"an annotation file of {images} of its {whole.images} images"
        return replace(card, note="; ".join(filter(None, (card.note, part))))
    if whole.annotations not in (None, annotations):
        return own_card(card, file.path.stem)
    return card


def _is_number(match: re.Match[str] | None, entry: ImageEntry) -> bool:
    """Tell whether a name of COCO's is that of the image's id."""
    return match is not None and int(match[1]) == entry.id
