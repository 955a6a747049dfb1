"""Plittersdorf as downloaded: animals in a stereo camera trap (Haucke et al., SOCRATES, 2022)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.coco_fields import ImageEntry
from sambench.datasets.formats.coco_source import CocoMasks, Part
from sambench.datasets.layout import find_folder
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "plittersdorf",
    home="https://timm.haucke.xyz/datasets/plittersdorf",
    terms="not stated",
    layout="""
plittersdorf_instance_segmentation_coco/{train,val,test}.json
plittersdorf_instance_segmentation_coco/images/VIDEO_FRAME.jpg
""",
    folders=("plittersdorf_instance_segmentation_coco",),
    markers=("train.json",),
    splits=("all", "train", "val", "test"),
    paper="Haucke et al., SOCRATES: A Stereo Camera Trap for Monitoring of Biodiversity, 2022",
    mask="each annotation: an animal",
    quirks=(
        "holes are listed as further polygons, so COCO's rule (the union) fills them",
        "image ids may repeat in the three files",
        "the .exr disparities beside the images are not read",
    ),
)


@reader_of(CARD)
def plittersdorf(
    root: str | Path | None = None,
    split: str = "all",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
    allow_damaged: bool = False,
) -> MaskDataset:
    """Plittersdorf: wild animals at night (points).

    Args:
        root: The folder that holds `plittersdorf_instance_segmentation_coco/`, or that folder.
        split: "all" (train, val and test, as the paper), or one of them.
        limit, ids, subset, subset_seed: As `Choice`.
        allow_damaged: Leave out masks that cannot be decoded, with their number in the title, not refuse the file.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    names = CARD.splits[1:] if split == "all" else (split,)
    markers = [f"{name}.json" for name in names]
    folder = find_folder(root, CARD, markers)

    def part(name: str) -> Part:
        def locate(entry: ImageEntry) -> tuple[str, Path]:
            file = entry.file_name.removeprefix("images/")
            return f"{name}/{file}", folder / "images" / file

        return Part(folder / f"{name}.json", locate)

    source = CocoMasks(CARD, [part(name) for name in names], rules="1", allow_damaged=allow_damaged)
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))
