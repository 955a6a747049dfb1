"""GTEA hand masks as downloaded (hand2K; Fathi et al., CVPR 2011; Li et al., ICCV 2013)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.label_maps import IdImages, id_items, nonzero
from sambench.datasets.layout import find_folder, pair, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "gtea",
    home="https://cbs.ic.gatech.edu/fpv/",
    terms="not stated; research data of Georgia Tech",
    layout="""
hand2K_dataset/GTEA/Images/NAME.jpg      (663)
hand2K_dataset/GTEA/Masks/NAME.png       (663, of the same names)
""",
    folders=("hand2K_dataset/GTEA", "GTEA"),
    markers=("Masks",),
    splits=("train",),
    paper="Fathi et al., Learning to Recognize Objects in Egocentric Activities, CVPR 2011; masks: Li et al., 2013",
    mask="each label value of an image that is not 0: left, right or intersecting hands",
    quirks=(
        "the values are not documented, so none is assumed; an image with more than 8 is refused as no label image",
        "derived copies hold JPEG masks, whose ringing makes hundreds of values",
    ),
)
_MOST = 8


@reader_of(CARD)
def gtea(
    root: str | Path | None = None,
    split: str = "train",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """GTEA: hands in egocentric video (points).

    Args:
        root: The folder that holds `hand2K_dataset/`, that folder, or `GTEA/`.
        split: "train", all images with masks.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD)
    masks = tree(folder / "Masks", (".png", ".jpg", ".jpeg", ".bmp"))
    pairs, faults = pair(tree(folder / "Images"), masks)
    source = IdImages(
        CARD,
        id_items(pairs),
        nonzero(),
        rules="1",
        categories={1: "hand"},
        faults=faults,
        colours="code",
        most=_MOST,
    )
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))
