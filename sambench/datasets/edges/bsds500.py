"""BSDS500 as downloaded: photographs and every annotator's segmentation (Arbelaez et al., TPAMI 2011)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sambench.datasets.base import DatasetCard
from sambench.datasets.edges.boundary_data import BoundaryDataset
from sambench.datasets.edges.bsds500_names import NAMES
from sambench.datasets.official_files import own_card
from sambench.datasets.reading import check_choice, data_error, list_files
from sambench.errors import listing

CARD = DatasetCard(
    name="bsds500",
    title="Berkeley Segmentation Data Set 500 (BSDS500)",
    home="https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/resources.html",
    terms="non-commercial research and education",
    layout="""
BSDS500/data/images/{train,val,test}/100007.jpg
BSDS500/data/groundTruth/{train,val,test}/100007.mat
""",
    splits=("train", "val", "test"),
)

COUNTS = {"nyudv2": {"train": 381, "val": 414, "test": 654}}
"""Images of each split of other data sets in this layout, as published (Gupta et al. 2013)."""


class Bsds500(BoundaryDataset):
    """BSDS500: photographs with the segmentations of four to nine annotators each (edges).

    Args:
        root: The folder that holds `BSDS500/` (or the archive's `BSR/`), or `BSDS500/` itself, or its `data/`.
        split: "train", "val" or "test".
        limit: Keep the first so many images.
        ids: Images to keep, as "test/100007" or "100007".
        check_images: Refuse a split without its images; False where only the ground truth is needed.
        title: Name of one's own data in this layout; without it data that hold other images have that of the folder.
        card: Card of another data set in the same layout.

    Raises:
        DatasetError: The layout is not found, images and ground truth do not pair up, or `ids` are unknown.
        UsageError: The split is unknown.
    """

    card: DatasetCard = CARD

    def __init__(
        self,
        root: str | Path,
        split: str = "test",
        limit: int | None = None,
        ids: Iterable[str | int] | None = None,
        check_images: bool = True,
        title: str | None = None,
        card: DatasetCard = CARD,
    ) -> None:
        check_choice(card, "split", split, card.splits)
        data = _data_folder(Path(root), card)
        images: dict[str, Path] = {}
        if check_images or (data / "images" / split).is_dir():
            images = list_split(data / "images" / split, (".jpg", ".jpeg", ".png"), card, split)
        truths = list_split(data / "groundTruth" / split, (".mat",), card, split)
        if images:
            check_pairs(images, truths, card, data / "images" / split, data / "groundTruth" / split)
        form = card.name  # not the name of one's own folder, which may be moved
        whole = COUNTS.get(card.name, {}).get(split, len(truths))
        if card is CARD and (title is not None or not {key.rpartition("/")[2] for key in truths} <= NAMES[split]):
            card = own_card(card, title or Path(root).resolve().name)
        elif card is CARD:
            whole = len(NAMES[split])
        super().__init__(
            images, truths, root=root, split=split, card=card, whole=whole, limit=limit, ids=ids, form=form
        )


def list_split(folder: Path, endings: tuple[str, ...], card: DatasetCard, split: str) -> dict[str, Path]:
    """List a split's folder by sample id, `SPLIT/NAME`.

    Raises:
        DatasetError: It is not there or holds no such file.
    """
    if not folder.is_dir():
        raise data_error(card, f"split {split!r} is not there: folder is missing", folder)
    files = {f"{split}/{name}": path for name, path in list_files(folder, endings).items()}
    if not files:
        raise data_error(card, f"split {split!r} is empty: no {' or '.join(endings)} file", folder)
    return files


def check_pairs(
    images: dict[str, Path], truths: dict[str, Path], card: DatasetCard, photographs: Path, annotations: Path
) -> None:
    """Refuse a split whose images and truths differ: what is missing would be left out of the score.

    Raises:
        DatasetError: Some stand alone.
    """
    for ours, others, what, folder in (
        (images, truths, "images have no ground truth", annotations),
        (truths, images, "ground truths have no image", photographs),
    ):
        if alone := [key for key in ours if key not in others]:
            raise data_error(card, f"{len(alone)} of {len(ours)} {what}: {listing(alone)}", folder)


def _data_folder(root: Path, card: DatasetCard) -> Path:
    """Find the folder that holds `images/` and `groundTruth/`, from the root or any level of the layout."""
    for inner in ("data", "BSDS500/data", "BSR/BSDS500/data", "."):
        if (root / inner / "images").is_dir() or (root / inner / "groundTruth").is_dir():
            return root / inner
    what = "no images/ and groundTruth/ folders here" if root.is_dir() else "folder does not exist"
    raise data_error(card, f"{card.name} is not found: {what}", root)
