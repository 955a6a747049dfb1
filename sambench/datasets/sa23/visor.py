"""EPIC-KITCHENS VISOR as downloaded, sparse annotations: hands and kitchen objects (Darkhalil et al., NeurIPS 2022)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.even_odd import fill_even_odd
from sambench.datasets.formats.sources import Item, Region, RegionSource, read_json
from sambench.datasets.layout import Fault, Folders, find_folder, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice, data_error
from sambench.datasets.sa23.catalog import catalog_card
from sambench.types import Size

CARD = catalog_card(
    "visor",
    home="https://epic-kitchens.github.io/VISOR/",
    terms="CC BY-NC 4.0",
    layout="""
GroundTruth-SparseAnnotations/annotations/{train,val}/P01_01.json
GroundTruth-SparseAnnotations/rgb_frames/{train,val}/P01/P01_01/P01_01_frame_0000000123.jpg   (unpack P01_01.zip)
""",
    folders=(
        "GroundTruth-SparseAnnotations",
        "VISOR/GroundTruth-SparseAnnotations",
        "2v6cgv1x04ol22qp9rm9x2j6a7/GroundTruth-SparseAnnotations",
    ),
    markers=("annotations/val", "annotations/train"),
    splits=("val", "train"),
    paper="Darkhalil et al., EPIC-KITCHENS VISOR Benchmark, NeurIPS 2022 Datasets and Benchmarks",
    mask="each annotated entity of a frame, all its polygons filled together so that inner ones are holes",
    quirks=("corners are for 1920 x 1080 pixels", "some entities have no polygon", "dense interpolations are not read"),
)

_SIZE: Size = (1080, 1920)


class _Entity(NamedTuple):
    id: str
    category_id: int
    polygons: list[np.ndarray]


@reader_of(CARD)
def visor(
    root: str | Path | None = None,
    split: str = "val",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """VISOR: hands and objects in kitchens (points).

    Args:
        root: The folder that holds `GroundTruth-SparseAnnotations/` (or `VISOR/` with it), or that folder.
        split: "val" or "train".
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD, [f"annotations/{split}"])
    chosen = Choice(limit, ids, subset, subset_seed)
    return MaskDataset(_VisorMasks(CARD, folder, split), root=folder, split=split, choice=chosen)


class _VisorMasks(RegionSource):
    """The frames of all videos of a split."""

    def __init__(self, card: MaskCard, folder: Path, split: str) -> None:
        self.card, self.rules = card, "1"
        self.items, self.faults, self.categories = {}, [], {}
        self._entities: dict[str, list[_Entity]] = {}
        files = tree(folder / "annotations" / split, (".json",))
        if not files:
            raise data_error(card, "no annotation file", folder / "annotations" / split)
        self.shared = tuple(files.values())
        folders = Folders()
        for video, path in files.items():
            frame_folder = folder / "rgb_frames" / split / video.partition("_")[0]
            self._read(video, path, frame_folder, folders)

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Fill each entity; its id is the file's."""
        drawn = []
        for entity in self._entities[key]:
            code, note = fill_even_odd(entity.polygons, _SIZE)
            drawn.append(Region(entity.id, entity.category_id, code, note))
        return _SIZE, drawn

    def _read(self, video: str, path: Path, frame_folder: Path, folders: Folders) -> None:
        content = read_json(path, self.card)
        frames = content.get("video_annotations") if isinstance(content, dict) else None
        if not isinstance(frames, list):
            raise data_error(self.card, "annotation file has no list of video_annotations", path)
        for number, frame in enumerate(frames):
            try:
                name = str(frame["image"]["name"])
                entities = [_entity(entity) for entity in frame["annotations"]]
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                what = f"frame cannot be read: {type(error).__name__}: {error}"
                raise data_error(self.card, what, f"{path}, video_annotations[{number}]") from error
            key = f"{video}/{Path(name).stem}"
            if key in self.items:
                raise data_error(self.card, f"frame {name} is there twice", path)
            on_disk = folders.find(frame_folder / video / name) or folders.find(frame_folder / name)
            if on_disk is None:
                self.faults.append(Fault(str(frame_folder / video / name), f"frame is missing; unpack {video}.zip"))
            self.items[key] = Item(on_disk or frame_folder / video / name)
            self._entities[key] = entities


def _entity(record: Any) -> _Entity:
    polygons = [np.asarray(segment, np.float64).reshape(-1, 2) for segment in record["segments"] if len(segment)]
    return _Entity(str(record["id"]), int(record["class_id"]), polygons)
