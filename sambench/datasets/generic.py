"""A user's own data: a folder of images with id images or LabelMe files, or with a COCO JSON."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.base import damage_told
from sambench.datasets.cards import MaskCard
from sambench.datasets.coco_fields import ImageEntry
from sambench.datasets.coco_source import CocoMasks, Part
from sambench.datasets.label_maps import Colours, IdImages, id_items
from sambench.datasets.labelme import RULES, LabelMeMasks
from sambench.datasets.layout import holds, pair, require_root, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import data_error
from sambench.datasets.sources import Source

CARD = MaskCard(
    name="generic",
    title="a folder of one's own",
    home="the user's own files",
    terms="the user's own",
    layout="""
images/ANY/NAME.jpg  and  labels/ANY/NAME.png       (id images: one value an object, 0 none; or LabelMe NAME.json)
images/ANY/NAME.jpg  and  a COCO JSON               (annotations=FILE)
""",
    splits=("all",),
    own=True,
    domain="own",
    mask="each id of an id image, each shape or group of a LabelMe file, or each annotation of a COCO JSON",
)


@reader_of(CARD)
def generic(
    root: str | Path | None = None,
    split: str = "all",
    images: str = "images",
    labels: str = "labels",
    annotations: str | None = None,
    colours: Colours = "code",
    ignore: tuple[int, ...] = (0,),
    title: str = "a folder of one's own",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "all",
    subset_seed: int = 0,
    allow_damaged: bool = False,
) -> MaskDataset:
    """generic: one's own images with id images, LabelMe files or a COCO JSON (points).

    Args:
        root: The folder that holds the others.
        split: A name for this part; it is not looked for.
        images: Folder of the images, below the root or absolute.
        labels: Folder of the id images or LabelMe files, of the same names as the images.
        annotations: A COCO JSON to read instead of `labels`.
        colours: What id images with colour channels mean: "code" makes each colour an object, "first" reads red.
        ignore: Ids that are no objects, as background and void.
        title: Name of the data in tables.
        limit, ids, subset, subset_seed: As `Choice`.
        allow_damaged: Leave out masks of a COCO JSON that cannot be decoded, with their number in the title.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    base = require_root(root, CARD)
    card = MaskCard(**{**CARD.__dict__, "title": title})
    if annotations is not None:
        source: Source = coco_source(card, base / annotations, base / images, allow_damaged)
    else:
        source = label_source(card, base / images, base / labels, colours, ignore)
    return MaskDataset(source, root=base, split=split, choice=Choice(limit, ids, subset, subset_seed))


def coco_source(card: MaskCard, file: Path, images: Path, allow_damaged: bool | None = None) -> CocoMasks:
    """Read a COCO JSON whose file names are paths below `images`; the title tells of damaged masks left out."""

    def place(entry: ImageEntry) -> tuple[str, Path]:
        return entry.file_name, images / entry.file_name

    source = CocoMasks(card, [Part(file, place)], rules="1 coco", allow_damaged=allow_damaged)
    source.card = damage_told(card, source.notes)
    return source


def label_source(card: MaskCard, images: Path, labels: Path, colours: Colours, ignore: tuple[int, ...]) -> Source:
    """Read id images, or LabelMe files, of the same names as the images.

    Raises:
        DatasetError: The folders hold neither; what they hold is told.
    """
    found = tree(images) if images.is_dir() else {}
    if not found:
        raise data_error(card, f"no images: {holds(images)}", images)
    maps, files = (tree(labels, (ending,)) if labels.is_dir() else {} for ending in (".png", ".json"))
    if images == labels:
        maps = {}  # The images themselves.
    if bool(maps) == bool(files):
        both = "both id images (.png) and JSON files" if maps else "neither id images (.png) nor LabelMe files (.json)"
        raise data_error(card, f"{both}: {holds(labels)}", labels)
    if files:
        pairs, faults = pair(found, files)
        return LabelMeMasks(card, id_items(pairs), rules=RULES, faults=faults)
    pairs, faults = pair(found, maps)
    return IdImages(
        card,
        id_items(pairs),
        lambda value: None if value in ignore else 1,
        rules=f"1 ids colours={colours} ignore={','.join(map(str, ignore))}",
        categories={1: "object"},
        faults=faults,
        colours=colours,
    )
