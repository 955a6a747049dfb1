"""Pairs of images and phrases, annotated and predicted, random and adversarial, for evaluators of concepts."""

import numpy as np
from pycocotools import mask as coco_mask

HEIGHT, WIDTH = 24, 32
GRID = 0.25, 0.499996, 0.5, 0.9
"""Scores: the third is exactly at the evaluator's threshold, the second rounds up to it at five decimals."""


def rectangle(left, top, right, bottom):
    """A mask of whole pixels, ends excluded; may be empty."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


def moved(rng, mask, most):
    """The mask up to `most` pixels away, wrapped at the edges."""
    return np.roll(mask, rng.integers(-most, most + 1, 2), (0, 1))


def thing(rng):
    """A rectangle of 6 to 12 pixels a side with a few pixels off at random."""
    left, top = rng.integers(0, WIDTH - 12), rng.integers(0, HEIGHT - 12)
    mask = rectangle(left, top, left + rng.integers(6, 13), top + rng.integers(6, 13))
    return mask * (rng.random(mask.shape) > 0.03).astype(np.uint8)


def random_pair(rng, annotators, absent=0.5, silent=0.4, crowded=0.1):
    """Masks of each annotator with crowd flags, whether each saw all, and predicted masks with scores."""
    objects = [] if rng.random() < absent else [thing(rng) for _ in range(rng.integers(1, 6))]
    truths = []
    for _ in range(annotators):
        own = [moved(rng, mask, 1) for mask in objects if rng.random() > 0.15]
        own += [thing(rng) for _ in range(rng.random() < 0.05)]
        truths.append({"masks": own, "crowd": [bool(rng.random() < crowded) for _ in own]})
    found = [moved(rng, mask, 1) for mask in objects if rng.random() > 0.2]
    found += [mask.copy() for mask in found if rng.random() < 0.15]
    found += [thing(rng) for _ in range(rng.integers(0, 2))]
    if rng.random() < silent:
        found = []
    scores = [float(rng.choice(GRID, p=(0.1, 0.1, 0.2, 0.6))) for _ in found]
    return {
        "truths": truths,
        "exhaustive": [bool(rng.random() > 0.05) for _ in truths],
        "masks": found,
        "scores": scores,
    }


def plain(truths, found, scores=None, crowd=None):
    """A pair of which all annotators saw everything."""
    flags = crowd or [[False] * len(own) for own in truths]
    own = [{"masks": masks, "crowd": marks} for masks, marks in zip(truths, flags, strict=True)]
    return {"truths": own, "exhaustive": [True] * len(own), "masks": found, "scores": scores or [0.9] * len(found)}


def adversarial():
    """Name -> pairs; each with a pair of the other kind beside it, so that IL_MCC is not 0 for that reason alone."""
    box, other = rectangle(2, 2, 12, 12), rectangle(16, 4, 26, 14)
    wide, shifted = rectangle(2, 2, 22, 12), rectangle(2, 2, 12, 11)
    nothing, all_of_it = rectangle(0, 0, 0, 0), rectangle(0, 0, WIDTH, HEIGHT)
    negative, positive = plain([[]], []), plain([[box]], [box])
    return {
        "perfect": [positive, negative],
        "crosswise": [crosswise(), negative],
        "duplicate": [plain([[box]], [box, box]), negative],
        "empty mask": [plain([[box]], [nothing]), plain([[]], [nothing]), positive, negative],
        "empty object": [plain([[nothing, box]], [box, nothing]), negative],
        "only a crowd": [plain([[wide]], [box], crowd=[[True]]), positive, negative],
        "crowd beside an object": [plain([[other, wide]], [box, other], crowd=[[False, True]]), negative],
        "absent or two": [plain([[], [box, other]], [rectangle(28, 20, 31, 23)]), positive_of(2), negative_of(2)],
        "two or absent": [plain([[box, other], []], [rectangle(28, 20, 31, 23)]), positive_of(2), negative_of(2)],
        "better annotator": [plain([[other], [shifted], [box]], [box]), negative_of(3)],
        "nothing predicted": [plain([[box]], []), negative],
        "everything predicted": [plain([[box]], [all_of_it]), plain([[]], [all_of_it])],
        "all positive": [positive, plain([[box, other]], [shifted])],
        "all negative": [negative, plain([[]], [box])],
        "all wrong": [plain([[box]], []), plain([[]], [box])],
        "missed positive": [positive, plain([[other]], []), negative],
        "low scores": [plain([[box]], [box, other], [0.499996, 0.5]), plain([[]], [box], [0.3])],
    }


def crosswise():
    """Overlaps .8, .45 and .4375, 0: assigned for .45 + .4375, though a greedy choice would find one of two at .5."""
    objects = [rectangle(0, 2, 20, 12), rectangle(9, 2, 16, 12)]
    return plain([objects], [rectangle(0, 2, 16, 12), rectangle(0, 2, 9, 12)])


def positive_of(annotators):
    box = rectangle(2, 2, 12, 12)
    return plain([[box]] * annotators, [box])


def negative_of(annotators):
    return plain([[]] * annotators, [])


def cases():
    """All cases by name: lists of pairs, each with the same number of annotators in one case."""
    rng = np.random.default_rng(22)
    found = adversarial()
    for annotators in (1, 2, 3):
        for number in range(3):
            crowded = (0.0, 0.1, 0.4)[number]
            found[f"random {annotators} {number}"] = [random_pair(rng, annotators, crowded=crowded) for _ in range(60)]
    return found


def rle(mask):
    """The mask's run lengths as pycocotools codes them."""
    return coco_mask.encode(np.asfortranarray(mask))


def coded(pair):
    """The pair with run lengths in place of masks, and its (height, width)."""
    truths = [{"codes": [rle(mask) for mask in one["masks"]], "crowd": one["crowd"]} for one in pair["truths"]]
    codes = [rle(mask) for mask in pair["masks"]]
    return {**pair, "size": (HEIGHT, WIDTH), "truths": truths, "codes": codes}


def box_xywh(code):
    """The mask's box as the benchmark's files have it: fractions of the image's width and height."""
    height, width = code["size"]
    return [float(side) for side in coco_mask.toBbox(code) / (width, height, width, height)]
