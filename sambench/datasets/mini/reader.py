"""The embedded data set: generated scenes, written once to the cache in real formats and read by the real readers."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from sambench.datasets.base import DatasetCard
from sambench.datasets.coco import Coco
from sambench.datasets.concepts.pair_files import PairDataset
from sambench.datasets.concepts.pair_parts import read_part
from sambench.datasets.edges.bsds500 import Bsds500
from sambench.datasets.lvis import Lvis
from sambench.datasets.mini import write
from sambench.datasets.mini.phrases import ANNOTATORS
from sambench.errors import DatasetError, UsageError
from sambench.files.atomic import work_folder
from sambench.files.json_text import parse_json
from sambench.files.paths import cache_root

CARD = DatasetCard(
    name="mini",
    title="mini, the generated scenes of sambench",
    home="made by sambench itself; nothing is downloaded",
    terms="Apache-2.0, as sambench",
    layout="""
mini-v1/BSDS500/data/images/{val,test}/mini00.jpg
mini-v1/BSDS500/data/groundTruth/{val,test}/mini00.mat
mini-v1/annotations/{instances_val2017,lvis_v1_val}.json
mini-v1/annotations/gold_mini_merged_{a,b,c}_release_test.json
mini-v1/{val2017,train2017}/000000000139.jpg
""",
    splits=("test", "val"),
    generated=True,
    note="generated scenes made by sambench; not BSDS500, COCO or LVIS",
)

GENERATOR = 5
"""Raised whenever the scenes or their files change, so that older ones are made anew."""

_SPLITS = {"bsds": ("test", "val"), "coco": ("val2017",), "lvis": ("val",), "concepts": ("test",)}
"""Splits of each kind, its default first."""

_log = logging.getLogger(__name__)


def Mini(  # noqa: N802
    split: str | None = None,
    limit: int | None = None,
    ids: Iterable[str | int] | None = None,
    kind: str = "bsds",
    cache_dir: str | Path | None = None,
) -> Bsds500 | Coco | Lvis | PairDataset:
    """mini: twelve generated scenes with nested parts, thin structures, occlusion and holes; no download.

    Args:
        split: "test" (12 scenes, the default) or "val" (4 others) of kind "bsds"; the other kinds have one split.
        limit: Keep the first so many images.
        ids: Images to keep, as "test/mini00" or "mini00".
        kind: The format and its reader: "bsds", "coco" (objects, crowds), "lvis" (objects and their parts) or
            "concepts" (phrases, as SA-Co/Gold).
        cache_dir: Where generated data is kept; None takes the user's cache folder.

    Returns:
        The reader of the chosen format, over the generated files.

    Raises:
        UsageError: The kind or split is unknown.
        DatasetError: The cache folder cannot be written, or `ids` are unknown.
    """
    if kind not in _SPLITS:
        raise UsageError(f"mini has no kind {kind!r}", mend=f"choose one of {', '.join(_SPLITS)}")
    if split is not None and split not in _SPLITS[kind]:
        raise UsageError(f"mini of kind {kind} has no split {split!r}", mend=f"choose of {', '.join(_SPLITS[kind])}")
    ensure = ensure_test if kind == "bsds" and split != "val" else ensure_mini
    folder = ensure(cache_root() if cache_dir is None else Path(cache_dir))
    if kind == "concepts":
        return _concepts(folder, limit, ids)
    reader = {"bsds": Bsds500, "coco": Coco, "lvis": Lvis}[kind]
    card = replace(CARD, splits=_SPLITS[kind])
    return reader(folder, split=split or _SPLITS[kind][0], limit=limit, ids=ids, card=card)


def _concepts(folder: Path, limit: int | None, ids: Iterable[str | int] | None) -> PairDataset:
    files = [folder / f"annotations/gold_mini_merged_{one}_release_test.json" for one in ANNOTATORS]
    note = "generated scenes made by sambench; not SA-Co"
    card = replace(CARD, splits=_SPLITS["concepts"], note=note)
    part = read_part("", files, card, lambda _: folder)
    return PairDataset([part], root=folder, split="test", card=card, limit=limit, ids=ids, form="mini concepts")


def ensure_mini(cache_dir: Path) -> Path:
    """Return the folder of the generated data, making it (some seconds) where it is missing, damaged or outdated.

    It is made under a temporary name and renamed, so that runs started together never see half of it.

    Raises:
        DatasetError: The folder cannot be written.
    """
    return _ensured(_whole(cache_dir), write.write_all)


def ensure_test(cache_dir: Path) -> Path:
    """Return a folder that holds the test split of kind "bsds": all of the data where it is there, else that alone.

    Raises:
        DatasetError: The folder cannot be written.
    """
    whole = _whole(cache_dir)
    if whole.exists() and _trouble(whole) is None:
        return whole
    return _ensured(whole.with_name(f"{whole.name}-test"), write.write_test)


def _whole(cache_dir: Path) -> Path:
    return Path(cache_dir) / "data" / "mini-v1"


def _ensured(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return a folder after its content was checked, and made where that is needed."""
    trouble = _trouble(folder)
    if trouble is None:
        return folder
    if folder.exists():
        _log.warning("generated data is made anew: %s (%s)", trouble, folder)
    else:
        _log.info("making the generated data once: %s", folder)
    try:
        with work_folder(folder.parent) as work:
            fresh = work / "fresh"
            make(fresh)
            _write_manifest(fresh)
            _replace(folder, fresh, work / "old")
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
        manifest = parse_json((folder / "manifest.json").read_bytes())
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


def _write_manifest(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = {path.relative_to(folder).as_posix(): _sha256(path) for path in files}
    (folder / "manifest.json").write_text(json.dumps({"generator": GENERATOR, "files": sums}, indent=1))


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
