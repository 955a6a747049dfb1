"""What a task sees of the model: embeddings through the cache, prompts decoded in batches the device can hold."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sambench.engine.cache.local import EmbeddingCache
from sambench.engine.stages import Stages
from sambench.errors import ModelError
from sambench.masks.nan_guard import NanGuard, NanPolicy
from sambench.masks.transfers import Arrival, in_turn
from sambench.masks.undefined import sound
from sambench.models.base import PromptableModel
from sambench.types import Embedding, Masks, Prompts, Sample

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger("sambench.predictor")


class Predictor:
    """A model with its cache, its timings, its patience when memory runs out, and an eye on what it answers.

    Args:
        model: The model.
        cache: Where embeddings are kept, or None to encode every time.
        stages: Where time is counted.
        prompt_batch: Prompts decoded at once at most; halved when the device runs out of memory.
        nan: What becomes of embeddings and answers that hold no number (`NanGuard`).
    """

    def __init__(
        self,
        model: PromptableModel,
        cache: EmbeddingCache | None,
        stages: Stages,
        prompt_batch: int = 64,
        nan: NanPolicy = "error",
    ) -> None:
        self.model = model
        self.cache = cache
        self.stages = stages
        self.prompt_batch = prompt_batch
        self.guard = NanGuard(nan)
        self.encoded = 0
        self._at_hand = ""
        self._ready: dict[str, Embedding] = {}

    def embed(self, sample: Sample) -> Embedding:
        """Return the sample's embedding: prepared, cached, or encoded now. What follows is told as this sample's.

        Raises:
            ModelError: It holds a NaN.
        """
        self._at_hand = sample.id
        if sample.id not in self._ready:
            self.prepare([sample])
        return self._ready.pop(sample.id)

    def prepare(self, samples: Sequence[Sample]) -> None:
        """Fetch or encode the embeddings of the next samples, encoding those that miss in one batch."""
        missing = []
        for sample in samples:
            if sample.id in self._ready:
                continue
            found = self._fetch(sample)
            if found is None:
                missing.append(sample)
            else:
                self._ready[sample.id] = found
        if missing:
            for sample, embedding in zip(missing, self._encode([s.image for s in missing]), strict=True):
                sound = self.guard.embedding(embedding, sample.id)
                self._ready[sample.id] = self._store(sample, embedding) if sound else embedding

    def forget(self) -> None:
        """Let go of embeddings that were prepared and not asked for."""
        self._ready.clear()

    def encode_image(self, image: np.ndarray) -> Embedding:
        """Encode an image that is no sample of its own (a crop), past the cache."""
        (embedding,) = self._encode([image])
        self.guard.embedding(embedding, self._at_hand)
        return embedding

    def decode(
        self, embedding: Embedding, prompts: Prompts, multimask: bool, at_once: int | None = None
    ) -> Iterator[Masks]:
        """Decode prompts in batches, in order; a batch that does not fit into memory is halved and tried again.

        A device decodes the next batch while one is looked at.

        Args:
            embedding: From `embed`.
            prompts: Any number of prompts, in pixels of the original image.
            multimask: True for the model's several candidates a prompt, False for its single answer.
            at_once: At most so many prompts a batch; None leaves it to the predictor.

        Raises:
            ModelError: An answer holds no number; names sample, prompt and stage.
        """

        def looked_at(answer: tuple[int, Prompts, Masks, Arrival]) -> Masks:
            start, batch, masks, is_sound = answer
            if is_sound.arrays()[0]:
                return masks
            return self.guard.unsound(masks, batch, embedding, self._at_hand, start, len(prompts))

        answers = self._decoded(embedding, prompts, multimask, len(prompts) if at_once is None else at_once)
        yield from in_turn(
            answers, lambda one: (*one, Arrival(sound(one[2]))), looked_at, lambda one: one[2].logits.device
        )

    def _decoded(
        self, embedding: Embedding, prompts: Prompts, multimask: bool, at_once: int
    ) -> Iterator[tuple[int, Prompts, Masks]]:
        """Decode batch by batch; gives the batch's place among the prompts, the batch and its answer."""
        start = 0
        while start < len(prompts):
            batch = prompts[start : start + min(self.prompt_batch, at_once)]
            try:
                with self.stages.timed("decode"):
                    masks = self.model.decode(embedding, batch, multimask)
            except Exception as error:
                if not _out_of_memory(error) or self.prompt_batch == 1:
                    raise
                self.prompt_batch = max(1, self.prompt_batch // 2)
                log.warning("out of memory while decoding; going on with batches of %d prompts", self.prompt_batch)
                _release_memory()
                continue
            yield start, batch, masks
            start += len(batch)

    def _fetch(self, sample: Sample) -> Embedding | None:
        if self.cache is None or not self.model.cacheable:
            return None
        with self.stages.timed("cache"):
            return self.cache.get(self.cache.key(self.model.fingerprint, sample.image_sha256))

    def _store(self, sample: Sample, embedding: Embedding) -> Embedding:
        if self.cache is None or not self.model.cacheable:
            return embedding
        with self.stages.timed("cache"):
            return self.cache.put(self.cache.key(self.model.fingerprint, sample.image_sha256), embedding)

    def _encode(self, images: list[np.ndarray]) -> list[Embedding]:
        with self.stages.timed("encode"):
            embeddings = self.model.encode(images)
        if len(embeddings) != len(images):
            raise ModelError(
                f"{self.model.name} answered {len(images)} images with {len(embeddings)} embeddings",
                where=f"{type(self.model).__module__}.{type(self.model).__qualname__}.encode",
                mend="return one embedding an image, in order",
            )
        self.encoded += len(images)
        return embeddings


def _out_of_memory(error: Exception) -> bool:
    """Tell a device's (or the CPU allocator's) lack of memory from every other failure."""
    import torch

    if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(
        text in str(error).lower() for text in ("out of memory", "can't allocate memory", "not enough memory")
    )


def _release_memory() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
