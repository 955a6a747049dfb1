"""The embedded data set: generated scenes, written once to the cache in real formats and read by the real readers."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from sambench.datasets.base import DatasetCard
from sambench.datasets.bsds500 import Bsds500
from sambench.errors import DatasetError, UsageError
from sambench.paths import cache_root

CARD = DatasetCard(
    name="mini",
    title="mini, the generated scenes of sambench",
    home="made by sambench itself; nothing is downloaded",
    terms="Apache-2.0, as sambench",
    layout="""
mini-v1/BSDS500/data/images/{val,test}/mini00.jpg
mini-v1/BSDS500/data/groundTruth/{val,test}/mini00.mat
""",
    splits=("val", "test"),
    generated=True,
    note="generated scenes made by sambench; not BSDS500, COCO or LVIS",
)

GENERATOR = 2
"""Raised whenever the scenes or their files change, so that older ones are made anew."""

_TEST, _VAL = 12, 4
_log = logging.getLogger(__name__)


def Mini(  # noqa: N802
    split: str = "test",
    limit: int | None = None,
    ids: Iterable[str | int] | None = None,
    kind: str = "bsds",
    cache_dir: str | Path | None = None,
) -> Bsds500:
    """mini: twelve generated scenes with nested parts, thin structures, occlusion and holes; no download.

    Args:
        split: "test" (12 scenes) or "val" (4 others).
        limit: Keep the first so many images.
        ids: Images to keep, as "test/mini00" or "mini00".
        kind: The format and its reader: "bsds".
        cache_dir: Where generated data is kept; None takes the user's cache folder.

    Raises:
        UsageError: The kind or split is unknown.
        DatasetError: The cache folder cannot be written, or `ids` are unknown.
    """
    if kind != "bsds":
        raise UsageError(f"mini has no kind {kind!r}", mend="choose one of bsds")
    folder = ensure_mini(cache_root() if cache_dir is None else Path(cache_dir))
    return Bsds500(folder, split=split, limit=limit, ids=ids, card=CARD)


def ensure_mini(cache_dir: Path) -> Path:
    """Return the folder of the generated data, making it (some seconds) where it is missing, damaged or outdated.

    It is made under a temporary name and renamed, so that runs started together never see half of it.

    Raises:
        DatasetError: The folder cannot be written.
    """
    folder = Path(cache_dir) / "data" / "mini-v1"
    trouble = _trouble(folder)
    if trouble is None:
        return folder
    if folder.exists():
        _log.warning("generated data is made anew: %s (%s)", trouble, folder)
    else:
        _log.info("making the generated data once: %s", folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="mini-", dir=folder.parent) as work:
            fresh = Path(work) / "fresh"
            _generate(fresh)
            _replace(folder, fresh, Path(work) / "old")
    except OSError as error:
        what = f"generated data cannot be written: {error.strerror}"
        raise DatasetError(what, where=folder, mend="set SAMBENCH_CACHE to a folder that can be written") from error
    return folder


def _replace(folder: Path, fresh: Path, old: Path) -> None:
    """Put `fresh` in the place of `folder`, unless another process has put good data there meanwhile."""
    if folder.exists() and _trouble(folder) is None:
        return
    if folder.exists():
        os.replace(folder, old)
    try:
        os.rename(fresh, folder)
    except OSError:
        if _trouble(folder) is not None:
            raise


def _trouble(folder: Path) -> str | None:
    """Say what is wrong with generated data, or None: the manifest's SHA-256 of every file is checked (10 ms)."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        if manifest["generator"] != GENERATOR:
            return f"made by generator {manifest['generator']}, not {GENERATOR}"
        for name, expected in manifest["files"].items():
            if _sha256(folder / name) != expected:
                return f"{name} is damaged"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"manifest.json cannot be used: {error}"
    return None


def _generate(folder: Path) -> None:
    """Make every file and then the manifest."""
    # Imported here: a run over data that is already there should not pay for skimage and scipy.ndimage.
    from sambench.datasets.mini_annotate import HABITS, annotate
    from sambench.datasets.mini_things import paint_scene
    from sambench.datasets.mini_write import write_bsds_truth, write_jpeg

    for number in range(_TEST + _VAL):
        scene, image = paint_scene(number, (481, 321) if number % 3 == 2 else (321, 481))
        split, name = "test" if number < _TEST else "val", f"mini{number:02d}"
        write_jpeg(folder / "BSDS500/data/images" / split / f"{name}.jpg", image)
        rng = np.random.Generator(np.random.PCG64([number, 501]))
        # Four or five annotators, as in BSDS500.
        habits = HABITS if number % 4 else HABITS[1:]
        segmentations = [annotate(scene, habit, rng) for habit in habits]
        write_bsds_truth(folder / "BSDS500/data/groundTruth" / split / f"{name}.mat", segmentations)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "generator": GENERATOR,
        "files": {path.relative_to(folder).as_posix(): _sha256(path) for path in files},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
