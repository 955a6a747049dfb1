"""Finding a user's own ground truth and images, and telling by their contents which form they have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from sambench.datasets.base import DatasetCard
from sambench.datasets.formats.via_csv import is_via_csv
from sambench.datasets.given import given_path
from sambench.datasets.layout import IMAGE_ENDINGS, holds, tree
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError, UsageError, listing

Form = Literal["coco", "via", "labelme", "ids", "mat"]

FORMS: dict[Form, str] = {
    "coco": "a COCO JSON",
    "via": "a file of the VGG Image Annotator",
    "labelme": "LabelMe files",
    "ids": "label images",
    "mat": "boundaries (.mat)",
}
"""Words for each form."""

TRUTH_FOLDERS = ("labels", "annotations", "groundTruth", "masks")
"""Names of folders in which ground truth is looked for, and images are not."""

_LAYOUTS: dict[str, Callable[[str], str]] = {
    "IMAGE/ANNOTATOR": lambda name: name.rpartition("/")[0],
    "ANNOTATOR/IMAGE": lambda name: name.partition("/")[2],
    "IMAGE_NUMBER": lambda name: match[1] if (match := re.fullmatch(r"(.*)[_-]\d+", name)) else "",
}
"""How files of several annotators tell their image: layout -> the image of a path without ending."""

_HEAD = 1 << 16
"""Bytes of a JSON file that tell what it is: annotators' tools write their own words at its beginning."""


class OwnFiles(NamedTuple):
    """Where a user's own data lies.

    Attributes:
        form: What the ground truth is.
        truth: Its file or folder.
        images: The folder of images.
        root: The folder that was given, or that of the ground truth.
        title: A name for the data.
    """

    form: Form
    truth: Path
    images: Path
    root: Path
    title: str


def find_own(
    root: str | Path | None, annotations: str | Path | None, images: str | Path | None, card: DatasetCard
) -> OwnFiles:
    """Find ground truth and images.

    Args:
        root: The folder that paths are relative to.
        annotations: File or folder of ground truth, or None to look for it below the root.
        images: Folder of images, or None to look for it.
        card: For messages.

    Raises:
        UsageError: Neither a root nor annotations are given.
        DatasetError: Nothing is there, or it has no known form.
    """
    if root is None and annotations is None:
        mend = "give data.root=FOLDER, or data.annotations=FILE|FOLDER with data.images=FOLDER"
        raise UsageError("own data needs to be told where it lies", where="data.root", mend=mend)
    base = None if root is None else Path(root)
    if base is not None and not base.is_dir():
        raise data_error(card, "the folder does not exist", base)
    truth = _below(base, card) if annotations is None and base is not None else given_path(base, annotations or "")
    if not truth.exists():
        raise data_error(card, f"ground truth is missing; {holds(truth.parent)}", truth)
    form, truth = _form(truth, card)
    base_folder = base if base is not None else truth.parent if truth.is_file() else truth
    folder = _images(form, truth, base_folder) if images is None else given_path(base, images)
    if not folder.is_dir():
        raise data_error(card, f"the folder of images does not exist; {holds(folder.parent)}", folder)
    named = base_folder if base is not None else truth.parent if truth.name in TRUTH_FOLDERS else truth
    return OwnFiles(form, truth, folder, base_folder, named.stem if named.is_file() else named.resolve().name)


def by_annotator(images: Mapping[str, Path], truths: Mapping[str, Path], root: Path) -> dict[str, tuple[Path, ...]]:
    """Group files of boundaries, one an annotator, by the image that folder or name tells.

    Args:
        images: Images by their paths without endings.
        truths: Files of boundaries in the same way.
        root: For messages.

    Returns:
        The files of each image that has any; empty where some file answers no image in any one layout.

    Raises:
        DatasetError: Two layouts would read them, with other files for an image.
    """
    readings: dict[str, dict[str, tuple[Path, ...]]] = {}
    for layout, image_of in _LAYOUTS.items():
        keys = {name: image_of(name) for name in truths}
        if truths and all(key in images for key in keys.values()):
            readings[layout] = {
                key: tuple(truths[name] for name in truths if keys[name] == key)
                for key in dict.fromkeys(sorted(keys.values()))
            }
    groupings = list(readings.values())
    if any(one != groupings[0] for one in groupings):
        what = f"files of boundaries may be laid out as {' or as '.join(readings)}, which give images other annotators"
        raise DatasetError(what, where=root, mend="name annotators otherwise than images, as annotator1")
    return groupings[0] if groupings else {}


def _images(form: Form, truth: Path, base_folder: Path) -> Path:
    """Choose the folder of images: `images/`, else that of LabelMe files that lie beside theirs, else the one above."""
    for near in (base_folder / "images", truth.parent / "images"):
        if near.is_dir():
            return near
    return truth if form == "labelme" and tree(truth, IMAGE_ENDINGS) else truth.parent


def _below(root: Path, card: DatasetCard) -> Path:
    """Look for ground truth below a folder, in the order that `own` tells."""
    for name in TRUTH_FOLDERS:
        if (root / name).is_dir():
            return root / name
    files = sorted([*root.glob("*.json"), *(file for file in root.glob("*.csv") if is_via_csv(file))])
    if files and all(_json_form(file) == "labelme" for file in files):
        return root
    if len(files) == 1:
        return files[0]
    if files:
        what = f"several files may be the ground truth: {listing([file.name for file in files])}"
        raise DatasetError(what, where=root, mend="give data.annotations=FILE")
    if tree(root / "images", (".json",)):  # LabelMe writes its files beside the images
        return root / "images"
    raise data_error(card, f"no ground truth here; {holds(root)}", root)


def _form(truth: Path, card: DatasetCard) -> tuple[Form, Path]:
    """Tell what a file or folder holds; a folder with one JSON file for all images stands for that file."""
    if truth.is_file():
        if truth.suffix.lower() == ".csv" and is_via_csv(truth):
            return "via", truth
        if truth.suffix.lower() != ".json":
            what = (
                f"{truth.name} is no JSON, nor a CSV that VIA 2 exports; one file holds all ground truth as one of them"
            )
            raise DatasetError(what, where=truth, mend="give the folder of LabelMe files, label images or .mat files")
        if (form := _json_form(truth)) == "labelme":
            mend = f"give the folder of all its files: data.annotations={truth.parent}"
            raise DatasetError("this is a LabelMe file, which is for one image", where=truth, mend=mend)
        return form, truth
    kinds: dict[Form, dict[str, Path]] = {"labelme": tree(truth, (".json",)), "mat": tree(truth, (".mat",))}
    tables = [file for file in tree(truth, (".csv",)).values() if is_via_csv(file)]
    if len(tables) == 1 and not any(kinds.values()):
        return "via", tables[0]
    if not any(kinds.values()):
        kinds["ids"] = tree(truth, IMAGE_ENDINGS)
    there = [form for form, files in kinds.items() if files]
    if len(there) != 1:
        message = f"both {' and '.join(FORMS[form] for form in there)}" if there else f"no ground truth; {holds(truth)}"
        raise data_error(card, message, truth)
    files = list(kinds[there[0]].values())
    if there == ["labelme"] and (form := _json_form(files[0])) != "labelme":
        if len(files) > 1:
            names = listing([str(path.relative_to(truth)) for path in files])
            mend = "give one of them: data.annotations=FILE"
            raise DatasetError(f"several JSON files that are no LabelMe files: {names}", where=truth, mend=mend)
        return form, files[0]
    if there == ["mat"] and truth.name in TRUTH_FOLDERS:
        others = [path.name for name, path in tree(truth, IMAGE_ENDINGS).items() if name not in kinds["mat"]]
        if others:
            what = f"both {FORMS['mat']} and images of other names: {listing(others)}"
            raise DatasetError(what, where=truth, mend="keep one form of ground truth there, and move the others away")
    return there[0], truth


def _json_form(path: Path) -> Form:
    """Tell by its beginning what a JSON file is; the reader of what is no known form tells what it lacks."""
    if path.suffix.lower() == ".csv":
        return "via"
    with path.open("rb") as stream:
        head = stream.read(_HEAD).replace(b"\0", b"")  # UTF-16 is read as well
    if re.search(rb'"(shapes|imagePath)"\s*:', head):
        return "labelme"
    return "via" if re.search(rb'"(regions|_via_\w+)"\s*:', head) else "coco"
