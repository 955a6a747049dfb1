"""A user's own phrases: files in SA-Co's form, a CSV of masks, or a COCO JSON whose category names are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypedDict, get_args

from sambench.datasets.cards import MaskCard
from sambench.datasets.concepts.named import NamedDataset
from sambench.datasets.concepts.pair_files import PairDataset
from sambench.datasets.concepts.pair_parts import Part, read_part
from sambench.datasets.concepts.pairs import ConceptDataset
from sambench.datasets.given import given_path
from sambench.datasets.instances import InstanceDataset
from sambench.datasets.layout import Folders
from sambench.datasets.masks import Ids
from sambench.datasets.official_files import own_card
from sambench.datasets.own.forms import FORMS, TRUTH_FOLDERS, find_own
from sambench.datasets.own.phrase_table import is_phrase_table, mask_of_file, read_phrase_table
from sambench.datasets.own.sources import placed_below
from sambench.datasets.reading import check_choice
from sambench.errors import DatasetError, UsageError, listing
from sambench.prompts.category_names import Names

_CHUNK = 1 << 22
_KEY = b'"text_input"'
_MEND = "give a COCO JSON with names of categories, a JSON in SA-Co's form, or a CSV with image, phrase and mask"


class Choice(TypedDict):
    """Which images are read, and whether they have to be there."""

    limit: int | None
    ids: Ids | None
    check_images: bool


def own_phrases(
    card: MaskCard,
    root: str | Path | None,
    annotations: str | Path | None,
    images: str | Path | None,
    *,
    split: str,
    title: str | None,
    names: Names,
    limit: int | None,
    ids: Ids | None,
    allow_damaged: bool,
    check_images: bool,
) -> ConceptDataset:
    """Open one's own phrases in the form they have; arguments as `sambench.datasets.own.reader.own`.

    Raises:
        DatasetError: Nothing of the kind is there, or it is damaged.
        UsageError: The ground truth tells no phrases, or neither a root nor annotations are given.
    """
    check_choice(card, "names", names, get_args(Names))
    files = _pair_files(root, annotations)
    choice = Choice(limit=limit, ids=ids, check_images=check_images)
    if not files:
        return _of_categories(card, root, annotations, images, split, title, names, allow_damaged, choice)
    truth = files[0]
    base = Path(root) if root is not None else truth.parent
    own = own_card(card, title or (base if root is not None else truth).resolve().stem)
    bases = [given_path(root, images)] if images is not None else [base, truth.parent]
    if is_phrase_table(truth):
        own = replace(own, note="own data, a CSV of phrases and masks")
        table = read_phrase_table(truth, partial(_folder, bases), own)
        part, draw = Part("", table.files, table.folder, table.masks), partial(mask_of_file, card=own)
        return PairDataset([part], root=base, split=split, card=own, form="own phrases", draw=draw, **choice)
    own = replace(own, note=f"own data in SA-Co's form, {len(files)} annotator{'s' * (len(files) > 1)}")
    part = read_part("", files, own, lambda file: _folder(bases, next(iter(file.pairs.values())).file_name))
    return PairDataset([part], root=base, split=split, card=own, form="own pairs", **choice)


def _of_categories(
    card: MaskCard,
    root: str | Path | None,
    annotations: str | Path | None,
    images: str | Path | None,
    split: str,
    title: str | None,
    names: Names,
    allow_damaged: bool,
    choice: Choice,
) -> NamedDataset:
    """Ask the names of a COCO JSON's categories.

    Raises:
        DatasetError: As `find_own`, or as `InstanceDataset`.
        UsageError: The ground truth has another form.
    """
    files = find_own(root, annotations, images, card)
    if files.form != "coco":
        what = f"concepts needs phrases with masks, but these are {FORMS[files.form]}"
        raise UsageError(what, where=files.truth, mend=_MEND)
    own = replace(own_card(card, title or files.title), note=f"own data, {FORMS['coco']}")
    check = choice["check_images"]
    data = InstanceDataset(
        files.truth,
        placed_below(files.images, files.root, check, deeper=check or images is not None),
        root=files.root,
        split=split,
        card=own,
        allow_damaged=allow_damaged,
        form="own coco",
        **choice,
    )
    return NamedDataset(data, names)


def _pair_files(root: str | Path | None, annotations: str | Path | None) -> list[Path]:
    """Look for a table of phrases, or for files in SA-Co's form, one an annotator; none where there is neither.

    Raises:
        DatasetError: There are several tables, or tables and files.
    """
    if annotations is not None:
        given = given_path(root, annotations)
        candidates = [given] if given.is_dir() else []
        files = [given] if given.is_file() else []
    else:
        base = Path(root) if root is not None else None
        candidates = [] if base is None else [*(base / name for name in TRUTH_FOLDERS), base]
        files = []
    files += next(
        (inside for folder in candidates if (inside := sorted([*folder.glob("*.json"), *folder.glob("*.csv")]))), []
    )
    tables = [file for file in files if is_phrase_table(file)]
    pairs = [file for file in files if file.suffix.lower() == ".json" and _tells_phrases(file)]
    if len(tables) > 1 or (tables and pairs):
        what = f"several files may be the ground truth: {listing([file.name for file in (*tables, *pairs)])}"
        raise DatasetError(what, where=files[0].parent, mend="give data.annotations=FILE")
    return tables or pairs


def _tells_phrases(path: Path) -> bool:
    """Tell whether a JSON file has the key in which SA-Co's form keeps phrases."""
    with path.open("rb") as stream:
        tail = b""
        while chunk := stream.read(_CHUNK):
            if _KEY in tail + chunk:
                return True
            tail = chunk[-len(_KEY) :]
    return False


def _folder(bases: Sequence[Path], image: str) -> Path:
    """Choose the folder of images: the first that holds one of them, with `images/` looked at before what holds it."""
    candidates, folders = [folder for base in bases for folder in (base / "images", base)], Folders()
    holding = (folder for folder in candidates if folders.find(folder / image) is not None)
    return next(holding, next((folder for folder in candidates if folder.is_dir()), bases[0]))
