"""STREETS as downloaded: vehicles in suburban traffic cameras (Snyder and Do, NeurIPS 2019)."""

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
    "streets",
    home="https://databank.illinois.edu/datasets/IDB-3671567",
    terms="not stated",
    layout="""
vehicleannotations/annotations/vehicle-annotations.json
vehicleannotations/images/Delany at Ryan North-5.jpg
""",
    folders=("vehicleannotations", "STREETS/vehicleannotations"),
    markers=("annotations/vehicle-annotations.json",),
    splits=("all",),
    paper="Snyder and Do, STREETS: A Novel Camera Network Dataset for Traffic Flow, NeurIPS 2019",
    mask="each polygon: a vehicle",
    quirks=("corners lie out of the image and are cut", "file names have blanks", "some images have no region"),
)


@reader_of(CARD)
def streets(
    root: str | Path | None = None,
    split: str = "all",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """STREETS: vehicles (points).

    Args:
        root: The folder that holds `vehicleannotations/` (or `streets/` with it), or that folder.
        split: "all".
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    file = "annotations/vehicle-annotations.json"
    folder = find_folder(root, CARD, [file])
    return MaskDataset(
        ViaMasks(CARD, [ViaFile(folder / file, folder / "images", "")], _category, rules="1"),
        root=folder,
        split=split,
        choice=Choice(limit, ids, subset, subset_seed),
    )


def _category(attributes: Mapping[str, Any]) -> str:
    return str(attributes.get("vehicle_type") or "vehicle")
