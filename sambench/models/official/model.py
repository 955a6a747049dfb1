"""Any predictor with SamPredictor's interface, scored unchanged: `model=official model.factory=package:function`.

The factory returns an object with `set_image` and either `predict_torch` and `transform` (segment_anything and its
forks: MobileSAM, SAM-HQ, EdgeSAM...), `_predict` and `_prep_prompts` (SAM2ImagePredictor and its forks), or `predict`
alone, which is asked one prompt at a time (`dialects`); or one of the models that `adapters` knows; or a model of the
suite's own interface, as one of phrases (`sambench.models.base.ConceptModel`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from sambench.config.ranges import SHARED, check_range
from sambench.errors import ModelError, listing
from sambench.files.atomic import file_sha256
from sambench.models.base import PromptableModel, Question
from sambench.models.official.adapters import adapted
from sambench.models.official.dialects import NO_SINGLE, Answer, dialect
from sambench.models.official.frames import as_logits, fitting, frames_of
from sambench.models.official.held import HeldModules
from sambench.models.official.state import PredictorState
from sambench.models.official.weights import code_sha256, weights_sha256
from sambench.models.padding import chunks
from sambench.types import Embedding, MaskFrame, Masks, Prompts

log = logging.getLogger("sambench.models")


OWN_MASKS = (
    "the predictor's own masks at the image's size are scored, as they are not its low-resolution logits resized"
    " (it fills holes, say)"
)

ONE_OF_SEVERAL = "the predictor answers one mask also where its several candidates are asked for"

BEST_FOR_SINGLE = "single answers are the most confident of the predictor's several masks (model.single_answer=best)"

SingleAnswer = Literal["own", "best"]


class OfficialModel(PromptableModel):
    """A predictor behind the suite's interface.

    An embedding is the predictor's own state where that can be read and put back (`official_state`); for any other
    predictor it is the image, which is encoded again when prompts about it come: right, but nothing is saved. Where the
    weights are not found (`official_weights`) nothing is cached, as two checkpoints could not be told apart.

    Args:
        predictor: What the factory returned.
        factory: Its name, for messages and `run.json`.
        checkpoint: What the factory was given.
        decode_batch_size: Prompts at once.
        options: What else the factory was given.
        hq_token_only, single_answer: See `load`.
    """

    libraries = ("numpy", "pillow", "torchvision", "timm", "transformers")

    def __init__(
        self,
        predictor: Any,
        factory: str,
        checkpoint: str | None,
        decode_batch_size: int = 64,
        options: Mapping[str, Any] | None = None,
        hq_token_only: bool = False,
        single_answer: SingleAnswer = "own",
    ) -> None:
        check_range(decode_batch_size, SHARED["decode_batch_size"], "decode_batch_size")
        predictor = adapted(predictor)
        self.predictor, self.factory, self.checkpoint = predictor, factory, checkpoint
        self.decode_batch_size, self.single_answer = decode_batch_size, single_answer
        self.dialect = dialect(predictor, factory, hq_token_only)
        self.name = f"official:{factory.partition(':')[2]}"
        self.held = HeldModules(predictor)
        weights, code = weights_sha256(predictor, self.held), code_sha256(predictor, factory, self.held)
        self.cacheable = weights is not None
        kind = f"{type(predictor).__module__}.{type(predictor).__qualname__}"
        file = None if self.cacheable else _checkpoint_sha256(checkpoint)
        what = json.dumps([weights, file, code, kind, factory, dict(options or {}), torch.__version__], default=str)
        self.fingerprint = hashlib.sha256(what.encode()).hexdigest()
        self.provenance = {
            "factory": factory,
            "class": kind,
            "checkpoint": checkpoint,
            "weights_sha256": weights,
            "code_sha256": code,
            "torch": torch.__version__,
            "preprocessing": "the predictor's own",
            "dialect": type(self.dialect).__name__,
        }
        if not self.cacheable:
            self._tell(file, f"{listing(self.held.opaque, 2)} cannot be looked into" if self.held.opaque else "")
        self._state = PredictorState(predictor, self.dialect.method)
        self._lock = threading.RLock()
        self._set: Embedding | None = None
        self._was_watched = False

    def parts(self) -> dict[str, torch.nn.Module]:
        """Return the modules that have the names which segment_anything and its forks give them."""
        names = {"encoder": "image_encoder", "prompt_encoder": "prompt_encoder", "decoder": "mask_decoder"}
        named = {"prompt_encoder": "sam_prompt_encoder", "decoder": "sam_mask_decoder"}  # SAM 2
        roots = [root for _, root in self.held.modules]
        modules = {
            part: getattr(root, own)
            for part, name in names.items()
            for root in roots
            for own in (name, named.get(part, name))
            if isinstance(getattr(root, own, None), torch.nn.Module)
        }
        return modules

    @torch.no_grad()
    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Let the predictor encode (H, W, 3) uint8 RGB images one by one; see `PromptableModel.encode`."""
        return [self._encode(image) for image in images]

    def _encode(self, image: np.ndarray) -> Embedding:
        with self._lock:
            state = self._watched(image) if self.cacheable and not self._was_watched else self._state.set_image(image)
            tensors = {"image": torch.from_numpy(np.ascontiguousarray(image))} if state is None else state
            self._set = Embedding(tensors, (image.shape[0], image.shape[1]))
            return self._set

    @torch.no_grad()
    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Ask the predictor; see `PromptableModel.decode`. Points labelled -1 are taken out first.

        Where its own full-size masks are not its low-resolution logits resized (it fills holes, say), its own are the
        answer, and the low resolution is what goes back in.

        Raises:
            ModelError: The predictor's own masks do not have the size of the image.
        """
        size = embedding.original_size
        with self._lock:
            self._restore(embedding)
            parts: list[tuple[Tensor, Answer]] = []
            for rows, some in chunks(prompts, self.decode_batch_size):
                answer = self.dialect.ask(self.predictor, some, multimask)
                parts.append((rows, self._counted(answer, multimask)))
            both = [(full, low) for _, (full, _, low) in parts]
            frame = fitting(both, frames_of(self.predictor, size), self.factory)
        for text in self.dialect.notes:
            self._note(text)
        order = torch.cat([rows for rows, _ in parts]).argsort().to(parts[0][1][2].device)
        iou, logits = (torch.cat([answer[i] for _, answer in parts])[order].float() for i in (1, 2))
        if frame is not None:
            return Masks(logits, iou, frame)
        self._note(OWN_MASKS)
        own = torch.cat([as_logits(answer[0]) for _, answer in parts])
        return Masks(own[order.to(own.device)].to(logits.device), iou, MaskFrame(size), feedback=logits)

    def refuses(self, question: Question) -> str | None:
        """Say what the predictor's signature has no place for; see `PromptableModel.refuses`."""
        if not question.multimask and not self.dialect.has_single and self.single_answer == "own":
            return NO_SINGLE
        return self.dialect.refuses(question)

    def _counted(self, answer: Answer, multimask: bool) -> Answer:
        """Refuse several masks where one was asked for, or take the most confident where that is chosen."""
        full, iou, low = answer
        if multimask or low.shape[1] == 1:
            if multimask and low.shape[1] == 1:
                self._note(ONE_OF_SEVERAL)
            return answer
        if self.single_answer == "own":
            what = f"the predictor answered {low.shape[1]} masks a prompt where its single answer was asked for"
            mend = "model.single_answer=best takes the most confident, or choose the task's other output"
            raise ModelError(what, where=self.factory, mend=mend)
        self._note(BEST_FOR_SINGLE)
        rows, best = torch.arange(len(iou), device=iou.device), iou.argmax(1)
        return tuple(part[rows.to(part.device), best.to(part.device)][:, None] for part in (full, iou, low))  # type: ignore[return-value]

    def _watched(self, image: np.ndarray) -> dict[str, Tensor] | None:
        """Have the first image set, and see whether weights take part that were not found."""
        ran: list[torch.nn.Module] = []
        hook = torch.nn.modules.module.register_module_forward_pre_hook(lambda module, _: ran.append(module))
        try:
            state = self._state.set_image(image)
        finally:
            hook.remove()
        self._was_watched = True
        strangers = [one for one in ran if not self.held.knows(one) and next(one.parameters(), None) is not None]
        if strangers:
            self.cacheable = False
            kind = type(strangers[0])
            why = f"{kind.__module__}.{kind.__qualname__} takes part, which was not found in it"
            self._tell(_checkpoint_sha256(self.checkpoint), why)
        return state

    def _tell(self, file: str | None, why: str) -> None:
        """Note that the predictor's weights are not known, and what that means."""
        text = f"the predictor's weights are not known ({why or 'no torch module was found in it'}), so its embeddings"
        text += " are not cached"
        text += "" if file else " and two checkpoints of it are not told apart (give model.checkpoint=FILE)"
        self._note(text)

    def _restore(self, embedding: Embedding) -> None:
        """Make the predictor's state that of an embedding."""
        if self._set is embedding:
            return
        if "image" in embedding.tensors:
            self.predictor.set_image(embedding.tensors["image"].cpu().numpy())
        else:
            self._state.restore(embedding.tensors, embedding.original_size)
        self._set = embedding

    def _note(self, text: str) -> None:
        """Have `run.json` say what a reader of the numbers must know of the model, once."""
        notes = self.provenance.setdefault("notes", [])
        if isinstance(notes, list) and text not in notes:
            notes.append(text)
            log.warning("%s: %s", self.factory, text)


def _checkpoint_sha256(checkpoint: str | None) -> str | None:
    """Return the SHA-256 (hex) of a checkpoint that is a file."""
    return file_sha256(Path(checkpoint)) if checkpoint is not None and Path(checkpoint).is_file() else None
