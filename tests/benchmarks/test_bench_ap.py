"""Speed of COCO AP from masks beside pycocotools and hotcoco: run with `--benchmark-enable -m slow`."""

import json

import pytest
from instance_scenes import pairs, perturbed, plain_coco, plain_hotcoco, read_figures, write_scenes

from sambench.datasets.coco import Coco
from sambench.metrics.coco.evaluators import instance_figures, match_instances_by

LIMITS = (1, 10, 100)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    path = write_scenes(tmp_path_factory.mktemp("scenes") / "instances.json", images=300, size=(240, 320))
    dataset = json.loads(path.read_text())
    results = perturbed(dataset, per_object=4)
    return dataset, results, pairs(Coco(path.parent, annotations=str(path), check_images=False), results)


def by_sambench(scenes):
    return instance_figures([match_instances_by(pair, "fast", max_dets=100) for pair in scenes[2]], max_dets=LIMITS)


def by_pycocotools(scenes):
    return read_figures(plain_coco(scenes[0], scenes[1]))


def by_hotcoco(scenes):
    return read_figures(plain_hotcoco(scenes[0], scenes[1]))


@pytest.mark.slow
@pytest.mark.benchmark(group="AP of 300 images")
@pytest.mark.parametrize("evaluate", [by_sambench, by_pycocotools, by_hotcoco])
def test_bench_average_precision(benchmark, scenes, evaluate):
    by_sambench((*scenes[:2], scenes[2][:3]))  # compiles
    found = benchmark.pedantic(evaluate, (scenes,), rounds=3)
    assert found["AP"] == pytest.approx(by_sambench(scenes)["AP"], abs=1e-9)
