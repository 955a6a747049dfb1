"""What becomes of a model's NaN: an error that names the place, or an empty mask that is counted (`task.nan`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from sambench.errors import ModelError
from sambench.masks.transfers import to_device
from sambench.masks.undefined import MEND, as_empty, refusal, undefined_in, undefined_of_phrase, undefined_tensors
from sambench.prompts.concepts import ConceptAnswer
from sambench.types import Embedding, Masks, Prompts

if TYPE_CHECKING:
    from torch import Tensor


NanPolicy = Literal["error", "zero"]

NanCounts = Counter[str]
"""Of one image: how many "embeddings", "masks" and "prompts" held no number."""


class NanGuard:
    """Watches what a model answers.

    Args:
        policy: "error" stops, "zero" takes an undefined mask as empty with a predicted IoU of 0.

    Attributes:
        counts: Sample id -> what was taken as empty; samples without any are left out.
    """

    def __init__(self, policy: NanPolicy = "error") -> None:
        self.policy = policy
        self.counts: dict[str, NanCounts] = {}

    def embedding(self, embedding: Embedding, sample_id: str) -> bool:
        """Look at an embedding that the model has just made; returns whether it is sound.

        Raises:
            ModelError: It holds a NaN, and the policy is "error".
        """
        names = undefined_tensors(embedding.tensors)
        if names and self.policy == "error":
            what = f"the model's embedding of the image is NaN ({', '.join(names)})"
            raise ModelError(what, where=f"sample {sample_id}, stage embedding", mend=MEND)
        if names:
            self._count(sample_id, embeddings=1)
        return not names

    def unsound(
        self, masks: Masks, prompts: Prompts, embedding: Embedding, sample_id: str, start: int, total: int
    ) -> Masks:
        """Look closer at a batch of answers that is not sound (`sambench.masks.nan_guard.sound`).

        Args:
            masks: The answers to `prompts`.
            prompts: The batch.
            embedding: What they are about.
            sample_id: The sample.
            start: How many prompts came before the batch.
            total: How many there are in all.

        Raises:
            ModelError: An answer is undefined, and the policy is "error".
        """
        masks, nans = undefined_in(masks)
        if nans is None:
            return masks
        if self.policy == "error":
            sound = all(bool(one.isfinite().all()) for one in embedding.tensors.values() if one.is_floating_point())
            stage = None if sound else "embedding"
            raise refusal(nans, prompts, start, total, f"sample {sample_id}", stage)
        undefined = nans.either
        self._count(sample_id, masks=int(undefined.sum()), prompts=int(undefined.any(1).sum()))
        return as_empty(masks, nans)

    def unsound_phrase(self, answer: ConceptAnswer, phrase: str, sample_id: str) -> ConceptAnswer:
        """Look closer at the answer to a phrase that is not sound (`sambench.masks.nan_guard.sound_phrase`).

        Raises:
            ModelError: A score or mask is undefined, and the policy is "error".
        """
        answer, undefined = undefined_of_phrase(answer)
        masks = int(undefined.sum())
        if masks and self.policy == "error":
            what = f"{masks} of the model's {len(undefined)} answers to a phrase are NaN"
            raise ModelError(what, where=f"sample {sample_id}, phrase {phrase!r}", mend=MEND)
        if masks:
            self._count(sample_id, masks=masks, prompts=1)
        return answer

    def _count(self, sample_id: str, **more: int) -> None:
        self.counts.setdefault(sample_id, Counter()).update(more)


def policy_of(task: object) -> NanPolicy:
    """Return a task's `nan` switch; a task without one stops at a NaN."""
    return "zero" if getattr(task, "nan", "error") == "zero" else "error"


def total_counts(counts: Mapping[str, NanCounts], images: int) -> dict[str, int]:
    """Add the counts of a run's images up, as `run.json` has them.

    Args:
        counts: By sample (`NanGuard.counts`).
        images: How many images were predicted.
    """
    names = ("embeddings", "masks", "prompts")
    totals = {name: sum(one[name] for one in counts.values()) for name in names}
    return {**totals, "images": len(counts), "of_images": images}


def sound(masks: Masks) -> Tensor:
    """Tell whether all answers hold numbers, infinite logits counted as none: () bool on the masks' device.

    It is told by one sum over the logits, as a sum is finite only if all its terms are, and is a third of the work of
    asking each of them.
    """
    import torch

    sums, estimates = masks.logits.sum((-2, -1), dtype=torch.float32), masks.predicted_iou
    return (sums.isfinite() & to_device(estimates, sums.device).isfinite()).all()


def sound_phrase(answer: ConceptAnswer) -> Tensor:
    """Tell whether the answer to a phrase holds numbers, as `sound` does of masks: () bool on its device."""
    import torch

    return answer.scores.isfinite().all() & answer.logits.sum(dtype=torch.float32).isfinite()
