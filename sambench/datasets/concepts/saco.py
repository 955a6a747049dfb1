"""SA-Co/Gold and SA-Co/Silver as downloaded: images with noun phrases (SAM 3, arXiv 2511.16719, appendix E)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from sambench.datasets.cards import MaskCard
from sambench.datasets.concepts.pair_files import PairDataset, SubsetDataset
from sambench.datasets.concepts.pair_parts import Part, is_exhaustive, read_part
from sambench.datasets.concepts.pairs import ConceptDataset
from sambench.datasets.concepts.parquet_pairs import ParquetPairs, parquet_files
from sambench.datasets.concepts.saco_cards import ANNOTATORS, GOLD, GOLD_SUBSETS, SILVER, SILVER_SUBSETS, Subset
from sambench.datasets.concepts.saco_json import PairFile
from sambench.datasets.given import given_path
from sambench.datasets.layout import Folders, find_folder, holds, require_folder
from sambench.datasets.masks import reader_of
from sambench.datasets.reading import check_choice, data_error
from sambench.errors import DatasetError, UsageError, listing

_log = logging.getLogger(__name__)


@reader_of(GOLD)
def saco_gold(
    root: str | Path | None = None,
    subset: str = "all",
    annotators: tuple[str, ...] = ANNOTATORS,
    annotations: str | Path | None = None,
    images: str | Path | None = None,
    limit: int | None = None,
    ids: Iterable[str | int] | None = None,
    check_images: bool = True,
    allow_missing: bool = False,
) -> ConceptDataset:
    """SA-Co/Gold: noun phrases with all their objects, each pair drawn by three annotators (concepts).

    Args:
        root: The folder that it was downloaded to; Parquet files there with columns human_1_masks and so on are read
            as well (`ParquetPairs`).
        subset: "all" that are there, or one of `GOLD_SUBSETS`.
        annotators: Whose files are read, of "a", "b" and "c"; always in this order.
        annotations: The folder of the annotation files; looked for below the root where it is left out.
        images: The folder that holds the images' folders, or one subset's images.
        limit: Keep the first so many images of each subset.
        ids: Images to keep, as "metaclip/NAME" or "NAME".
        check_images: Refuse data without its images; False where only the ground truth is needed.
        allow_missing: Leave out images that could not be downloaded, and say so; no published number stands beside.

    Raises:
        DatasetError: As `PairDataset`; an annotator's file is missing.
        UsageError: A choice is unknown, or no root is given.
    """
    for one in annotators:
        check_choice(GOLD, "annotators", one, ANNOTATORS)
    if not annotators:
        raise UsageError("no annotator is chosen", where="data.annotators", mend="leave it out, or name one: [a]")
    chosen = [one for one in ANNOTATORS if one in annotators]
    if root is not None and annotations is None and (tables := parquet_files(Path(root))):
        if subset != "all" or len(chosen) < len(ANNOTATORS):
            what = "in Parquet the subsets cannot be told apart, nor are annotators chosen"
            raise UsageError(what, where=root, mend="leave data.subset and data.annotators out")
        return ParquetPairs(tables, root=root, card=GOLD, limit=limit, ids=ids)
    card = GOLD
    if len(chosen) < len(ANNOTATORS):
        card = replace(card, note=f"annotators {', '.join(chosen)} alone of {', '.join(ANNOTATORS)}", own=True)
    make = partial(SubsetDataset, limit=limit, ids=ids, check_images=check_images, allow_missing=allow_missing)
    return open_subsets(card, GOLD_SUBSETS, root, subset, chosen, annotations, images, make)


@reader_of(SILVER)
def saco_silver(
    root: str | Path | None = None,
    subset: str = "all",
    annotations: str | Path | None = None,
    images: str | Path | None = None,
    limit: int | None = None,
    ids: Iterable[str | int] | None = None,
    check_images: bool = True,
    allow_missing: bool = False,
) -> PairDataset:
    """SA-Co/Silver: noun phrases with all their objects in images of ten domains, drawn by one annotator (concepts).

    Args:
        root: The folder that it was downloaded to.
        subset: "all" that are there, or one of `SILVER_SUBSETS`.
        annotations, images, limit, ids, check_images, allow_missing: As `saco_gold`.

    Raises:
        DatasetError: As `PairDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    make = partial(SubsetDataset, limit=limit, ids=ids, check_images=check_images, allow_missing=allow_missing)
    return open_subsets(SILVER, SILVER_SUBSETS, root, subset, [""], annotations, images, make)


def open_subsets(
    card: MaskCard,
    subsets: Mapping[str, Subset],
    root: str | Path | None,
    subset: str,
    annotators: Sequence[str],
    annotations: str | Path | None,
    images: str | Path | None,
    make: Callable[..., PairDataset],
) -> PairDataset:
    """Open the subsets that are there, or the one that is chosen; as `saco_gold`; `make` makes the `SubsetDataset`."""
    check_choice(card, "subset", subset, ("all", *subsets))
    wanted = dict(subsets) if subset == "all" else {subset: subsets[subset]}
    if annotations is not None:
        folder = require_folder(given_path(root, annotations), card)
        root = folder if root is None else root
    else:
        marks = () if subset == "all" else [one.file.replace("{}", "*") for one in wanted.values()]
        folder = find_folder(root, card, marks)
    here = {name: one for name, one in wanted.items() if any(folder.glob(one.file.replace("{}", "*")))}
    if not here:
        raise data_error(card, f"no annotation file of {card.name} is here; {holds(folder)}", folder)
    if missing := [name for name in wanted if name not in here]:
        message = f"{len(here)} of {len(wanted)} subsets; missing: {', '.join(missing)}"
        _log.warning("%s: %s", card.name, message)
        card = replace(card, note="; ".join(filter(None, (card.note, message))))
    bases = [given_path(root, images)] if images is not None else list(dict.fromkeys([folder, Path(root or folder)]))
    parts = []
    for name, one in here.items():
        paths = _files(folder, one, annotators, card)
        parts.append(read_part(name, paths, card, partial(_folder_of_images, bases, one)))
        card = _judged(card, parts[-1], one)
    return make(parts, root=root or folder, split=subset, card=card)


def _files(folder: Path, subset: Subset, annotators: Sequence[str], card: MaskCard) -> list[Path]:
    """Return each annotator's file, in the annotators' order.

    Raises:
        DatasetError: One is missing.
    """
    paths = {one: folder / subset.file.format(one) for one in annotators}
    missing = [path.name for path in paths.values() if not path.is_file()]
    if missing:
        there = [one for one in ANNOTATORS if (folder / subset.file.format(one)).is_file()]
        what = f"{listing(missing)} of {len(paths)} annotators is missing; the score is that of the best fitting of all"
        mend = f"download it from {card.home}, or score those that are there: data.annotators=[{','.join(there)}]"
        raise DatasetError(what, where=folder, mend=mend)
    return list(paths.values())


def _folder_of_images(bases: Sequence[Path], subset: Subset, file: PairFile) -> Path:
    """Choose the folder of a subset's images: the first that holds its first image, else the first that is there."""
    named = [base / name for base in bases for name in subset.images]
    candidates, folders = [*named, *(base / "images" / name for base in bases for name in subset.images)], Folders()
    first = next(iter(file.pairs.values())).file_name
    for folder in (*candidates, *bases):
        if folders.find(folder / first) is not None:
            return folder
    return next((folder for folder in candidates if folder.is_dir()), named[0])


def _judged(card: MaskCard, part: Part, subset: Subset) -> MaskCard:
    """Tell in the card where a subset has another number of pairs than was published."""
    pairs = part.files[0].pairs
    scored = sum(is_exhaustive(part, pair) for pair in pairs.values())
    if not subset.pairs or subset.pairs in (len(pairs), scored):
        return card
    note = f"{part.subset}: {len(pairs)} pairs, {subset.pairs} were published"
    return replace(card, note="; ".join(filter(None, (card.note, note))), own=card.own or len(pairs) > subset.pairs)
