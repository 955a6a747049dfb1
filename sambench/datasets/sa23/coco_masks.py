"""COCO and LVIS as sets of masks, by the rules of single-point evaluation."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from sambench.datasets import coco, lvis
from sambench.datasets.base import DatasetCard, card_with_notes
from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.coco_fields import ImageEntry
from sambench.datasets.formats.coco_source import CocoMasks, Part
from sambench.datasets.given import annotation_file, images_folder
from sambench.datasets.layout import find_folder
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.official_files import coco_card, lvis_card
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

LVIS_CARD = catalog_card(
    "lvis_v05_masks",
    home=lvis.CARD_V05.home,
    terms=lvis.CARD_V05.terms,
    layout=lvis.CARD_V05.layout,
    folders=("lvis", "LVIS", "coco", "COCO"),
    markers=("lvis_v0.5_val.json", "annotations/lvis_v0.5_val.json"),
    splits=lvis.CARD_V05.splits,
    paper="Gupta et al., LVIS: A Dataset for Large Vocabulary Instance Segmentation, CVPR 2019",
    mask="each annotation; one object may be annotated in several categories",
    quirks=("polygons only, so holes are filled", "file names are those of 2014", "some images have no annotation"),
    real_bytes="100 images' annotations of v0.5 val (977 masks), without images",
)


_KNOWN = {item.name: getattr(coco.CARD, item.name) for item in fields(DatasetCard)}

COCO_CARD = MaskCard(
    **{**_KNOWN, "name": "coco_masks"},
    folders=("coco", "COCO"),
    markers=("annotations/instances_val2017.json", "instances_val2017.json"),
    paper="Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014",
    domain="scenes",
    mask="each annotation that is no crowd",
)


@reader_of(LVIS_CARD)
def lvis_v05_masks(
    root: str | Path | None = None,
    split: str = "val",
    annotations: str | Path | None = None,
    images: str | Path | None = None,
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
    title: str | None = None,
    allow_damaged: bool = False,
    check_images: bool = True,
) -> MaskDataset:
    """LVIS v0.5: objects of over a thousand categories, images without any left out (points).

    Args:
        root: The folder that holds the annotation file (or `annotations/` with it), `train2017/` and `val2017/`.
        split: "val" or "train".
        annotations: Annotation file; derived from root and split where it is left out.
        images: The folder that holds `train2017/` and `val2017/`; the root where it is left out.
        limit, ids, subset, subset_seed: As `Choice`.
        title: Name of one's own data; without it a file that is not the published one has the name of the file.
        allow_damaged: Leave out masks that cannot be decoded, with their number in the title, not refuse the file.
        check_images: Refuse data without its images; False where only the ground truth is needed.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(LVIS_CARD, "split", split, LVIS_CARD.splits)
    name = f"lvis_v0.5_{split}.json"
    if annotations is None:
        root = find_folder(root, LVIS_CARD, [name, f"annotations/{name}"])
    file = annotation_file(root, annotations, name, LVIS_CARD)
    folder = images_folder(root, ".", images, needed=check_images)

    def locate(entry: ImageEntry) -> tuple[str, Path]:
        relative = lvis._relative(entry, split)
        return relative, folder / relative

    part = Part(file, locate)
    source = CocoMasks(LVIS_CARD, [part], rules="1", allow_damaged=allow_damaged, check_images=check_images)
    source.card = card_with_notes(lvis_card(LVIS_CARD, source.files[0], split, "v0.5", title), source.notes)
    chosen = Choice(limit, ids, subset, subset_seed)
    split = "all" if source.card.own else split
    return MaskDataset(source, root=root or file.parent, split=split, choice=chosen, form=LVIS_CARD.name)


@reader_of(COCO_CARD)
def coco_masks(
    root: str | Path | None = None,
    split: str = "val2017",
    annotations: str | Path | None = None,
    images: str | Path | None = None,
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
    title: str | None = None,
    allow_damaged: bool = False,
    check_images: bool = True,
) -> MaskDataset:
    """COCO: objects of 80 categories, without crowds and images without objects (points).

    Args:
        root: The folder that holds `annotations/` and the images' folder.
        split: "val2017", or another whose files are there.
        annotations: Annotation file; derived from root and split where it is left out.
        images: Folder of the images; derived from root and split where it is left out.
        limit, ids, subset, subset_seed: As `Choice`.
        title: Name of one's own data; without it a file that is not the published one has the name of the file.
        allow_damaged: Leave out masks that cannot be decoded, with their number in the title, not refuse the file.
        check_images: Refuse data without its images; False where only the ground truth is needed.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    name = f"instances_{split}.json"
    if annotations is None:
        root = find_folder(root, COCO_CARD, [name, f"annotations/{name}"])
    file = annotation_file(root, annotations, name, COCO_CARD)
    folder = images_folder(root, split, images, needed=check_images)

    def locate(entry: ImageEntry) -> tuple[str, Path]:
        return f"{split}/{entry.file_name}", folder / entry.file_name

    part = Part(file, locate)
    source = CocoMasks(COCO_CARD, [part], rules="1", allow_damaged=allow_damaged, check_images=check_images)
    source.card = card_with_notes(coco_card(COCO_CARD, source.files[0], split, title), source.notes)
    chosen = Choice(limit, ids, subset, subset_seed)
    split = "all" if source.card.own else split
    return MaskDataset(source, root=root or file.parent, split=split, choice=chosen, form=COCO_CARD.name)
