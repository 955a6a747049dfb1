"""SBD's instances as downloaded (Hariharan et al., ICCV 2011)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.label_maps import id_items, label_rles
from sambench.datasets.formats.sources import Region, RegionSource
from sambench.datasets.interactive.lists import listed_pairs
from sambench.datasets.layout import Fault, find_folder
from sambench.datasets.masks import Choice, Ids, MaskDataset, reader_of
from sambench.datasets.reading import check_choice, data_error
from sambench.files.mat_files import read_mat
from sambench.types import Size

COUNTS = {"train": (8498, 20172), "val": (2857, 6671)}
"""Split -> images and objects, as the README of RITM tells them."""

CARD = MaskCard(
    name="sbd",
    title="SBD (Semantic Boundaries Dataset), instances",
    home="http://home.bharathh.info/pubs/codes/SBD/download.html",
    terms="research; images of PASCAL VOC under the Flickr terms of use",
    layout="""
benchmark_RELEASE/dataset/img/2008_000002.jpg
benchmark_RELEASE/dataset/inst/2008_000002.mat      (GTinst.Segmentation)
benchmark_RELEASE/dataset/{train,val}.txt
""",
    splits=("val", "train"),
    folders=("benchmark_RELEASE/dataset", "benchmark_RELEASE", "SBD/dataset", "SBD", "dataset"),
    markers=("inst",),
    paper="Hariharan et al., Semantic contours from inverse detectors, ICCV 2011",
    domain="scenes",
    mask="each instance",
    quirks=("other instances of an image are background",),
    expected_by=("RITM", "its README"),
    count_rule="every id but 0 of GTinst.Segmentation",
)


@reader_of(CARD)
def sbd(
    root: str | Path | None = None, split: str = "val", limit: int | None = None, ids: Ids | None = None
) -> MaskDataset:
    """SBD: instances of PASCAL VOC's 20 classes (points).

    Args:
        root: The folder that holds `benchmark_RELEASE/dataset/` (or `SBD/dataset/`), or that folder.
        split: "val" or "train".
        limit, ids: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: The split is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD)
    pairs, faults = listed_pairs(CARD, folder / f"{split}.txt", folder / "img", folder / "inst", (".mat",))
    images, masks = COUNTS[split]
    source = _Instances(replace(CARD, expected_images=images, expected_masks=masks), pairs, faults)
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, "all"))


class _Instances(RegionSource):
    """Label maps in MATLAB files."""

    def __init__(self, card: MaskCard, pairs: Mapping[str, tuple[Path, Path]], faults: list[Fault]) -> None:
        self.card, self.items, self.faults = card, id_items(pairs), faults
        self.rules, self.categories = "1", {1: "object"}

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Draw each id but 0."""
        (path,) = self.items[key].truths
        try:
            labels = np.asarray(read_mat(path, ["GTinst"])["GTinst"]["Segmentation"][0, 0])
        except Exception as error:  # whatever the readers raise on a damaged file
            raise data_error(self.card, f"ground truth has no GTinst.Segmentation: {error!r}", path) from error
        if labels.ndim != 2 or labels.dtype.kind not in "ui":
            what = f"GTinst.Segmentation is {labels.dtype} of shape {labels.shape}; a map of whole numbers is expected"
            raise data_error(self.card, what, path)
        regions = [Region(value, 1, code) for value, code in label_rles(labels.astype(np.int32)).items() if value]
        return (labels.shape[0], labels.shape[1]), regions
