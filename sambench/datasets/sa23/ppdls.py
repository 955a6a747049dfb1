"""Plant Phenotyping Datasets, leaf segmentation, as downloaded (Minervini et al., Pattern Recognition Letters 2016)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.label_maps import IdImages, id_items, nonzero
from sambench.datasets.layout import Fault, find_folder, pair, require_folder, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "ppdls",
    home="https://www.plant-phenotyping.org/datasets-home",
    terms="academic use only, no redistribution but small excerpts",
    layout="""
Plant_Phenotyping_Datasets/Plant/Ara2012/ara2012_plant001_{rgb,label}.png
Plant_Phenotyping_Datasets/Plant/Tobacco/tobacco_plant001_{rgb,label}.png
""",
    folders=("Plant_Phenotyping_Datasets",),
    markers=("Plant",),
    splits=("all",),
    paper="Minervini et al., Finely-grained annotated datasets for image-based plant phenotyping, PRL 2016",
    mask="each palette index of the label image that is not 0: a leaf",
    real_bytes="128 label and rgb images of CVPPP LSC A1 (a part of Ara2012), laid out by hand",
    quirks=(
        "label images are palette PNGs, whose indices are read",
        "rgb images of some plants have an alpha channel, which is dropped",
        "ara2012_plant033 is told to hold an index 27",
    ),
)

SUBSETS = ("Ara2012", "Ara2013-Canon", "Ara2013-RPi", "Tobacco")


@reader_of(CARD)
def ppdls(
    root: str | Path | None = None,
    split: str = "all",
    subsets: tuple[str, ...] = ("Ara2012", "Tobacco"),
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """PPDLS: leaves of plants (points).

    Args:
        root: The folder that holds `Plant_Phenotyping_Datasets/`, or that folder.
        split: "all".
        subsets: The parts of `Plant/` to read; Ara2012 and Tobacco have the paper's 182 images.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    for part in subsets:
        check_choice(CARD, "subsets", part, SUBSETS)
    folder = find_folder(root, CARD, [f"Plant/{part}" for part in subsets])
    pairs: dict[str, tuple[Path, Path]] = {}
    faults: list[Fault] = []
    for part in subsets:
        part_folder = require_folder(folder / "Plant" / part, CARD)
        images, labels = (tree(part_folder, (".png",), tail) for tail in ("_rgb", "_label"))
        matched, alone = pair(images, labels, f"{part}/")
        pairs |= matched
        faults += alone
    source = IdImages(
        CARD,
        id_items(pairs),
        nonzero(),
        rules=f"1 subsets={','.join(subsets)}",
        categories={1: "leaf"},
        faults=faults,
        colours="refuse",
    )
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))
