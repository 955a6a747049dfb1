"""What a task sees of the model: embeddings through the cache, prompts decoded in batches the device can hold."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sambench.engine.cache.local import EmbeddingCache
from sambench.engine.stages import Stages
from sambench.errors import ModelError
from sambench.masks.nan_guard import NanGuard, NanPolicy, sound, sound_phrase
from sambench.masks.transfers import Arrival, in_turn
from sambench.models.base import ConceptModel, PromptableModel
from sambench.prompts.concepts import ConceptAnswer, ConceptTruth
from sambench.types import Embedding, Masks, Prompts, Sample

if TYPE_CHECKING:
    import numpy as np

Answer = TypeVar("Answer")

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
        if isinstance(self.model, ConceptModel) and isinstance(sample.target, ConceptTruth):
            self.model.about(sample)
        if sample.id not in self._ready:
            self.prepare([sample])
        return self._ready.pop(sample.id)

    def prepare(self, samples: Sequence[Sample]) -> None:
        """Fetch or encode the embeddings of the next samples, encoding those that miss in one batch."""
        missing = []
        for sample in samples:
            if sample.id in self._ready:
                continue
            fetched = self._fetch(sample)
            if fetched is None:
                missing.append(sample)
            else:
                self._ready[sample.id] = fetched
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

        decode = partial(self.model.decode, embedding, multimask=multimask)
        answers = self._answered(decode, prompts, len(prompts) if at_once is None else at_once)
        yield from in_turn(
            answers, lambda one: (*one, Arrival(sound(one[2]))), looked_at, lambda one: one[2].logits.device
        )

    def concepts(self, embedding: Embedding, phrases: Sequence[str], at_once: int = 1) -> Iterator[ConceptAnswer]:
        """Ask for what phrases name, in batches as `decode` does; gives one answer a phrase, in order.

        Args:
            embedding: From `embed`.
            phrases: Any number of them, as the dataset writes them.
            at_once: At most so many phrases a batch.

        Raises:
            ModelError: The model takes no phrases, leaves one without an answer, or answers with NaN.
        """
        model = self.model
        if not isinstance(model, ConceptModel):
            raise ModelError(f"{model.name} takes no text", mend="choose a model that does: docs/concepts.md")

        def ask(batch: Prompts) -> list[ConceptAnswer]:
            answers = model.concepts(embedding, batch.phrases or ())
            if len(answers) != len(batch):
                what = f"{model.name} answered {len(batch)} phrases with {len(answers)} answers"
                raise ModelError(what, mend="return one answer a phrase, in order")
            return answers

        def one_by_one() -> Iterator[tuple[str, ConceptAnswer]]:
            for _, batch, answers in self._answered(ask, Prompts(phrases=tuple(phrases)), at_once):
                yield from zip(batch.phrases or (), answers, strict=True)

        def start(one: tuple[str, ConceptAnswer]) -> tuple[str, ConceptAnswer, Arrival]:
            return (*one, Arrival(sound_phrase(one[1])))

        def looked_at(answer: tuple[str, ConceptAnswer, Arrival]) -> ConceptAnswer:
            phrase, concept, is_sound = answer
            return concept if is_sound.arrays()[0] else self.guard.unsound_phrase(concept, phrase, self._at_hand)

        if phrases:
            yield from in_turn(one_by_one(), start, looked_at, lambda one: one[1].scores.device)

    def _answered(
        self, answer: Callable[[Prompts], Answer], prompts: Prompts, at_once: int
    ) -> Iterator[tuple[int, Prompts, Answer]]:
        """Ask batch by batch; gives the batch's place among the prompts, the batch and its answer."""
        start = 0
        while start < len(prompts):
            batch = prompts[start : start + min(self.prompt_batch, at_once)]
            try:
                with self.stages.timed("decode"):
                    result = answer(batch)
            except Exception as error:
                if not _out_of_memory(error) or self.prompt_batch == 1:
                    raise
                self.prompt_batch = max(1, self.prompt_batch // 2)
                log.warning("out of memory while decoding; going on with batches of %d prompts", self.prompt_batch)
                _release_memory()
                continue
            yield start, batch, result
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
