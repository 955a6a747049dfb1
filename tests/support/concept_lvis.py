"""LVIS's 100 images as pairs of three annotators, the second and third made up, with made-up predictions."""

import numpy as np
from concept_pairs import rle
from pycocotools import mask as coco_mask

from sambench.datasets.concepts.named import lvis_concepts

GRID = 0.25, 0.499996, 0.5, 0.9


def lvis_pairs(path):
    """Coded pairs of LVIS v0.5's file of 100 images: 299 positive ones, 942 negative ones, 16 not exhaustive."""
    rng = np.random.default_rng(100)
    data = lvis_concepts(annotations=path, version="v0.5", names="name", check_images=False)
    return [pair for key in data.keys for pair in image_pairs(rng, data.size(key), data.load_truth(key).pairs)]


def image_pairs(rng, size, pairs):
    """Coded pairs of one image; of a negative one another pair's objects may be found."""
    everything = [one.rle for pair in pairs for one in pair.annotators[0]]
    for pair in pairs:
        own = [one.rle for one in pair.annotators[0]]
        truths = [own, *([mostly(rng, code, 4, 0.3) for code in own if rng.random() > 0.15] for _ in range(2))]
        found = [mostly(rng, code, 12, 0.4) for code in own if rng.random() > 0.1]
        found += [code for code in found if rng.random() < 0.1]
        if everything and rng.random() < 0.15:
            found.append(everything[rng.integers(len(everything))])
        yield {
            "size": size,
            "truths": [{"codes": codes, "crowd": [False] * len(codes)} for codes in truths],
            "exhaustive": [pair.exhaustive] * 3,
            "codes": found,
            "scores": [float(rng.choice(GRID, p=(0.1, 0.1, 0.2, 0.6))) for _ in found],
        }


def mostly(rng, code, most, share):
    """The mask itself, or with a probability moved up to `most` pixels, wrapped at the edges."""
    if rng.random() > share:
        return code
    return rle(np.roll(coco_mask.decode(code), rng.integers(-most, most + 1, 2), (0, 1)))


def perfect(pairs):
    """The same pairs with the first annotator's masks as predictions."""
    return [
        {**pair, "codes": pair["truths"][0]["codes"], "scores": [1.0] * len(pair["truths"][0]["codes"])}
        for pair in pairs
    ]
