"""What every format family gives: images with regions, drawn one image at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sambench.config.image_rules import Drawn, ImageRules
from sambench.datasets.base import DatasetCard
from sambench.datasets.cards import MaskCard
from sambench.datasets.images.headers import read_header
from sambench.datasets.layout import Fault
from sambench.datasets.reading import data_error
from sambench.errors import DatasetError
from sambench.files.json_files import read_json_file
from sambench.files.json_text import JsonError
from sambench.masks import rle
from sambench.masks.rle import Rle
from sambench.types import Annotation, Size


class Item(NamedTuple):
    """One image and where its ground truth is.

    Attributes:
        image: The image file.
        truths: Ground-truth files of this image alone; empty where one file holds that of many images.
        number: The image's id in its annotation file, where it has one.
    """

    image: Path
    truths: tuple[Path, ...] = ()
    number: int | str | None = None


class Region(NamedTuple):
    """One annotated region of an image.

    Attributes:
        id: Its id, unique within the image.
        category_id: Its category.
        rle: Its mask, or None where it cannot be drawn.
        note: Why it cannot be drawn, or what is odd though it can.
        ignore: Pixels around it that count neither way, or None (`sambench.types.Annotation`).
    """

    id: int | str
    category_id: int
    rle: Rle | None
    note: str = ""
    ignore: Rle | None = None


class RegionSource(ABC):
    """Images and their regions in one format.

    Attributes:
        card: The dataset's card.
        items: The images by sample id, in the dataset's order.
        rules: The switches and the version of the code that decide what a mask is; part of the fingerprint.
        categories: Names of categories by id; where the files hold none, categories are named by their ids.
        faults: Files that stand alone or are missing.
        shared: Annotation files that hold many images' ground truth.
        drawn: The image that the format's ground truth is drawn on, where an image has an EXIF orientation.
        image_rules: How image files are read.
        images_there: Whether the images lie where they were looked for, where the ground truth stands without them.
    """

    card: MaskCard
    items: dict[str, Item]
    rules: str
    categories: dict[int, str]
    faults: list[Fault]
    shared: tuple[Path, ...] = ()
    drawn: Drawn = "stored"
    image_rules: ImageRules = ImageRules()
    images_there: bool = True

    @abstractmethod
    def regions(self, key: str) -> tuple[Size, list[Region]]:
        """Draw an image's regions.

        Returns:
            (height, width) that the ground truth is for, and the regions.

        Raises:
            DatasetError: The ground truth is damaged; names the file.
        """

    def size(self, key: str) -> Size:
        """Return the (height, width) that an image's ground truth is for, as `regions` does, without drawing it.

        Raises:
            DatasetError: As `regions`.
        """
        return self.regions(key)[0]


def keep_regions(regions: Sequence[Region]) -> tuple[list[Annotation], list[tuple[Region, str]]]:
    """Keep the regions that cover a pixel.

    Returns:
        The annotations, and each region left out with the reason.
    """
    codes = [region.rle for region in regions if region.rle is not None]
    areas = iter(rle.areas(codes).tolist() if codes else [])
    kept: list[Annotation] = []
    left_out: list[tuple[Region, str]] = []
    for region in regions:
        if region.rle is None:
            left_out.append((region, region.note))
            continue
        pixels = next(areas)
        if pixels == 0:
            left_out.append((region, "; ".join(filter(None, ("it covers no pixel", region.note)))))
        else:
            own = Annotation(region.id, region.category_id, region.rle, float(pixels), ignore=region.ignore)
            kept.append(own)
    return kept, left_out


def read_json(
    path: Path,
    card: DatasetCard,
    encoding: str | None = None,
    hook: Callable[[dict[str, Any]], Any] | None = None,
) -> Any:
    """Read a JSON file; encoding and hook are as in `sambench.files.json_files`.

    Raises:
        DatasetError: It is missing, cannot be read, is no JSON (line and column are told), too large, or nested too
            deeply.
    """
    try:
        return read_json_file(path, encoding=encoding, hook=hook)
    except FileNotFoundError as error:
        raise data_error(card, "annotation file is missing", path) from error
    except JsonError as error:
        if error.mend is not None:
            what = f"annotation file cannot be read: {error.what}"
            raise DatasetError(what, where=f"{path}{error.position}", mend=error.mend) from error
        what = f"annotation file is no JSON, it may be truncated: {error.what}"
        raise data_error(card, what, f"{path}{error.position}") from error
    except OSError as error:
        raise data_error(card, f"annotation file cannot be read: {error}", path) from error


def image_size(path: Path, card: DatasetCard) -> Size:
    """Read (height, width) from an image's header, without decoding it and without EXIF rotation.

    Raises:
        DatasetError: The file is missing or no image.
    """
    return read_header(path, card).stored
