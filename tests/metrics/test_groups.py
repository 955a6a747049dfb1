import numpy as np

from sambench.metrics.groups import letter, size_members


def test_sizes_are_cocos_with_both_ends():
    members = size_members(np.array([10, 1024, 5000, 9216, 10000]))
    assert {name: np.flatnonzero(own).tolist() for name, own in members.items()} == {
        "": [0, 1, 2, 3, 4],
        "s": [0, 1],
        "m": [1, 2, 3],
        "l": [3, 4],
    }


def test_letters_are_cocos():
    assert [letter(group) for group in ("all", "small", "medium", "large", "rare")] == ["", "s", "m", "l", "r"]
