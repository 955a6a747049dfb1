"""Edge benchmarks beside BSDS500: NYUDv2 and BIPED, in the layouts in which their edges are handed on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sambench.datasets.base import DatasetCard
from sambench.datasets.boundary_data import BoundaryDataset
from sambench.datasets.bsds500 import Bsds500, check_pairs, list_split
from sambench.datasets.reading import data_error
from sambench.errors import UsageError

NYUDV2 = DatasetCard(
    name="nyudv2",
    title="NYU Depth v2, boundaries of Gupta et al. 2013 (NYUDv2)",
    home="https://github.com/s-gupta/rgbd",
    terms="as of NYU Depth v2: research",
    layout="""
images/{train,val,test}/img_5001.png
groundTruth/{train,val,test}/img_5001.mat
""",
    splits=("train", "val", "test"),
    note="published numbers have a tolerance of .011: task/edges=nyudv2",
)

BIPED = DatasetCard(
    name="biped",
    title="Barcelona Images for Perceptual Edge Detection (BIPED)",
    home="https://github.com/xavysp/MBIPED",
    terms="non-commercial purposes",
    layout="""
edges/imgs/train/rgbr/real/RGB_001.jpg   edges/edge_maps/train/rgbr/real/RGB_001.png
edges/imgs/test/rgbr/RGB_008.jpg         edges/edge_maps/test/rgbr/RGB_008.png
""",
    splits=("train", "test"),
)

_PLACES = {"train": "train/rgbr/real", "test": "test/rgbr"}
_COUNTS = {"train": 200, "test": 50}
"""Images of BIPED's splits, as published (Soria et al. 2020)."""


def nyudv2(
    root: str | Path,
    split: str = "test",
    limit: int | None = None,
    ids: Iterable[str | int] | None = None,
    check_images: bool = True,
) -> BoundaryDataset:
    """NYUDv2: indoor photographs with the borders of their annotated regions (edges, regions).

    Args:
        root: The folder that holds `images/` and `groundTruth/`.
        split: "train", "val" or "test".
        limit, ids, check_images: As `Bsds500`.

    Raises:
        DatasetError: As `Bsds500`.
        UsageError: The split is unknown.
    """
    return Bsds500(root, split, limit, ids, check_images, card=NYUDV2)


def biped(
    root: str | Path,
    split: str = "test",
    limit: int | None = None,
    ids: Iterable[str | int] | None = None,
    check_images: bool = True,
) -> BoundaryDataset:
    """BIPED: outdoor photographs with the edges that one annotator drew (edges).

    Args:
        root: The folder that holds `edges/`, or one or two levels above it (`BIPED/`, `BIPEDv2/BIPED/`).
        split: "train" or "test".
        limit, ids, check_images: As `Bsds500`.

    Raises:
        DatasetError: The layout is not found, images and edge maps do not pair up, or `ids` are unknown.
        UsageError: The split is unknown.
    """
    if split not in _PLACES:
        raise UsageError(f"biped has no split {split!r}", mend=f"choose one of {', '.join(_PLACES)}")
    base = next((path.parent for path in _candidates(Path(root)) if path.is_dir()), None)
    if base is None:
        raise data_error(BIPED, "biped is not found: no edges/edge_maps folder here", root)
    maps, photographs = (base / "edges" / name / _PLACES[split] for name in ("edge_maps", "imgs"))
    truths = list_split(maps, (".png",), BIPED, split)
    images: dict[str, Path] = {}
    if check_images or photographs.is_dir():
        images = list_split(photographs, (".jpg", ".jpeg", ".png"), BIPED, split)
        check_pairs(images, truths, BIPED, photographs, maps)
    return BoundaryDataset(
        images, truths, root=root, split=split, card=BIPED, whole=_COUNTS[split], limit=limit, ids=ids
    )


def _candidates(root: Path) -> list[Path]:
    """Return where `edges/` may lie, seen from the root."""
    return [
        root / inner / "edges" for inner in (".", "BIPED", "BIPEDv2", "BIPEDv2/BIPEDv2", "BIPEDv2/BIPED", "BIPED/BIPED")
    ]
