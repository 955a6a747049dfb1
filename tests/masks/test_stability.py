import torch

from sambench.masks.stability import stability_score


def test_ratio_of_the_two_areas():
    logits = torch.tensor([[2.0, 1.5, 0.5, 0.0], [-0.5, -0.9, -1.0, -3.0]])
    assert stability_score(logits).item() == torch.tensor(2 / 6).item()


def test_thresholds_are_exclusive():
    assert stability_score(torch.tensor([[1.0, 1.25, -1.0, -0.75]])).item() == torch.tensor(1 / 3).item()


def test_threshold_and_offset():
    logits = torch.tensor([[[4.0, 3.0, 2.0, 1.0]]])
    assert stability_score(logits, threshold=2.5, offset=1.0).tolist() == [torch.tensor(1 / 3).item()]
    assert stability_score(logits, offset=0.0).tolist() == [1.0]


def test_nothing_over_nothing_is_nan_and_nothing_over_something_is_zero():
    scores = stability_score(torch.stack([torch.full((3, 3), -5.0), torch.full((3, 3), -0.5)]))
    assert torch.isnan(scores[0])
    assert scores[1] == 0
