"""What clicked masks are compared with: the objects, less the pixels of the image that count neither way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.errors import DatasetError
from sambench.masks.overlap import boundary_ious, mask_ious
from sambench.masks.resampled import resampled
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.windows import chosen_runs, difference_runs, empty_runs, runs_of_rles
from sambench.types import Annotation, Sample


def truth_runs(
    objects: Sequence[Annotation], sample: Sample, through_frame: bool = False
) -> tuple[RunLengths, RunLengths | None]:
    """Return N objects of a sample, and of each the pixels that are ignored; None where no object has any.

    Args:
        objects: The N annotations.
        sample: Their sample.
        through_frame: Whether objects are taken to the model's frame and back (`sambench.masks.resampled`).

    Raises:
        DatasetError: Pixels of an object are ignored, so that it could never be met.
    """
    codes = [one.rle for one in objects]
    truth = runs_of_rles(resampled(codes, sample.size) if through_frame else codes, sample.size)
    if all(one.ignore is None for one in objects):
        return truth, None
    nothing = empty_runs(1, sample.size)
    ignored = RunLengths.joined(
        [nothing if one.ignore is None else runs_of_rles([one.ignore], sample.size) for one in objects]
    )
    own = runs_of_rles(codes, sample.size)
    if len(met := difference_runs(own, ignored).counts) != len(own.counts) or (met != own.counts).any():
        raise DatasetError(
            "pixels of an object are said to be ignored", where=sample.id, mend="leave them out of the one or the other"
        )
    return (difference_runs(truth, ignored) if through_frame else truth), ignored


def overlaps(
    masks: RunLengths, truth: RunLengths, ignored: RunLengths | None, boundary_ratio: float | None
) -> tuple[np.ndarray, list[float | None]]:
    """Measure N masks against their objects over the pixels that count.

    Args:
        masks, truth: N masks and objects of one size of image.
        ignored: Of each object the pixels that count neither way, or None.
        boundary_ratio: As for `boundary_ious`; None leaves boundaries out.

    Returns:
        (N,) float64 IoU, and N boundary IoUs or Nones.
    """
    counted = difference_runs(masks, ignored)
    ious = mask_ious(counted, truth)
    if boundary_ratio is None:
        return ious, [None] * len(ious)
    boundaries: list[float | None] = boundary_ious(counted, truth, boundary_ratio).tolist()
    return ious, boundaries


def best_ious(candidates: RunLengths, truth: RunLengths, ignored: RunLengths | None) -> list[float | None]:
    """Return the best IoU of M candidates for each of N objects, which follow each other object by object."""
    several = np.repeat(np.arange(len(truth.lengths)), len(candidates.lengths) // len(truth.lengths))
    own = None if ignored is None else chosen_runs(ignored, several)
    ious = mask_ious(difference_runs(candidates, own), chosen_runs(truth, several))
    best: list[float | None] = ious.reshape(len(truth.lengths), -1).max(axis=1).tolist()
    return best
