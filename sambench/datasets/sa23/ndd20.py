"""NDD20 as downloaded: dolphins above and under water (Trotter et al., 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sambench.datasets.formats.via import ViaFile, ViaMasks
from sambench.datasets.layout import find_folder
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "ndd20",
    home="https://doi.org/10.25405/data.ncl.c.4982342",
    terms="CC BY-NC-SA 4.0",
    layout="""
NDD20/{ABOVE,BELOW}_LABELS.json
NDD20/{ABOVE,BELOW}/1.jpg
""",
    folders=("NDD20",),
    markers=("ABOVE_LABELS.json", "BELOW_LABELS.json"),
    splits=("all", "above", "below"),
    paper="Trotter et al., NDD20: A large-scale few-shot dolphin dataset, 2020",
    mask="each region: a polyline, closed and filled",
    quirks=("file names repeat in ABOVE and BELOW", "polylines are not always closed", "a few have under 3 points"),
)


@reader_of(CARD)
def ndd20(
    root: str | Path | None = None,
    split: str = "all",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """NDD20: dolphins (points).

    Args:
        root: The folder that holds `NDD20/`, or that folder.
        split: "all" (as the paper), "above" or "below" the water.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    parts = ["ABOVE", "BELOW"] if split == "all" else [split.upper()]
    folder = find_folder(root, CARD, [f"{part}_LABELS.json" for part in parts])
    files = [ViaFile(folder / f"{part}_LABELS.json", folder / part, f"{part}/") for part in parts]
    return MaskDataset(
        ViaMasks(CARD, files, _category, rules="1"),
        root=folder,
        split=split,
        choice=Choice(limit, ids, subset, subset_seed),
    )


def _category(attributes: Mapping[str, Any]) -> str:
    return str(attributes.get("object") or "dolphin")
