"""PASCAL VOC 2012's instance masks as downloaded (Everingham et al., IJCV 2010)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from sambench.config.image_rules import ImageRules
from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.label_maps import IdImages, id_items, nonzero
from sambench.datasets.interactive.lists import listed_pairs
from sambench.datasets.interactive.object_masks import colours
from sambench.datasets.layout import find_folder
from sambench.datasets.masks import Choice, Ids, MaskDataset, reader_of
from sambench.datasets.reading import check_choice

NUMBERS = Literal["palette", "grey"]
"""What an object's id is: its index in the palette, or the grey value of its colour."""

VOID = {"palette": 255, "grey": 220}
"""The id of pixels that belong to no object for certain."""

CARD = MaskCard(
    name="pascal_voc",
    title="PASCAL VOC 2012, instances",
    home="http://host.robots.ox.ac.uk/pascal/VOC/voc2012/",
    terms="images under the Flickr terms of use",
    layout="""
VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg
VOCdevkit/VOC2012/SegmentationObject/2007_000033.png
VOCdevkit/VOC2012/ImageSets/Segmentation/{train,val,trainval}.txt
""",
    splits=("val", "train", "trainval"),
    folders=("VOCdevkit/VOC2012", "VOC2012", "PascalVOC", "VOCdevkit"),
    markers=("SegmentationObject",),
    paper="Everingham et al., The PASCAL Visual Object Classes Challenge, IJCV 2010",
    domain="scenes",
    mask="each object; void pixels around it count neither way",
    quirks=(
        "object_ids=grey, as RITM's family reads it, merges objects of equally grey colours (1 and 16, 6 and 21, ...)",
        "RITM reads a list (test.pickle) that was never published",
    ),
    expected_by=("RITM", "its README"),
    count_rule="every id of val but 0 and void; by grey values some objects are merged",
)


@reader_of(CARD)
def pascal_voc(
    root: str | Path | None = None,
    split: str = "val",
    object_ids: NUMBERS = "palette",
    limit: int | None = None,
    ids: Ids | None = None,
) -> MaskDataset:
    """PASCAL VOC: objects of 20 classes, with void pixels that count neither way (points).

    Args:
        root: The folder that holds `VOCdevkit/VOC2012/`, or that folder.
        split: "val", "train" or "trainval".
        object_ids: "palette", an object is an index of the palette; "grey", an object is the grey value of its colour
            as OpenCV makes it (RITM, SimpleClick, SegNext), by which some objects are merged.
        limit, ids: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: The split is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD)
    pairs, faults = listed_pairs(
        CARD, folder / "ImageSets/Segmentation" / f"{split}.txt", folder / "JPEGImages", folder / "SegmentationObject"
    )
    card = replace(CARD, expected_images=1449, expected_masks=3417) if split == "val" else CARD
    source = IdImages(
        card,
        id_items(pairs),
        nonzero(),
        rules=f"1 ids={object_ids}",
        categories={1: "object"},
        faults=faults,
        colours="refuse",
        void=VOID[object_ids],
        read=_grey_ids if object_ids == "grey" else None,
    )
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, "all"))


def _grey_ids(path: Path, card: MaskCard, rules: ImageRules) -> np.ndarray:
    """Read an id image's colours as grey values, (H, W) int32."""
    return grey_of(colours(path, card, rules))


def grey_of(pixels: np.ndarray) -> np.ndarray:
    """Weigh colours as OpenCV's conversion of 8 bits does, in whole numbers.

    Args:
        pixels: (H, W, 3) uint8 RGB.

    Returns:
        (H, W) int32 in [0, 255].
    """
    red, green, blue = (pixels[..., channel].astype(np.int32) for channel in range(3))
    return (4899 * red + 9617 * green + 1868 * blue + (1 << 13)) >> 14
