"""The best of what many phrases find in an image, before masks are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sambench.prompts.concepts import ConceptAnswer


def best_answers(answers: Iterable[ConceptAnswer], limit: int) -> Iterator[ConceptAnswer]:
    """Take detections out that cannot be among an image's best, as they come.

    Args:
        answers: One a phrase.
        limit: How many are wanted of all phrases together.

    Yields:
        The answers, the score of what cannot be among the best set to minus infinity: below `limit` earlier ones, or
        level with them. Nothing is copied from the device.
    """
    import torch

    best = None
    for answer in answers:
        scores = answer.scores
        if best is not None and len(best) == limit:
            scores = torch.where(scores > best[-1], scores, torch.full_like(scores, -torch.inf))
        so_far = scores if best is None else torch.cat([best, scores])
        best = so_far.sort(descending=True).values[:limit]
        yield replace(answer, scores=scores)
