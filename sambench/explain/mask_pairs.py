"""Two sets of masks held against each other: which images they share, and how far their masks agree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from sambench.errors import PredictionError
from sambench.explain.images import of_keys
from sambench.explain.mask_sets import ImageMasks, ImageName, MaskSet
from sambench.explain.summary import Estimate
from sambench.metrics.bootstrap import bootstrap_intervals
from sambench.metrics.mask_sets import MaskSetFigures, MatchedImage, match_masks

_SA1B = re.compile(r"sa_\d+\.jpg")
"""What SA-1B calls its images' files."""

_COLUMNS = ["image", "a", "b", "iou", "boundary_iou"]


@dataclass(frozen=True)
class PairFinding:
    """How far two sets of masks agree.

    Attributes:
        titles: What a and b are.
        figures: Figure (`sambench.metrics.mask_sets.FIGURES`) -> its value with a 95 % interval over images.
        pairs: A line a pair, and one for each mask without a partner, whose other name and overlaps are missing:
            `image`, `a`, `b`, `iou`, `boundary_iou`.
        images: A line an image: `image`, `matched`, `only_a`, `only_b`.
        notes: What a reader of the numbers must know.
        sa1b: Whether all images are SA-1B's by the names of their files, so that its published figures answer to them.
        look: Gives an image with both sets' masks again; None where neither set knows of its file.
    """

    titles: tuple[str, str]
    figures: Mapping[str, Estimate]
    pairs: pd.DataFrame
    images: pd.DataFrame
    notes: list[str]
    sa1b: bool
    look: Callable[[str], tuple[np.ndarray | None, ImageMasks, ImageMasks]] = field(repr=False)


def compare_sets(a: MaskSet, b: MaskSet, seed: int = 0) -> PairFinding:
    """Match the masks of the images that both sets have.

    Raises:
        PredictionError: They share no image, or have another size of one.
    """
    shared, how = shared_images(a.images, b.images)
    if not shared:
        what = "the two sets share no image, neither by file name nor by id"
        raise PredictionError(what, where=f"{a.title}, {b.title}", mend="give masks of the same images")

    def work(key: str) -> tuple[ImageMasks, ImageMasks, MatchedImage]:
        ours, theirs = a.read(key), b.read(shared[key])
        if ours.size != theirs.size:
            what = f"image {key} is {ours.size} (height, width) in {a.title} and {theirs.size} in {b.title}"
            raise PredictionError(what, where=key, mend="give masks of the same images")
        return ours, theirs, match_masks(ours.rles, theirs.rles, ours.size)

    by_image = of_keys(list(shared), work)
    figures = MaskSetFigures([one for _, _, one in by_image.values()])
    whole = figures.replicates(np.ones((1, len(by_image))))
    ends = bootstrap_intervals(figures.replicates, [""] * len(by_image), seed=seed)
    pairs = pd.DataFrame([line for key, one in by_image.items() for line in _lines(key, *one)], columns=_COLUMNS)
    counts = [(key, len(one.pairs), len(one.only_a), len(one.only_b)) for key, (_, _, one) in by_image.items()]
    images = pd.DataFrame(counts, columns=["image", "matched", "only_a", "only_b"])
    notes = [how, *a.notes, *b.notes]
    for name, missing in (("a", len(a.images) - len(shared)), ("b", len(b.images) - len(shared))):
        if missing:
            notes.append(f"{missing} images are in {name} alone and are left out")
    groups = {
        "a": sum(ours.groups for ours, _, _ in by_image.values()),
        "b": sum(theirs.groups for _, theirs, _ in by_image.values()),
    }
    notes += [f"{count} groups (iscrowd 1) of {name} are left out" for name, count in groups.items() if count]
    for name in ("a", "b"):
        if alone := int(images[f"only_{name}"].sum()):
            notes.append(f"{alone} masks are in {name} alone: no mask that is still free overlaps them")
    estimates = {name: Estimate(float(value[0]), ends[name]) for name, value in whole.items()}
    names = [PurePosixPath(a.images[key].file_name).name for key in shared]

    def look(key: str) -> tuple[np.ndarray | None, ImageMasks, ImageMasks]:
        image = a.pixels(key)
        return (b.pixels(shared[key]) if image is None else image), a.read(key), b.read(shared[key])

    sa1b = all(_SA1B.fullmatch(name) for name in names)
    return PairFinding((a.title, b.title), estimates, pairs, images, notes, sa1b, look)


def _lines(key: str, a: ImageMasks, b: ImageMasks, one: MatchedImage) -> list[tuple[object, ...]]:
    """Return the lines of `PairFinding.pairs` of an image."""
    matched = zip(one.pairs.tolist(), one.ious.tolist(), one.boundary_ious.tolist(), strict=True)
    lines: list[tuple[object, ...]] = [(key, a.names[i], b.names[j], iou, edges) for (i, j), iou, edges in matched]
    lines += [(key, a.names[i], None, None, None) for i in one.only_a]
    return lines + [(key, None, b.names[j], None, None) for j in one.only_b]


def shared_images(a: Mapping[str, ImageName], b: Mapping[str, ImageName]) -> tuple[dict[str, str], str]:
    """Find the images that two sets share: by file name, else by its last part without ending, else by id.

    Annotation tools number images anew, so that ids come last; names that are not unique in a set are no names.

    Returns:
        Image of a -> image of b, in the order of a, and how they were found, as a sentence.
    """
    for way, name in _WAYS.items():
        ours, theirs = _unique(a, name), _unique(b, name)
        if common := {key: theirs[own] for own, key in ours.items() if own in theirs}:
            return common, f"{len(common)} images, matched by {way}"
    return {}, "no image is shared"


_WAYS: dict[str, Callable[[ImageName], str]] = {
    "file name": lambda one: one.file_name,
    "the last part of the file name": lambda one: PurePosixPath(one.file_name).stem,
    "image id": lambda one: one.number,
}


def _unique(images: Mapping[str, ImageName], name: Callable[[ImageName], str]) -> dict[str, str]:
    """Return name -> image for the names that a single image has."""
    counts = Counter(name(one) for one in images.values())
    return {name(one): key for key, one in images.items() if name(one) and counts[name(one)] == 1}
