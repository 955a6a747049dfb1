"""ADE20K as downloaded, releases 2021_17_01 and 2016_07_26: objects and their parts (Zhou et al., IJCV 2019)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sambench.config.image_rules import ImageRules
from sambench.datasets.formats.label_maps import label_rles
from sambench.datasets.formats.sources import Item, Region, RegionSource, image_size, read_json
from sambench.datasets.images.files import read_pixels
from sambench.datasets.layout import find_folder, pair, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice, data_error
from sambench.datasets.sa23.catalog import catalog_card
from sambench.errors import UsageError
from sambench.masks import rle
from sambench.types import Size

CARD = catalog_card(
    "ade20k",
    home="https://groups.csail.mit.edu/vision/datasets/ADE20K/",
    terms="non-commercial research and education",
    layout="""
ADE20K_2021_17_01/images/ADE/{training,validation}/urban/street/ADE_val_00000001.jpg
      beside it: ADE_val_00000001_seg.png, ADE_val_00000001_parts_{1,2,..}.png, ADE_val_00000001.json,
                 ADE_val_00000001/instance_000_ADE_val_00000001.png
(or ADE20K_2016_07_26/images/{training,validation}/..., without JSON and instances)
""",
    folders=("ADE20K_2021_17_01", "ADE20K_2016_07_26"),
    markers=("images/ADE/validation", "images/validation"),
    splits=("validation", "training"),
    paper="Zhou et al., Semantic Understanding of Scenes through the ADE20K Dataset, IJCV 2019",
    mask="each object, and each part of an object (parts=true; the paper counts object and part masks)",
    quirks=(
        "class = red // 10 * 256 + green, object = blue of _seg.png and _parts_k.png; blue has gaps, 0 is no object",
        "instance PNGs hold 255 where an object is seen and 128 where it is hidden; only 255 is the mask",
        "JSON is Latin-1; objects that are wholly hidden have no pixel",
    ),
    real_bytes="two images of the training split, release 2021_17_01",
)

Route = Literal["seg", "instances"]


@reader_of(CARD)
def ade20k(
    root: str | Path | None = None,
    split: str = "validation",
    parts: bool = True,
    route: Route = "seg",
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """ADE20K: scenes with objects and parts (points).

    Args:
        root: The folder that holds `ADE20K_2021_17_01/` or `ADE20K_2016_07_26/`, or one of them.
        split: "validation" or "training".
        parts: Count parts of objects as masks.
        route: "seg" reads the colours of _seg.png and _parts_k.png, which both releases have; "instances" the PNG of
            each object, which only 2021 has. They agree but for a few pixels, unless an image has over 255 objects.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    check_choice(CARD, "route", route, ("seg", "instances"))
    markers = [f"images/ADE/{split}", f"images/{split}"]
    folder = find_folder(root, CARD, markers)
    inner = next(folder / marker for marker in markers if (folder / marker).is_dir())
    if route == "instances" and inner == folder / markers[1]:
        raise UsageError("the 2016 release has no instance PNGs", where="data.route", mend="use data.route=seg")
    source = _AdeMasks(inner, split, parts, route)
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))


class _AdeMasks(RegionSource):
    """The images of a split with the ground truth beside them."""

    def __init__(self, folder: Path, split: str, parts: bool, route: Route) -> None:
        self.card, self.rules, self.categories = CARD, f"1 parts={parts} route={route}", {}
        self.items = {}
        self._parts, self._route = parts, route
        truths = tree(folder, (".png",), "_seg") if route == "seg" else tree(folder, (".json",))
        pairs, self.faults = pair(tree(folder, (".jpg",)), truths, f"{split}/")
        for key, (image, first) in pairs.items():
            more = _instance_files(image) if route == "instances" else _part_files(image) if parts else []
            self.items[key] = Item(image, (first, *more))

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Draw objects first, then parts level by level."""
        files = self.items[key].truths
        if self._route == "instances":
            return self._from_instances(files[0])
        size: Size | None = None
        regions: list[Region] = []
        for level, path in enumerate(files):
            codes, own = _read_colours(path, self.image_rules)
            if size is not None and own != size:
                raise data_error(CARD, f"map is {own[1]} x {own[0]} pixels, _seg.png is {size[1]} x {size[0]}", path)
            size = own
            for code, mask in codes.items():
                regions.append(Region(f"{level}/{code // 256}/{code % 256}", code // 256, mask))
        return size or image_size(self.items[key].image, CARD), regions

    def _from_instances(self, path: Path) -> tuple[Size, list[Region]]:
        size: Size | None = None
        regions: list[Region] = []
        for record, level in _objects(path):
            if level > 0 and not self._parts:
                continue
            file = path.parent / str(record["instance_mask"])
            pixels = read_pixels(file, CARD, self.image_rules)
            if pixels.ndim != 2 or (size is not None and pixels.shape != size):
                raise data_error(CARD, f"instance mask has shape {pixels.shape}, others {size}", file)
            size = pixels.shape[0], pixels.shape[1]
            code = rle.encode_masks((pixels == 255)[None])[0]
            category = record.get("name_ndx", 0)
            regions.append(Region(int(record["id"]), int(category) if isinstance(category, int) else 0, code))
        return size or image_size(path.with_suffix(".jpg"), CARD), regions


def _read_colours(path: Path, rules: ImageRules) -> tuple[dict[int, rle.Rle], Size]:
    """Read a colour-coded map: run-length code by class * 256 + object, and (height, width)."""
    pixels = read_pixels(path, CARD, rules)
    if pixels.ndim != 3 or pixels.shape[2] < 3 or pixels.dtype != np.uint8:
        raise data_error(CARD, f"map should be 8-bit RGB, has shape {pixels.shape} {pixels.dtype}", path)
    red, green, blue = (pixels[..., channel].astype(np.int32) for channel in range(3))
    codes = label_rles((red // 10 * 256 + green) * 256 + blue)
    return {code: mask for code, mask in codes.items() if code % 256 > 0}, (pixels.shape[0], pixels.shape[1])


def _objects(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Read the objects of a JSON file with their level: 0 for a whole object, more for parts."""
    content = read_json(path, CARD, encoding="latin-1")
    try:
        for record in content["annotation"]["object"]:
            record["id"], record["instance_mask"]
            yield record, int(record["parts"]["part_level"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise data_error(CARD, f"object cannot be read: {type(error).__name__}: {error}", path) from error


def _part_files(image: Path) -> list[Path]:
    files: list[Path] = []
    while (path := image.with_name(f"{image.stem}_parts_{len(files) + 1}.png")).is_file():
        files.append(path)
    return files


def _instance_files(image: Path) -> list[Path]:
    return list(tree(image.with_suffix(""), (".png",)).values())
