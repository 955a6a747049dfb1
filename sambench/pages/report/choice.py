"""A run's best, median and worst images, drawn from its stored predictions."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

from sambench.config.resolve import build
from sambench.datasets.base import Dataset
from sambench.engine.building import open_dataset
from sambench.engine.sources import open_reader
from sambench.engine.task import Task
from sambench.errors import RunError, listing
from sambench.files.safe_names import inside
from sambench.files.storage.copies import local
from sambench.predictions.reader import PredictionReader
from sambench.runs.run import Run
from sambench.types import Row


def ranked_samples(run: Run, task: Task) -> list[tuple[str, float]]:
    """Return (sample id, quality) of all images whose quality is defined, the best first."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in run.rows():
        grouped[row["sample_id"]].append(row)
    qualities = [(sample_id, task.image_quality(rows)) for sample_id, rows in grouped.items()]
    return sorted(((s, q) for s, q in qualities if not math.isnan(q)), key=lambda item: (-item[1], item[0]))


def choose(ranked: list[tuple[str, float]], count: int) -> dict[str, list[tuple[str, float]]]:
    """Take `count` images each from the top, the middle and the bottom of a ranking, none twice."""
    best = ranked[:count]
    rest = ranked[count:]
    worst = rest[max(len(rest) - count, 0) :][::-1]
    between = rest[: max(len(rest) - count, 0)]
    middle = max((len(between) - count) // 2, 0)
    return {"best": best, "median": between[middle : middle + count], "worst": worst}


def open_again(run: Run) -> tuple[Task, Dataset]:
    """Open the task and the data of a finished run.

    Raises:
        RunError: The run is not finished, or its rows are of images that the data do not hold.
    """
    if not run.finished:
        raise RunError("the run is not finished", where=run.folder, mend="give the command that started it again")
    config = run.record.config
    task: Task = build("tasks", "task", config.task.stored)
    dataset = open_dataset(config.data.stored, task)
    foreign = sorted(run.sample_ids() - set(dataset.all_keys))
    if foreign:
        raise RunError(
            f"the run's rows are of images that {dataset.card.title} does not hold: {listing(foreign)}",
            where=run.folder,
            mend="bring back the data that was scored, or score the run again",
        )
    return task.for_dataset(dataset), dataset


def predictions_path(run: Run) -> Path:
    """Return where a run's predictions are: in its folder, or where it found them.

    Raises:
        RunError: There are none.
    """
    given = run.record.config.predictions.path
    folder = local(given) if given else run.predictions
    if not folder.exists():
        what = "the predictions that the run scored are not there any more" if given else "the run kept no predictions"
        mend = "bring them back" if given else "run it again with run.overwrite=true"
        raise RunError(what, where=folder, mend=mend)
    return folder


def stored_predictions(run: Run, task: Task, dataset: Dataset) -> PredictionReader:
    """Open a run's predictions, in its folder or where it found them.

    Raises:
        RunError: It kept none, or they are not those that it scored.
    """
    given, stored = run.record.config.predictions.path, predictions_path(run)
    if not given:
        run.check_predictions()
    recorded = run.record.config.predictions
    switches = {"nms": run.record.identity.nms, "names": recorded.names if given else None}
    reader = open_reader(task, stored, dataset, switches)
    if given and reader.fingerprint() != run.record.model.fingerprint:
        raise RunError(
            "the predictions are not those that the run scored: their SHA-256 is another",
            where=stored,
            mend="bring them back as they were, or score them again with run.overwrite=true",
        )
    return reader


def draw_gallery(run: Run, task: Task, dataset: Dataset, count: int, out: Path) -> dict[str, list[tuple[str, float]]]:
    """Draw the chosen images below `out`/best, median and worst.

    Returns:
        What was drawn: group -> (sample id, quality).

    Raises:
        RunError: The run kept no predictions.
    """
    reader = stored_predictions(run, task, dataset)
    chosen = choose(ranked_samples(run, task), count)
    for group, samples in chosen.items():
        folder = inside(out, group)
        for sample_id, _ in samples:
            sample = dataset.load(sample_id)
            task.illustrate(sample, reader.read(sample), folder)
    return chosen
