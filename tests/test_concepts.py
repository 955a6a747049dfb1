"""Pairs of an image and a phrase, and prompts that are phrases."""

import pytest
import torch

from sambench.concepts import ConceptPair, ConceptTruth
from sambench.errors import ModelError, UsageError
from sambench.models.base import ConceptModel
from sambench.models.questions import Question, check_questions
from sambench.types import Embedding, Prompts


class Words(ConceptModel):
    name = "words"

    def encode(self, images):
        return [Embedding({}, image.shape[:2]) for image in images]

    def concepts(self, embedding, phrases):
        return []


def test_only_pairs_drawn_exhaustively_are_asked():
    pairs = [ConceptPair(1, "a cat", ([],)), ConceptPair(2, "a dog", ([],), exhaustive=False)]
    assert ConceptTruth(pairs).asked == pairs[:1]


def test_phrases_are_prompts_in_batches():
    prompts = Prompts(phrases=("a", "b", "c"))
    assert len(prompts) == 3
    assert prompts[1:].phrases == ("b", "c")


def test_phrases_go_with_no_other_prompt():
    with pytest.raises(ValueError, match="no points"):
        Prompts(boxes_xyxy=torch.zeros(1, 4), phrases=("a",))


def test_a_model_of_phrases_alone_refuses_clicks():
    check_questions(Words(), [Question(phrase=True)])
    with pytest.raises(UsageError, match=r"words cannot answer .* it takes phrases alone"):
        check_questions(Words(), [Question(points=1)])
    with pytest.raises(ModelError, match="words takes phrases alone"):
        Words().decode(Embedding({}, (4, 4)), Prompts(boxes_xyxy=torch.zeros(1, 4)), True)
