"""COCO as downloaded, and any instance annotations in its format (Lin et al., ECCV 2014)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sambench.datasets.base import DatasetCard
from sambench.datasets.formats.coco_fields import ImageEntry
from sambench.datasets.given import annotation_file, images_folder
from sambench.datasets.instances import InstanceDataset
from sambench.datasets.official_files import coco_card

CARD = DatasetCard(
    name="coco",
    title="COCO 2017 (Common Objects in Context)",
    home="https://cocodataset.org/#download",
    terms="annotations CC BY 4.0; images under the Flickr terms of use",
    layout="""
annotations/instances_{val2017,train2017}.json
{val2017,train2017}/000000000139.jpg
""",
    splits=("val2017", "train2017", "val2014", "train2014"),
)


class Coco(InstanceDataset):
    """COCO: everyday scenes with instance masks of 80 categories (proposals, instances); reads any COCO-format JSON.

    Args:
        root: The folder that holds `annotations/` and the images' folder.
        split: "val2017", or another whose files are there.
        annotations: Annotation file; derived from root and split where it is left out.
        images: Folder of the images; derived from root and split where it is left out.
        limit: Keep the first so many images.
        ids: Images to keep, as "val2017/000000000139", "000000000139" or 139.
        check_images: Refuse a set without its images; False where only the ground truth is needed.
        boxes_only, allow_damaged: As `InstanceDataset`.
        title: Name of one's own data; without it a file that is not COCO's own has the name of the file.
        card: Card of another data set in this format.

    Raises:
        DatasetError: As `InstanceDataset`.
        UsageError: Neither root nor the files are given.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        split: str = "val2017",
        annotations: str | Path | None = None,
        images: str | Path | None = None,
        limit: int | None = None,
        ids: Iterable[str | int] | None = None,
        check_images: bool = True,
        boxes_only: bool = False,
        allow_damaged: bool = False,
        title: str | None = None,
        card: DatasetCard = CARD,
    ) -> None:
        file = annotation_file(root, annotations, f"instances_{split}.json", card)
        folder = images_folder(root, split, images, check_images)

        def locate(entry: ImageEntry) -> tuple[str, Path]:
            return f"{split}/{entry.file_name}", folder / entry.file_name

        super().__init__(
            file,
            locate,
            root=Path(root) if root is not None else file.parent,
            split=split,
            card=card,
            judge=(lambda instances: coco_card(card, instances, split, title)) if card is CARD else None,
            limit=limit,
            ids=ids,
            check_images=check_images,
            boxes_only=boxes_only,
            allow_damaged=allow_damaged,
        )
