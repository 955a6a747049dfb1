"""What a task will ask of a model, so that a model that cannot answer refuses before any image is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sambench.errors import UsageError
from sambench.models.base import ConceptModel

if TYPE_CHECKING:
    from sambench.models.base import PromptableModel
    from sambench.prompts.click_settings import ClickSettings
    from sambench.types import Prompts


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
