"""OVIS as downloaded: occluded objects in video, frame by frame (Qi et al., IJCV 2022); reads any YouTube-VIS JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.drawing import draw_segmentation
from sambench.datasets.formats.sources import Item, Region, RegionSource, read_json
from sambench.datasets.layout import Fault, Folders, find_folder
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice, data_error
from sambench.datasets.sa23.catalog import catalog_card
from sambench.types import Size

CARD = catalog_card(
    "ovis",
    home="https://songbai.site/ovis/",
    terms="CC BY-NC-SA 4.0",
    layout="""
OVIS/annotations_train.json            (or annotations/annotations_train.json)
OVIS/train/VIDEO/img_0000001.jpg       (or train_images/)
""",
    folders=("OVIS",),
    markers=("annotations_train.json", "annotations/annotations_train.json"),
    splits=("train",),
    paper="Qi et al., Occluded Video Instance Segmentation: A Benchmark, IJCV 2022",
    mask="each annotation in each frame where it is visible; frames are scored as single images",
    quirks=("segmentations are null where an object is not visible", "run lengths are lists or strings"),
)


@reader_of(CARD)
def ovis(
    root: str | Path | None = None,
    split: str = "train",
    annotations: str | Path | None = None,
    images: str | Path | None = None,
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """OVIS: objects that hide each other, in video frames (points).

    Args:
        root: The folder that holds `OVIS/`, or that folder.
        split: "train"; the others' ground truth is not public.
        annotations: Annotation file, where it lies elsewhere.
        images: Folder of the videos' folders, where it lies elsewhere.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    if annotations is None or images is None:
        name = f"annotations_{split}.json"
        folder = find_folder(root, CARD, [name, f"annotations/{name}"])
        beside = folder / name
        annotations = annotations or (beside if beside.is_file() else folder / "annotations" / name)
        images = images or (folder / split if (folder / split).is_dir() else folder / f"{split}_images")
    source = VideoMasks(CARD, Path(annotations), Path(images), rules="1")
    chosen = Choice(limit, ids, subset, subset_seed)
    return MaskDataset(source, root=root or Path(annotations).parent, split=split, choice=chosen)


class VideoMasks(RegionSource):
    """Frames with the run-length codes of a YouTube-VIS JSON.

    Args:
        card: The dataset's card.
        annotations: The JSON file.
        images: The folder below which the frames lie.
        rules: As `Source.rules`.

    Raises:
        DatasetError: The file lacks a part or contradicts itself; the record is named.
    """

    def __init__(self, card: MaskCard, annotations: Path, images: Path, *, rules: str) -> None:
        self.card, self.rules, self.shared = card, rules, (annotations,)
        self.items, self.faults = {}, []
        self._sizes: dict[str, Size] = {}
        self._entries: dict[str, list[tuple[Any, Any, Any, bool]]] = {}
        content = read_json(annotations, card)
        parts = ("videos", "annotations", "categories")
        if not isinstance(content, dict) or any(not isinstance(content.get(part), list) for part in parts):
            raise data_error(card, f"annotation file should hold lists of {', '.join(parts)}", annotations)
        where: object = annotations
        folders = Folders()
        try:
            frames: dict[Any, list[str]] = {}
            for number, video in enumerate(content["videos"]):
                where = f"{annotations}, videos[{number}]"
                frames[video["id"]] = self._add_video(video, images, folders)
            for number, record in enumerate(content["annotations"]):
                where = f"{annotations}, annotations[{number}]"
                self._add_track(record, frames[record["video_id"]])
            self.categories = {int(one["id"]): str(one["name"]) for one in content["categories"]}
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise data_error(card, f"record cannot be read: {type(error).__name__}: {error}", where) from error

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Expand the codes of one frame; a region's id is its track's."""
        size, regions = self._sizes[key], []
        for number, category, segmentation, crowd in self._entries[key]:
            code, note = (None, "it stands for a group (iscrowd)") if crowd else draw_segmentation(segmentation, size)
            regions.append(Region(number, category, code, note))
        return size, regions

    def _add_video(self, video: Any, images: Path, folders: Folders) -> list[str]:
        size = int(video["height"]), int(video["width"])
        keys = []
        for name in video["file_names"]:
            path = folders.find(images / name)
            if path is None:
                self.faults.append(Fault(str(images / name), "frame is missing"))
            key = name[: -len(Path(name).suffix)] if Path(name).suffix else name
            self.items[key] = Item(path or images / name)
            self._sizes[key], self._entries[key] = size, []
            keys.append(key)
        return keys

    def _add_track(self, record: Any, keys: list[str]) -> None:
        segmentations = record["segmentations"]
        if len(segmentations) != len(keys):
            raise ValueError(f"{len(segmentations)} segmentations for {len(keys)} frames")
        for key, segmentation in zip(keys, segmentations, strict=True):
            if segmentation is not None:
                entry = (record["id"], int(record["category_id"]), segmentation, bool(record.get("iscrowd", 0)))
                self._entries[key].append(entry)
