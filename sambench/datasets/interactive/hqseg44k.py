"""HQSeg-44K's four validation sets as downloaded: fine and thin objects, one an image (Ke et al., HQ-SAM, 2023)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sambench.datasets.cards import MaskCard
from sambench.datasets.interactive.object_masks import RULES, Above, ObjectMasks
from sambench.datasets.layout import Fault, find_folder, pair, require_folder, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, reader_of
from sambench.datasets.reading import check_choice

PARTS = {
    "dis5k_vd": ("DIS5K/DIS-VD/im", "DIS5K/DIS-VD/gt", 470),
    "coift": ("thin_object_detection/COIFT/images", "thin_object_detection/COIFT/masks", 280),
    "hrsod": ("thin_object_detection/HRSOD/images", "thin_object_detection/HRSOD/masks_max255", 287),
    "thinobject5k": (
        "thin_object_detection/ThinObject5K/images_test",
        "thin_object_detection/ThinObject5K/masks_test",
        500,
    ),
}
"""Split -> folder of its images, of its masks, and how many there are."""

CARD = MaskCard(
    name="hqseg44k",
    title="HQSeg-44K, validation sets (DIS5K-VD, COIFT, HRSOD, ThinObject5K)",
    home="https://huggingface.co/sam-hq-team/sam-hq-training",
    terms="DIS5K non-commercial (terms in its archive); ThinObject5K CC BY-NC; of COIFT and HRSOD none found",
    layout="\n" + "\n".join(f"data/{images}/*.jpg\ndata/{masks}/*.png" for images, masks, _ in PARTS.values()) + "\n",
    splits=("all", *PARTS),
    folders=("data", "sam-hq-training/data"),
    markers=("DIS5K/DIS-VD", "thin_object_detection"),
    paper="Ke et al., Segment Anything in High Quality, NeurIPS 2023",
    domain="fine structures",
    mask="the object of the image",
    quirks=(
        "masks are soft: above=0 makes their borders a pixel fatter than above=128",
        "SegNext averages over the objects of all four sets, HQ-SAM over the four sets' means",
    ),
    expected_by=("SegNext", "its README"),
    count_rule="one object an image",
)


@reader_of(CARD)
def hqseg44k(
    root: str | Path | None = None,
    split: str = "all",
    above: Above = 0,
    limit: int | None = None,
    ids: Ids | None = None,
) -> MaskDataset:
    """HQSeg-44K: 1,537 fine and thin objects of four validation sets (points).

    Args:
        root: The folder that holds `DIS5K/` and `thin_object_detection/`, or one above it called `data/`.
        split: "all", or one of the sets: "dis5k_vd", "coift", "hrsod", "thinobject5k".
        above: Mask pixels above it are the object: 0 in any channel (SegNext), or 128 in the first (HQ-SAM).
        limit, ids: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: The split is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    chosen = list(PARTS) if split == "all" else [split]
    folder = find_folder(root, CARD, [PARTS[part][1] for part in chosen])
    pairs: dict[str, tuple[Path, Path]] = {}
    faults: list[Fault] = []
    for part in chosen:
        images, masks = (tree(require_folder(folder / name, CARD)) for name in PARTS[part][:2])
        own, alone = pair(images, masks, f"{part}/")
        pairs, faults = pairs | own, faults + alone
    count = sum(PARTS[part][2] for part in chosen)
    card = replace(CARD, expected_images=count, expected_masks=count)
    source = ObjectMasks(card, pairs, faults, RULES[above])
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, "all"))
