"""What `sambench parity` and `sambench export` print: a table of errors, each against its limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sambench.engine.parity import KindErrors, ParityErrors

BEYOND = "beyond"
"""Verdict of a row whose worst value is beyond its limit."""


@dataclass(frozen=True)
class Limits:
    """What is let pass; None judges nothing.

    Attributes:
        embedding, logits: Largest difference, as a fraction of the reference's largest magnitude.
        scores: Largest difference of a predicted IoU.
        flipped: Largest share of an image's pixels that change sides, those left out whose logit is within 1e-3 of 0.
        mask_iou: Lowest mean IoU of the two models' masks, for each kind of prompt.
        same_set: Lowest share of the reference's generated masks that the other generates too.
    """

    embedding: float | None = 1e-4
    logits: float | None = 1e-4
    scores: float | None = 1e-4
    flipped: float | None = 0.0
    mask_iou: float | None = None
    same_set: float | None = None


FREE = Limits(None, None, None, None, None, None)
"""Nothing is judged."""


@dataclass(frozen=True)
class ErrorRow:
    """One line of the table.

    Attributes:
        measured: What.
        of: Over how many of what.
        mean: Mean value.
        worst: Worst value.
        limit: The limit, or None.
        judged: The value that is held against the limit.
        at_least: Whether the limit is a lower one.
    """

    measured: str
    of: str
    mean: float
    worst: float
    limit: float | None = None
    judged: float = 0.0
    at_least: bool = False

    @property
    def beyond(self) -> bool:
        """Whether the limit does not hold; a value that is no number never holds."""
        if self.limit is None:
            return False
        return not (self.judged >= self.limit if self.at_least else self.judged <= self.limit)


def error_rows(errors: ParityErrors, limits: Limits) -> list[ErrorRow]:
    """Return every line of the table."""
    rows = []
    for name, values in errors.features.items():
        largest, rms = [one.relative for one in values], [one.rms for one in values]
        images = f"{len(values)} images"
        rows.append(_upper(f"{name}: largest difference, relative", images, largest, limits.embedding))
        rows.append(_upper(f"{name}: root mean square, relative", images, rms, None))
    for kind, measured in errors.kinds.items():
        rows += _kind_rows(kind, measured, limits)
    if errors.sets:
        shares = [one.same / one.reference for one in errors.sets if one.reference]
        counts = f"{sum(one.reference for one in errors.sets)} and {sum(one.other for one in errors.sets)} masks"
        rows.append(_lower("generated masks: share in both sets", counts, shares, limits.same_set))
        rows.append(_lower("generated masks: best IoU", counts, [one.best_iou for one in errors.sets], None))
    return rows


def _kind_rows(kind: str, measured: KindErrors, limits: Limits) -> Iterator[ErrorRow]:
    masks = sum(len(one.iou) for one in measured.masks)
    of = f"{masks} masks"
    if measured.logits:
        yield _upper(f"{kind}: logits, relative", of, [one.relative for one in measured.logits], limits.logits)
    yield _upper(f"{kind}: predicted IoU", of, measured.scores, limits.scores)
    flipped = np.concatenate([one.flipped / one.pixels for one in measured.masks])
    sure = np.concatenate([one.flipped_sure / one.pixels for one in measured.masks])
    yield _upper(f"{kind}: share of pixels on the other side", of, flipped.tolist(), None)
    yield _upper(f"{kind}: the same, logits within 1e-3 of 0 left out", of, sure.tolist(), limits.flipped)
    ious = np.concatenate([one.iou for one in measured.masks])
    row = _lower(f"{kind}: IoU of the two masks", of, ious.tolist(), None)
    yield ErrorRow(row.measured, of, row.mean, row.worst, limits.mask_iou, row.mean, at_least=True)
    if "single" not in kind:
        same = [float(one) for one in measured.same_best]
        yield _lower(f"{kind}: the same mask is the most confident", f"{len(same)} prompts", same, None)


def _upper(measured: str, of: str, values: Sequence[float], limit: float | None) -> ErrorRow:
    worst = float(np.max(values)) if len(values) else float("nan")
    return ErrorRow(measured, of, float(np.mean(values)) if len(values) else worst, worst, limit, worst)


def _lower(measured: str, of: str, values: Sequence[float], limit: float | None) -> ErrorRow:
    worst = float(np.min(values)) if len(values) else float("nan")
    return ErrorRow(measured, of, float(np.mean(values)) if len(values) else worst, worst, limit, worst, True)


def parity_table(errors: ParityErrors, limits: Limits) -> tuple[pd.DataFrame, list[str], bool]:
    """Return the table as texts, its notes, and whether everything that is judged is within its limit."""
    rows = error_rows(errors, limits)
    texts = [
        {
            "measured": row.measured,
            "of": row.of,
            "mean": f"{row.mean:.4g}",
            "worst": f"{row.worst:.4g}",
            "limit": "" if row.limit is None else f"{'at least' if row.at_least else 'at most'} {row.limit:g}",
            "verdict": "" if row.limit is None else (BEYOND if row.beyond else "within"),
        }
        for row in rows
    ]
    notes = [f"{kind}: not compared, as {why}" for kind, why in errors.left_out.items()]
    if not errors.features:
        notes.append("features: not compared, as the two keep none of one name and shape")
    return pd.DataFrame(texts), notes, not any(row.beyond for row in rows)
