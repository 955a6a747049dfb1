"""Plan a rating study from runs of task points: choose masks, deal them out blind, draw their views."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sambench.datasets.base import Dataset
from sambench.errors import UsageError
from sambench.files.atomic import write_bytes
from sambench.masks import rle
from sambench.pages.ratings.orders import assigned, shuffled
from sambench.pages.ratings.study import CHECK, STUDY, TRUTH, Job, Study, write_study
from sambench.pages.ratings.views import five_views
from sambench.pages.report.choice import open_again, stored_predictions
from sambench.predictions.reader import PredictionReader
from sambench.runs.run import Run

FAILING, PASSING = 4, 7
"""A check with another place's mask passes at most at 4 ("huge errors"), one with the true mask at least at 7."""


@dataclass(frozen=True)
class PlanSettings:
    """What a study is planned by.

    Attributes:
        masks: Objects that are rated; fewer where there are fewer.
        raters: How many people rate.
        per_job: How many of them rate each job (paper: 1, in its pilot 5).
        min_side: Objects with fewer than min_side^2 pixels are left out (paper: 24).
        max_side: Longer side of the images shown (paper: 2000).
        checks: Attention checks of each rater, as a share of the rater's jobs.
        max_failed: Share of failed checks above which `rate score` rejects a rater.
        seed: Of all choices; the raters' tokens are not drawn from it.
    """

    masks: int
    raters: int
    per_job: int
    min_side: int
    max_side: int
    checks: float
    max_failed: float
    seed: int


@dataclass(frozen=True)
class _Source:
    """A run whose masks are rated: what it is called, and where its masks come from."""

    label: str
    reader: PredictionReader


def plan_study(runs: Sequence[Run], settings: PlanSettings, out: Path) -> Study:
    """Choose, deal and draw; the same runs and seed give the same jobs, orders and pictures.

    Raises:
        UsageError: A run is not of task points, runs are of different data or prompts, nothing is large enough, the
            folder holds a study, or more raters a job are asked for than there are.
    """
    _check(runs, settings, out)
    opened = [open_again(run) for run in runs]
    dataset = opened[0][1]
    sources = [
        _Source(label, stored_predictions(run, task, data))
        for label, run, (task, data) in zip(_labels(runs), runs, opened, strict=True)
    ]
    shared = set.intersection(*(run.sample_ids() for run in runs))
    samples = [key for key in dataset.keys if key in shared]
    generator = np.random.default_rng(settings.seed)
    pool = _pool(samples, dataset, sources, settings.min_side)
    order = [pool[index] for index in generator.permutation(len(pool))]
    items = order[: settings.masks]
    methods = [*(one.label for one in sources), TRUTH]
    dealt = assigned(len(items), len(methods), settings.raters, settings.per_job)
    count = max(2, round(settings.checks * max(map(len, dealt)))) if settings.checks else 0
    spare = order[settings.masks :] or items
    jobs = [Job(method, *item) for item in items for method in methods]
    jobs += [_check_job(spare[index % len(spare)], index) for index in range(count)]
    names = [generator.bytes(12).hex() for _ in jobs]
    key = dict(zip(names, jobs, strict=True))
    images = {name: job.sample for name, job in key.items()}
    known = names[len(items) * len(methods) :]
    orders = {
        f"rater{number + 1}": shuffled([names[i * len(methods) + m] for i, m in own] + known, images, generator)
        for number, own in enumerate(dealt)
    }
    _draw(key, dataset, sources, settings.max_side, out)
    study = Study(
        folder=out,
        name=hashlib.sha256("".join(names).encode()).hexdigest()[:16],
        data=dataset.card.title,
        methods=methods,
        orders=orders,
        tokens={rater: secrets.token_urlsafe(24) for rater in orders},
        key={name: key[name] for name in sorted(key)},
        max_failed=settings.max_failed,
    )
    write_study(study)
    return study


def _check(runs: Sequence[Run], settings: PlanSettings, out: Path) -> None:
    for run in runs:
        if run.record.task_name != "points":
            raise UsageError(
                f"masks of task points are rated, this run is of task {run.record.task_name}",
                where=run.location,
                mend="name runs of `sambench run task=points`",
            )
    if len({run.record.data.fingerprint for run in runs}) > 1:
        raise UsageError("the runs are of different data", where="runs", mend="name runs of the same data and split")
    if settings.per_job > settings.raters:
        raise UsageError(
            f"{settings.per_job} raters a job are more than the {settings.raters} raters there are",
            where="per_job",
            mend=f"use raters={settings.per_job} or more",
        )
    if (out / STUDY).exists():
        raise UsageError("the folder holds a rating study", where=out, mend="choose another out=FOLDER")


def _labels(runs: Sequence[Run]) -> list[str]:
    """Return the models' names; the folder's name is added where two are the same."""
    names = [run.record.model.name for run in runs]
    return [
        name if names.count(name) == 1 else f"{name} ({run.folder.name})" for name, run in zip(names, runs, strict=True)
    ]


def _pool(samples: Sequence[str], dataset: Dataset, sources: Sequence[_Source], min_side: int) -> list[tuple[str, str]]:
    """Return (sample, object) of all objects that are large enough and that every run was prompted for alike."""
    pool = []
    for key in samples:
        sample = dataset.load(key)
        answers = [one.reader.read(sample) for one in sources]
        own = {str(one.id): one for one in sample.target.annotations}
        for name in answers[0].objects:
            if any(name not in answer.objects for answer in answers):
                continue
            if rle.areas([own[name].rle])[0] < min_side**2:
                continue
            if any(answer.clicked.counts[0] != 1 for answer in answers):
                raise UsageError(
                    "a run has no masks of one click", where="runs", mend="name runs whose task.clicks begins with 1"
                )
            points = {tuple(answer.clicked.points_xy[answer.objects.index(name), 0].tolist()) for answer in answers}
            if len(points) > 1:
                raise UsageError(
                    f"object {name} of {key} was clicked at different points",
                    where="runs",
                    mend="name runs with the same first click (task.first_point, seed)",
                )
            pool.append((key, name))
    if not pool:
        raise UsageError(
            f"no object has {min_side}^2 pixels or more", where="runs", mend="lower min_side=, or choose other runs"
        )
    return pool


def _check_job(item: tuple[str, str], index: int) -> Job:
    """Return a check, every other one with a mask that is plainly wrong."""
    return Job(CHECK, *item, low=1, high=FAILING) if index % 2 == 0 else Job(CHECK, *item, low=PASSING, high=10)


def _draw(key: dict[str, Job], dataset: Dataset, sources: Sequence[_Source], longest: int, out: Path) -> None:
    """Draw all jobs, image by image."""
    readers = {one.label: one.reader for one in sources}
    by_sample: dict[str, list[tuple[str, Job]]] = {}
    for name, job in key.items():
        by_sample.setdefault(job.sample, []).append((name, job))
    for sample_id, jobs in by_sample.items():
        sample = dataset.load(sample_id)
        answers = {label: reader.read(sample) for label, reader in readers.items()}
        own = {str(one.id): one.rle for one in sample.target.annotations}
        anyone = next(iter(answers.values()))
        for name, job in jobs:
            index = anyone.objects.index(job.item)
            x, y = anyone.clicked.points_xy[index, 0].tolist()
            code = own[job.item]
            if job.method in answers:
                answer = answers[job.method]
                code = answer.clicked.masks[0].compressed(np.array([answer.objects.index(job.item)]))[0]
            mask = rle.decode_masks([code], sample.size)[0]
            if job.method == CHECK and job.high == FAILING:
                mask = _elsewhere(mask)
            for view, content in enumerate(five_views(sample.image, mask, (x, y), longest), 1):
                write_bytes(out / "images" / f"{name}-{view}.webp", content)


def _elsewhere(mask: np.ndarray) -> np.ndarray:
    """Move a mask half the image away both ways, around the edges, and off whatever it still covers."""
    height, width = mask.shape
    return np.roll(mask, (height // 2, width // 2), axis=(0, 1)) & ~mask
