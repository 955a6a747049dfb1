"""Two functions as a model: one that encodes an image, one that answers prompts about what the first returned."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sambench.errors import ModelError
from sambench.models.base import PromptableModel
from sambench.models.official.held import HeldModules
from sambench.models.official.weights import weights_sha256
from sambench.models.padding import chunks
from sambench.types import Embedding, MaskFrame, Masks, Prompts

Encode = Callable[[np.ndarray], Any]
"""(H, W, 3) uint8 RGB -> anything."""

Decode = Callable[[Any, Prompts, bool], Any]
"""(what `encode` returned, B prompts in image pixels, multimask) -> `Masks`, or logits (B, M, h, w) and IoU (B, M)."""

HOW = "decode(state, prompts, multimask) returns Masks, or logits (B, M, h, w) and predicted IoU (B, M)"


@dataclass(frozen=True)
class HeldEmbedding(Embedding):
    """An embedding that is whatever a function returned, kept in memory.

    Attributes:
        state: What it returned.
    """

    state: Any = None


class CallableModel(PromptableModel):
    """Two functions behind the suite's interface; embeddings stay in memory and are never cached.

    Prompts of different numbers of points come apart, none padded. Logits are resized to the image bilinearly, those
    that have its size already are taken as they are.

    Args:
        encode: See `Encode`; called with one image at a time.
        decode: See `Decode`; `multimask=False` asks for a single answer, M = 1.
        decode_batch_size: Prompts at once.
        name: For tables.
    """

    cacheable = False

    def __init__(self, encode: Encode, decode: Decode, decode_batch_size: int = 64, name: str = "callables") -> None:
        self._encode_one, self._decode_some, self.decode_batch_size = encode, decode, decode_batch_size
        self.name = name
        self.held = HeldModules((encode, decode))
        weights = weights_sha256((encode, decode), self.held)
        code = [_file_sha256(function) for function in (encode, decode)]
        names = [_qualified(function) for function in (encode, decode)]
        self.named = weights is not None and None not in code
        self.fingerprint = hashlib.sha256(json.dumps([weights, code, names, torch.__version__]).encode()).hexdigest()
        self.provenance = {"encode": names[0], "decode": names[1], "weights_sha256": weights, "code_sha256": code}

    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Encode images one by one; see `PromptableModel.encode`."""
        return [HeldEmbedding({}, (one.shape[0], one.shape[1]), self._encode_one(one)) for one in images]

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer prompts; see `PromptableModel.decode`.

        Raises:
            ModelError: What the function returned are no such masks.
        """
        if not isinstance(embedding, HeldEmbedding):
            raise ModelError("the embedding is none of this model's", where=self.name, mend="encode the image again")
        parts: list[tuple[Tensor, Masks]] = []
        for rows, some in chunks(prompts, self.decode_batch_size):
            answer = self._decode_some(embedding.state, some, multimask)
            parts.append((rows, self._masks(answer, len(rows), embedding, multimask)))
        order = torch.cat([rows for rows, _ in parts]).argsort()
        frame = parts[0][1].frame
        logits, iou, fed = (
            torch.cat([getattr(masks, name) for _, masks in parts]).float()
            for name in ("logits", "predicted_iou", "prompt_logits")
        )
        order = order.to(logits.device)
        own = any(masks.feedback is not None for _, masks in parts)
        return Masks(logits[order], iou[order], frame, fed[order] if own else None)

    def _masks(self, answer: Any, batch: int, embedding: Embedding, multimask: bool) -> Masks:
        """Read an answer; what does not fit is told with its shape."""
        if not isinstance(answer, Masks):
            if not isinstance(answer, tuple | list) or len(answer) != 2:
                what = f"decode returned {type(answer).__name__}, not masks"
                raise ModelError(what, where=self.provenance["decode"], mend=HOW)
            logits, iou = (torch.as_tensor(part) for part in answer)
            answer = Masks(logits, iou, MaskFrame(embedding.original_size))
        shape = tuple(answer.logits.shape)
        if len(shape) != 4 or shape[0] != batch or tuple(answer.predicted_iou.shape) != shape[:2]:
            what = f"decode returned logits {shape} and IoU {tuple(answer.predicted_iou.shape)} for {batch} prompts"
            raise ModelError(what, where=self.provenance["decode"], mend=HOW)
        if not multimask and shape[1] != 1:
            what = f"decode returned {shape[1]} masks a prompt where one was asked for (multimask=False)"
            mend = "return the model's single answer; which of several it is, is the model's to say"
            raise ModelError(what, where=self.provenance["decode"], mend=mend)
        return answer


def _qualified(function: Any) -> str:
    """Return "module:name" of a function, a method or an object that can be called."""
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}:{named.__qualname__}"


def _file_sha256(function: Any) -> str | None:
    """Return the SHA-256 (hex) of the file that holds a function; None for one made in a session."""
    named = inspect.unwrap(getattr(function, "func", function))
    try:
        file = Path(inspect.getsourcefile(named if hasattr(named, "__qualname__") else type(named)) or "")
    except (TypeError, OSError):
        return None
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None
