"""WoodScape as downloaded: street scenes in four fisheye cameras (Yogamani et al., ICCV 2019)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sambench.datasets.formats.even_odd import fill_even_odd
from sambench.datasets.formats.label_maps import id_items, label_rles
from sambench.datasets.formats.sources import Item, Region, RegionSource, read_json
from sambench.datasets.layout import Fault, find_folder, pair, tree
from sambench.datasets.masks import Choice, Ids, MaskDataset, SubsetRule, reader_of
from sambench.datasets.reading import check_choice, data_error
from sambench.datasets.sa23.catalog import catalog_card
from sambench.masks import rle
from sambench.types import Size

CARD = catalog_card(
    "woodscape",
    home="https://woodscape.valeo.com",
    terms="proprietary, research only",
    layout="""
rgb_images/00000_{FV,RV,MVL,MVR}.png
instance_annotations/00000_{FV,RV,MVL,MVR}.json       (or instance_annotations/instance_annotations/)
""",
    folders=("woodscape", "WoodScape"),
    markers=("instance_annotations",),
    splits=("all",),
    paper="Yogamani et al., WoodScape: A multi-task, multi-camera fisheye dataset, ICCV 2019",
    mask="each polygon of each class, as drawn (visible=false); about 96 an image, as in the paper",
    quirks=(
        "polygons overlap; z_order tells which lies in front",
        "whether the paper kept void and ego_vehicle, or cut what is hidden, is not known: see `exclude`, `visible`",
    ),
)


class _Polygon(NamedTuple):
    id: str
    tag: str
    z_order: float
    corners: np.ndarray


@reader_of(CARD)
def woodscape(
    root: str | Path | None = None,
    split: str = "all",
    exclude: tuple[str, ...] = (),
    visible: bool = False,
    limit: int | None = None,
    ids: Ids | None = None,
    subset: SubsetRule = "paper",
    subset_seed: int = 0,
) -> MaskDataset:
    """WoodScape: street scenes through fisheye lenses (points).

    Args:
        root: The folder that holds `rgb_images/` and `instance_annotations/`, or `woodscape/` with them.
        split: "all", the public release, which the paper calls set 1.
        exclude: Classes to leave out, as void or ego_vehicle.
        visible: Cut from each polygon what a polygon of higher z_order covers.
        limit, ids, subset, subset_seed: As `Choice`.

    Raises:
        DatasetError: As `MaskDataset`.
        UsageError: A choice is unknown, or no root is given.
    """
    check_choice(CARD, "split", split, CARD.splits)
    folder = find_folder(root, CARD, ["instance_annotations"])
    inner = folder / "instance_annotations" / "instance_annotations"
    truths = tree(inner if inner.is_dir() else folder / "instance_annotations", (".json",))
    pairs, faults = pair(tree(folder / "rgb_images"), truths)
    source = _WoodScapeMasks(id_items(pairs), faults, exclude, visible)
    return MaskDataset(source, root=folder, split=split, choice=Choice(limit, ids, subset, subset_seed))


class _WoodScapeMasks(RegionSource):
    """Images with a JSON file of polygons each; a category's id is its place in `TAGS`."""

    def __init__(self, items: dict[str, Item], faults: list[Fault], exclude: tuple[str, ...], visible: bool) -> None:
        self.card, self.items, self.faults = CARD, items, faults
        self.rules = f"1 exclude={','.join(exclude)} visible={visible}"
        self.categories = dict(enumerate(TAGS))
        self._exclude, self._visible = frozenset(name.lower() for name in exclude), visible

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Fill each polygon; its id is the file's."""
        (path,) = self.items[key].truths
        size, polygons = _read(path)
        wanted = [polygon for polygon in polygons if polygon.tag not in self._exclude]
        drawn = []
        for polygon in wanted:
            code, note = fill_even_odd([polygon.corners], size)
            number = TAGS.index(polygon.tag) if polygon.tag in TAGS else 0
            drawn.append(Region(polygon.id, number, code, note))
        return size, _uncovered(drawn, [polygon.z_order for polygon in wanted], size) if self._visible else drawn


def _read(path: Path) -> tuple[Size, list[_Polygon]]:
    """Read (height, width) and the polygons of a file.

    Raises:
        DatasetError: It does not hold what WoodScape writes; the entry is named.
    """
    content = read_json(path, CARD)
    if not isinstance(content, dict) or len(content) != 1:
        raise data_error(CARD, "annotation file should hold one image", path)
    (image,) = content.values()
    polygons: list[_Polygon] = []
    try:
        size = int(image["image_height"]), int(image["image_width"])
        for record in image["annotation"]:
            polygons.append(_polygon(record))
    except (KeyError, TypeError, ValueError, OverflowError, IndexError, AttributeError) as error:
        what = f"annotation cannot be read: {type(error).__name__}: {error}"
        raise data_error(CARD, what, f"{path}, annotation {len(polygons)}") from error
    return size, polygons


def _polygon(record: Any) -> _Polygon:
    corners = np.asarray(record["segmentation"], np.float64).reshape(-1, 2)
    return _Polygon(str(record["id"]), str(record["tags"][0]).lower(), float(record.get("z_order") or 0), corners)


def _uncovered(regions: list[Region], z_orders: list[float], size: Size) -> list[Region]:
    """Cut what lies behind: paint in rising z_order, equal ones in the file's order."""
    painted = np.zeros(size, np.int32)
    for index in sorted(range(len(regions)), key=lambda index: z_orders[index]):
        if (code := regions[index].rle) is not None:
            painted[rle.decode_masks([code], size)[0]] = index + 1
    codes = label_rles(painted)
    hidden = "it is hidden by others"
    return [
        region if region.rle is None else region._replace(rle=codes.get(index + 1), note=region.note or hidden)
        for index, region in enumerate(regions)
    ]


TAGS = (
    "unknown", "animal", "bicycle", "bus", "car", "caravan", "cats_eyes_and_botts_dots", "construction", "curb",
    "ego_vehicle", "fence", "free_space", "green_strip", "grouped_animals", "grouped_botts_dots",
    "grouped_pedestrian_and_animals", "grouped_vehicles", "lane_marking", "motorcycle", "movable_object", "nature",
    "other_ground_marking", "other_nosight", "other_wheeled_transport", "parking_line", "parking_marking", "person",
    "pole", "rider", "road_surface", "sky", "structure", "traffic_light_green", "traffic_light_red",
    "traffic_light_yellow", "traffic_sign", "trafficsign_indistingushable", "trailer", "train/tram", "truck",
    "unknown_traffic_light", "van", "void", "zebra_crossing",
)  # fmt: skip
"""Classes by id; a class that is not listed is "unknown"."""
