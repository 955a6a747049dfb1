"""The human segmentations of BSDS500 as masks."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Literal

from sambench.datasets.base import DatasetCard
from sambench.datasets.cards import MaskCard
from sambench.datasets.edges import bsds500
from sambench.datasets.formats.label_maps import label_rles
from sambench.datasets.formats.sources import Item, Region, RegionSource
from sambench.datasets.layout import require_root
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice, data_error
from sambench.types import Size

_KNOWN = {item.name: getattr(bsds500.CARD, item.name) for item in fields(DatasetCard)}

CARD = MaskCard(
    **{**_KNOWN, "name": "bsds500_segments"},
    folders=("BSDS500", "BSR/BSDS500"),
    markers=("data/groundTruth",),
    paper="Arbelaez et al., Contour Detection and Hierarchical Image Segmentation, TPAMI 2011",
    domain="natural images",
    mask="each segment of each annotator, whatever parts it has; annotators repeat each other's segments",
    quirks=("segments tile the image: sky and ground are masks too",),
    real_bytes="the whole dataset",
)

Annotators = Literal["all", "first"]


@reader_of(CARD)
def bsds500_segments(
    root: str | Path | None = None,
    split: str = "test",
    annotators: Annotators = "all",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "all",
    subset_seed: int = 0,
) -> MaskDataset:
    """BSDS500: every annotator's segments as masks (points).

    Args:
        root: As `Bsds500`.
        split: "train", "val" or "test".
        annotators: "all", or the "first" of each image.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "annotators", annotators, ("all", "first"))
    source = _Segments(bsds500.Bsds500(require_root(root, CARD), split, card=CARD), annotators)
    return MaskDataset(source, root=root or "", split=split, choice=Choice(limit, ids, subset, subset_seed))


class _Segments(RegionSource):
    """The segments of `Bsds500`'s ground truth."""

    def __init__(self, data: bsds500.Bsds500, annotators: Annotators) -> None:
        self.card, self.rules, self.faults = CARD, f"1 annotators={annotators}", []
        self.categories = {1: "segment"}
        self._data, self._annotators = data, annotators
        self.items = {key: Item(data._images[key], data._truths[key]) for key in data.keys}

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Draw each segment; its id is annotator/label."""
        maps = self._data.load_truth(key).segmentations
        if not maps:
            raise data_error(CARD, "ground truth has boundaries and no segmentation", self.items[key].truths[0])
        chosen = maps[:1] if self._annotators == "first" else maps
        regions = [
            Region(f"{who}/{label}", 1, code)
            for who, labels in enumerate(chosen)
            for label, code in label_rles(labels).items()
        ]
        return (maps[0].shape[0], maps[0].shape[1]), regions
