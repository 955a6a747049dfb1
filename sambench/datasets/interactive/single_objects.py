"""GrabCut, Berkeley, DAVIS (345 frames) and COCO_MVal as the archives of f-BRS hold them: one object an image."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.cards import MaskCard
from sambench.datasets.interactive.object_masks import RULES, Above, ObjectMasks, Rule
from sambench.datasets.layout import find_folder, pair, require_folder, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, reader_of
from sambench.datasets.reading import check_choice

ARCHIVES = "https://github.com/saic-vul/fbrs_interactive_segmentation/releases/tag/v1.0"
COUNTED_BY = ("f-BRS", "its README")

FOLDERS = {
    "grabcut": ("data_GT", "boundary_GT"),
    "berkeley": ("images", "masks"),
    "davis": ("img", "gt"),
    "coco_mval": ("img", "gt"),
}
"""Data set -> folders of its images and of its masks."""


def _card(name: str, title: str, folder: str, count: int, **facts: object) -> MaskCard:
    images, masks = FOLDERS[name]
    return MaskCard(
        name=name,
        title=title,
        home=ARCHIVES,
        layout=f"\n{folder}/{images}/NAME.jpg\n{folder}/{masks}/NAME.png      (or another ending)\n",
        splits=("test",),
        folders=(folder,),
        markers=(masks,),
        domain="natural images",
        expected_images=count,
        expected_masks=count,
        expected_by=COUNTED_BY,
        **facts,  # type: ignore[arg-type]
    )


GRABCUT = _card(
    "grabcut",
    "GrabCut (50 images)",
    "GrabCut",
    50,
    terms="none found; images of the GrabCut paper and of BSDS",
    paper="Rother et al., GrabCut: Interactive foreground extraction using iterated graph cuts, SIGGRAPH 2004",
    mask="the object of the image; a band of unknown pixels around it counts neither way",
    count_rule="one object an image",
)
BERKELEY = _card(
    "berkeley",
    "Berkeley (100 objects of McGuinness and O'Connor)",
    "Berkeley",
    100,
    terms="images of BSDS: non-commercial research and education",
    paper="McGuinness and O'Connor, A comparative evaluation of interactive segmentation algorithms, PR 2010",
    mask="one object of the image",
    quirks=("96 different images, four of which are there twice with another object", "images of BSDS300's sets"),
    count_rule="one object an image",
)
DAVIS = _card(
    "davis",
    "DAVIS, 345 frames for interactive segmentation",
    "DAVIS",
    345,
    terms="those of DAVIS 2016: non-commercial research",
    paper="frames of Jang and Kim, BRS, CVPR 2019; videos of Perazzi et al., DAVIS, CVPR 2016",
    mask="all objects of the frame together",
    quirks=("which frames these are is told by the archive alone",),
    count_rule="345 frames of the 50 videos, one mask each",
)
COCO_MVAL = _card(
    "coco_mval",
    "COCO_MVal (800 objects of COCO val2017)",
    "COCO_MVal",
    800,
    terms="annotations CC BY 4.0; images under the Flickr terms of use",
    paper="Sofiiuk et al., f-BRS, CVPR 2020; images of COCO val2017",
    mask="one object of the image, ten of each of COCO's 80 classes (toaster has 9)",
    quirks=("in the domain of models trained on COCO and LVIS",),
    count_rule="one object an image",
)


def _read(
    card: MaskCard, rule: Rule, root: str | Path | None, split: str, limit: int | None, ids: Ids | None
) -> MaskDataset:
    check_choice(card, "split", split, card.splits)
    folder = find_folder(root, card)
    images, masks = (tree(require_folder(folder / name, card)) for name in FOLDERS[card.name])
    pairs, faults = pair(images, masks)
    source = ObjectMasks(card, pairs, faults, rule)
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, "all"))


@reader_of(GRABCUT)
def grabcut(
    root: str | Path | None = None, split: str = "test", limit: int | None = None, ids: Ids | None = None
) -> MaskDataset:
    """GrabCut: 50 objects, one an image, with a band that counts neither way (points).

    Args:
        root: The folder that holds `GrabCut/`, or that folder.
        split: "test".
        limit, ids: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: The split is unknown, or no root is given.
    """
    return _read(GRABCUT, "marked", root, split, limit, ids)


@reader_of(BERKELEY)
def berkeley(
    root: str | Path | None = None, split: str = "test", limit: int | None = None, ids: Ids | None = None
) -> MaskDataset:
    """Berkeley: 100 objects on 96 images of BSDS (points).

    Args:
        root: The folder that holds `Berkeley/`, or that folder.
        split, limit, ids: As `grabcut`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: The split is unknown, or no root is given.
    """
    return _read(BERKELEY, "marked", root, split, limit, ids)


@reader_of(DAVIS)
def davis(
    root: str | Path | None = None, split: str = "test", limit: int | None = None, ids: Ids | None = None
) -> MaskDataset:
    """DAVIS: 345 frames of videos, all objects as one mask (points).

    Args:
        root: The folder that holds `DAVIS/`, or that folder.
        split, limit, ids: As `grabcut`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: The split is unknown, or no root is given.
    """
    return _read(DAVIS, "any", root, split, limit, ids)


@reader_of(COCO_MVAL)
def coco_mval(
    root: str | Path | None = None,
    split: str = "test",
    above: Above = 0,
    limit: int | None = None,
    ids: Ids | None = None,
) -> MaskDataset:
    """COCO_MVal: 800 objects of COCO val2017, one an image (points).

    Args:
        root: The folder that holds `COCO_MVal/`, or that folder.
        above: Mask pixels above it are the object: 0 in any channel (RITM, SegNext), or 128 in the first (FocalClick).
        split, limit, ids: As `grabcut`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: The split is unknown, or no root is given.
    """
    return _read(COCO_MVAL, RULES[above], root, split, limit, ids)
