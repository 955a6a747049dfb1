"""Masks of a user's own data: one source for each form that they may have."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sambench.datasets.base import DatasetCard
from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.coco_fields import ImageEntry, LocateImage
from sambench.datasets.formats.coco_source import CocoMasks, Part
from sambench.datasets.formats.label_maps import Colours, IdImages, id_items, read_ids
from sambench.datasets.formats.labelme import RULES, LabelMeMasks, refuse_inner_images
from sambench.datasets.formats.sources import RegionSource
from sambench.datasets.formats.via import ViaFile, ViaMasks, region_label
from sambench.datasets.layout import IMAGE_ENDINGS, Folders, holds, pair, tree
from sambench.datasets.own.forms import TRUTH_FOLDERS, OwnFiles
from sambench.datasets.own.names import named_as_images
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError, listing

_ROUNDED = (".jpg", ".jpeg")
_VOID, _SMALL, _LOOKED_AT = 255, 200, 8
_LABELS = tuple(ending for ending in IMAGE_ENDINGS if ending not in _ROUNDED)


def own_source(
    files: OwnFiles,
    card: MaskCard,
    colours: Colours,
    ignore: tuple[int, ...],
    by_label: bool,
    look: bool = True,
) -> RegionSource:
    """Open masks of objects, in the form they have; `look` as for `label_source` (VIA's files tell no sizes)."""
    if files.form == "via":
        return ViaMasks(card, [ViaFile(files.truth, files.images, "")], region_label, rules="1 via")
    return label_source(card, files.images, files.truth, colours, ignore, by_label, look)


def coco_source(
    card: MaskCard, file: Path, locate: LocateImage, allow_damaged: bool, check_images: bool = True
) -> CocoMasks:
    """Read a COCO JSON."""
    parts = [Part(file, locate)]
    return CocoMasks(card, parts, rules="1 coco", allow_damaged=allow_damaged, check_images=check_images)


def label_source(
    card: MaskCard,
    images: Path,
    labels: Path,
    colours: Colours,
    ignore: tuple[int, ...],
    by_label: bool = False,
    look: bool = True,
) -> RegionSource:
    """Read id images, or LabelMe files, of the same names as the images.

    Args:
        card: The dataset's card.
        images, labels: The two folders.
        colours, ignore, by_label: As `own`, `own` and `LabelMeMasks`.
        look: Look for the images; False where the ground truth has to stand without them.

    Raises:
        DatasetError: The folders hold neither; what they hold is told.
    """
    maps, files = (tree(labels, endings) if labels.is_dir() else {} for endings in (_LABELS, (".json",)))
    if look:
        image_files = tree(images) if images.is_dir() else {}
        refuse_inner_images(files, image_files, labels if images in labels.parents else images, labels, card)
    else:
        image_files = {name: images / f"{name}.png" for name in files or maps}
    if not image_files:
        raise data_error(card, f"no images: {holds(images)}", images)
    if look and images == labels:
        maps = {}  # The images themselves.
    if bool(maps) == bool(files):
        if not maps and images != labels and labels.is_dir() and tree(labels, _ROUNDED):
            what = "label images are JPEG, which changes values, so that ids are lost"
            raise DatasetError(what, where=labels, mend="save them as PNG from what they were made of")
        both = "both id images and JSON files" if maps else "neither id images (.png) nor LabelMe files (.json)"
        raise data_error(card, f"{both}: {holds(labels)}", labels)
    named, template = named_as_images(image_files, files or maps, labels)
    card = card if template is None else replace(card, note=f"{card.note}, files named {template}")
    pairs, faults = pair(image_files, named)
    if files:
        return LabelMeMasks(card, id_items(pairs), rules=RULES, faults=faults, by_label=by_label, images_there=look)
    note = void_note([truth for _, truth in pairs.values()], card, colours, ignore)
    source = IdImages(
        replace(card, note=f"{card.note}, {note}") if note else card,
        id_items(pairs),
        lambda value: None if value in ignore else 1,
        rules=f"1 ids colours={colours} ignore={','.join(map(str, ignore))}",
        categories={1: "object"},
        faults=faults,
        colours=colours,
    )
    source.images_there = look
    return source


def void_note(labels: Sequence[Path], card: DatasetCard, colours: Colours, ignore: Sequence[int]) -> str:
    """Tell of a value 255 beside small ids, which in many data sets is what counts neither way, and here an object.

    Args:
        labels: Id images; the first few are looked at.
        card: For messages.
        colours: As `own`.
        ignore: Values that are no objects.

    Returns:
        The note, or nothing where there is no such value.
    """
    for path in labels[:_LOOKED_AT] if _VOID not in ignore else ():
        try:
            values = np.unique(read_ids(path, card, colours))
        except DatasetError:  # told where the image is read
            continue
        others = values[(values > 0) & (values != _VOID)]
        if values[-1] == _VOID and 0 < others.max(initial=0) <= _SMALL:
            chosen = ",".join(map(str, (*ignore, _VOID)))
            return f"255 is an object beside ids up to {others[-1]} (data.ignore=[{chosen}] leaves it out)"
    return ""


def placed_below(images: Path, root: Path, needed: bool = True, deeper: bool = True) -> LocateImage:
    """Look for a COCO JSON's file names below the images' folder, else below the root, else deeper in either.

    Annotators' tools write a name alone and keep the image in a folder of their own (`images/default/a.png` of CVAT,
    `val2017/a.jpg`). Folders that may hold ground truth as images are not searched.

    Args:
        images, root: The two folders.
        needed: Refuse to choose among several images of one name; False where images may be missing.
        deeper: Search below the folders too: the whole of a home folder or of a network disk, where truth lies there.

    Raises:
        DatasetError: When an image is placed: several of its name lie deeper.
    """
    known, listed = Folders(), dict[Path, dict[str, list[Path]]]()

    def locate(entry: ImageEntry) -> tuple[str, Path]:
        name = entry.file_name
        for folder in dict.fromkeys((images, root)):
            if (path := known.find(folder / name)) is not None:
                return name, path
        for folder in dict.fromkeys((images, root)) if deeper else ():
            if folder not in listed:
                listed[folder] = _by_name(folder)
            ends = [path for path in listed[folder].get(Path(name).name, []) if _ends(path, name)]
            if len(ends) > 1 and needed:
                what = f"{name} may be any of {listing([path.relative_to(folder).as_posix() for path in sorted(ends)])}"
                raise DatasetError(
                    what, where=folder, mend="write the folder into each file_name, or give data.images=FOLDER"
                )
            if len(ends) == 1:
                return name, ends[0]
        return name, images / name

    return locate


def _ends(path: Path, name: str) -> bool:
    """Tell whether a path ends with a relative name, that may lack its ending."""
    return any(f"/{one.as_posix()}".endswith(f"/{name}") for one in (path, path.with_suffix("")))


def _by_name(folder: Path) -> dict[str, list[Path]]:
    """List the images below a folder by their names, and by their names without ending, ground truth left out."""
    by_name: dict[str, list[Path]] = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in TRUTH_FOLDERS and not name.startswith(".")]
        for name in names:
            stem, ending = os.path.splitext(name)
            if ending.lower() in IMAGE_ENDINGS:
                for called in (name, stem):
                    by_name.setdefault(called, []).append(Path(parent) / name)
    return by_name
