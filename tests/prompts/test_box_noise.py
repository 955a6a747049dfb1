"""Boxes moved once before they prompt."""

import numpy as np
import pytest
from toys import ToyModel

import sambench
from sambench.errors import UsageError
from sambench.prompts.box_noise import BoxNoise
from sambench.prompts.noise import generator_of, noisy_boxes
from sambench.types import Sample

SAMPLE = Sample("image", np.zeros((200, 300, 3), np.uint8), None)
BOXES = np.array([[10.0, 20, 100, 60], [50, 50, 30, 40]])


def test_no_noise_gives_the_array_itself():
    assert BoxNoise().moved(BOXES, SAMPLE) is BOXES


def test_a_box_moves_as_its_place_draws():
    found = BoxNoise("medsam", 3).moved(BOXES, SAMPLE)
    wanted = noisy_boxes("medsam", [generator_of(3, "image", 1)], np.array([[50.0, 50, 80, 90]]), (200, 300), 1, 1.0)
    np.testing.assert_allclose(found[1, :2], wanted[0, 0, :2])
    np.testing.assert_allclose(found[1, :2] + found[1, 2:], wanted[0, 0, 2:])
    np.testing.assert_array_equal(BoxNoise("medsam", 3).moved(BOXES[:1], SAMPLE), found[:1])
    assert not np.array_equal(BoxNoise("medsam", 4).moved(BOXES, SAMPLE), found)
    assert BoxNoise("sam").moved(BOXES[:0], SAMPLE).shape == (0, 4)


def test_instances_prompt_with_moved_boxes(tmp_path):
    def run(name, *words):
        settings = {"limit": 1, "run": {"dir": str(tmp_path / name)}}
        return sambench.evaluate(ToyModel(), "instances", overrides=words, **settings)

    plain, moved = run("plain"), run("moved", "task.prompt_noise=sam2")
    assert moved.record.switches["prompt_noise"] == "sam2"
    assert moved.rows()[0]["box_iou"] != plain.rows()[0]["box_iou"]
    assert run("again", "task.prompt_noise=none").rows() == plain.rows()
    with pytest.raises(UsageError, match="prompt_noise"):
        run("other", "task.prompt_noise=jitter")
