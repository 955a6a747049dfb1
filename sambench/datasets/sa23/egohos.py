"""EgoHOS as downloaded: hands and the objects they hold, one label value each (Zhang et al., ECCV 2022)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.label_maps import IdImages, id_items
from sambench.datasets.layout import find_folder, pair, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice, data_error
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "egohos",
    home="https://github.com/owenzlz/EgoHOS",
    terms="code MIT; frames under the terms of the videos they come from",
    layout="""
egohos_dataset/{train,val,test_indomain,test_outdomain}/image/ego4d_*.jpg
egohos_dataset/{train,val,test_indomain,test_outdomain}/label/ego4d_*.png
""",
    folders=("egohos_dataset", "EgoHOS"),
    markers=("train/label",),
    splits=("train", "val", "test_indomain", "test_outdomain"),
    paper="Zhang et al., Fine-Grained Egocentric Hand-Object Segmentation, ECCV 2022",
    mask="every label value of an image: a hand, or all objects in one relation to the hands",
    quirks=("two objects with the same relation are one value", "values above 8 are ignored"),
)

_RELATIONS = {
    1: "left hand", 2: "right hand",
    3: "object of the left hand", 4: "object of the right hand", 5: "object of both hands",
    6: "second object of the left hand", 7: "second object of the right hand", 8: "second object of both hands",
}  # fmt: skip


@reader_of(CARD)
def egohos(
    root: str | Path | None = None,
    split: str = "train",
    sources: tuple[str, ...] = ("ego4d", "thu"),
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """EgoHOS: hands and hand-held objects (points).

    Args:
        root: The folder that holds `egohos_dataset/`, or that folder.
        split: "train", "val", "test_indomain" or "test_outdomain".
        sources: Prefixes of the file names to keep; the paper took Ego4D and THU-READ. An empty list keeps all.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: The split is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD, [f"{split}/label"]) / split
    wanted = tuple(f"{source}_" for source in sources)
    images, labels = (
        {name: path for name, path in tree(folder / part).items() if not wanted or name.startswith(wanted)}
        for part in ("image", "label")
    )
    if not images:
        prefixes = ", ".join(sorted({name.partition("_")[0] for name in tree(folder / "image")})) or "none"
        raise data_error(CARD, f"no images named {'*, '.join(wanted)}*; prefixes found: {prefixes}", folder / "image")
    pairs, faults = pair(images, labels, f"{split}/")
    source = IdImages(
        CARD,
        id_items(pairs),
        lambda value: value if value in _RELATIONS else None,
        rules=f"1 sources={','.join(sources)}",
        categories=_RELATIONS,
        faults=faults,
    )
    return MaskDataset(source, root=folder.parent, split=split, choice=Choice(limit, ids, subset, subset_seed))
