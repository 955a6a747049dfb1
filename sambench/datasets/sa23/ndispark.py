"""NDISPark as downloaded: parked cars by day and night (Ciampi et al., VISIGRAPP 2021)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.coco_fields import ImageEntry
from sambench.datasets.formats.coco_source import CocoMasks, Part
from sambench.datasets.layout import find_folder
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "ndispark",
    home="https://zenodo.org/record/6560823",
    terms="CC BY 4.0",
    layout="""
ndis_park/train/train_coco_annotations.json            ndis_park/train/imgs/64_.jpg
ndis_park/validation/val_coco_annotations.json         ndis_park/validation/imgs/*.jpg
""",
    folders=("ndis_park",),
    markers=("train/train_coco_annotations.json",),
    splits=("train", "validation"),
    paper="Ciampi et al., Domain Adaptation for Traffic Density Estimation, VISIGRAPP 2021",
    mask="each annotation: a vehicle",
    quirks=("69_.jpg shows no vehicle and is left out", "the category list is all of COCO's, only car occurs"),
)

_FILES = {"train": "train_coco_annotations.json", "validation": "val_coco_annotations.json"}


@reader_of(CARD)
def ndispark(
    root: str | Path | None = None,
    split: str = "train",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
    allow_damaged: bool = False,
) -> MaskDataset:
    """NDISPark: parked vehicles (points).

    Args:
        root: The folder that holds `ndis_park/`, or that folder.
        split: "train" or "validation"; "test" has dots and no masks.
        limit, ids, subset, subset_seed: As `Choice`.
        allow_damaged: Leave out masks that cannot be decoded, with their number in the title, not refuse the file.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD, [f"{split}/{_FILES[split]}"])

    def locate(entry: ImageEntry) -> tuple[str, Path]:
        return f"{split}/{entry.file_name}", folder / split / "imgs" / entry.file_name

    source = CocoMasks(CARD, [Part(folder / split / _FILES[split], locate)], rules="1", allow_damaged=allow_damaged)
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))
