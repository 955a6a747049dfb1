"""What `sambench.evaluate` is given, behind the suite's interface: `model=object` in a run's record."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import torch

from sambench.errors import UsageError
from sambench.models.base import ConceptModel, PromptableModel, Question
from sambench.models.memory.callables import CallableModel
from sambench.models.memory.module import MemorySam, memory_checkpoint, sam_module
from sambench.models.official.adapters import adapted
from sambench.models.official.held import HeldModules
from sambench.models.official.model import OfficialModel, SingleAnswer
from sambench.models.official.weights import weights_sha256
from sambench.models.sam.token_rules import TokenRules
from sambench.prompts.concepts import ConceptAnswer
from sambench.types import Embedding, Masks, Prompts, Sample

log = logging.getLogger("sambench.models")

TAKES = "give a transformers SAM-family module, a SamPredictor, a PromptableModel or two functions (encode, decode)"

UNKNOWN = (
    "its weights or code could not be read, so that each evaluation counts as one of another model: nothing is cached,"
    " no earlier run is found again"
)


def load(
    title: str | None = None,
    hq_token_only: bool = False,
    dynamic_multimask: bool = True,
    single_answer: SingleAnswer = "own",
    decode_batch_size: int | None = None,
) -> NoReturn:
    """Refuse `model=object` on a command line, which has no objects; its switches are those of `wrapped`.

    Raises:
        UsageError: Always.
    """
    what = "model=object stands for a model in memory, which a command line does not have"
    raise UsageError(what, where="model=object", mend="call sambench.evaluate(model, task=...) in Python")


def wrapped(
    given: Any,
    title: str | None = None,
    hq_token_only: bool = False,
    dynamic_multimask: bool = True,
    single_answer: SingleAnswer = "own",
    decode_batch_size: int | None = None,
) -> tuple[PromptableModel, list[torch.nn.Module]]:
    """Put what is in memory behind the interface; it stays on its device and in its dtype.

    Args:
        given: A `transformers` SAM-family module or what wraps one, a predictor with SamPredictor's interface, a
            `PromptableModel`, or a pair of functions (`sambench.models.memory.callables`).
        title: What tables call it.
        hq_token_only, dynamic_multimask, decode_batch_size: As of `model=sam`.
        single_answer: As of `model=official`.

    Returns:
        The model, and the torch modules behind it, whose mode is to be kept.

    Raises:
        UsageError: It is none of these.
        ModelError: It is one that cannot be scored as it is.
    """
    if isinstance(given, PromptableModel):
        held = HeldModules(given)
        as_it_is = GivenConceptModel if isinstance(given, ConceptModel) else GivenModel
        return as_it_is(given, weights_sha256(given, held), title), _roots(held)
    if isinstance(given, tuple | list) and len(given) == 2 and all(callable(one) for one in given):
        model = CallableModel(given[0], given[1], decode_batch_size or 64, title or "callables")
        return _apart(model, model.named), _roots(model.held)
    sam = sam_module(given) if isinstance(given, torch.nn.Module) else None
    if sam is not None:
        made = MemorySam(memory_checkpoint(*sam), TokenRules(dynamic_multimask, hq_token_only=hq_token_only))
        made.decode_batch_size = decode_batch_size or made.decode_batch_size
        made.name = title or made.name
        return made, [sam[0]]
    predictor = adapted(given)
    if hasattr(predictor, "set_image"):
        kind = f"{type(given).__module__}:{type(given).__qualname__}"
        official = OfficialModel(
            predictor, kind, None, decode_batch_size or 64, hq_token_only=hq_token_only, single_answer=single_answer
        )
        official.name = title or f"object:{type(given).__name__}"
        named = official.cacheable and official.provenance["code_sha256"] is not None
        return _apart(official, named), _roots(official.held)
    raise UsageError(f"the model is of type {type(given).__name__}, which cannot be scored", where="model", mend=TAKES)


class GivenModel(PromptableModel):
    """A `PromptableModel` as it is, named by its weights as well as by its own fingerprint.

    Args:
        given: The model.
        weights: SHA-256 (hex) of the weights found in it, or None.
        title: What tables call it, its own name by default.
    """

    def __init__(self, given: PromptableModel, weights: str | None, title: str | None) -> None:
        self.given = given
        self.name = title or given.name
        both = f"{given.fingerprint}{weights}"
        self.fingerprint = given.fingerprint if weights is None else hashlib.sha256(both.encode()).hexdigest()
        self.provenance = {**given.provenance, "weights_sha256": weights}
        self.encode_batch_size, self.libraries = given.encode_batch_size, given.libraries
        self.cacheable = given.cacheable
        self.answers_prompts, self.thin_edges = given.answers_prompts, given.thin_edges

    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Let the model encode."""
        return self.given.encode(images)

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Let the model answer."""
        return self.given.decode(embedding, prompts, multimask)

    def parts(self) -> Mapping[str, torch.nn.Module]:
        """Return the model's own."""
        return self.given.parts()

    def refuses(self, question: Question) -> str | None:
        """Let the model say what it cannot answer."""
        return self.given.refuses(question)


class GivenConceptModel(GivenModel, ConceptModel):
    """A `ConceptModel` as it is; see `GivenModel`."""

    given: ConceptModel

    def concepts(self, embedding: Embedding, phrases: Sequence[str]) -> list[ConceptAnswer]:
        """Let the model answer."""
        return self.given.concepts(embedding, phrases)

    def about(self, sample: Sample) -> None:
        """Let the model hear it."""
        self.given.about(sample)


def _roots(held: HeldModules) -> list[torch.nn.Module]:
    return [module for _, module in held.modules]


def _apart(model: PromptableModel, named: bool) -> PromptableModel:
    """Give a model whose weights or code are not known a fingerprint that no other evaluation has, and say so."""
    if not named:
        model.cacheable = False
        model.fingerprint = hashlib.sha256(model.fingerprint.encode() + os.urandom(16)).hexdigest()
        notes = model.provenance.setdefault("notes", [])
        if isinstance(notes, list):
            notes.append(UNKNOWN)
        log.info("%s: %s", model.name, UNKNOWN)
    return model
