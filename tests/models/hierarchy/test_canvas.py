"""Room that is used again, and never while anyone holds what is in it."""

import torch

from sambench.models.hierarchy.canvas import KEPT, Canvases


def test_room_is_used_again_once_nobody_holds_it():
    canvases = Canvases()
    first = canvases.tensor((4, 3, 5))
    assert first.shape == (4, 3, 5)
    assert first.dtype == torch.float32
    at = first.data_ptr()
    del first
    smaller = canvases.tensor((2, 7))
    assert smaller.data_ptr() == at
    assert smaller.is_contiguous()


def test_what_is_held_through_a_view_is_not_painted_over():
    canvases = Canvases()
    view = canvases.tensor((2, 3)).fill_(1)[1:]
    held = [view, *(canvases.tensor((2, 3)).fill_(2) for _ in range(KEPT + 2))]
    assert len({tensor.untyped_storage().data_ptr() for tensor in held}) == len(held)
    assert (view == 1).all()


def test_larger_room_takes_the_place_of_smaller():
    canvases = Canvases()
    canvases.tensor((3,))
    larger = canvases.tensor((300,)).fill_(1)
    assert larger.sum() == 300


def test_no_room_is_needed_for_nothing():
    assert Canvases().tensor((0, 3)).shape == (0, 3)
