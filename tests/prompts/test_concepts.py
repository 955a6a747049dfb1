"""Pairs of an image and a phrase, and prompts that are phrases."""

import pickle

import numpy as np
import pytest
import torch

from sambench.errors import ModelError, UsageError
from sambench.models.base import ConceptModel, Question, check_questions
from sambench.prompts.concepts import ConceptAnswer, ConceptPair, ConceptTruth, PhraseDetections
from sambench.types import Embedding, MaskFrame, Prompts, Sample


class Words(ConceptModel):
    name = "words"

    def encode(self, images):
        return [Embedding({}, image.shape[:2]) for image in images]

    def concepts(self, embedding, phrases):
        frame, one = MaskFrame(embedding.original_size), torch.ones(1)
        return [ConceptAnswer(one, one.view(1, 1, 1), None, frame, one[0] / 2, one.view(1, 1)) for _ in phrases]


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


def test_a_model_of_phrases_need_not_listen_to_what_they_are_about():
    image = np.zeros((4, 5, 3), np.uint8)
    (embedding,) = Words().encode([image])
    Words().about(Sample("a", image, ConceptTruth([])))
    (answer,) = Words().concepts(embedding, ["a cat"])
    assert answer.frame.original_size == (4, 5)


def test_answers_travel_between_processes():
    (answer,) = Words().concepts(Embedding({}, (4, 5)), ["a cat"])
    back = pickle.loads(pickle.dumps(answer))
    assert back.presence == 0.5
    assert back.semantic.shape == (1, 1)
    kept = pickle.loads(pickle.dumps(PhraseDetections(np.array([0.5]), None, np.ones((1, 4)), 0.25)))
    assert kept.presence == 0.25
    assert kept.box_shares_xywh.tolist() == [[1, 1, 1, 1]]
