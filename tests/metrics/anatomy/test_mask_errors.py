"""Each kind of wrong pixel, counted by hand."""

import numpy as np
import pytest

from sambench.metrics.anatomy.mask_errors import FIELDS, PART, WHOLE, mask_errors


def drawn(text):
    """Read rows of ".", "o" (object alone), "m" (mask alone) and "b" (both), with a border around them."""
    cells = np.pad(np.array([list(row) for row in text.split()]), 1, constant_values=".")
    return np.isin(cells, ["m", "b"]), np.isin(cells, ["o", "b"])


CASES = {
    "the example of the docstring": ("bbbboooooo", 1, {"shortfall": 1, "level": 5, "relation": PART}),
    "spill and shortfall": ("mbbbbo", 1, {"spill": 1, "shortfall": 1}),
    "far false pixels": ("bbbmmm", 1, {"spill": 1, "rest": 2}),
    "far missed pixels": ("bbbbooo", 1, {"shortfall": 1, "missed": 2, "missed_pieces": 1}),
    "an extra piece": ("bb.mm bb.m.", 1, {"extra": 3, "extra_pieces": 1}),
    "two extra pieces": ("bb.m bb.. bb.m", 1, {"extra": 2, "extra_pieces": 2}),
    "a missed piece": ("bbb.o bbb..", 1, {"missed": 1, "missed_pieces": 1}),
    "a whole for a part": ("bmmmm", 1, {"spill": 1, "level": 3, "relation": WHOLE}),
    "a filled hole": ("bbb bmb bbb", 1, {"holes": 1, "torn_holes": 1}),
    "a torn hole": ("bbb bob bbb", 1, {"holes": 1, "torn_holes": 1}),
    "a hole filled by less than half": ("bbbb bm.b b..b bbbb", 1, {"spill": 1}),
    "elsewhere": ("oo.mm", 3, {"rest": 4}),
    "the distance is Euclid's": ("b... .... ...m", 3, {"extra": 1, "extra_pieces": 1}),
    "two steps": ("bbbmm", 2, {"spill": 2}),
}


@pytest.mark.parametrize("case", CASES)
def test_each_wrong_pixel_has_its_kind(case):
    text, distance, expected = CASES[case]
    mask, truth = drawn(text)
    found = dict(zip(FIELDS, mask_errors(mask, truth, distance).tolist(), strict=True))
    assert found["union"] == (mask | truth).sum()
    assert found["intersection"] == (mask & truth).sum()
    counted = FIELDS[2 : FIELDS.index("shift_x")]
    assert {name: found[name] for name in counted if found[name]} == expected


def test_a_moved_mask_is_moved_back():
    truth = np.zeros((12, 14), bool)
    truth[3:8, 3:9] = True
    mask = np.roll(truth, (2, 3), (0, 1))
    found = dict(zip(FIELDS, mask_errors(mask, truth, 2).tolist(), strict=True))
    assert (found["shift_x"], found["shift_y"]) == (-3, -2)
    assert (found["intersection"], found["shifted_intersection"]) == (9, 30)
    far = dict(zip(FIELDS, mask_errors(mask, truth, 1).tolist(), strict=True))
    assert (far["shift_x"], far["shift_y"], far["shifted_intersection"]) == (0, 0, 9)
