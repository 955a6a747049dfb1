"""Boxes in their two forms."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sambench.prompts.boxes import xywh_of, xyxy_of


def test_forms_by_hand():
    assert xyxy_of(np.array([[2.0, 3.0, 4.0, 5.0]])).tolist() == [[2, 3, 6, 8]]
    assert xywh_of(np.array([[[2.0, 3.0, 6.0, 8.0]]])).tolist() == [[[2, 3, 4, 5]]]


@given(st.lists(st.tuples(*[st.integers(0, 999)] * 4), max_size=4))
def test_one_form_undoes_the_other(boxes):
    table = np.array(boxes, np.float64).reshape(-1, 4)
    assert (xywh_of(xyxy_of(table)) == table).all()
