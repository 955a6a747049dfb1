"""The embedded objects as COCO with planted label errors, and scripted models whose faults are their own."""

import json
from pathlib import Path

import numpy as np
from planted_masks import mini_objects, moved, part_of
from scipy.ndimage import binary_dilation, binary_erosion

import sambench
from sambench.datasets.coco import Coco
from sambench.datasets.mini.reader import Mini
from sambench.masks.prompted.clicking import ClickedObjects
from sambench.masks.rle import encode_masks, to_json
from sambench.masks.windows import runs_of_rles
from sambench.predictions.click_records import ClickPrediction, write_clicks

FILE = "annotations/instances_val2017.json"


def planted_truth(root, errors, each, seed=0):
    """Write the data with `each` of every label error; returns annotation's id -> its error."""
    source, rng = Path(Mini(kind="coco").root), np.random.default_rng(seed)
    content = json.loads((source / FILE).read_text())
    entries = {str(one["id"]): one for one in content["annotations"]}
    numbers = [one["id"] for one in content["categories"]]
    objects = [(sample.id, str(one.id), mask) for sample, one, mask in mini_objects()]
    left, told, gone = [objects[place] for place in rng.permutation(len(objects))], {}, set()
    for error in [error for error in errors for _ in range(each)]:
        image, name, mask = left.pop(0)
        told[name] = error
        entry = entries[name]
        if error == "missing":
            gone.add(name)
        elif error == "category":
            entry["category_id"] = int(rng.choice([one for one in numbers if one != entry["category_id"]]))
        elif error == "shifted":
            entry["segmentation"] = to_json(encode_masks(moved(mask, *some_shift(mask, rng))[None])[0])
        else:
            other = nearest(image, mask, left)
            left.remove(other)
            gone.add(other[1])
            entry["segmentation"] = to_json(encode_masks((mask | other[2])[None])[0])
    content["annotations"] = [one for one in content["annotations"] if str(one["id"]) not in gone]
    (root / "annotations").mkdir(parents=True)
    (root / "val2017").symlink_to(source / "val2017")
    (root / FILE).write_text(json.dumps(content))
    return told


def some_shift(mask, rng):
    """Return pixels across and down: a sixth of the mask's box, at least 2, in one of four directions."""
    sides = np.ptp(np.argwhere(mask), axis=0) + 1
    down, across = rng.choice([-1, 1], 2) * np.maximum(2, sides // 6)
    return int(across), int(down)


def nearest(image, mask, objects):
    """Return the object of an image whose centre is nearest to a mask's."""
    centre = np.argwhere(mask).mean(axis=0)
    own = [one for one in objects if one[0] == image]
    return min(own, key=lambda one: np.linalg.norm(np.argwhere(one[2]).mean(axis=0) - centre))


def seen(mask, rng, faults):
    """Return a mask as one model sees it: rough at its edge, and at times wrong in a way of its own."""
    if rng.random() < faults:
        wide = binary_dilation(mask, iterations=int(rng.integers(4, 12)))
        return (part_of(mask), wide, mask | moved(mask, *rng.integers(-30, 30, 2)))[rng.integers(3)]
    rough = moved(mask, *rng.integers(-1, 2, 2))
    changed = (binary_dilation, binary_erosion, np.asarray)[rng.integers(3)](rough)
    return changed if changed.any() else mask


def detector_run(folder, root, seed, faults=0.15, misnamed=0.1):
    """Score a scripted detector that finds every true object, and names some wrongly."""
    rng, entries = np.random.default_rng(seed), []
    numbers = sorted({one.category_id for _, one, _ in mini_objects()})
    for sample, one, mask in mini_objects():
        entries.append(
            {
                "image_id": sample.target.image_id,
                "category_id": one.category_id if rng.random() >= misnamed else int(rng.choice(numbers)),
                "segmentation": to_json(encode_masks(seen(mask, rng, faults)[None])[0]),
                "score": float(rng.uniform(0.5, 1)),
            }
        )
    folder.mkdir(parents=True)
    (folder / "found.json").write_text(json.dumps(entries))
    return scored("instances", folder / "found.json", root)


def click_run(folder, root, seed, faults=0.15):
    """Score a scripted model that answers each click with the true object, as it sees it."""
    rng = np.random.default_rng(seed)
    true = {str(one.id): mask for _, one, mask in mini_objects()}
    for sample in Coco(root):
        names = [str(one.id) for one in sample.target.annotations if not one.iscrowd]
        masks = np.stack([seen(true[name], rng, faults) for name in names])
        runs = runs_of_rles(encode_masks(masks), sample.size)
        clicked = ClickedObjects(
            points_xy=np.zeros((len(names), 1, 2), np.int64),
            labels=np.ones((len(names), 1), np.int64),
            counts=(1,),
            masks=[runs],
            predicted_iou=np.full((len(names), 1), 0.9),
            candidates=runs,
            candidates_iou=np.full((len(names), 1), 0.9),
        )
        write_clicks(ClickPrediction(names, clicked), sample.size, folder / "masks", sample.id)
    return scored("points", folder / "masks", root, "task.clicks=[1]", "task.boundary_ratio=null")


def scored(task, predictions, root, *words):
    """Score predictions against the planted truth, beside them."""
    place = {"dir": str(predictions.parent / "run")}
    return sambench.score(task, "coco", predictions, [f"data.root={root}", *words], workers=0, run=place)


def hits(frame, told):
    """Tell of each suspect whether a label error was planted there."""
    return [one.object in told if one.object else _gone(one, told) for one in frame.itertuples()]


def _gone(one, told):
    """Tell whether an object that was taken out of the truth has its middle in a suspect's box, of its size."""
    for sample, own, mask in mini_objects():
        if sample.id == one.sample_id and told.get(str(own.id)) == "missing":
            (top, left), (bottom, right) = np.argwhere(mask).min(axis=0), np.argwhere(mask).max(axis=0)
            inside = one.left <= (left + right) / 2 < one.left + one.width
            inside &= one.top <= (top + bottom) / 2 < one.top + one.height
            if inside and one.width * one.height < 4 * (right - left + 1) * (bottom - top + 1):
                return True
    return False
