"""What counting clicks costs beside making them: run with `-m slow`."""

import time

import numpy as np
import pytest
import torch
from sambench.tasks.points import PointsTask
from scipy.ndimage import gaussian_filter
from toys import ToyModel

from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.masks.rle import encode_masks
from sambench.types import Annotation, InstanceTruth, MaskFrame, Masks, Sample

SIZE, IMAGES, OBJECTS = (256, 256), 10, 100
SWITCHES = {"clicks": tuple(range(1, 21)), "first_output": "single", "forbid_reclick": True, "boundary_ratio": None}


class Near(ToyModel):
    """Answers with the pixels that are nearer to a click on the object than to one beside it, within 40 pixels."""

    def decode(self, embedding, prompts, multimask):
        height, width = embedding.original_size
        grid = torch.cartesian_prod(torch.arange(64), torch.arange(64)).flip(1) * 4.0 + 1.5
        away = torch.cdist(grid, prompts.points_xy)  # (B, 4096, K)
        on = prompts.labels[:, None] == 1
        nearest = away.masked_fill(~on, 1e4).amin(2)
        logits = torch.minimum(40 - nearest, away.masked_fill(on, 1e4).amin(2) - nearest).reshape(-1, 1, 64, 64)
        return Masks(logits, torch.ones(len(logits), 1), MaskFrame((height, width)))


def samples():
    """Ten images of a hundred islands of random form."""
    rng = np.random.default_rng(0)
    for number in range(IMAGES):
        fields = gaussian_filter(rng.normal(size=(OBJECTS, *SIZE)), (0, 12, 12))
        masks = fields > np.quantile(fields, 0.93, axis=(1, 2), keepdims=True)
        found = [
            Annotation(n, 1, code, float(own.sum()))
            for n, (code, own) in enumerate(zip(encode_masks(masks), masks, strict=True))
        ]
        yield Sample(str(number), np.zeros((*SIZE, 3), np.uint8), InstanceTruth(found, number))


def seconds(task, data):
    """Seconds of one thread for clicks, rows and figures, and the figures."""
    start, rows = time.process_time(), []
    for sample in data:
        rows += task.score(sample, task.predict(sample, Predictor(Near(), None, Stages())))
    metrics = task.summarize(rows)
    return time.process_time() - start, metrics


@pytest.mark.slow
def test_counting_a_thousand_objects_clicks_adds_less_than_a_fifth(record_property):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        data = list(samples())
        plain, counted = PointsTask(**SWITCHES), PointsTask(**SWITCHES, noc_at=(0.8, 0.85, 0.9, 0.95))
        seconds(counted, data[:1])
        took, _ = seconds(plain, data)
        own, metrics = seconds(counted, data)
        stopped, _ = seconds(PointsTask(**SWITCHES, noc_at=(0.8,), target_iou=0.8), data)
    finally:
        torch.set_num_threads(threads)
    assert metrics["objects"].value == IMAGES * OBJECTS
    record_property("ratio", own / took)
    record_property("ratio_stopped", stopped / took)
    print(f"{took:.1f} s for the clicks, {own:.1f} s with NoC, {stopped:.1f} s with a stop at .8")
    assert own < 1.2 * took
