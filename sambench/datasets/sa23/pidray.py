"""PIDray as downloaded: prohibited items in X-ray images (Wang et al., ICCV 2021)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.coco_fields import ImageEntry
from sambench.datasets.formats.coco_source import CocoMasks, Part
from sambench.datasets.layout import find_folder
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "pidray",
    home="https://github.com/bywang2018/security-dataset",
    terms="academic use only",
    layout="""
pidray/annotations/xray_{train,test_easy,test_hard,test_hidden}.json
pidray/{train,easy,hard,hidden}/xray_hard00000.png
""",
    folders=("pidray", "PIDray"),
    markers=("annotations/xray_test_hard.json",),
    splits=("test_hard", "test_easy", "test_hidden", "train"),
    paper="Wang et al., Towards Real-World Prohibited Item Detection, ICCV 2021",
    mask="each annotation",
    quirks=("image ids start anew in each file", "the archive holds ._* files", "a later release has other counts"),
)


@reader_of(CARD)
def pidray(
    root: str | Path | None = None,
    split: str = "test_hard",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
    allow_damaged: bool = False,
) -> MaskDataset:
    """PIDray: prohibited items in X-ray images (points).

    Args:
        root: The folder that holds `pidray/`, or that folder.
        split: "test_hard" (the paper's), "test_easy", "test_hidden" or "train".
        limit, ids, subset, subset_seed: As `Choice`.
        allow_damaged: Leave out masks that cannot be decoded, with their number in the title, not refuse the file.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    file = f"annotations/xray_{split}.json"
    folder = find_folder(root, CARD, [file])
    inner = split.removeprefix("test_")

    def locate(entry: ImageEntry) -> tuple[str, Path]:
        return f"{inner}/{entry.file_name}", folder / inner / entry.file_name

    source = CocoMasks(CARD, [Part(folder / file, locate)], rules="1", allow_damaged=allow_damaged)
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))
