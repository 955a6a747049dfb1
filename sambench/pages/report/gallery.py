"""The images of a run that a report shows: drawn anew where data and predictions are there, else as stored."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path, PurePosixPath

import numpy as np

from sambench.config.resolve import build
from sambench.engine.task import Task
from sambench.errors import SambenchError
from sambench.files.safe_names import safe_name
from sambench.pages.report.choice import choose, open_again, ranked_samples, stored_predictions
from sambench.pages.report.pictures import Shown, picture_files
from sambench.runs.run import Run
from sambench.types import Row

NAN = float("nan")


def collect(run: Run, count: int, scratch: Path) -> tuple[list[Shown], list[str]]:
    """Choose a run's best, median and worst images and draw them.

    Args:
        run: A finished run.
        count: How many images of each kind; 0 for none.
        scratch: A folder for the pictures.

    Returns:
        The images, and in sentences what could not be shown and why.
    """
    if not count:
        return [], []
    try:
        return _drawn(run, count, scratch), []
    except (SambenchError, OSError) as error:
        why = str(error).splitlines()[0]
        shown = stored_pictures(run)
        instead = f"the {len(shown)} pictures made during the run are shown" if shown else "no picture is shown"
        return shown, [f"{run.folder.name}: its images cannot be drawn again ({why}); {instead}"]


def _drawn(run: Run, count: int, scratch: Path) -> list[Shown]:
    """Draw the images from the stored predictions."""
    task, dataset = open_again(run)
    reader, rows = stored_predictions(run, task, dataset), rows_by_sample(run)
    shown = []
    for group, samples in choose(ranked_samples(run, task), count).items():
        for index, (sample_id, quality) in enumerate(samples):
            folder = scratch / f"{group}{index}"
            sample = dataset.load(sample_id)
            task.illustrate(sample, reader.read(sample), folder)
            files = picture_files(folder.rglob("*.png"), sample_id, task.name)
            if files:
                shown.append(Shown(sample_id, group, quality, image_scores(task, rows[sample_id]), files))
    return shown


def stored_pictures(run: Run) -> list[Shown]:
    """Return the pictures that were made while the run went on, the best first where that is known."""
    rows, pictures = rows_by_sample(run), run.folder / "pictures"
    names = {sample_id: safe_name(sample_id) for sample_id in rows}
    all_names = set(names.values())
    try:
        task: Task | None = build("tasks", "task", run.record.config.task.stored)
    except SambenchError:  # a task from a plugin that is not installed here
        task = None
    shown = []
    for sample_id, own in rows.items():
        name = names[sample_id]
        paths = [path for path in (pictures / name).parent.glob("*.png") if _is_of(path, name, all_names)]
        files = picture_files(paths, sample_id, run.record.task_name)
        if files:
            quality = NAN if task is None else _quality(task, own)
            scores = {} if task is None else image_scores(task, own)
            shown.append(Shown(sample_id, "stored", quality, scores, files))
    return sorted(shown, key=lambda one: (math.isnan(one.quality), -one.quality, one.sample_id))


def _is_of(path: Path, name: str, others: set[str]) -> bool:
    """Tell whether `NAME.png` or `NAME_ending.png` is the sample's and not another's with such a name."""
    stem = PurePosixPath(name).name
    if path.stem == stem:
        return True
    return path.stem.startswith(f"{stem}_") and str(PurePosixPath(name).with_name(path.stem)) not in others


def rows_by_sample(run: Run) -> dict[str, list[Row]]:
    """Return a run's rows image by image."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in run.rows():
        grouped[row["sample_id"]].append(row)
    return dict(grouped)


def image_scores(task: Task, rows: list[Row]) -> dict[str, float]:
    """Return a run's metrics as if the image were its only one, without those that have no value there."""
    one = np.ones((1, 1), np.int64)
    try:
        values = task.replicates(rows, [rows[0]["sample_id"]], one)
    except SambenchError:  # the task has no metrics of resamples
        return {}
    return {name: float(value[0]) for name, value in values.items() if math.isfinite(value[0])}


def _quality(task: Task, rows: list[Row]) -> float:
    try:
        return task.image_quality(rows)
    except SambenchError:  # the task does not rank images
        return NAN
