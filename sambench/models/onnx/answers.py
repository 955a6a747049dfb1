"""Which of an exported decoder's masks are the answer, and what it therefore cannot answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from sambench.models.base import Question
from sambench.models.onnx.contracts import Contract
from sambench.models.sam.token_rules import TokenRules, stable_or_best

SingleAnswers = Literal["refuse", "best"]

HQ_TOKENS = 5
"""Masks of SAM-HQ's decoder where each of its tokens is given: SAM's four and the high-quality one."""


@dataclass(frozen=True)
class AnswerRules:
    """How M masks of a graph become the answer.

    Attributes:
        contract: Whose graph it is.
        masks: M: 5 or 4 with token 0 first, 3 without it, or 1, which the graph chose.
        single: What a single answer is where token 0 is not given: "refuse", or the "best" of the others.
        tokens: SAM 2's and SAM-HQ's rules.
    """

    contract: Contract
    masks: int
    single: SingleAnswers = "refuse"
    tokens: TokenRules = field(default_factory=TokenRules)

    def refuses(self, question: Question) -> str | None:
        """Say why the graph's masks do not answer a question, or None."""
        if self.masks >= 4 or self.contract == "hq":
            return None
        if self.masks == 1:
            return self._one_refuses(question)
        if question.multimask or self.single == "best":
            return None
        return "it gives the three masks and not the single one (model.single_answers=best takes the best of three)"

    def _one_refuses(self, question: Question) -> str | None:
        if self.contract == "sam2":
            return "it gives the single mask alone" if question.multimask else None
        if self.contract == "efficientvit":
            fits = question.multimask or self.single == "best"
            return None if fits else "it gives the best of its four masks alone (model.single_answers=best takes it)"
        # segment_anything's rule: the best of tokens 1-3 for a click or a box, token 0 from two clicks on.
        chosen = "the best of three" if question.points + 2 * question.box <= 1 or _box_alone(question) else "token 0"
        if question.multimask == (chosen == "the best of three"):
            return None
        if not question.multimask and self.single == "best":
            return None
        return f"it was exported to return one mask, here {chosen}"

    @property
    def notes(self) -> list[str]:
        """What a reader of the numbers must know."""
        notes = []
        if self.masks == 1:
            notes.append("the export returns one mask of the decoder's, so that there is no oracle over several")
        if self.masks == 3 and self.single == "best":
            notes.append("the export has no single mask; the best of its three stands in its place")
        return notes

    def choose(self, logits: Tensor, iou: Tensor, multimask: bool) -> tuple[Tensor, Tensor]:
        """Return the answer's (B, M', h, w) logits and (B, M') scores of the graph's (B, M, h, w) and (B, >= M)."""
        if self.contract == "hq" and logits.shape[1] == HQ_TOKENS:
            return self._hq(logits, iou, multimask)
        if logits.shape[1] >= 4:
            if multimask:
                return logits[:, 1:4], iou[:, 1:4]
            if self.contract == "sam2" and self.tokens.dynamic_multimask:
                return stable_or_best(logits, iou, self.tokens)
            return logits[:, :1], iou[:, :1]
        iou = iou[:, : logits.shape[1]]
        if multimask or logits.shape[1] == 1:
            return logits, iou
        best = iou.argmax(dim=1)
        rows = torch.arange(len(iou))
        return logits[rows, best][:, None], iou[rows, best][:, None]

    def _hq(self, logits: Tensor, iou: Tensor, multimask: bool) -> tuple[Tensor, Tensor]:
        rows = torch.arange(len(iou))
        chosen = iou[:, 1:4].argmax(dim=1) + 1 if multimask else torch.zeros_like(rows)
        masks = logits[:, -1] if self.tokens.hq_token_only else logits[:, -1] + logits[rows, chosen]
        return masks[:, None], iou[rows, chosen][:, None]


def _box_alone(question: Question) -> bool:
    return question.box and question.points == 0
