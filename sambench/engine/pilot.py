"""A small real run whose stages are timed, and what it says of the whole data set."""

from __future__ import annotations

import json
import tempfile
import time
import tracemalloc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sambench.config.resolve import build
from sambench.config.run_config import changed, read_config
from sambench.engine.building import open_dataset
from sambench.engine.launch import launch
from sambench.engine.scaling import DEVICE_STAGES, Costs, Projection, simulate
from sambench.engine.task import Task
from sambench.errors import UsageError
from sambench.runs.journal import Journal
from sambench.runs.run import Run

WARM_UP = 2
"""Images run before the pilot and not counted: they compile, load libraries and fill file caches."""

PILOT = 20
"""Images that are timed where nothing else is asked."""

CHUNK = 4
"""Images of one timed part of the pilot: the stages are added up over a part, so parts are what is resampled."""


@dataclass(frozen=True)
class Pilot:
    """What a small run measured.

    Attributes:
        images: Images that were timed.
        total: Images of the whole data set.
        sizes: (P,) int64, images of each timed part.
        stages: Stage -> (P,) float64 seconds an image, one value a timed part; with "driver".
        cache_bytes: Embedding cache, bytes an image.
        output_bytes: Predictions and rows in the run folder, bytes an image.
        row_bytes: Rows held in memory when the run is summarised, bytes an image.
        start_seconds: What the first images took beyond what later ones take: importing, opening data and model,
            compiling; once a process.
        label: Task, data and model.
    """

    images: int
    total: int
    sizes: np.ndarray
    stages: Mapping[str, np.ndarray]
    cache_bytes: float
    output_bytes: float
    row_bytes: float
    start_seconds: float
    label: str

    def seconds(self, stages: Sequence[str], parts: np.ndarray | None = None) -> float:
        """Return mean seconds an image of some stages together, over all timed parts or over the given ones (P',)."""
        chosen = np.arange(len(self.sizes)) if parts is None else parts
        weights = self.sizes[chosen]
        return float(sum((self.stages[name][chosen] * weights).sum() / weights.sum() for name in stages))


def run_pilot(config: Mapping[str, Any], limit: int, given: bool = True) -> Pilot:
    """Run a task on the first images of its data in a temporary folder, with an embedding cache that starts empty.

    Args:
        config: A resolved configuration; its run folder, cache folder, limit and shard are not used.
        limit: Images to time.
        given: Whether the user named that number, for messages.

    Raises:
        UsageError: The data has fewer images than are to be timed, or the limit is below 2.
        SambenchError: As in a real run.
    """
    whole = read_config(_with_limit(config, None))
    task: Task = build("tasks", "task", whole.task, own_words=True)
    total = len(open_dataset(whole.data, task, own_words=True))
    limit = min(PILOT, total) if limit is None else limit
    if not 2 <= limit <= total:
        what = f"limit is {limit}" if given else f"{limit} samples are timed where limit= is left out"
        mend = f"add limit={total}, or a number from 2 on" if total >= 2 else "name data of more samples"
        raise UsageError(f"{what}, the data has {total} samples", where="limit", mend=mend)
    count = max(2, limit // CHUNK)
    with tempfile.TemporaryDirectory(prefix="sambench-plan-") as work:
        base = Path(work)
        begun = time.perf_counter()
        _part(_with_limit(config, WARM_UP), base / "warm", None)
        first = time.perf_counter() - begun
        runs = [
            _part(_with_limit(config, limit), base / f"part{index}", f"{index}/{count}")
            for index in range(1, count + 1)
        ]
        later = sum(run.record.timings["wall"].seconds for run in runs) / limit
        return _measured(runs, total, base, max(0.0, first - WARM_UP * later))


def project(pilot: Pilot, devices: int, scorers: int, parts: np.ndarray | None = None) -> Projection:
    """Simulate the whole data set on some devices, every image at the mean cost of the given timed parts (P',)."""
    device = [name for name in DEVICE_STAGES if name in pilot.stages]
    seconds = {name: pilot.seconds(stages, parts) for name, stages in _roles(pilot, device).items()}
    return simulate(Costs.constant(pilot.total, **seconds), devices, scorers)


def wall_interval(
    pilot: Pilot, devices: int, scorers: int, seed: int = 0, replicates: int = 200
) -> tuple[float, float]:
    """Return the 95 % percentile interval of the wall seconds, resampling the pilot's timed parts."""
    rng = np.random.default_rng(seed)
    count = len(pilot.sizes)
    walls = [project(pilot, devices, scorers, rng.integers(0, count, count)).wall for _ in range(replicates)]
    low, high = np.percentile(walls, [2.5, 97.5])
    return float(low), float(high)


def _roles(pilot: Pilot, device: Sequence[str]) -> dict[str, list[str]]:
    roles = {"read": ["read"], "device": list(device), "score": ["score"], "driver": ["driver"]}
    return {role: [name for name in stages if name in pilot.stages] for role, stages in roles.items()}


def _with_limit(config: Mapping[str, Any], limit: int | None) -> dict[str, Any]:
    return changed(config, {"limit": limit, "data": {"limit": limit}})


def _part(config: dict[str, Any], folder: Path, shard: str | None) -> Run:
    """Run one part alone in this process, so that no stage waits for another process."""
    settings = {"shard": shard, "workers": 0, "illustrate": 0, "progress": "off", "devices": None}
    folders = {"cache": {"enabled": True, "dir": str(folder / "cache")}, "run": {"dir": str(folder / "run")}}
    return launch(changed({**config, "executor": {"name": "local"}}, settings | folders)).run


def _measured(runs: Sequence[Run], total: int, base: Path, start_seconds: float) -> Pilot:
    sizes = np.array([run.record.data.samples for run in runs])
    names = [name for name in runs[0].record.timings if name != "wall"]
    stages = {name: np.array([run.record.seconds(name) for run in runs]) / sizes for name in names}
    stages["driver"] = np.array([_driver_seconds(run, base) for run in runs]) / sizes
    images = int(sizes.sum())
    first = runs[0].record
    return Pilot(
        images=images,
        total=total,
        sizes=sizes,
        stages=stages,
        cache_bytes=sum(_folder_bytes(run.folder.parent / "cache") for run in runs) / images,
        output_bytes=sum(_folder_bytes(run.predictions) + _rows_bytes(run) for run in runs) / images,
        row_bytes=sum(_memory_bytes(run) for run in runs) / images,
        start_seconds=start_seconds,
        label=f"{first.task_name} {first.data.card.name} {first.model.name}",
    )


def _driver_seconds(run: Run, base: Path) -> float:
    """Time what the driver does with the rows of a part: write each sample's to the journal."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in run.rows():
        rows.setdefault(row["sample_id"], []).append(row)
    journal = Journal(base / "driver.jsonl")
    begun = time.perf_counter()
    for name, some in rows.items():
        journal.append(name, some)
    journal.close()
    return time.perf_counter() - begun


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _rows_bytes(run: Run) -> int:
    return (run.folder / "rows.parquet").stat().st_size


def _memory_bytes(run: Run) -> int:
    """Measure what a part's rows take in memory, as the driver holds them when it reads its journal back."""
    text = json.dumps(run.rows())
    tracemalloc.start()
    try:
        rows = json.loads(text)
        size = tracemalloc.get_traced_memory()[0]
        del rows
        return size
    finally:
        tracemalloc.stop()
