"""LVIS v1 and v0.5 as downloaded, over the images of COCO 2017 (Gupta et al., CVPR 2019)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from sambench.datasets.base import DatasetCard
from sambench.datasets.formats.coco_fields import ImageEntry
from sambench.datasets.given import annotation_file, images_folder
from sambench.datasets.instances import InstanceDataset
from sambench.datasets.official_files import lvis_card
from sambench.datasets.reading import check_choice
from sambench.errors import UsageError

CARD = DatasetCard(
    name="lvis",
    title="LVIS v1 (Large Vocabulary Instance Segmentation)",
    home="https://www.lvisdataset.org/dataset",
    terms="annotations CC BY 4.0; images of COCO under the Flickr terms of use",
    layout="""
lvis_v1_{val,train}.json            (or below annotations/)
{train2017,val2017}/000000000139.jpg   (COCO 2017; LVIS v1 val needs both folders)
""",
    splits=("val", "train"),
)

CARD_V05 = DatasetCard(
    name="lvis_v05",
    title="LVIS v0.5 (Large Vocabulary Instance Segmentation)",
    home=CARD.home,
    terms=CARD.terms,
    layout="""
lvis_v0.5_{val,train}.json          (or below annotations/)
{train2017,val2017}/000000000139.jpg   (COCO 2017)
""",
    splits=("val", "train"),
)

_CARDS = {"v1": CARD, "v0.5": CARD_V05}
_NAME_LENGTH = len("000000000139.jpg")


class Lvis(InstanceDataset):
    """LVIS: instance masks of over a thousand categories on COCO's images (proposals, instances).

    Args:
        root: The folder that holds the annotation file (or `annotations/` with it), `train2017/` and `val2017/`.
        split: "val" or "train".
        version: "v1" or "v0.5".
        annotations: Annotation file; derived from root, version and split where it is left out.
        images: The folder that holds `train2017/` and `val2017/`; the root where it is left out.
        limit: Keep the first so many images.
        ids: Images to keep, as "val2017/000000000139", "000000000139" or 139.
        check_images: Look for every kept image now; False where only the ground truth is needed.
        boxes_only, allow_damaged: As `InstanceDataset`.
        title: Name of one's own data; without it a file that is not LVIS's own has the name of the file.
        card: Card of another data set in this format.

    Raises:
        DatasetError: As `InstanceDataset`.
        UsageError: The version or split is unknown, or neither root nor the files are given.
    """

    rules: Literal["coco", "lvis"] = "lvis"

    def __init__(
        self,
        root: str | Path | None = None,
        split: str = "val",
        version: str = "v1",
        annotations: str | Path | None = None,
        images: str | Path | None = None,
        limit: int | None = None,
        ids: Iterable[str | int] | None = None,
        check_images: bool = True,
        boxes_only: bool = False,
        allow_damaged: bool = False,
        title: str | None = None,
        card: DatasetCard | None = None,
    ) -> None:
        if version not in _CARDS:
            raise UsageError(f"LVIS has no version {version!r}", mend=f"choose one of {', '.join(_CARDS)}")
        given, card = card, card or _CARDS[version]
        check_choice(card, "split", split, card.splits)
        file = annotation_file(root, annotations, f"lvis_{version}_{split}.json", card)
        folder = images_folder(root, ".", images, check_images)

        def locate(entry: ImageEntry) -> tuple[str, Path]:
            relative = _relative(entry, split)
            return relative, folder / relative

        super().__init__(
            file,
            locate,
            root=Path(root) if root is not None else file.parent,
            split=split,
            card=card,
            judge=(lambda instances: lvis_card(card, instances, split, version, title)) if given is None else None,
            limit=limit,
            ids=ids,
            check_images=check_images,
            boxes_only=boxes_only,
            allow_damaged=allow_damaged,
        )


def _relative(entry: ImageEntry, split: str) -> str:
    """Return where an image lies below COCO's folders, as "val2017/000000000139.jpg".

    v1 tells it by `coco_url` alone, and its val split has images of both folders; the `file_name` of v0.5
    ("COCO_val2014_000000000139.jpg") is that of 2014, whose last 16 characters are the name of 2017.
    """
    if entry.coco_url:
        return "/".join(entry.coco_url.split("/")[-2:])
    return f"{split}2017/{entry.file_name[-_NAME_LENGTH:]}" if entry.file_name else ""
