"""IBD (InstanceBuilding, 2D): buildings seen from drones; the archive's format is not documented."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.label_maps import Colours
from sambench.datasets.formats.sources import RegionSource
from sambench.datasets.layout import find_folder, holds
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.own.sources import coco_source, label_source, placed_below
from sambench.datasets.reading import check_choice, data_error
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "ibd",
    home="https://californiachen.github.io/datasets/InstanceBuilding",
    terms="free for non-commercial use",
    layout="""
IBD/train/NAME.png  and  IBD/train_labels/NAME.png      (id images, grey or one colour a building), or
IBD/train/NAME.png  and  IBD/train/NAME.json            (LabelMe), or
any folder of images with labels or a COCO JSON, named by images=, labels= or annotations=
""",
    folders=("IBD", "InstanceBuilding"),
    markers=("train_labels", "train/*.json"),
    splits=("train", "val"),
    paper="Chen et al., 3D Instance Segmentation of MVS Buildings (InstanceBuilding), IEEE TGRS 2022",
    mask="each building: an id other than 0, a polygon, or an annotation",
    quirks=("the format was never documented; any other layout than these is refused, and what was found is shown",),
)


@reader_of(CARD)
def ibd(
    root: str | Path | None = None,
    split: str = "train",
    images: str | None = None,
    labels: str | None = None,
    annotations: str | None = None,
    colours: Colours = "code",
    ignore: tuple[int, ...] = (0,),
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
    allow_damaged: bool = False,
) -> MaskDataset:
    """IBD: buildings from drones (points).

    Args:
        root: The folder that holds `IBD/`, or that folder.
        split: "train" or "val", as the folders are named.
        images: Folder of the images below the root, where it is none of the known ones.
        labels: Folder of the id images or LabelMe files below the root, likewise.
        annotations: A COCO JSON below the root.
        colours: What id images with colour channels mean: "code" makes each colour an object, "first" reads red.
        ignore: Ids that are no buildings.
        limit, ids, subset, subset_seed: As `Choice`.
        allow_damaged: Leave out masks of a COCO JSON that cannot be decoded, with their number in the title.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    markers = [f"{split}_labels", f"{split}/*.json"]
    if images is not None or annotations is not None:
        markers = [images or split]
    folder = find_folder(root, CARD, markers)
    inner = folder / (images or split)
    if annotations is not None:
        source: RegionSource = coco_source(CARD, folder / annotations, placed_below(inner, inner), allow_damaged)
    else:
        source = label_source(CARD, inner, _labels(folder, inner, split, labels), colours, ignore)
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))


def _labels(folder: Path, images: Path, split: str, given: str | None) -> Path:
    """Find the folder of the labels among the known ones."""
    if given is not None:
        return folder / given
    if (folder / f"{split}_labels").is_dir():
        return folder / f"{split}_labels"
    if any(images.glob("*.json")):
        return images
    what = f"no {split}_labels/ and no JSON files beside the images: {holds(folder)}; {images.name}: {holds(images)}"
    raise data_error(CARD, what, folder)
