"""From stored ratings to means, paired differences, agreement and rejected raters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from sambench.errors import SambenchError
from sambench.files.json_files import read_json_file
from sambench.metrics.ratings.differences import RatingDifference, RatingMean, rating_difference, rating_mean
from sambench.metrics.ratings.krippendorff import krippendorff_alpha
from sambench.pages.ratings.store import QUESTIONS, Rating, RatingStore, checked_rating
from sambench.pages.ratings.study import CHECK, DATABASE, Study

Answers = dict[str, dict[str, Rating]]
"""Rater -> job -> the last answer."""


@dataclass(frozen=True)
class StudyScores:
    """What a study found.

    Attributes:
        data: Title of the data set.
        means: Method -> its mean over objects, each the mean of its accepted raters.
        questions: Method -> question -> share of yes.
        differences: (first, second) -> first - second over the objects that both were rated on.
        alpha: "interval" and "ordinal" -> Krippendorff's alpha of the accepted raters, NaN without shared jobs.
        rejected: Rater -> why.
        progress: Rater -> (rated, of).
    """

    data: str
    means: dict[str, RatingMean]
    questions: dict[str, dict[str, float]]
    differences: dict[tuple[str, str], RatingDifference]
    alpha: dict[str, float]
    rejected: dict[str, str]
    progress: dict[str, tuple[int, int]]

    def as_json(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        fields = {**vars(self), "means": {name: asdict(one) for name, one in self.means.items()}}
        pairs = [{"first": a, "second": b, **asdict(one)} for (a, b), one in self.differences.items()]
        return {**fields, "differences": pairs}


def read_answers(study: Study, saved: Sequence[Path] = ()) -> Answers:
    """Read the study's database and files saved by bundled pages; a job in both counts as the database has it.

    Raises:
        SambenchError: A file is of another study, or holds what is no rating or no job of its rater.
    """
    answers: Answers = {rater: {} for rater in study.orders}
    for path in saved:
        rater, ratings = _saved(study, path)
        answers[rater] |= ratings
    if (study.folder / DATABASE).exists():
        store = RatingStore(study.folder / DATABASE)
        for rater in answers:
            answers[rater] |= store.of(rater)
    return answers


def _saved(study: Study, path: Path) -> tuple[str, dict[str, Rating]]:
    try:
        content = read_json_file(path)
        if content["study"] != study.name:
            raise SambenchError("the ratings are of another study", where=path, mend=f"give files of {study.name}")
        rater, allowed = content["rater"], set(study.orders[content["rater"]])
        ratings = [checked_rating(one) for one in content["ratings"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SambenchError(
            f"no saved ratings can be read: {error!r}", where=path, mend="save them again from the rating page"
        ) from error
    if strangers := [one.job for one in ratings if one.job not in allowed]:
        raise SambenchError(
            f"{len(strangers)} ratings answer no job of {rater}", where=path, mend="give the file of this study"
        )
    return rater, {one.job: one for one in ratings}


def rejections(study: Study, answers: Answers) -> dict[str, str]:
    """Return the raters who failed more than the planned share of the checks they answered, with the reason."""
    rejected = {}
    for rater, own in answers.items():
        checks = [(study.key[job], one) for job, one in own.items() if study.key[job].method == CHECK]
        failed = sum(not job.low <= one.rating <= job.high for job, one in checks)
        if checks and failed / len(checks) > study.max_failed:
            rejected[rater] = (
                f"failed {failed} of {len(checks)} attention checks, more than {study.max_failed:.0%} are too many"
            )
    return rejected


def score_study(study: Study, answers: Answers, seed: int = 0) -> StudyScores:
    """Score the raters that passed the attention checks.

    Raises:
        SambenchError: Nothing is left to score.
    """
    rejected = rejections(study, answers)
    kept = {rater: own for rater, own in answers.items() if rater not in rejected}
    by_item: dict[str, dict[tuple[str, str], list[Rating]]] = {method: {} for method in study.methods}
    for own in kept.values():
        for name, one in own.items():
            job = study.key[name]
            if job.method != CHECK:
                by_item[job.method].setdefault((job.sample, job.item), []).append(one)
    means = {
        method: {item: float(np.mean([one.rating for one in ratings])) for item, ratings in sorted(items.items())}
        for method, items in by_item.items()
        if items
    }
    if not means:
        raise SambenchError(
            "no accepted rating is there to score" + "".join(f"; {who} {why}" for who, why in rejected.items()),
            where=study.folder,
            mend="collect ratings with `sambench rate serve`",
        )
    return StudyScores(
        data=study.data,
        means={method: rating_mean(np.array(list(items.values()))) for method, items in means.items()},
        questions={method: _shares(by_item[method]) for method in means},
        differences=_differences(means, seed),
        alpha=_agreement(study, kept),
        rejected=rejected,
        progress={rater: (len(own), len(study.orders[rater])) for rater, own in answers.items()},
    )


def _shares(items: Mapping[tuple[str, str], list[Rating]]) -> dict[str, float]:
    """Return the share of yes to each question."""
    ratings = [one for ratings in items.values() for one in ratings]
    return {name: float(np.mean([getattr(one, name) for one in ratings])) for name in QUESTIONS}


def _differences(
    means: Mapping[str, Mapping[tuple[str, str], float]], seed: int
) -> dict[tuple[str, str], RatingDifference]:
    """Compare every two methods on the objects that both were rated on."""
    differences = {}
    for first, second in combinations(means, 2):
        shared = sorted(means[first].keys() & means[second].keys())
        if shared:
            one, other = (np.array([means[method][item] for item in shared]) for method in (first, second))
            differences[first, second] = rating_difference(one, other, seed)
    return differences


def _agreement(study: Study, kept: Answers) -> dict[str, float]:
    jobs = sorted({job for own in kept.values() for job in own if study.key[job].method != CHECK})
    table = np.full((len(kept), len(jobs)), np.nan)
    for row, own in enumerate(kept.values()):
        for column, job in enumerate(jobs):
            if job in own:
                table[row, column] = own[job].rating
    return {"interval": krippendorff_alpha(table, "interval"), "ordinal": krippendorff_alpha(table, "ordinal")}
