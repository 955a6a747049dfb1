"""Pairs of checkpoints with a known difference on images that both find easy or hard, for each family of metrics.

Each family draws (N images, shift) -> the values and replicates of both sides. With shift 0 the sides are alike
in distribution, so that every true difference is 0; a shift lowers the candidate's skill.
"""

import numpy as np

from sambench.metrics.boundary.resampled import boundary_replicates
from sambench.metrics.boundary.scores import levels_of
from sambench.metrics.clicks.miou import click_replicates
from sambench.metrics.coco.average_precision import precision_replicates
from sambench.metrics.coco.average_recall import ProposalMatches, recall_replicates
from sambench.metrics.coco.matches import NEVER_COUNTED, match_record

LEVELS = levels_of(33)
DATASETS = ("a", "b", "c")


def edges(rng, n, shift):
    """Give (N, 33, 4) boundary counts of both sides: skill moves recall and precision at every threshold."""
    difficulty = rng.normal(size=n)
    true = np.exp(rng.normal(7.5, 0.5, n))
    sides = []
    for down in (0.0, shift):
        skill = 1 / (1 + np.exp(-(0.8 + 0.7 * difficulty + 0.25 * rng.normal(size=n) - down)))[:, None]
        slope = np.exp(0.15 * rng.normal(size=n))[:, None]
        recall = np.clip(skill * (1.25 - LEVELS * slope), 0.0, 1)
        precision = np.clip(0.35 * skill + 0.55 * LEVELS**0.5 + 0.05 * rng.normal(size=(n, 1)), 0.05, 1)
        found, every = recall * true[:, None], np.repeat(true[:, None], len(LEVELS), 1)
        predicted = found / precision
        sides.append(np.stack([found, every, found, predicted], 2).round().astype(np.int64))
    return [lambda weights, own=own: boundary_replicates(own, LEVELS, weights) for own in sides]


def points(rng, n, shift):
    """Give the overlaps of a few masks an image in three data sets, masks of an image being alike."""
    rows, ids = ([], []), [f"{i:04d}" for i in range(n)]
    image = rng.normal(size=n)
    sides_image = 0.3 * rng.normal(size=(2, n))
    for i in range(n):
        masks = int(rng.integers(1, 7))
        shared = image[i] + 0.8 * rng.normal(size=masks)
        area = np.exp(rng.uniform(4, 11, masks))
        for side, down in enumerate((0.0, shift)):
            iou = 1 / (1 + np.exp(-(0.6 + shared + sides_image[side, i] + 0.6 * rng.normal(size=masks) - down)))
            oracle = iou + (1 - iou) * rng.uniform(0, 0.3, masks)
            for k in range(masks):
                rows[side].append(
                    {
                        "sample_id": ids[i],
                        "dataset": DATASETS[i % 3],
                        "clicks": 1,
                        "area": float(area[k]),
                        "iou": float(iou[k]),
                        "boundary_iou": None,
                        "oracle_iou": float(oracle[k]),
                    }
                )
    return [lambda weights, own=own: _first(click_replicates(own, ids, weights), "mIoU@1", "oracle@1") for own in rows]


def _first(figures, *names):
    return {name: figures[name] for name in names}


def proposals(rng, n, shift):
    """Give the places of the proposals that find each object, and the threshold up to which they do."""
    sides = ([], [])
    for i in range(n):
        image, count = rng.normal(), int(rng.integers(1, 12))
        shared = image + 0.8 * rng.normal(size=count)
        size = rng.integers(0, 3, count)
        for side, down in enumerate((0.0, shift)):
            quality = shared + 0.3 * rng.normal() + 0.6 * rng.normal(size=count) - down
            reached = np.clip(np.round(5 + 3.5 * quality), 0, 10)[:, None]
            place = np.clip(np.exp(4 - quality + rng.normal(size=count)), 0, 1500).astype(np.int32)[:, None]
            places = np.where((np.arange(10) < reached) & (place < 1000), place, -1).astype(np.int32)
            groups = {"all": places}
            groups |= {name: places[size == k] for k, name in enumerate(("small", "medium", "large"))}
            sides[side].append(ProposalMatches(i + 1, groups))
    limits = (100, 1000)
    return [lambda weights, own=own: recall_replicates(own, weights, limits) for own in sides]


def instances(rng, n, shift):
    """Give detections of five categories: each object's, with a score that rises with its overlap, and wrong ones."""
    sides = ([], [])
    for i in range(n):
        image, count = 0.7 * rng.normal(), int(rng.integers(1, 9))
        truth, size = rng.integers(0, 5, count), rng.integers(0, 3, count)
        shared = image + 0.8 * rng.normal(size=count)
        wrong = rng.integers(0, 5, rng.integers(0, 5))
        wrong_score, wrong_size = rng.uniform(0.05, 0.7, len(wrong)), rng.integers(0, 3, len(wrong))
        for side, down in enumerate((0.0, shift)):
            quality = shared + 0.25 * rng.normal() + 0.5 * rng.normal(size=count) - down
            reached = np.clip(np.round(6 + 3 * quality), 0, 10).astype(int)
            score = 1 / (1 + np.exp(-(0.5 + 0.8 * quality + 0.3 * rng.normal(size=count))))
            sides[side].append(_image(i + 1, truth, size, reached, score, wrong, wrong_size, wrong_score))
    return [lambda weights, own=own: _aps(precision_replicates(own, weights)) for own in sides]


def _image(number, truth, size, reached, score, wrong, wrong_size, wrong_score):
    categories = np.concatenate([truth, wrong])
    scores, sizes = np.concatenate([score, wrong_score]), np.concatenate([size, wrong_size])
    hits = np.concatenate([(1 << reached) - 1, np.zeros(len(wrong), int)]).astype(np.uint16)
    blocks = []
    for category in np.unique(categories).tolist():
        own = np.flatnonzero(categories == category)
        own = own[np.argsort(-scores[own], kind="stable")]
        inside = [np.ones(len(own), bool), *(sizes[own] == k for k in range(3))]
        area_hits = np.stack([np.where(member, hits[own], 0) for member in inside], 1)
        out = np.stack([np.where(member, 0, NEVER_COUNTED) for member in inside], 1)
        blocks.append((np.full(len(own), category), scores[own], np.arange(len(own)), area_hits, out))
    counts = {
        int(c): np.array([(truth == c).sum(), *(((truth == c) & (size == k)).sum() for k in range(3))], np.int64)
        for c in np.unique(truth)
    }
    return match_record(number, blocks, counts)


def _aps(figures):
    return {name: values for name, values in figures.items() if name.startswith("AP")}


FAMILIES = {"points": points, "edges": edges, "proposals": proposals, "instances": instances}


def strata(family, n):
    """Return the stratum of each image: the data set, where there are several."""
    return [DATASETS[i % 3] if family == "points" else "" for i in range(n)]


HEADLINE = {"points": "mIoU@1", "edges": "ods", "proposals": "AR@1000", "instances": "AP"}
