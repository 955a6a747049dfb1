"""Objects segmented by simulated clicks: prompt, compare with the object, click on the error, prompt again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sambench.masks.crops import layered_crops
from sambench.masks.measure import MeasuredMasks, start_measuring
from sambench.masks.overlap import mask_ious
from sambench.masks.prompted.click_batch import next_clicks
from sambench.masks.rle import reaches
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.transfers import Arrival, device_of_masks, in_turn, to_device
from sambench.masks.windows import chosen_runs, difference_runs, empty_runs
from sambench.prompts.click_settings import ClickSettings
from sambench.prompts.clicks import checked_counts
from sambench.prompts.refine import Answers
from sambench.types import Embedding, Masks, Prompts

if TYPE_CHECKING:
    from torch import Tensor

GROUP = 128
"""Objects that advance together; more at once would only hold more logits."""

PADDING = -1
"""Label of a click that was not made."""


@dataclass(frozen=True)
class ClickedObjects:
    """What came of clicking on N objects of one image.

    Attributes:
        points_xy: (N, K, 2) int64 clicked pixels of the image, in order.
        labels: (N, K) int64, 1 on the object, 0 on the background, -1 where no click was made any more.
        counts: (C,) numbers of clicks at which masks were kept, ascending.
        masks: For each of them the N masks.
        predicted_iou: (N, C) float64, the model's own estimate for each.
        candidates: The several answers to the first click, object by object, or None where there was one.
        candidates_iou: (N, M) float64, the model's own estimate for each of them; M is 0 without.
    """

    points_xy: np.ndarray
    labels: np.ndarray
    counts: tuple[int, ...]
    masks: list[RunLengths]
    predicted_iou: np.ndarray
    candidates: RunLengths | None
    candidates_iou: np.ndarray


RandomDraws = Callable[[np.ndarray, int], np.ndarray]
"""Gives (B,) uint64 draws for the objects of (B,) indices and the number of the click, from 1 on."""


def click_objects(
    source: Answers,
    embedding: Embedding,
    truth: RunLengths,
    draws: RandomDraws,
    settings: ClickSettings,
    ignored: RunLengths | None = None,
) -> ClickedObjects:
    """Segment objects by clicks, all of a group advancing one click together.

    Args:
        source: What decodes.
        embedding: Of the image.
        truth: N >= 1 objects at the size of the image, none of them empty.
        draws: Decides random clicks.
        settings: The protocol.
        ignored: Of each object the pixels that count neither way, or None where all count.
    """
    indices = np.arange(len(truth.lengths))
    parts = []
    for start in range(0, len(indices), GROUP):
        members = indices[start : start + GROUP]
        own = None if ignored is None else chosen_runs(ignored, members)
        group = _Group(source, embedding, chosen_runs(truth, members), settings, own)
        counts = checked_counts(settings.clicks)
        results = []
        for number in range(1, counts[-1] + 1):
            group.click(number, draws(members, number))
            group.prompt(number)
            group.let_go()
            if number in counts:
                results.append((group.masks, group.scores))
        parts.append(group.outcome(counts, results))
    return parts[0] if len(parts) == 1 else _joined(parts)


class _Group:
    """N objects that advance one click together.

    Attributes:
        points_xy, labels: (N, number of clicks so far) clicks; grow by one column with each.
        masks, scores: The N masks so far and (N,) what the model thinks of them.
        active: (B,) indices of the objects still clicked on.
    """

    def __init__(
        self,
        source: Answers,
        embedding: Embedding,
        truth: RunLengths,
        settings: ClickSettings,
        ignored: RunLengths | None,
    ) -> None:
        self.source, self.embedding, self.truth, self.settings = source, embedding, truth, settings
        self.ignored = ignored
        count = len(truth.lengths)
        self.points_xy, self.labels = np.zeros((count, 0, 2), np.int64), np.zeros((count, 0), np.int64)
        self.masks, self.scores, self.active = empty_runs(count, truth.size), np.zeros(count), np.arange(count)
        self._logits: Tensor | None = None
        self._candidates: RunLengths | None = None
        self._candidates_iou = np.zeros((count, 0))

    def click(self, number: int, draws: np.ndarray) -> None:
        """Make click `number` on every object that is still active; (N,) draws decide random ones."""
        settings, active = self.settings, self.active
        rule = settings.first_click if number == 1 else settings.later_clicks
        before = empty_runs(len(active), self.truth.size) if rule == "inside" else self._counted()
        clicks = next_clicks(
            chosen_runs(self.truth, active),
            before,
            "centre" if rule == "centre" else "random",
            draws[active],
            self.points_xy[active] if settings.forbid_reclick else None,
        )
        clicked = (clicks.squared > 0) | (settings.no_error == "corner")
        self.active = active[clicked]
        point, label = np.zeros((len(draws), 1, 2), np.int64), np.full((len(draws), 1), PADDING)
        point[self.active, 0], label[self.active, 0] = clicks.points_xy[clicked], clicks.labels[clicked]
        self.points_xy = np.concatenate([self.points_xy, point], axis=1)
        self.labels = np.concatenate([self.labels, label], axis=1)

    def prompt(self, number: int) -> None:
        """Ask for the active objects' masks with all their clicks so far."""
        if not len(self.active):
            return
        output = self.settings.first_output if number == 1 else self.settings.later_output
        answers = self.source.decode(self.embedding, self._prompts(), output == "multimask")
        parts = list(in_turn(answers, self._start, self._finish, device_of_masks, by_threads=True))
        candidates = RunLengths.joined([part[0] for part in parts])
        estimates = np.concatenate([part[1] for part in parts])
        best = estimates.argmax(axis=1)
        chosen = chosen_runs(candidates, np.arange(len(best)) * estimates.shape[1] + best)
        index = np.arange(len(self.scores))
        index[self.active] = len(index) + np.arange(len(best))
        self.masks = chosen_runs(RunLengths.joined([self.masks, chosen]), index)
        self.scores = self.scores.copy()
        self.scores[self.active] = estimates.max(axis=1)
        if number == 1 and estimates.shape[1] > 1:
            self._candidates, self._candidates_iou = candidates, estimates
        if self.settings.mask_feedback:
            self._remember([part[2] for part in parts])

    def let_go(self) -> None:
        """Click no more on objects whose masks have reached the IoU that is asked for."""
        if self.settings.target_iou is None or not len(self.active):
            return
        ious = mask_ious(self._counted(), chosen_runs(self.truth, self.active))
        kept = ~reaches(ious, self.settings.target_iou)
        self.active = self.active[kept]

    def _counted(self) -> RunLengths:
        """Return the active objects' masks without the pixels that count neither way."""
        ignored = None if self.ignored is None else chosen_runs(self.ignored, self.active)
        return difference_runs(chosen_runs(self.masks, self.active), ignored)

    def outcome(self, counts: tuple[int, ...], results: list[tuple[RunLengths, np.ndarray]]) -> ClickedObjects:
        """Put what was kept at each of (C,) counts together."""
        return ClickedObjects(
            points_xy=self.points_xy,
            labels=self.labels,
            counts=counts,
            masks=[masks for masks, _ in results],
            predicted_iou=np.stack([scores for _, scores in results], axis=1),
            candidates=self._candidates,
            candidates_iou=self._candidates_iou,
        )

    def _prompts(self) -> Prompts:
        import torch

        points, labels = self.points_xy[self.active], self.labels[self.active]
        feedback = self._logits
        if feedback is not None and len(points) < len(feedback):
            feedback = feedback[to_device(torch.from_numpy(self.active), feedback.device)]
        return Prompts(torch.from_numpy(points).float(), torch.from_numpy(labels), mask_logits=feedback)

    def _start(self, masks: Masks) -> tuple[Masks, Callable[[], MeasuredMasks], Arrival]:
        """Begin to measure a batch's masks."""
        (whole,) = layered_crops(self.truth.size, 0, 0.0)
        threshold = self.settings.mask_threshold
        cut = replace(masks, logits=masks.logits - threshold) if threshold else masks
        measured = start_measuring(cut, 0.0, whole, self.truth.size, "auto")
        return masks, measured, Arrival(masks.predicted_iou.double())

    def _finish(
        self, started: tuple[Masks, Callable[[], MeasuredMasks], Arrival]
    ) -> tuple[RunLengths, np.ndarray, Tensor]:
        """Return a batch's (B * M) masks, (B, M) predicted IoU, and the (B, h, w) logits of the most confident.

        The logits stay on the model's device, which gets them back with the next click.
        """
        import torch

        masks, measured, arrival = started
        (estimates,) = arrival.arrays()
        fed = masks.prompt_logits
        if estimates.shape[1] == 1:
            return measured().runs, estimates, fed[:, 0].float()
        best = to_device(torch.from_numpy(estimates.argmax(axis=1)), fed.device)
        return measured().runs, estimates, fed[torch.arange(len(best), device=best.device), best].float()

    def _remember(self, parts: list[Tensor]) -> None:
        """Keep the active objects' logits, in parts of (b, h, w), to be fed back with the next click."""
        import torch

        logits, limit = parts[0] if len(parts) == 1 else torch.cat(parts), self.settings.feedback_clamp
        logits = logits if limit is None else logits.clamp(-limit, limit)
        if self._logits is None or len(logits) == len(self._logits):
            self._logits = logits
        else:
            active = to_device(torch.from_numpy(self.active), logits.device)
            self._logits = self._logits.index_copy(0, active, logits)


def _joined(parts: Sequence[ClickedObjects]) -> ClickedObjects:
    """Put the groups of one image together."""
    candidates = [part.candidates for part in parts if part.candidates is not None]
    return ClickedObjects(
        points_xy=np.concatenate([part.points_xy for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        counts=parts[0].counts,
        masks=[RunLengths.joined([part.masks[k] for part in parts]) for k in range(len(parts[0].counts))],
        predicted_iou=np.concatenate([part.predicted_iou for part in parts]),
        candidates=RunLengths.joined(candidates) if candidates else None,
        candidates_iou=np.concatenate([part.candidates_iou for part in parts]),
    )
