"""Partial runs made by hand on several machines, put together into the run that one machine would have made."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sambench.config.run_config import changed
from sambench.datasets.images.orientation import orientation_record
from sambench.datasets.reading import truth_record
from sambench.engine.launch import run_folder
from sambench.engine.merging.parts import (
    Gathered,
    WholeRun,
    check_settings_alike,
    find_whole,
    gather,
    part_record,
    refuse,
)
from sambench.engine.stages import STAGES
from sambench.errors import RunError, UsageError, listing
from sambench.files.atomic import files_below, hidden
from sambench.files.safe_names import inside
from sambench.files.storage.locations import Location, is_remote
from sambench.runs.open import open_store
from sambench.runs.run import Run
from sambench.runs.seals import keys_sha256

PICTURES = "pictures"


@dataclass
class Merged:
    """The merged run, samples that several parts held with the same rows, and how many are in no part."""

    run: Run
    twice: list[str]
    missing: int


def merge(parts: Sequence[Run], out: Location | None = None, root: str | None = None, allow_missing: int = 0) -> Merged:
    """Merge finished partial runs; the order they are given in changes nothing but the order they are recorded in.

    The data must be there: its annotations say which samples there are and in which order. Rows are those of the parts,
    metrics and intervals are computed again from them, and the identity is the one of a run that was never cut.

    Args:
        parts: The partial runs.
        out: The merged run's folder; None takes the one `sambench run` would choose for the whole.
        root: Where the data lies on this machine; None takes the parts' own `data.root`.
        allow_missing: How many samples are expected to be in no part.

    Raises:
        RunError: The parts do not make one run: unfinished, other settings, model, data or version, different rows for
            one sample, or samples in no part. Every difference is listed.
        UsageError: No parts were given.
    """
    if not parts:
        raise UsageError("no runs were given", where="sambench merge", mend="sambench merge RUN RUN ... [out=FOLDER]")
    check_settings_alike(parts)
    whole = find_whole(parts, root)
    gathered = gather(parts, whole, allow_missing)
    _check_predictions(parts)
    keys = [key for key in whole.keys if key in gathered.rows]
    record = _record(parts, whole, keys, gathered)
    identity = record.pop("identity")
    folder = run_folder(None, parts[0].record.config.run.results, identity) if out is None else out
    if any(_same_location(folder, run) for run in parts):
        raise UsageError("the merged run would replace one of its parts", where=folder, mend="choose another out=")
    return Merged(_write(folder, identity, record, parts, whole, keys, gathered), gathered.twice, allow_missing)


def _same_location(location: Location, run: Run) -> bool:
    if is_remote(location) or run.url is not None:
        return str(location).rstrip("/") == str(run.url).rstrip("/")
    return Path(location).resolve() == run.folder.resolve()


def _write(
    folder: Location,
    identity: dict[str, Any],
    record: dict[str, Any],
    parts: Sequence[Run],
    whole: WholeRun,
    keys: list[str],
    gathered: Gathered,
) -> Run:
    store = open_store(folder, identity)
    try:
        if store.run.finished or store.done:
            state = "finished" if store.run.finished else "unfinished"
            raise RunError(
                f"the folder already holds this run, {state}", where=folder, mend="choose another with out=FOLDER"
            )
        rows = [row for key in keys for row in gathered.rows[key]]
        metrics = whole.task.supported(rows, seed=parts[0].record.config.seed)
        store.start(record)
        for run in parts:
            _gather_files(run.predictions, store.run.folder, store.run.predictions.name)
            _gather_files(run.folder / PICTURES, store.run.folder, PICTURES)
        counts = {"samples": len(keys), "rows": len(rows), "scored_now": 0}
        return store.finish(rows, metrics, {"timings": _timings(parts, len(keys)), "counts": counts})
    finally:
        store.close()


def _record(parts: Sequence[Run], whole: WholeRun, keys: list[str], gathered: Gathered) -> dict[str, Any]:
    """Return the merged run's record with its identity."""
    first = parts[0].record.stored
    data = {
        **first["identity"]["data"],
        "fingerprint": whole.dataset.fingerprint,
        "samples": len(keys),
        "keys_sha256": keys_sha256(keys),
    }
    undone = {"shard": None, "limit": whole.settings.get("limit"), "run": {"dir": None}}
    return {
        "identity": {**first["identity"], "data": data},
        "config": {**changed(parts[0].record.config.stored, undone), "data": whole.settings},
        **{key: first[key] for key in ("switches", "model", "code", "environment")},
        "data": {
            **data,
            "root": whole.dataset.root,
            "card": asdict(whole.dataset.card),
            **_orientations(parts, whole, keys, gathered.twice),
            **truth_record(whole.dataset, keys),
        },
        "shard": None,
        "cache": _added([run.record.stored.get("cache") for run in parts]),
        **({"nan": nan} if (nan := _added([run.record.nan for run in parts])) else {}),
        "merged": {
            "parts": [part_record(run) for run in parts],
            "in_several_parts": len(gathered.twice),
            "in_no_part": len(whole.keys) - len(keys),
        },
    }


def _orientations(parts: Sequence[Run], whole: WholeRun, keys: list[str], twice: Sequence[str]) -> dict[str, Any]:
    """Add up how many images were not read as they are stored; where parts share images, the files are asked."""
    orientations = [run.record.data.orientations for run in parts]
    if any(counts is None for counts in orientations):
        return {}
    if twice:
        return orientation_record(whole.dataset, keys)
    readings = _added([run.record.data.readings for run in parts])
    return {"orientations": _added(orientations), **({"readings": readings} if readings else {})}


def _added(counts: Sequence[Mapping[str, Any] | None]) -> dict[str, int] | None:
    """Add counts up; what is no count, as what embeddings were made with, stands in each part's own record."""
    known = [count for count in counts if count]
    names = [key for key, value in known[0].items() if type(value) is int] if known else []
    return {key: sum(count.get(key, 0) for count in known) for key in names} if known else None


def _timings(parts: Sequence[Run], images: int) -> dict[str, dict[str, float]]:
    """Add the stages' seconds up over the parts; `wall` is the sum of the machines' time, not the time waited for."""
    records = [run.record for run in parts]
    names = [name for name in (*STAGES, "wall") if any(name in record.timings for record in records)]
    seconds = {name: sum(record.seconds(name) for record in records) for name in names}
    total = sum(value for name, value in seconds.items() if name != "wall") or 1.0
    return {
        name: {
            "seconds": round(value, 4),
            "share": 1.0 if name == "wall" else round(value / total, 4),
            "per_image": round(value / max(images, 1), 5),
        }
        for name, value in seconds.items()
    }


def _check_predictions(parts: Sequence[Run]) -> None:
    """Refuse parts that hold different predictions under one name."""
    seen: dict[Path, Path] = {}
    faults = []
    for run in parts:
        run.check_predictions()
        for path in _files(run.predictions):
            name = path.relative_to(run.predictions)
            if name in seen and not filecmp.cmp(seen[name], path, shallow=False):
                faults.append(f"predictions/{name} differs between {seen[name]} and {path}")
            seen.setdefault(name, path)
    refuse(faults)


def _gather_files(source: Path, folder: Path, name: str) -> None:
    """Link or copy every file of a part to `folder`/`name` that is not there yet.

    A finished run is never written to, so hard links are safe.
    """
    for path in _files(source):
        there = inside(folder, f"{name}/{path.relative_to(source).as_posix()}")
        if there.exists():
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, there)
        except OSError:  # another file system, or one without hard links
            shutil.copy2(path, there)


def _files(folder: Path) -> list[Path]:
    """Return all files below a folder.

    Raises:
        RunError: There is a symbolic link, which may lead anywhere.
    """
    if links := [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_symlink()]:
        raise RunError(
            f"the part holds symbolic links: {listing(links)}",
            where=folder,
            mend="put the files themselves in their place",
        )
    return [path for path in files_below(folder) if not hidden(path)]
