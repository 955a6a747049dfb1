import pytest
import torch

from sambench.errors import UsageError
from sambench.masks.crops import Crop, layered_crops, near_crop_edge


def test_no_layers_is_the_whole_image():
    assert layered_crops((30, 50), 0, 0.3) == [Crop((0, 0, 50, 30), 0)]


def test_one_layer_column_by_column():
    # overlap int(.5 * 60 * 1) = 30; widths ceil((30 + 100) / 2) = 65 and heights ceil((30 + 60) / 2) = 45
    crops = layered_crops((60, 100), 1, 0.5)
    assert [crop.box_xyxy for crop in crops[1:]] == [
        (0, 0, 65, 45),
        (0, 15, 65, 60),
        (35, 0, 100, 45),
        (35, 15, 100, 60),
    ]
    assert [crop.layer for crop in crops] == [0, 1, 1, 1, 1]
    assert crops[2].size == (45, 65)
    assert crops[2].area == 45 * 65


def test_the_papers_twenty_crops():
    crops = layered_crops((1500, 2250), 2, 512 / 1500)
    assert len(crops) == 1 + 4 + 16
    assert crops[1].box_xyxy == (0, 0, 1381, 1006)
    assert crops[2].box_xyxy == (0, 1006 - 512, 1381, 1500)
    assert all(0 <= crop.box_xyxy[0] < crop.box_xyxy[2] <= 2250 for crop in crops)
    assert max(crop.box_xyxy[3] for crop in crops[5:]) == 1500


def test_an_image_too_small_to_cut_is_refused():
    with pytest.raises(UsageError, match="too small for 4 x 4 crops"):
        layered_crops((3, 3), 2, 0.3)


def test_only_sides_that_the_crop_alone_cuts_count():
    crop = Crop((0, 100, 200, 300), 1)
    boxes = torch.tensor(
        [
            [50, 150, 100, 250],  # inside
            [0, 150, 100, 250],  # at the left of the image too
            [50, 120, 100, 250],  # 20 px below the crop's top
            [50, 121, 100, 250],  # 21 px below it
            [50, 150, 100, 290],  # near the bottom
            [50, 150, 180, 250],  # near the right
        ]
    )
    assert near_crop_edge(boxes, crop, (400, 400)).tolist() == [False, False, True, False, True, True]


def test_the_whole_image_cuts_nothing():
    boxes = torch.tensor([[0, 0, 99, 59], [40, 30, 60, 59]])
    assert not near_crop_edge(boxes, Crop((0, 0, 100, 60), 0), (60, 100)).any()
