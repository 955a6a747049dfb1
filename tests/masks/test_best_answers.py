import numpy as np
import torch

from sambench.masks.best_answers import best_answers
from sambench.prompts.concepts import ConceptAnswer
from sambench.types import MaskFrame


def answers(rng, phrases=20, queries=9):
    """Answers whose scores often tie."""
    return [
        ConceptAnswer(
            torch.from_numpy(rng.integers(0, 12, queries) / 12), torch.zeros(queries, 1, 1), None, MaskFrame((1, 1))
        )
        for _ in range(phrases)
    ]


def test_the_best_of_all_are_kept_and_little_else():
    rng = np.random.default_rng(3)
    for limit in (1, 7, 50, 500):
        given = answers(rng)
        found = torch.cat([one.scores for one in best_answers(given, limit)]).numpy()
        plain = torch.cat([one.scores for one in given]).numpy()
        best = np.argsort(-plain, kind="stable")[:limit]
        np.testing.assert_array_equal(np.argsort(-found, kind="stable")[:limit], best)
        np.testing.assert_array_equal(found[best], plain[best])
        assert limit > 7 or np.isfinite(found).sum() < 0.4 * len(plain)


def test_equal_scores_that_come_later_lose():
    one = ConceptAnswer(torch.tensor([0.5, 0.5]), torch.zeros(2, 1, 1), None, MaskFrame((1, 1)))
    first, second = best_answers([one, one], 2)
    assert first.scores.tolist() == [0.5, 0.5]
    assert second.scores.tolist() == [-np.inf, -np.inf]
