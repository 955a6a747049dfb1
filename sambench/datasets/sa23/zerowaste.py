"""ZeroWaste-f as downloaded: waste on a conveyor belt (Bashkirova et al., CVPR 2022)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from sambench.datasets.formats.coco_fields import ImageEntry
from sambench.datasets.formats.coco_source import CocoMasks, Part
from sambench.datasets.formats.label_maps import IdImages, id_items
from sambench.datasets.formats.sources import RegionSource
from sambench.datasets.layout import find_folder, pair, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "zerowaste",
    home="https://ai.bu.edu/zerowaste/",
    terms="CC BY-NC 4.0",
    layout="""
splits_final_deblurred/{train,val,test}/labels.json
splits_final_deblurred/{train,val,test}/data/01_frame_000000.PNG
splits_final_deblurred/{train,val,test}/sem_seg/01_frame_000000.PNG
""",
    folders=("splits_final_deblurred", "zerowaste-f-final/splits_final_deblurred", "zerowaste-f-final"),
    markers=("train/sem_seg", "train/labels.json"),
    splits=("train", "val", "test"),
    paper="Bashkirova et al., ZeroWaste Dataset: Towards Deformable Object Segmentation in Cluttered Scenes, CVPR 2022",
    mask="masks=semantic: each class of an image (sem_seg); union: the same by polygons; instance: each annotation",
    quirks=("endings are in upper case", "some annotations have an empty segmentation"),
    real_bytes="labels.json of the early release (1245 images, 6162 annotations), without images",
)

_CLASSES = {1: "rigid_plastic", 2: "cardboard", 3: "metal", 4: "soft_plastic"}
MaskChoice = Literal["semantic", "union", "instance"]


@reader_of(CARD)
def zerowaste(
    root: str | Path | None = None,
    split: str = "train",
    masks: MaskChoice = "semantic",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
    allow_damaged: bool = False,
) -> MaskDataset:
    """ZeroWaste-f: waste (points).

    Args:
        root: The folder that holds `splits_final_deblurred/` (or `zerowaste-f-final/`), or that folder.
        split: "train", "val" or "test".
        masks: What a mask is. The paper's table does not say; its 2.09 masks an image fit class regions ("semantic",
            from sem_seg, or "union", from the polygons) and not the annotations ("instance", about 5 an image).
        limit, ids, subset, subset_seed: As `Choice`.
        allow_damaged: Leave out annotations that cannot be decoded, with their number in the title.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    check_choice(CARD, "masks", masks, ("semantic", "union", "instance"))
    needed = "sem_seg" if masks == "semantic" else "labels.json"
    folder = find_folder(root, CARD, [f"{split}/{needed}"]) / split

    def locate(entry: ImageEntry) -> tuple[str, Path]:
        return f"{split}/{entry.file_name}", folder / "data" / entry.file_name

    source: RegionSource
    if masks == "semantic":
        pairs, faults = pair(tree(folder / "data"), tree(folder / "sem_seg", (".png",)), f"{split}/")

        def meaning(value: int) -> int | None:
            return value if value in _CLASSES else None

        items = id_items(pairs)
        source = IdImages(CARD, items, meaning, rules="1 masks=semantic", categories=_CLASSES, faults=faults)
    else:
        parts = [Part(folder / "labels.json", locate)]
        source = CocoMasks(
            CARD, parts, rules=f"1 masks={masks}", by_class=masks == "union", allow_damaged=allow_damaged
        )
    return MaskDataset(source, root=folder.parent, split=split, choice=Choice(limit, ids, subset, subset_seed))
