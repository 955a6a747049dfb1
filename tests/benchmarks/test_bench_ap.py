"""Speed of COCO AP from masks beside other evaluators, those that are there: run with `--benchmark-enable -m slow`.

Sparse images have some 22 detections of 4 objects, dense ones some 100: what a call a category costs shows in the
first. The peers' time holds the loading of entries that are in memory already.
"""

import contextlib
import copy
import io
import json

import pytest
from instance_scenes import pairs, perturbed, plain_hotcoco, read_figures, write_scenes

from sambench.datasets.coco import Coco
from sambench.metrics.coco.evaluators import instance_figures, match_instances_by

LIMITS = (1, 10, 100)
DENSITIES = {"sparse": {"images": 300, "per_object": 4}, "dense": {"images": 100, "per_object": 20}}
PEERS = {
    "pycocotools": ("pycocotools.coco.COCO", "pycocotools.cocoeval.COCOeval"),
    "ultrafast": ("ultrafast_pycocotools.coco.COCO", "ultrafast_pycocotools.cocoeval.COCOeval"),
    "faster": ("faster_coco_eval.COCO", "faster_coco_eval.COCOeval_faster"),
}


@pytest.fixture(scope="module", params=DENSITIES)
def scenes(request, tmp_path_factory):
    density = DENSITIES[request.param]
    path = tmp_path_factory.mktemp("scenes") / "instances.json"
    dataset = json.loads(write_scenes(path, images=density["images"], size=(240, 320)).read_text())
    results = perturbed(dataset, per_object=density["per_object"])
    return dataset, results, pairs(Coco(path.parent, annotations=str(path), check_images=False), results)


def by_sambench(scenes):
    return instance_figures([match_instances_by(pair, "fast", max_dets=100) for pair in scenes[2]], max_dets=LIMITS)


def by_hotcoco(scenes):
    return read_figures(plain_hotcoco(scenes[0], scenes[1]))


def by(name):
    """An evaluator with pycocotools' interface."""

    def named(place):
        module, _, member = place.rpartition(".")
        return getattr(pytest.importorskip(module), member)

    def evaluated(scenes):
        coco, evaluator = map(named, PEERS[name])
        with contextlib.redirect_stdout(io.StringIO()):
            truth = coco()
            truth.dataset = copy.deepcopy(scenes[0])
            truth.createIndex()
            run = evaluator(truth, truth.loadRes(copy.deepcopy(scenes[1])), "segm")
            run.evaluate()
            run.accumulate()
            run.summarize()
        return {"AP": run.stats[0]}

    evaluated.__name__ = f"by_{name}"
    return evaluated


@pytest.mark.slow
@pytest.mark.benchmark(group="AP of 300 sparse or 100 dense images")
@pytest.mark.parametrize("evaluate", [by_sambench, by_hotcoco, *map(by, PEERS)], ids=lambda one: one.__name__)
def test_bench_average_precision(benchmark, scenes, evaluate):
    by_sambench((*scenes[:2], scenes[2][:3]))  # compiles
    found = benchmark.pedantic(evaluate, (scenes,), rounds=3, warmup_rounds=1)
    assert found["AP"] == pytest.approx(by_sambench(scenes)["AP"], abs=1e-9)
