"""Finished runs of the embedded data whose masks have planted errors."""

import numpy as np
from planted_masks import CHOSEN, PLANTED, mini_objects

import sambench
from sambench.masks.prompted.clicking import ClickedObjects
from sambench.masks.rle import encode_masks
from sambench.masks.windows import runs_of_rles
from sambench.predictions.click_records import ClickPrediction, write_clicks


def planted_points(folder, errors=tuple(PLANTED), limit=None):
    """Store and score first clicks whose masks have planted errors, in turn; returns the run and each object's."""
    told, images = {}, {}
    for number, (sample, one, mask) in enumerate(mini_objects(limit=limit)):
        error = errors[number % len(errors)]
        wrong = PLANTED[error][0](mask)
        told[str(one.id)] = error
        images.setdefault(sample.id, (sample, []))[1].append((str(one.id), wrong, mask if error in CHOSEN else wrong))
    for sample, found in images.values():
        names, chosen, best = zip(*found, strict=True)
        candidates = [mask for pair in zip(chosen, best, strict=True) for mask in pair]
        count = len(names)
        clicked = ClickedObjects(
            points_xy=np.zeros((count, 1, 2), np.int64),
            labels=np.ones((count, 1), np.int64),
            counts=(1,),
            masks=[runs_of_rles(encode_masks(np.stack(chosen)), sample.size)],
            predicted_iou=np.full((count, 1), 0.9),
            candidates=runs_of_rles(encode_masks(np.stack(candidates)), sample.size),
            candidates_iou=np.tile([0.9, 0.8], (count, 1)),
        )
        write_clicks(ClickPrediction(list(names), clicked), sample.size, folder / "masks", sample.id)
    words = ["task.clicks=[1]", "task.boundary_ratio=null", *([] if limit is None else [f"limit={limit}"])]
    run = sambench.score("points", "mini", folder / "masks", words, workers=0, run={"dir": str(folder / "run")})
    return run, told
