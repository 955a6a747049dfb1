"""DRAM as downloaded: paintings of many movements, semantic (Cohen et al., CGF 2022)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.label_maps import IdImages, id_items
from sambench.datasets.layout import find_folder, pair, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "dram",
    home="https://faculty.runi.ac.il/arik/site/artseg/Dram-Dataset.html",
    terms="research only",
    layout="""
DRAM_processed/test/realism/gustave_courbet/NAME.jpg            (unpack DRAM_processed.rar of the ZIP with unrar)
DRAM_processed/labels/realism/gustave_courbet/NAME.png
DRAM_processed/{test,labels}/unseen/MOVEMENT/ARTIST/NAME.{jpg,png}
""",
    folders=("DRAM_processed", "DRAM/DRAM_processed", "DRAM"),
    markers=("labels/realism", "labels/unseen", "labels/expressionism"),
    splits=("test",),
    paper="Cohen et al., Semantic Segmentation in Art Paintings, Computer Graphics Forum 2022",
    mask="each foreground class of an image, however many objects and parts it has",
    quirks=("only the test images have labels", "file names repeat among artists", "255 and other classes are ignored"),
)

_CLASSES = {
    3: "bird", 4: "boat", 5: "bottle", 8: "cat", 9: "chair", 10: "cow", 12: "dog", 13: "horse", 15: "person",
    16: "potted plant", 17: "sheep",
}  # fmt: skip


@reader_of(CARD)
def dram(
    root: str | Path | None = None,
    split: str = "test",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """DRAM: paintings, one mask a class (points).

    Args:
        root: The folder that holds `DRAM_processed/`, or that folder.
        split: "test", the only one with labels.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD)
    pairs, faults = pair(tree(folder / split), tree(folder / "labels", (".png",)), f"{split}/")
    source = IdImages(
        CARD,
        id_items(pairs),
        lambda value: value if value in _CLASSES else None,
        rules="1",
        categories=_CLASSES,
        faults=faults,
    )
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))
