"""Ground truth whose files have more around their images' names."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sambench.tasks.edges import EdgesTask

from sambench.datasets.own.names import named_as_images
from sambench.datasets.own.reader import own
from sambench.errors import DatasetError


def files(*names):
    return {name: Path(f"{name}.png") for name in names}


@pytest.mark.parametrize("template", ["*_mask", "gt_*", "x/*-seg"])
def test_one_template_of_all_files_names_them_as_their_images(template):
    images = files("x/a", "x/b", "y/12") if template.startswith("x") else files("a", "b", "12")
    truths = files(*(template.replace("*", name) for name in ("a", "b", "12")))
    named, found = named_as_images(images, truths, Path("gt"))
    assert found == template
    assert {name.rpartition("/")[2]: str(path) for name, path in named.items()} == {
        name: f"{template.replace('*', name)}.png" for name in ("a", "b", "12")
    }


@pytest.mark.parametrize(
    ("images", "truths"),
    [
        (("a", "b"), ("a", "b_mask")),  # one has its image's name: the other is a stray
        (("a", "b"), ("a_mask", "b_seg")),
        (("12", "4"), ("img_123", "img_124")),
        (("x/a", "y/a"), ("a_mask",)),  # which of the two is not known
        (("a",), ()),
    ],
)
def test_others_stay_as_they_are(images, truths):
    assert named_as_images(files(*images), files(*truths), Path("gt")) == (files(*truths), None)


def test_two_templates_that_mean_different_images_are_refused():
    with pytest.raises(DatasetError, match=r"\*_2, \* being the image|\*_2 or 1_\*|1_\* or \*_2"):
        named_as_images(files("1", "2"), files("1_2"), Path("gt"))


def boxes(path, value=255, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros(size[::-1], np.uint8)
    pixels[5, 5:20] = value
    Image.fromarray(pixels).save(path)


@pytest.mark.parametrize("task", [None, EdgesTask])
def test_own_data_read_such_files_and_tell_the_template(tmp_path, task):
    for name in ("a", "b"):
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.new("RGB", (40, 30)).save(tmp_path / f"images/{name}.jpg")
        boxes(tmp_path / f"labels/{name}_mask.png")
    data = own(tmp_path, for_task=task)
    assert list(data.keys) == ["a", "b"]
    assert "files named *_mask" in data.card.note
    assert data.load("a").image.shape == (30, 40, 3)
    (tmp_path / "labels/b_mask.png").unlink()
    with pytest.raises(DatasetError, match=r"image has no ground truth.*b\.jpg|b\.jpg: image has no ground truth"):
        list(own(tmp_path, for_task=task).keys)
