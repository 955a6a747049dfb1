"""Two models side by side on the same images and prompts: features, logits, scores, masks and generated sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sambench.errors import UsageError
from sambench.masks.generator import AutomaticMaskGenerator
from sambench.masks.generator_settings import PRESETS
from sambench.masks.mask_sources import ModelMasks
from sambench.masks.resize import logits_at_original
from sambench.masks.rle import iou
from sambench.metrics.agreement import MaskError, SetError, TensorError, mask_error, set_error, tensor_error
from sambench.models.base import PromptableModel, Question
from sambench.prompts.refine import most_confident
from sambench.types import Embedding, Masks, Prompts, Size

KINDS: dict[str, Question] = {
    "point": Question(points=1),
    "point, single": Question(points=1, multimask=False),
    "3 points, single": Question(points=3, background=True, multimask=False),
    "box, single": Question(box=True, multimask=False),
    "box and mask, single": Question(box=True, mask=True, multimask=False),
}
"""What is asked of both models, where both have an answer."""


@dataclass(frozen=True)
class Worst:
    """One prompt whose two masks differ most.

    Attributes:
        iou: Of the two masks.
        sample_id: The image.
        kind: Of the prompt.
        image: (H, W, 3) uint8 RGB.
        masks: (2, H, W) bool, the reference's first.
    """

    iou: float
    sample_id: str
    kind: str
    image: np.ndarray
    masks: np.ndarray


@dataclass
class KindErrors:
    """What was measured of one kind of prompt, a value a mask."""

    logits: list[TensorError] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    masks: list[MaskError] = field(default_factory=list)
    same_best: list[bool] = field(default_factory=list)


@dataclass
class ParityErrors:
    """What was measured of two models.

    Attributes:
        features: Feature -> errors, one an image; empty where the two keep features of other names or shapes.
        kinds: Kind of prompt -> errors.
        sets: Errors of generated sets of masks, one an image.
        worst: The prompts whose masks differ most, worst first.
        left_out: Kinds of prompts that one of the two does not answer, each with the reason.
    """

    features: dict[str, list[TensorError]] = field(default_factory=dict)
    kinds: dict[str, KindErrors] = field(default_factory=dict)
    sets: list[SetError] = field(default_factory=list)
    worst: list[Worst] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ParitySettings:
    """What is asked.

    Attributes:
        prompts: Prompts of each kind an image.
        points_per_side: Of the generator's grid; 0 generates nothing.
        worst: How many of the worst prompts are kept.
        seed: Of the prompts.
    """

    prompts: int = 8
    points_per_side: int = 0
    worst: int = 6
    seed: int = 0


def measure_parity(
    reference: PromptableModel,
    other: PromptableModel,
    images: Iterable[tuple[str, np.ndarray]],
    settings: ParitySettings,
    shown: Callable[[], None] = lambda: None,
    encoded: dict[str, Embedding] | None = None,
) -> ParityErrors:
    """Ask two models the same of the same images.

    Args:
        reference, other: The models.
        images: (name, (H, W, 3) uint8 RGB) each.
        settings: What is asked.
        shown: Called after each image.
        encoded: Name -> the reference's features of an image, where they are known; those that are not are added.

    Raises:
        UsageError: No kind of prompt is answered by both.
    """
    errors = ParityErrors()
    asked = _asked_of_both(reference, other, errors)
    for number, (name, image) in enumerate(images):
        features = (encoded or {}).get(name) or reference.encode([image])[0]
        if encoded is not None:
            encoded[name] = features
        embeddings = (features, other.encode([image])[0])
        _features(errors, *embeddings)
        generator = np.random.default_rng([settings.seed, number])
        for kind, question in asked.items():
            prompts = draw_prompts(question, (image.shape[0], image.shape[1]), settings.prompts, generator)
            answers = _answers(question, prompts, embeddings, (reference, other))
            _one_kind(errors, kind, answers, (name, image), settings.worst)
        if settings.points_per_side:
            errors.sets.append(_generated(reference, other, image, embeddings, settings.points_per_side))
        shown()
    return errors


def _asked_of_both(one: PromptableModel, two: PromptableModel, errors: ParityErrors) -> dict[str, Question]:
    asked = {}
    for kind, question in KINDS.items():
        whys = {model.name: why for model in (one, two) if (why := model.refuses(question)) is not None}
        if whys:
            errors.left_out[kind] = "; ".join(f"{name}: {why}" for name, why in whys.items())
        else:
            asked[kind] = question
    if not asked:
        what = f"no kind of prompt is answered by both models: {next(iter(errors.left_out.values()))}"
        raise UsageError(what, where="model_a, model_b", mend="compare models that answer points or boxes")
    return asked


def draw_prompts(question: Question, size: Size, number: int, generator: np.random.Generator) -> Prompts:
    """Draw prompts of a kind anywhere in an image of (height, width); a mask is fed back later."""
    import torch

    scale = np.array([size[1], size[0]], np.float32)
    points = labels = boxes = None
    if question.points:
        points = torch.from_numpy(generator.random((number, question.points, 2), np.float32) * scale)
        labels = torch.ones(points.shape[:2], dtype=torch.int64)
        if question.background:
            labels[:, 1::2] = 0
    if question.box:
        corners = generator.random((number, 2, 2), np.float32) * scale
        boxes = torch.from_numpy(np.concatenate([corners.min(1), np.maximum(corners.max(1), corners.min(1) + 1)], 1))
    return Prompts(points, labels, boxes)


def _answers(
    question: Question,
    prompts: Prompts,
    embeddings: tuple[Embedding, ...],
    models: tuple[PromptableModel, PromptableModel],
) -> tuple[Masks, ...]:
    """Return both answers; of a mask prompt, both are given the reference's own earlier answer."""
    import torch

    with torch.inference_mode():
        if question.mask:
            best = most_confident(models[0].decode(embeddings[0], prompts, True))
            prompts = replace(prompts, mask_logits=best.prompt_logits[:, 0].float().cpu())
        pairs = zip(models, embeddings, strict=True)
        return tuple(model.decode(embedding, prompts, question.multimask) for model, embedding in pairs)


def _features(errors: ParityErrors, reference: Embedding, other: Embedding) -> None:
    for name, part in reference.tensors.items():
        there = other.tensors.get(name)
        if there is not None and there.shape == part.shape and part.is_floating_point():
            errors.features.setdefault(name, []).append(tensor_error(part, there))


def _one_kind(
    errors: ParityErrors, kind: str, answers: tuple[Masks, ...], sample: tuple[str, np.ndarray], worst: int
) -> None:
    one, two = answers
    if one.logits.shape[:2] != two.logits.shape[:2]:
        counts = " and ".join(str(answer.logits.shape[1]) for answer in answers)
        errors.left_out[kind] = f"the two answer with {counts} masks a prompt"
        return
    of_kind = errors.kinds.setdefault(kind, KindErrors())
    if one.logits.shape == two.logits.shape and one.frame == two.frame:
        of_kind.logits.append(tensor_error(one.logits, two.logits))
    of_kind.scores += (one.predicted_iou.cpu() - two.predicted_iou.cpu()).abs().flatten().tolist()
    of_kind.same_best += (one.predicted_iou.argmax(1).cpu() == two.predicted_iou.argmax(1).cpu()).tolist()
    large = [logits_at_original(answer.flat().logits[:, 0], answer.frame).cpu() for answer in answers]
    of_kind.masks.append(mask_error(*large))
    ious = of_kind.masks[-1].iou
    for index in np.argsort(ious, kind="stable")[:worst]:
        masks = np.stack([(part[int(index)] > 0).numpy() for part in large])
        errors.worst.append(Worst(float(ious[index]), sample[0], kind, sample[1], masks))
    errors.worst = sorted(errors.worst, key=lambda case: case.iou)[:worst]


def _generated(
    reference: PromptableModel,
    other: PromptableModel,
    image: np.ndarray,
    embeddings: tuple[Embedding, ...],
    points_per_side: int,
) -> SetError:
    settings = replace(PRESETS["edges"], points_per_side=points_per_side)  # filters would hide what differs
    sets: list[list[dict[str, Any]]] = []
    for model, embedding in zip((reference, other), embeddings, strict=True):
        sets.append(AutomaticMaskGenerator(ModelMasks(model), settings).generate(image, embedding).rles)
    one, two = sets
    return set_error(iou(one, two))
