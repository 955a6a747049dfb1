"""Masks of a user's own data: one source for each form that they may have."""

from __future__ import annotations

from pathlib import Path

from sambench.datasets.cards import MaskCard
from sambench.datasets.coco_fields import ImageEntry
from sambench.datasets.coco_source import CocoMasks, Part, Place
from sambench.datasets.label_maps import Colours, IdImages, id_items
from sambench.datasets.labelme import RULES, LabelMeMasks
from sambench.datasets.layout import holds, pair, tree
from sambench.datasets.own_forms import OwnFiles
from sambench.datasets.reading import data_error
from sambench.datasets.sources import Source
from sambench.datasets.via import ViaFile, ViaMasks, region_label


def own_source(
    files: OwnFiles, card: MaskCard, colours: Colours, ignore: tuple[int, ...], allow_damaged: bool, by_label: bool
) -> Source:
    """Open masks of objects in the form they have."""
    if files.form == "coco":
        return coco_source(card, files.truth, placed_below(files.images, files.root), allow_damaged)
    if files.form == "via":
        return ViaMasks(card, [ViaFile(files.truth, files.images, "")], region_label, rules="1 via")
    return label_source(card, files.images, files.truth, colours, ignore, by_label)


def coco_source(card: MaskCard, file: Path, place: Place, allow_damaged: bool) -> CocoMasks:
    """Read a COCO JSON."""
    return CocoMasks(card, [Part(file, place)], rules="1 coco", allow_damaged=allow_damaged)


def label_source(
    card: MaskCard, images: Path, labels: Path, colours: Colours, ignore: tuple[int, ...], by_label: bool = False
) -> Source:
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
        return LabelMeMasks(card, id_items(pairs), rules=RULES, faults=faults, by_label=by_label)
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


def placed_below(images: Path, root: Path) -> Place:
    """Look for a COCO JSON's file names below the images' folder, else below the root."""

    def place(entry: ImageEntry) -> tuple[str, Path]:
        path, other = images / entry.file_name, root / entry.file_name
        return entry.file_name, other if images != root and not path.exists() and other.exists() else path

    return place
