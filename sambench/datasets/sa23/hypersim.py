"""Hypersim as downloaded: rendered rooms with instance ids in HDF5 (Roberts et al., ICCV 2021)."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import h5py
import numpy as np

from sambench.datasets.formats.label_maps import label_rles
from sambench.datasets.formats.sources import Item, Region, RegionSource
from sambench.datasets.layout import Fault, find_folder, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice, data_error
from sambench.datasets.sa23.catalog import catalog_card
from sambench.types import Size

CARD = catalog_card(
    "hypersim",
    home="https://github.com/apple/ml-hypersim",
    terms="CC BY-SA 3.0",
    layout="""
ai_001_001/images/scene_cam_00_final_preview/frame.0000.tonemap.jpg
ai_001_001/images/scene_cam_00_geometry_hdf5/frame.0000.semantic_instance.hdf5
metadata_images_split_scene_v1.csv          (optional: frames that are not in the public release are left out)
""",
    folders=("Hypersim",),
    markers=("ai_*_*",),
    splits=("all",),
    paper="Roberts et al., Hypersim: A Photorealistic Synthetic Dataset for Indoor Scene Understanding, ICCV 2021",
    mask="each id from 1 on of semantic_instance; -1 is no instance",
    quirks=(
        "the tone-mapped previews (JPEG) are the images; the HDR frames are not read",
        "instances have many parts and fragments of one pixel",
    ),
)

_SCENE = re.compile(r"ai_(\d{3})_\d{3}$")
_LIST = "metadata_images_split_scene_v1.csv"


@reader_of(CARD)
def hypersim(
    root: str | Path | None = None,
    split: str = "all",
    exclude_volumes: tuple[int, ...] = (20, 25, 40, 49),
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """Hypersim: rendered rooms (points).

    Args:
        root: The folder that holds the scenes' folders `ai_VVV_NNN/`, or `hypersim/` with them.
        split: "all".
        exclude_volumes: Volumes (the number VVV) to leave out; the paper names these four.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD)
    released = _released(folder / _LIST)
    items: dict[str, Item] = {}
    faults: list[Fault] = []
    for scene in sorted(folder.glob("ai_*_*")):
        named = _SCENE.match(scene.name)
        if named is None or int(named[1]) in exclude_volumes:
            continue
        for name, path in tree(scene / "images", (".hdf5",), ".semantic_instance").items():
            camera, _, frame = name.partition("/")
            camera = camera.removesuffix("_geometry_hdf5")
            key = f"{scene.name}/{camera}/{frame}"
            if released is not None and key not in released:
                continue
            preview = scene / "images" / f"{camera}_final_preview" / f"{frame}.tonemap.jpg"
            if not preview.is_file():
                faults.append(Fault(str(preview), "image is missing"))
            items[key] = Item(preview, (path,))
    rules = f"1 exclude_volumes={','.join(map(str, exclude_volumes))} released={released is not None}"
    source = _HypersimMasks(items, faults, rules)
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))


class _HypersimMasks(RegionSource):
    """Frames with an HDF5 file of instance ids each."""

    def __init__(self, items: dict[str, Item], faults: list[Fault], rules: str) -> None:
        self.card, self.items, self.faults, self.rules = CARD, items, faults, rules
        self.categories = {1: "instance"}

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Draw each id from 1 on."""
        (path,) = self.items[key].truths
        ids = read_hdf5_ids(path)
        regions = [Region(value, 1, code) for value, code in label_rles(ids).items() if value >= 1]
        return (ids.shape[0], ids.shape[1]), regions


def read_hdf5_ids(path: Path) -> np.ndarray:
    """Read the (H, W) int32 ids of a file's "dataset".

    Raises:
        DatasetError: The file is damaged, or holds something else.
    """
    try:
        with h5py.File(path, "r") as file:
            ids = np.asarray(file["dataset"])
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise data_error(CARD, f"HDF5 file cannot be read, it may be truncated: {error}", path) from error
    if ids.ndim != 2 or ids.dtype.kind not in "iu":
        raise data_error(CARD, f"ids should be (height, width) whole numbers, are {ids.shape} {ids.dtype}", path)
    return ids.astype(np.int32)


def _released(path: Path) -> set[str] | None:
    """Read the frames of the public release, as "SCENE/scene_CAMERA/frame.NNNN", or None without the list."""
    if not path.is_file():
        return None
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            return {
                f"{row['scene_name']}/scene_{row['camera_name']}/frame.{int(row['frame_id']):04d}"
                for row in csv.DictReader(stream)
                if row["included_in_public_release"].strip().lower() == "true"
            }
    except (KeyError, ValueError, OSError, AttributeError) as error:
        what = f"list of images cannot be read: {type(error).__name__}: {error}"
        raise data_error(CARD, what, path) from error
