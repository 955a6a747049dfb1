"""Speed of reading images and masks beside pycocotools and scikit-image: run with `--benchmark-enable -m slow`."""

import json

import numpy as np
import pytest
from instance_scenes import quiet, write_scenes
from PIL import Image
from pycocotools.coco import COCO
from skimage.io import imread

from sambench.datasets.coco import Coco
from sambench.masks.rle import areas


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("coco")
    path = write_scenes(root / "instances.json", images=60, size=(480, 640))
    (root / "val2017").mkdir()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (48, 64, 3), np.uint8).repeat(10, 0).repeat(10, 1)
    for record in json.loads(path.read_text())["images"]:
        Image.fromarray(pixels).save(root / "val2017" / record["file_name"], quality=90)
    return root


def by_sambench(root):
    data = Coco(root, annotations=str(root / "instances.json"))
    samples = [data.load(key) for key in data.keys]
    return sum(int(areas([one.rle for one in sample.target.annotations]).sum()) for sample in samples)


def by_pycocotools(root):
    """Read the image with scikit-image and every mask with annToMask, as evaluation scripts do."""
    with quiet():
        data = COCO(root / "instances.json")
    total = 0
    for number in data.getImgIds():
        imread(root / "val2017" / data.imgs[number]["file_name"])
        total += sum(int(data.annToMask(one).sum()) for one in data.imgToAnns[number])
    return total


@pytest.mark.slow
@pytest.mark.benchmark(group="reading 60 images with their masks")
@pytest.mark.parametrize("read", [by_sambench, by_pycocotools])
def test_bench_reading(benchmark, folder, read):
    total = benchmark.pedantic(read, (folder,), rounds=3)
    assert total == by_pycocotools(folder)
