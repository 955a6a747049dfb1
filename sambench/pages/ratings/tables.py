"""Ratings as tables: what a study found, and its rows beside the published ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from sambench.pages.ratings.scoring import StudyScores


def means_table(studies: Sequence[StudyScores]) -> pd.DataFrame:
    """Return a row a study and method: mean, 95 % interval, objects, and the shares of yes to the three questions."""
    return pd.DataFrame(
        [
            {
                "method": method,
                "data": study.data,
                "mean": f"{one.mean:.2f}",
                "CI95": _interval(one.low, one.high),
                "objects": str(one.n),
                **{name: f"{share:.2f}" for name, share in study.questions[method].items()},
            }
            for study in studies
            for method, one in study.means.items()
        ]
    )


def differences_table(studies: Sequence[StudyScores]) -> pd.DataFrame:
    """Return a row a study and pair of methods, as Table 8 of the paper: p of the paired t-test, 99 % interval."""
    return pd.DataFrame(
        [
            {
                "first - second": f"{first} - {second}",
                "data": study.data,
                "difference": f"{one.mean:+.2f}",
                "p": "" if math.isnan(one.p) else f"{one.p:.0e}",
                "CI99": _interval(one.low, one.high),
                "objects": str(one.n),
            }
            for study in studies
            for (first, second), one in study.differences.items()
        ]
    )


def remarks(study: StudyScores) -> list[str]:
    """Return what is to be known beside the figures: progress, rejected raters, agreement."""
    lines = [f"{rater}: {done} of {of} jobs rated" for rater, (done, of) in study.progress.items()]
    lines += [f"{rater} rejected: {why}" for rater, why in study.rejected.items()]
    if math.isnan(study.alpha["interval"]):
        return [*lines, "agreement: not known, as no job has different ratings by two raters (per_job=2 or more)"]
    return [
        *lines,
        f"Krippendorff's alpha: {study.alpha['interval']:.3f} interval, {study.alpha['ordinal']:.3f} ordinal",
    ]


def _interval(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"({low:.2f}, {high:.2f})"
