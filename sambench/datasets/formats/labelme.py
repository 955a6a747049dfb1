"""Shapes of LabelMe, one JSON file an image: polygons, rectangles, circles and masks; several can be one object."""

from __future__ import annotations

import base64
import io
import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from sambench.datasets.cards import MaskCard
from sambench.datasets.formats.drawing import draw_ellipse, draw_segmentation
from sambench.datasets.formats.sources import Item, Region, RegionSource, read_json
from sambench.datasets.images.headers import pixels_text, read_header
from sambench.datasets.images.orientation import drawn_size
from sambench.datasets.layout import Fault
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError, listing
from sambench.masks import rle
from sambench.masks.rle import Rle
from sambench.types import Size

RULES = "2 labelme"
"""Version of what one object is and how it is drawn; part of a dataset's fingerprint."""

_CORNERS = ("polygon", "rectangle", "rotation", "oriented_rectangle", "quadrilateral")
_NO_AREA = ("point", "points", "line", "linestrip")
_NO_OBJECT = ("__ignore__", "_background_")

_EXPORT = """python -c "import base64, json, pathlib, sys
labels, images = map(pathlib.Path, sys.argv[1:])
for f in labels.rglob('*.json'):
    d = json.loads(f.read_bytes())
    o = (images / f.relative_to(labels)).with_suffix(pathlib.PurePath(d.get('imagePath') or '').suffix or '.png')
    if d.get('imageData') and not o.exists():
        o.parent.mkdir(parents=True, exist_ok=True)
        o.write_bytes(base64.b64decode(d['imageData']))" """
"""Writes the images inside the files of one folder into another; the two folders follow."""


class Shape(NamedTuple):
    """One shape as the file gives it.

    Attributes:
        label: Its label.
        group: Its `group_id`; shapes of one label and one group are one object.
        kind: Its `shape_type`.
        points_xy: (N, 2) float64 corners in pixels from the image's corner.
        mask: A PNG in base64, for a shape of type "mask".
    """

    label: str
    group: int | str | None
    kind: str
    points_xy: np.ndarray
    mask: str | None


class LabelMeMasks(RegionSource):
    """Images with a LabelMe file each; corners are pixels from the image's corner, drawn by COCO's rule.

    As in LabelMe's own converters, shapes of one label and one `group_id` are one object. A circle is the disc about
    its first point that reaches to its second. Points and lines have no area, and are left out and told, as are shapes
    labelled `__ignore__` and `_background_`. LabelMe shows, and draws on, the image turned by its EXIF orientation.

    Args:
        card: The dataset's card.
        items: Images with their JSON file.
        rules: As `Source.rules`.
        faults: As `Source.faults`.
        by_label: Make each label a category, for which all files are read at once; else all are "object".
        images_there: Whether the sizes that files state are compared with the images'.

    Raises:
        DatasetError: A file does not hold what LabelMe writes.
    """

    drawn = "turned"

    def __init__(
        self,
        card: MaskCard,
        items: dict[str, Item],
        *,
        rules: str,
        faults: list[Fault],
        by_label: bool = False,
        images_there: bool = True,
    ) -> None:
        self.card, self.items, self.rules, self.faults = card, items, rules, faults
        self.images_there = images_there
        self._numbers: dict[str, int] = {}
        if by_label:
            labels = {shape.label for key in items for shape in self._read(key)[1]}
            self._numbers = {label: number for number, label in enumerate(sorted(labels.difference(_NO_OBJECT)), 1)}
        self.categories = {number: label for label, number in self._numbers.items()} or {1: "object"}

    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Draw each object; its id is the place of its first shape in the file, as labels need not be known."""
        size, shapes = self._read(key)
        objects: dict[tuple[str, object], list[int]] = {}
        for index, shape in enumerate(shapes):
            alone = shape.group is None
            objects.setdefault((shape.label, ("alone", index) if alone else shape.group), []).append(index)
        return size, [self._joined(indices, shapes, size) for indices in objects.values()]

    def size(self, key: str) -> Size:
        """Read the size that the file states."""
        return self._read(key)[0]

    def _joined(self, indices: list[int], shapes: list[Shape], size: Size) -> Region:
        """Draw the shapes of one object; what cannot be drawn of it is told."""
        drawn = {index: draw_shape(shapes[index], size) for index in indices}
        codes = [code for code, _ in drawn.values() if code is not None]
        named = [(f"shape {index}: " if len(indices) > 1 else "") + note for index, (_, note) in drawn.items() if note]
        category = self._numbers.get(shapes[indices[0]].label, 1)
        code = (rle.union(codes) if len(codes) > 1 else codes[0]) if codes else None
        return Region(indices[0], category, code, "; ".join(named))

    def _read(self, key: str) -> tuple[Size, list[Shape]]:
        """Read a file's shapes, and the size they are for, which has to be the image's in one of its two positions."""
        image, (path,) = self.items[key].image, self.items[key].truths
        content = read_json(path, self.card)
        try:
            sides = content.get("imageHeight"), content.get("imageWidth")
            shapes = [_shape(record) for record in content["shapes"]]
            old = sides == (None, None) and "imagePath" in content  # Versions before 3.5 wrote no size.
            size = None if old else (int(sides[0]), int(sides[1]))
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            what = f"this is no LabelMe file (imageHeight, imageWidth, shapes): {type(error).__name__}: {error}"
            raise data_error(self.card, what, path) from error
        if not self.images_there:
            if size is None:
                raise data_error(self.card, "no imageHeight and imageWidth, so that its image is needed", path)
            return size, shapes
        if size is None:
            return drawn_size(image, self.card, self.image_rules, self.drawn), shapes
        header = read_header(image, self.card)
        if size not in (header.stored, header.turned):
            message = f"image is {pixels_text(header.stored)}, but its ground truth is for {pixels_text(size)}"
            raise data_error(self.card, message, image)
        return size, shapes


def refuse_inner_images(
    files: Mapping[str, Path], images: Mapping[str, Path], folder: Path, labels: Path, card: MaskCard
) -> None:
    """Refuse files whose image is in the file alone, and print the command that writes such images out.

    Args:
        files, images: JSON files and images by their paths without endings.
        folder: The folder that the images belong in.
        labels: The folder of the JSON files.
        card: For messages.

    Raises:
        DatasetError: There are any.
    """
    alone = [path for name, path in files.items() if name not in images]
    inner = [path for path in alone if isinstance(content := read_json(path, card), dict) and content.get("imageData")]
    if inner:
        names = listing([path.relative_to(labels).as_posix() for path in inner], 5)
        what = f"{len(inner)} LabelMe files have their image in the file alone (imageData): {names}"
        command = _EXPORT + shlex.join([str(labels), str(folder)])
        raise DatasetError(what, where=labels, mend=f"write the images out: {command}")


def draw_shape(shape: Shape, size: Size) -> tuple[Rle | None, str]:
    """Draw a shape.

    Returns:
        The mask, or None where nothing can be drawn; and a note, empty where all is well.
    """
    points = shape.points_xy
    if shape.label in _NO_OBJECT:
        return None, f"it is labelled {shape.label}"
    if shape.kind in _NO_AREA:
        return None, f"a {shape.kind} has no area"
    if shape.kind == "circle" and len(points) == 2:
        radius = math.dist(*points.tolist())
        return draw_ellipse((float(points[0, 0]), float(points[0, 1])), (radius, radius), size)
    if shape.kind == "mask" and len(points) == 2 and shape.mask:
        return _draw_mask(shape.mask, points, size)
    if shape.kind == "rectangle" and len(points) == 2:
        (left, top), (right, bottom) = points.tolist()
        points = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    if shape.kind in _CORNERS:
        return draw_segmentation([points.ravel().tolist()], size)
    return None, f"a {shape.kind} of {len(points)} points cannot be drawn"


def _draw_mask(encoded: str, points_xy: np.ndarray, size: Size) -> tuple[Rle | None, str]:
    """Put a mask's own pixels between its two corners, both included."""
    if not np.isfinite(points_xy).all():
        return None, "its corners are no finite numbers"
    (left, top), (right, bottom) = ([int(side) for side in corner] for corner in points_xy.tolist())
    try:
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
            if (image.height, image.width) != (bottom - top + 1, right - left + 1):
                wanted = pixels_text((bottom - top + 1, right - left + 1))
                return None, f"its mask is {pixels_text((image.height, image.width))}, its corners are for {wanted}"
            if left < 0 or top < 0 or right >= size[1] or bottom >= size[0]:
                return None, "its mask reaches over the image's border"
            pixels = np.asarray(image.convert("L")) > 0
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return None, f"its mask cannot be decoded: {error}"
    mask = np.zeros(size, bool)
    mask[top : bottom + 1, left : right + 1] = pixels
    return rle.encode_masks(mask[None])[0], ""


def _shape(record: Any) -> Shape:
    """Read one shape.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: It is none.
    """
    group, mask = record.get("group_id"), record.get("mask")
    points = np.array([[float(x), float(y)] for x, y in record["points"]]).reshape(-1, 2)
    if not isinstance(group, int | str | None) or not isinstance(mask, str | None):
        raise TypeError("group_id is a number or a text, and mask a text")
    return Shape(str(record.get("label")), group, str(record.get("shape_type") or "polygon"), points, mask)
