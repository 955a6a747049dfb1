"""BBBC038v1 as downloaded: nuclei in microscopy, one PNG each (Caicedo et al., Nature Methods 2019)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.binary_masks import BinaryMasks
from sambench.datasets.formats.sources import Item
from sambench.datasets.layout import Fault, find_folder, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "bbbc038v1",
    home="https://bbbc.broadinstitute.org/BBBC038",
    terms="CC0",
    layout="""
stage1_train/IMAGE_ID/images/IMAGE_ID.png
stage1_train/IMAGE_ID/masks/*.png          (one a nucleus)
""",
    folders=("BBBC038v1", "BBBC038"),
    markers=("stage1_train",),
    splits=("stage1_train",),
    paper="Caicedo et al., Nucleus segmentation across imaging experiments, Nature Methods 2019",
    mask="each mask image: a nucleus",
    quirks=("images are RGBA, the alpha channel is dropped", "masks may overlap and may have a few pixels"),
    real_bytes="130 images in the original layout (annotations corrected by kaggle-dsbowl-2018-dataset-fixes)",
)


@reader_of(CARD)
def bbbc038v1(
    root: str | Path | None = None,
    split: str = "stage1_train",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """BBBC038v1: nuclei in microscopy (points).

    Args:
        root: The folder that holds `stage1_train/`, or `BBBC038v1/` with it.
        split: "stage1_train".
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD, [split])
    items: dict[str, Item] = {}
    faults: list[Fault] = []
    for sample_folder in sorted(path for path in (folder / split).iterdir() if path.is_dir() and path.name[0] != "."):
        images = list(tree(sample_folder / "images", (".png",)).values())
        masks = tuple(tree(sample_folder / "masks", (".png",)).values())
        if len(images) != 1 or not masks:
            faults.append(
                Fault(
                    str(sample_folder), f"{len(images)} images and {len(masks)} masks; one image is expected, and masks"
                )
            )
        else:
            items[f"{split}/{sample_folder.name}"] = Item(images[0], masks)
    source = BinaryMasks(CARD, items, category="nucleus", above=0, rules="1", faults=faults)
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))
