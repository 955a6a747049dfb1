"""TrashCan 1.0 as downloaded: underwater trash (Hong et al., 2020)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.coco_fields import ImageEntry
from sambench.datasets.formats.coco_source import CocoMasks, Part
from sambench.datasets.layout import find_folder
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "trashcan",
    home="https://conservancy.umn.edu/handle/11299/214865",
    terms="free for academic use with attribution; the files say CC BY-NC-SA 2.0",
    layout="""
dataset/{instance_version,material_version}/instances_{train,val}_trashcan.json
dataset/{instance_version,material_version}/{train,val}/vid_000002_frame0000037.jpg
""",
    folders=("dataset", "TrashCan", "TrashCan/dataset"),
    markers=("instance_version",),
    splits=("train", "val"),
    paper="Hong et al., TrashCan: A Semantically-Segmented Dataset towards Visual Detection of Marine Debris, 2020",
    mask="each annotation",
    quirks=("129 training images have no annotation and are left out", "polygons overrun the image by up to a pixel"),
)


@reader_of(CARD)
def trashcan(
    root: str | Path | None = None,
    split: str = "train",
    version: str = "instance",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
    allow_damaged: bool = False,
) -> MaskDataset:
    """TrashCan: trash and animals under water (points).

    Args:
        root: The folder that holds `dataset/` or `TrashCan/`, or the one that holds `instance_version/`.
        split: "train" or "val".
        version: "instance" or "material"; the paper took the instance task.
        limit, ids, subset, subset_seed: As `Choice`.
        allow_damaged: Leave out masks that cannot be decoded, with their number in the title, not refuse the file.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    check_choice(CARD, "version", version, ("instance", "material"))
    name = f"{version}_version"
    folder = find_folder(root, CARD, [name]) / name
    file = f"instances_{split}_trashcan.json"
    annotations = folder / split / file if (folder / split / file).is_file() else folder / file

    def locate(entry: ImageEntry) -> tuple[str, Path]:
        return f"{split}/{entry.file_name}", folder / split / entry.file_name

    source = CocoMasks(CARD, [Part(annotations, locate)], rules=f"1 version={version}", allow_damaged=allow_damaged)
    return MaskDataset(source, root=folder.parent, split=split, choice=Choice(limit, ids, subset, subset_seed))
