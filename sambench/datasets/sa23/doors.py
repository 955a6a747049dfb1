"""DOORS as downloaded: rendered boulders on asteroids, one an image (Pugliatti and Topputo, 2022)."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.formats.binary_masks import BinaryMasks
from sambench.datasets.formats.label_maps import id_items
from sambench.datasets.layout import Fault, find_folder, pair, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice, data_error
from sambench.datasets.sa23.catalog import catalog_card

CARD = catalog_card(
    "doors",
    home="https://zenodo.org/record/7107409",
    terms="CC BY 4.0",
    layout="""
DOORS/Segmentation/{DS1,DS2}/DS/{img,mask}/00001.png
DOORS/Segmentation/{DS1,DS2}/DS/{T,V,Te1,Te2}.txt      (names of the images of a split)
""",
    folders=("DOORS/Segmentation", "Segmentation", "DOORS"),
    markers=("DS1/DS/mask",),
    splits=("all", "T", "V", "Te1", "Te2"),
    paper="Pugliatti and Topputo, DOORS: Dataset fOr bOuldeRs Segmentation, 2022",
    mask="the boulder, white in the mask's first channel; one an image",
    quirks=("about 107 masks are empty, their images are left out", "names are numbers with leading zeros"),
)


@reader_of(CARD)
def doors(
    root: str | Path | None = None,
    split: str = "all",
    part: str = "DS1",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """DOORS: boulders (points).

    Args:
        root: The folder that holds `DOORS/`, that folder, or its `Segmentation/`.
        split: "all", or a list of the archive: "T", "V", "Te1", "Te2". The paper says DS1 and no more.
        part: "DS1" or "DS2".
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    check_choice(CARD, "part", part, ("DS1", "DS2"))
    outer = find_folder(root, CARD, [f"{part}/DS/mask"])
    folder = outer / part / "DS"
    pairs, faults = pair(tree(folder / "img", (".png",)), tree(folder / "mask", (".png",)), f"{part}/")
    if split != "all":
        listed = [f"{part}/{Path(name).stem}" for name in _names(folder / f"{split}.txt")]
        faults += [Fault(f"{split}.txt: {key}", "listed image is not there") for key in listed if key not in pairs]
        pairs = {key: pairs[key] for key in listed if key in pairs}
    source = BinaryMasks(CARD, id_items(pairs), category="boulder", above=127, rules=f"1 part={part}", faults=faults)
    return MaskDataset(source, root=outer, split=split, choice=Choice(limit, ids, subset, subset_seed))


def _names(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise data_error(CARD, f"list of a split cannot be read: {error}", path) from error
