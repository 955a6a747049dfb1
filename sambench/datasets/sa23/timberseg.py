"""TimberSeg 1.0 as downloaded: piles of logs (Fortin et al., IROS 2022)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.coco_fields import ImageEntry
from sambench.datasets.formats.coco_source import CocoMasks, Part
from sambench.datasets.layout import find_folder
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "timberseg",
    home="https://data.mendeley.com/datasets/y5npsm3gkj",
    terms="CC BY 4.0",
    layout="""
y5npsm3gkj-2/{original,prescaled}/coco_annotation.json
y5npsm3gkj-2/{original,prescaled}/images/*.png
""",
    folders=("y5npsm3gkj-2", "TimberSeg"),
    markers=("original/coco_annotation.json",),
    splits=("original", "prescaled"),
    paper="Fortin et al., Instance Segmentation for Autonomous Log Grasping in Forestry Operations, IROS 2022",
    mask="each annotation: a log",
    quirks=("coco_annotation.json is read; the rotated one has boxes of five values",),
)


@reader_of(CARD)
def timberseg(
    root: str | Path | None = None,
    split: str = "original",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
    allow_damaged: bool = False,
) -> MaskDataset:
    """TimberSeg: logs (points).

    Args:
        root: The folder that holds `y5npsm3gkj-2/` (or `timberseg/`), or that folder.
        split: "original" or "prescaled" images.
        limit, ids, subset, subset_seed: As `Choice`.
        allow_damaged: Leave out masks that cannot be decoded, with their number in the title, not refuse the file.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD, [f"{split}/coco_annotation.json"]) / split

    def locate(entry: ImageEntry) -> tuple[str, Path]:
        relative = entry.file_name if entry.file_name.startswith("images/") else f"images/{entry.file_name}"
        return f"{split}/{relative}", folder / relative

    source = CocoMasks(CARD, [Part(folder / "coco_annotation.json", locate)], rules="1", allow_damaged=allow_damaged)
    return MaskDataset(source, root=folder.parent, split=split, choice=Choice(limit, ids, subset, subset_seed))
