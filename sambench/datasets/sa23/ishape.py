"""iShape as downloaded: fences, wires and other irregular shapes in six parts (Yang et al., 2021)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.label_maps import IdImages, id_items
from sambench.datasets.layout import Fault, find_folder, pair, require_folder, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "ishape",
    home="https://ishape.github.io",
    terms="CC0",
    layout="""
ishape_dataset/{antenna,branch,fence,hanger,log,wire}/{train,val}/image/NAME.{jpg,png}
ishape_dataset/{antenna,branch,fence,hanger,log,wire}/{train,val}/instance_map/NAME.png
""",
    folders=("ishape_dataset",),
    markers=("antenna/val/instance_map", "fence/val/instance_map"),
    splits=("val", "train"),
    paper="Yang et al., iShape: A First Step Towards Irregular Shape Instance Segmentation, 2021",
    mask="each value from 1000 on of the instance map",
    quirks=(
        "instance maps are 16-bit; values below 1000 are no instances, and value // 1000 is the category",
        "masks interlace and have many holes and parts",
        "the maps are read, not coco_format/, whose links break in some archives",
    ),
)

PARTS = ("antenna", "branch", "fence", "hanger", "log", "wire")


@reader_of(CARD)
def ishape(
    root: str | Path | None = None,
    split: str = "val",
    parts: tuple[str, ...] = PARTS,
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """iShape: irregular shapes (points).

    Args:
        root: The folder that holds `ishape_dataset/`, or that folder.
        split: "val" or "train".
        parts: The parts to read; all six must be there, or be left out here.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    for part in parts:
        check_choice(CARD, "parts", part, PARTS)
    folder = find_folder(root, CARD, [f"{part}/{split}/instance_map" for part in parts])
    pairs: dict[str, tuple[Path, Path]] = {}
    faults: list[Fault] = []
    for part in parts:
        inner = require_folder(folder / part / split / "instance_map", CARD).parent
        matched, alone = pair(tree(inner / "image"), tree(inner / "instance_map", (".png",)), f"{part}/{split}/")
        pairs |= matched
        faults += alone
    source = IdImages(
        CARD,
        id_items(pairs),
        lambda value: value // 1000 if value >= 1000 else None,
        rules=f"1 parts={','.join(parts)}",
        categories={},
        faults=faults,
        colours="refuse",
    )
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))
