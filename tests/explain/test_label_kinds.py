"""In which way two masks differ, by hand."""

import numpy as np
import pytest

from sambench.explain.label_kinds import difference_of


def box(left, top, width, height):
    mask = np.zeros((30, 60), bool)
    mask[top : top + height, left : left + width] = True
    return mask


@pytest.mark.parametrize(
    ("truth", "kind", "shift"),
    [
        (box(13, 8, 10, 10), "shifted", (3, -2)),
        (box(40, 10, 10, 10), "shifted", (30, 0)),
        (box(10, 10, 30, 10), "merged", (0, 0)),
        (box(10, 10, 10, 3), "part", (0, 0)),
        (box(15, 5, 5, 20), "outline", (0, 0)),
    ],
)
def test_a_difference_is_told(truth, kind, shift):
    told = difference_of(truth, box(10, 10, 10, 10))
    assert (told.kind, (told.dx, told.dy)) == (kind, shift)
