"""Sets of masks that are held against each other: a run's, a results list's, the data's own, or a COCO JSON's."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sambench.datasets.base import Dataset, DatasetCard
from sambench.datasets.formats.coco_json import annotation, read_instances, settle
from sambench.datasets.instances import InstanceDataset
from sambench.engine.sources import check_stored
from sambench.errors import PredictionError, UsageError
from sambench.explain.compared import MaskTask, explained_task
from sambench.explain.images import loaded
from sambench.files.storage.copies import local
from sambench.masks.rle import Rle
from sambench.metrics.coco.detections import Detections
from sambench.pages.report.choice import open_again, stored_predictions
from sambench.predictions.click_records import ClickPrediction
from sambench.predictions.coco_results import open_results
from sambench.runs.open import load_run
from sambench.runs.run import RECORD
from sambench.types import Annotation, Size

TRUTH = "truth"
"""The word that stands for the data's own annotations."""

_CARD = DatasetCard(
    name="masks",
    title="masks as COCO JSON",
    home="the user's own file",
    terms="the user's own",
    layout="FILE.json with lists of images, annotations and categories",
    splits=("all",),
    own=True,
)


@dataclass(frozen=True)
class ImageMasks:
    """One image's masks.

    Attributes:
        names: The name of each: its annotation's id, or its index in the file.
        rles: Their compressed codes.
        size: (height, width) of the image.
        groups: How many masks of groups (iscrowd 1) are left out.
    """

    names: list[str]
    rles: list[Rle]
    size: Size
    groups: int = 0


@dataclass(frozen=True)
class ImageName:
    """What an image goes by: the path of its file, "" if not known, and its id in the annotation file."""

    file_name: str
    number: str


@dataclass(frozen=True)
class MaskSet:
    """Masks of images.

    Attributes:
        title: What they are, for readers.
        images: Image -> what else it goes by, in the set's order.
        read: Gives an image's masks.
        notes: What a reader of the numbers must know.
        pixels: Gives an image, (H, W, 3) uint8 RGB, or None where the set knows of no image file.
    """

    title: str
    images: Mapping[str, ImageName]
    read: Callable[[str], ImageMasks] = field(repr=False)
    notes: tuple[str, ...] = ()
    pixels: Callable[[str], np.ndarray | None] = field(default=lambda _: None, repr=False)


def open_sets(locations: list[str], dataset: Dataset | None) -> list[MaskSet]:
    """Open each set of masks.

    Args:
        locations: Runs, their folders of predictions, COCO results lists, COCO JSONs with images and annotations, or
            `TRUTH`.
        dataset: The data that results lists and `TRUTH` are of; where it is None, those of the first run among them.

    Raises:
        UsageError: A location is of no masks, or data are needed and not given.
        RunError: A run is not finished, kept no predictions, or they are not those that it scored.
        PredictionError: Predictions do not fit the data.
        DatasetError: A COCO JSON is damaged.
    """
    sets: dict[int, MaskSet] = {}
    for number, location in enumerate(locations):
        folder = None if location == TRUTH else _run_folder(location)
        if folder is not None:
            sets[number], own = _of_run(folder)
            dataset = dataset or own
    for number, location in enumerate(locations):
        if number not in sets:
            sets[number] = _of_location(location, dataset)
    return [sets[number] for number in range(len(locations))]


def _run_folder(location: str) -> str | None:
    """Return the run that a location is, or whose predictions it is."""
    path = local(location)
    if (path / RECORD).is_file():
        return location
    beside = path.parent / RECORD
    return str(path.parent) if path.is_dir() and path.name == "predictions" and beside.is_file() else None


def _of_run(location: str) -> tuple[MaskSet, Dataset]:
    """Open a finished run's predictions and its data."""
    run = load_run(location)
    whole, dataset = open_again(run)
    if not isinstance(whole, MaskTask):
        mend = "give a run of points, instances, vocabulary or proposals"
        raise UsageError(f"runs of task {whole.name} have no masks of objects", where=location, mend=mend)
    task = explained_task(whole, None, None)
    reader = stored_predictions(run, task, dataset)

    def read(key: str) -> ImageMasks:
        sample = loaded(dataset, key, images=False)
        return _masks_of(reader.read(sample), sample.size, location)

    scored = run.sample_ids()
    keys = [key for key in dataset.all_keys if key in scored]
    clicks = getattr(task, "clicks", None)
    notes = () if clicks is None else (f"{location}: masks after {clicks[0]} click(s)",)
    return MaskSet(f"{run.folder.name} ({whole.name})", _names(dataset, keys), read, notes, _pixels(dataset)), dataset


def _of_location(location: str, dataset: Dataset | None) -> MaskSet:
    path = Path(TRUTH) if location == TRUTH else local(location)
    if location != TRUTH and not path.exists():
        raise UsageError("there are no such masks", where=location, mend=f"give a run, a file or a folder, or {TRUTH}")
    if location != TRUTH and path.is_file() and _holds_object(path):
        return _of_coco(path)
    if dataset is None:
        what = "these masks are of data that are not named"
        raise UsageError(what, where=location, mend="add data=NAME data.root=FOLDER")
    return _of_truth(dataset) if location == TRUTH else _of_results(path, dataset)


def _of_truth(dataset: Dataset) -> MaskSet:
    def read(key: str) -> ImageMasks:
        sample = dataset.load_without_pixels(key)
        return _annotated(sample.target.annotations, sample.size)

    return MaskSet(
        f"{dataset.card.title}, its own annotations", _names(dataset, dataset.keys), read, pixels=_pixels(dataset)
    )


def _of_results(path: Path, dataset: Dataset) -> MaskSet:
    reader = open_results(path, dataset, categories=False, rank="predicted_iou")
    absent = check_stored(reader, dataset.keys, path, allow_missing=True)
    if len(absent) == len(dataset.keys):
        raise PredictionError("no image of the data has a mask here", where=path, mend="give the data they are of")

    def read(key: str) -> ImageMasks:
        sample = loaded(dataset, key, images=False)
        return _masks_of(reader.read(sample), sample.size, str(path))

    notes = (f"{path.name}: {len(absent)} images have no mask",) if absent else ()
    all_notes = (*notes, *getattr(reader, "notes", ()))
    return MaskSet(path.name, _names(dataset, dataset.keys), read, all_notes, _pixels(dataset))


def _of_coco(path: Path) -> MaskSet:
    file = read_instances(path, _CARD)
    notes = settle(file, list(file.images))
    entries = {str(number): number for number in file.images}

    def read(key: str) -> ImageMasks:
        size = file.images[entries[key]].size
        return _annotated([annotation(one, size) for one in file.annotations.get(entries[key], ())], size)

    images = {
        key: ImageName(file.images[number].file_name or file.images[number].coco_url, key)
        for key, number in entries.items()
    }
    return MaskSet(path.name, images, read, tuple(notes))


def _annotated(annotations: Sequence[Annotation], size: Size) -> ImageMasks:
    """Return the masks of objects; those of groups are counted."""
    objects = [one for one in annotations if not one.iscrowd]
    codes = [one.rle for one in objects]
    return ImageMasks([str(one.id) for one in objects], codes, size, len(annotations) - len(objects))


def _masks_of(prediction: object, size: Size, location: str) -> ImageMasks:
    """Return the masks of a prediction, named by object or by index in the file."""
    if isinstance(prediction, ClickPrediction):
        if prediction.clicked is None:
            return ImageMasks([], [], size)
        masks = prediction.clicked.masks[0]
        return ImageMasks(prediction.objects, masks.compressed(np.arange(len(masks.lengths))), size)
    if not isinstance(prediction, Detections) or (prediction.rles is None and len(prediction)):
        raise PredictionError("these predictions are boxes", where=location, mend="give predictions of masks")
    codes = list(prediction.rles or [])
    return ImageMasks([str(number) for number in range(len(codes))], codes, size)


def _pixels(dataset: Dataset) -> Callable[[str], np.ndarray | None]:
    """Return what reads a dataset's images, where they are there."""

    def pixels(key: str) -> np.ndarray | None:
        sample = loaded(dataset, key)
        return sample.image if sample.has_pixels else None

    return pixels


def _names(dataset: Dataset, keys: list[str]) -> dict[str, ImageName]:
    """Return what images of a dataset go by: files' paths below its root, ids of its annotation file."""
    numbers = {}
    if isinstance(dataset, InstanceDataset):
        numbers = {key: str(number) for number, key in dataset.key_of_image_id.items()}
    names = {}
    for key in keys:
        picture = dataset.picture(key)
        path = key if picture is None else os.path.relpath(picture.path, dataset.root)
        names[key] = ImageName(Path(path).as_posix(), numbers.get(key, key))
    return names


def _holds_object(path: Path) -> bool:
    """Tell whether a JSON file, packed with gzip or not, is an object and no list."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as stream:
            start = stream.read(256)
    except OSError:
        return False
    return start.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"{")
