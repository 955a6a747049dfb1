"""Cityscapes as downloaded: stuff and things of street scenes, panoptic (Cordts et al., CVPR 2016)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.label_maps import IdImages, id_items
from sambench.datasets.layout import find_folder, pair, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "cityscapes",
    home="https://www.cityscapes-dataset.com/downloads/",
    terms="Cityscapes terms: research, no redistribution",
    layout="""
leftImg8bit/val/frankfurt/frankfurt_000000_000294_leftImg8bit.png
gtFine/val/frankfurt/frankfurt_000000_000294_gtFine_instanceIds.png
""",
    folders=("cityscapes", "Cityscapes"),
    markers=("gtFine",),
    splits=("val", "train"),
    paper="Cordts et al., The Cityscapes Dataset for Semantic Urban Scene Understanding, CVPR 2016",
    mask="each instance, and the whole region of each stuff class; void classes are left out, as are groups of things",
    real_bytes="one image of val, made smaller by others (256 x 128), original layout and coding",
    quirks=(
        "instanceIds are 16-bit: below 1000 a class, else class * 1000 + number",
        "a thing class below 1000 is a group of things that were not told apart",
        "regions have holes and many parts; instances of one pixel exist",
    ),
)

_CLASSES = {
    7: "road", 8: "sidewalk", 11: "building", 12: "wall", 13: "fence", 17: "pole", 19: "traffic light",
    20: "traffic sign", 21: "vegetation", 22: "terrain", 23: "sky", 24: "person", 25: "rider", 26: "car", 27: "truck",
    28: "bus", 31: "train", 32: "motorcycle", 33: "bicycle",
}  # fmt: skip
_THINGS = range(24, 34)
"""Classes with instances; 29 (caravan) and 30 (trailer) are void in evaluation and so not among `_CLASSES`."""


@reader_of(CARD)
def cityscapes(
    root: str | Path | None = None,
    split: str = "val",
    stuff: bool = True,
    groups: bool = False,
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """Cityscapes: street scenes, panoptic (points).

    Args:
        root: The folder that holds `leftImg8bit/` and `gtFine/`, or `cityscapes/` with them.
        split: "val" or "train"; the ground truth of "test" is not public.
        stuff: Count the region of each stuff class as a mask; the paper says "panoptic".
        groups: Count regions of things that were not told apart as masks; createPanopticImgs.py calls them crowds.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD, [f"gtFine/{split}"])
    images = tree(folder / "leftImg8bit" / split, (".png",), "_leftImg8bit")
    truths = tree(folder / "gtFine" / split, (".png",), "_gtFine_instanceIds")
    pairs, faults = pair(images, truths, f"{split}/")

    def meaning(value: int) -> int | None:
        category = value // 1000 if value >= 1000 else value
        if category not in _CLASSES or (value < 1000 and not (groups if category in _THINGS else stuff)):
            return None
        return category

    source = IdImages(
        CARD,
        id_items(pairs),
        meaning,
        rules=f"1 stuff={stuff} groups={groups}",
        categories=_CLASSES,
        faults=faults,
        colours="refuse",
    )
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))
