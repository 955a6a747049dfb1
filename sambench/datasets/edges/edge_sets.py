"""Edge benchmarks beside BSDS500: NYUDv2, BIPED and Multicue, in the layouts in which their edges are handed on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from sambench.datasets.base import DatasetCard
from sambench.datasets.edges.boundary_data import BoundaryDataset
from sambench.datasets.edges.bsds500 import Bsds500, check_pairs, list_split
from sambench.datasets.layout import IMAGE_ENDINGS
from sambench.datasets.reading import check_choice, data_error
from sambench.errors import listing

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

MULTICUE = DatasetCard(
    name="multicue",
    title="Multicue, edges and boundaries of Mely et al. 2016 (Multicue)",
    home="https://serre-lab.clps.brown.edu/resource/multicue/",
    terms="research",
    layout="""
images/4580_left_0165.png
edges/4580_left_0165_1.png, edges/1/4580_left_0165.png or edges/4580_left_0165.mat
boundaries/ as edges/
""",
    splits=("edges", "boundaries"),
    note="published numbers are means over random splits of 80 and 20 scenes: choose yours by data.ids",
)

_SCENE = re.compile(r"(?<!\d)\d+_left_\d+(?!\d)", re.IGNORECASE)
"""A scene's name in that of every file of it: video, camera, frame."""

_SCENES = 100

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
    check_choice(BIPED, "split", split, BIPED.splits)
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


def multicue(
    root: str | Path,
    split: str = "edges",
    limit: int | None = None,
    ids: Iterable[str | int] | None = None,
    check_images: bool = True,
) -> BoundaryDataset:
    """Multicue: scenes with the edges, or the boundaries, that several annotators drew of each (edges).

    Args:
        root: The folder that holds `edges/`, `boundaries/` and the images, at any depth.
        split: Which ground truth: "edges" or "boundaries".
        limit, ids, check_images: As `Bsds500`.

    Raises:
        DatasetError: The ground truth is not found or has no image, a file fits no scene, or `ids` are unknown.
        UsageError: The split is unknown.
    """
    check_choice(MULTICUE, "split", split, MULTICUE.splits)
    files = sorted(path for path in Path(root).rglob("*") if path.is_file() and not path.name.startswith("."))
    drawn, photographs = [], []
    for path in files:
        folders = {part.lower() for part in path.relative_to(root).parts[:-1]}
        ending = path.suffix.lower()
        if split in folders and ending in (*IMAGE_ENDINGS, ".mat"):
            drawn.append(path)
        elif not folders & set(MULTICUE.splits) and ending in IMAGE_ENDINGS and _SCENE.fullmatch(path.stem):
            photographs.append(path)
    if not drawn:
        raise data_error(MULTICUE, f"multicue is not found: no {split}/ folder of .png or .mat files here", root)
    truths = _by_scene(drawn, split, Path(root))
    images = {key: paths for key, paths in _by_scene(photographs, split, Path(root)).items() if key in truths}
    if twice := [key for key, paths in images.items() if len(paths) > 1]:
        paths = listing([str(path) for path in images[twice[0]]])
        raise data_error(MULTICUE, f"{len(twice)} of {len(images)} scenes have several images: {paths}", root)
    # Frames that nobody annotated lie beside the images; ground truth without an image would go unread.
    if (check_images or images) and (alone := [key for key in truths if key not in images]):
        raise data_error(MULTICUE, f"{len(alone)} of {len(truths)} ground truths have no image: {listing(alone)}", root)
    return BoundaryDataset(
        {key: paths[0] for key, paths in images.items()},
        truths,
        root=root,
        split=split,
        card=MULTICUE,
        whole=_SCENES,
        limit=limit,
        ids=ids,
    )


def _by_scene(files: list[Path], split: str, root: Path) -> dict[str, list[Path]]:
    """Group files by the scene that their path below the root names, as `SPLIT/SCENE`.

    Raises:
        DatasetError: A path names no scene, or several; a scene has a `.mat` file of all annotators beside others.
    """
    by_scene: dict[str, list[Path]] = {}
    strays = []
    for path in files:
        scenes = {scene.lower() for scene in _SCENE.findall(str(path.relative_to(root)))}
        if len(scenes) != 1:
            strays.append(str(path.relative_to(root)))
            continue
        by_scene.setdefault(f"{split}/{scenes.pop()}", []).append(path)
    if strays:
        message = f"{len(strays)} of {len(files)} files are of no scene (as in 4580_left_0165): {listing(strays)}"
        raise data_error(MULTICUE, message, root)
    for key, paths in by_scene.items():
        if len(paths) > 1 and any(path.suffix.lower() == ".mat" for path in paths):
            names = listing([path.name for path in paths])
            message = f"{key} has a .mat file beside others, annotators would count twice: {names}"
            raise data_error(MULTICUE, message, root)
    return dict(sorted(by_scene.items()))
