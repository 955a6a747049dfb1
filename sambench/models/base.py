"""The interface every promptable model follows, and what a task will ask of it, refused before any image is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sambench.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    import torch

    from sambench.prompts.concepts import ConceptAnswer
    from sambench.types import Embedding, Masks, Prompts, Sample


from dataclasses import dataclass
from typing import TYPE_CHECKING

from sambench.errors import UsageError

if TYPE_CHECKING:
    from sambench.prompts.click_settings import ClickSettings
    from sambench.types import Prompts


class PromptableModel(ABC):
    """A model that encodes an image once and answers prompts about it many times.

    Attributes:
        name: Short name for tables.
        fingerprint: SHA-256 (hex) over the weights' bytes, preprocessing, dtype and the code's own version of either:
            whatever changes an embedding changes it, and nothing else does. It names the cache entries.
        provenance: What `run.json` says of the model: checkpoint path, SHA-256, size, class, version, dtype.
        encode_batch_size: How many images `encode` likes at once.
        libraries: Distributions whose code computes an embedding; their versions stand in the cache's keys, torch's as
            major.minor in any case.
        cacheable: Whether the fingerprint names the weights; without, no embedding is kept.
        answers_prompts: Whether it answers prompts; one that does not is an `EdgeDetector` (`sambench.models.edges`).
        thin_edges: Of an `EdgeDetector`: whether its edges are one pixel wide already.
    """

    name: str
    fingerprint: str
    provenance: dict[str, object]
    encode_batch_size: int = 1
    libraries: tuple[str, ...] = ("numpy",)
    cacheable: bool = True
    answers_prompts: bool = True
    thin_edges: bool = False

    @abstractmethod
    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Encode images, the costly half.

        Args:
            images: (H, W, 3) uint8 RGB each; sizes may differ.

        Returns:
            One embedding an image, on the model's device, in the order of the images.
        """

    @abstractmethod
    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer B prompts about one image, the cheap half.

        Args:
            embedding: From `encode` or from the cache, on any device.
            prompts: In pixels of the original image; on the host, but for mask logits, which lie where an earlier
                answer left them.
            multimask: True asks for the model's several candidates (three for SAM), False for its single answer.

        Returns:
            B x M masks on the model's device.
        """

    def parts(self) -> Mapping[str, torch.nn.Module]:
        """Return the torch modules of the "encoder", "prompt_encoder" and "decoder", for what is told of their size."""
        return {}

    def refuses(self, question: Question) -> str | None:
        """Say why the model has no answer to a kind of prompt, or None where it has one, as most models do to all."""
        return None


class ConceptModel(PromptableModel):
    """A model that finds all objects that a phrase names; one that takes clicks as well has its own `decode`."""

    def about(self, sample: Sample) -> None:
        """Hear which image the next phrases are about, as a model does that looks its answers up by the image's pairs.

        Args:
            sample: What the next `concepts` is asked of; its `target` is a `ConceptTruth`, of which nothing but pairs'
                ids and phrases may be used.
        """

    @abstractmethod
    def concepts(self, embedding: Embedding, phrases: Sequence[str]) -> list[ConceptAnswer]:
        """Answer phrases about one image.

        Args:
            embedding: From `encode` or from the cache, on any device.
            phrases: As the dataset writes them; whatever a model needs done to them is done here.

        Returns:
            One answer a phrase, in order; an answer does not depend on the other phrases.
        """

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Refuse clicks; see `PromptableModel.decode`.

        Raises:
            ModelError: Always.
        """
        raise ModelError(f"{self.name} takes phrases alone", mend="choose another model for points and boxes")

    def refuses(self, question: Question) -> str | None:
        """Refuse whatever is no phrase, unless the model has a `decode` of its own."""
        clicks = type(self).decode is not ConceptModel.decode
        return None if question.phrase or clicks else "it takes phrases alone"


@dataclass(frozen=True)
class Question:
    """One kind of prompt with the answer that is wanted of it.

    Attributes:
        points: How many points a prompt has.
        background: Whether some of them are background points.
        box: Whether it has a box.
        mask: Whether it has the logits of an earlier answer.
        multimask: Whether the model's several candidates are wanted; False for its single answer.
        mend: The change of the task that asks another question, or "" where there is none.
        or_edges: Whether a map of the image's edges does as well, from a model that finds edges by itself.
        phrase: Whether it is a phrase, for all the masks that it names.
    """

    points: int = 0
    background: bool = False
    box: bool = False
    mask: bool = False
    multimask: bool = True
    mend: str = ""
    or_edges: bool = False
    phrase: bool = False

    def __str__(self) -> str:
        if self.phrase:
            return "a phrase, for all masks that it names"
        number = "a point" if self.points == 1 else f"{self.points} points"
        kinds = {number: self.points > 0, "a box": self.box, "its earlier mask": self.mask}
        asked = " and ".join(kind for kind, there in kinds.items() if there)
        return f"{asked}, for {'several masks' if self.multimask else 'a single mask'}"


A_PHRASE = Question(phrase=True, mend="model=colour_words, which needs no download")
"""What tasks of text prompts ask."""


def check_questions(model: PromptableModel, questions: Sequence[Question]) -> None:
    """Refuse a task that asks what a model cannot answer.

    Raises:
        UsageError: Names the first such question, why it has no answer, and what the task can be told to ask instead.
    """
    for question in questions:
        if (why := _refusal(model, question)) is not None:
            what = f"{model.name} cannot answer what the task asks ({question}): {why}"
            helps = question.mend if model.answers_prompts else ""
            mend = " or ".join(part for part in (helps, "choose another model") if part)
            raise UsageError(what, where=f"model={model.name}", mend=mend)


def _refusal(model: PromptableModel, question: Question) -> str | None:
    if question.phrase and not isinstance(model, ConceptModel):
        return "it takes no text"
    return model.refuses(question)


def question_of(prompts: Prompts, multimask: bool) -> Question:
    """Return what prompts, on the host, ask."""
    labels = prompts.labels
    return Question(
        points=0 if labels is None else labels.shape[1],
        background=labels is not None and bool((labels == 0).any()),
        box=prompts.boxes_xyxy is not None,
        mask=prompts.mask_logits is not None,
        multimask=multimask,
    )


def click_questions(settings: ClickSettings) -> list[Question]:
    """Return what simulated clicks ask: the first click, the second, and the last with background clicks among them."""
    most = max(settings.clicks)
    first = settings.first_output == "multimask"
    questions = [Question(points=1, multimask=first, mend=_other_output("first_output", first))]
    later, mask = settings.later_output == "multimask", settings.mask_feedback
    mend = " or ".join(["task.mask_feedback=false"] * mask + [_other_output("later_output", later), "task.clicks=[1]"])
    numbers = sorted({number for number in (2, most) if 1 < number <= most})
    return [*questions, *(Question(number, True, False, mask, later, mend) for number in numbers)]


def box_questions(passes: int, first_multimask: bool, final_multimask: bool) -> list[Question]:
    """Return what boxes with a second pass ask (`sambench.prompts.refine.answer_boxes`)."""
    questions = [Question(box=True, multimask=first_multimask, mend=_other_output("first_output", first_multimask))]
    if passes == 2:
        mend = f"task.passes=1 or {_other_output('final_output', final_multimask)}"
        questions.append(Question(box=True, mask=True, multimask=final_multimask, mend=mend))
    return questions


def _other_output(switch: str, multimask: bool) -> str:
    return f"task.{switch}={'single' if multimask else 'multimask'}"
