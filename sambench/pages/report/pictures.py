"""Pictures of a report: which there are, what they show, and their place within the size that is allowed."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps

from sambench.errors import RunError
from sambench.files.safe_names import safe_name

LONGEST, THUMBNAIL = 1600, (480, 320)
"""Longest side of a large picture, and (width, height) of a small one, in pixels."""

_QUALITY, _THUMBNAIL_QUALITY = 82, 72

LEGENDS = {
    "edges": {
        "": "the image; predicted edges, stronger is redder; the annotators' boundaries",
        "matches": "at the threshold best for this image: right edges green, false ones blue, missed boundaries red",
    },
    "regions": {"": "the image; predicted boundaries; the annotators' boundaries"},
    "points": {
        "": "a line for each object (outlined green): its first click, the candidates, and the mask (blue) after more "
        "clicks, each with its IoU; clicks on the object are green, on the background red"
    },
    "proposals": {"": "objects on the left; on the right the proposal that fits each best, with its IoU"},
    "instances": {"": "objects on the left; on the right the mask that fits each best, with its IoU"},
    "vocabulary": {"": "objects on the left; on the right the mask of whatever name that fits each best, with its IoU"},
}
"""Task -> what the file's name ends in, as in `ID_matches.png` -> what the picture shows."""


@dataclass
class Shown:
    """An image of a gallery.

    Attributes:
        sample_id: The image.
        group: "best", "median" or "worst", or "stored" for pictures made while the run went on.
        quality: How well it was done, NaN where that is not known.
        scores: The run's metrics of this image alone.
        files: (what the picture shows, its PNG file), the first one being shown small, whole.
        thumbnail: The small picture as a data URI once it has a place.
        large: (what it shows, data URI) of each large picture.
    """

    sample_id: str
    group: str
    quality: float
    scores: dict[str, float]
    files: list[tuple[str, Path]]
    thumbnail: str = ""
    large: list[tuple[str, str]] = field(default_factory=list)


def picture_files(paths: Iterable[Path], sample_id: str, task: str) -> list[tuple[str, Path]]:
    """Tell what each of an image's PNG files shows, from the end of its name."""
    stem = PurePosixPath(safe_name(sample_id)).name
    endings = {path: path.stem.removeprefix(stem).strip("_") for path in paths}
    legends = LEGENDS.get(task, {})
    return [(legends.get(end, end or "picture"), path) for path, end in sorted(endings.items(), key=lambda one: one[1])]


def embed(galleries: Sequence[Sequence[Shown]], budget: float) -> int:
    """Turn pictures into data URIs until the budget is used up, the first of each gallery first.

    Args:
        galleries: The images of each run; those that find a place are filled in.
        budget: Characters that all data URIs may take.

    Returns:
        How many images found no place.
    """
    longest = max(map(len, galleries), default=0)
    order = [gallery[index] for index in range(longest) for gallery in galleries if index < len(gallery)]
    left_out = 0
    for shown in order:
        large = [(text, data_uri(path)) for text, path in shown.files]
        small = thumbnail(shown.files[0][1])
        needed = len(small) + sum(len(uri) for _, uri in large)
        if needed > budget:
            left_out += 1
            continue
        budget -= needed
        shown.thumbnail, shown.large = small, large
    return left_out


def data_uri(path: Path) -> str:
    """Return a picture as a WebP data URI, at most `LONGEST` pixels long."""
    image = _open(path)
    image.thumbnail((LONGEST, LONGEST))
    return _webp(image, _QUALITY)


def thumbnail(path: Path) -> str:
    """Return a small picture as a WebP data URI: all panels whole, of a picture taller than wide its first lines."""
    image = _open(path)
    if image.height > image.width:
        image = image.crop((0, 0, image.width, image.width * THUMBNAIL[1] // THUMBNAIL[0]))
    return _webp(ImageOps.contain(image, THUMBNAIL), _THUMBNAIL_QUALITY)


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except OSError as error:
        raise RunError(f"a picture cannot be read: {error}", where=path, mend="remove it, or run again") from error


def _webp(image: Image.Image, quality: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=quality, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
