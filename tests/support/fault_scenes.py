"""The commands that faults are injected into, on data so small that each takes a fraction of a second."""

import json
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from scipy.io import savemat
from toys import write_bsds

INPUTS = "../../../inputs"
"""Where the inputs lie, seen from the folder that a command is run in."""

COMMON = ["workers=0", "progress=off", "illustrate=1", "device=cpu"]
COCO = [f"data.annotations={INPUTS}/coco/instances.json", f"data.images={INPUTS}/coco/images"]
TASKS = {
    "edges": ["data=bsds500", f"data.root={INPUTS}/bsds", "task.grid=2", "task.thresholds=5"],
    "points": ["data=coco_masks", *COCO, "task.clicks=[1,2]"],
    "proposals": ["data=coco", *COCO, "task.points_per_side=2"],
    "instances": ["data=coco", *COCO],
    "regions": ["data=bsds500", f"data.root={INPUTS}/bsds", "task.thresholds=2", f"predictions={INPUTS}/segs"],
}
PREDICTIONS = {
    "edges": f"{INPUTS}/runs/edges/predictions",
    "points": f"{INPUTS}/runs/points/predictions",
    "proposals": f"{INPUTS}/runs/proposals/predictions",
    "instances": f"{INPUTS}/coco/detections.json",
}
PLACES = {"local": "", "file": "file://{here}/place/", "memory": "memory://place/"}


@dataclass(frozen=True)
class Scene:
    """A command and what is there before it.

    Attributes:
        name: Names it.
        words: Its words; {here} is the folder it is run in, {inputs} that of the inputs.
        before: Folder or file to be copied first -> what of the inputs it is a copy of.
        place: "local", "file" or "memory": where what it writes goes.
        once: What it says, refusing, where it has been done to the end before.
    """

    name: str
    words: list
    before: dict = field(default_factory=dict)
    place: str = "local"
    once: str = ""


def run_words(task, *more):
    """Return the words of a run of a task with the embedded model, or for regions of scoring what is there."""
    return ["score" if task == "regions" else "run", f"task={task}", *TASKS[task], *COMMON, *more]


def score_words(task, *more):
    """Return the words that score predictions made elsewhere."""
    return ["score", f"task={task}", *TASKS[task], *COMMON, f"predictions={PREDICTIONS[task]}", *more]


def stored_runs():
    """Return the runs that other commands read: name in `inputs/runs` -> words of the command that makes it."""
    found = {task: run_words(task) for task in TASKS}
    found["edges_b"] = run_words("edges", "task.nms_iou=0.6")
    found |= {f"part{number}": run_words("edges", f"shard={number}/2") for number in (1, 2)}
    return {
        name: [*words, f"run.dir={INPUTS}/runs/{name}", f"cache.dir={INPUTS}/cache"] for name, words in found.items()
    }


def scenes():
    """Return every scene."""
    found = []
    for place, base in PLACES.items():
        out, cache = f"run.dir={base}out", f"cache.dir={base}emb"
        found += [Scene(f"run {task}, {place}", run_words(task, out, cache), place=place) for task in TASKS]
        found += [Scene(f"score {task}, {place}", score_words(task, out), place=place) for task in PREDICTIONS]
        merged = ["merge", f"{INPUTS}/runs/part1", f"{INPUTS}/runs/part2", f"out={base}whole"]
        found.append(Scene(f"merge, {place}", merged, place=place, once="already holds this run, finished"))
    warm = run_words("edges", "run.dir=out", "cache.dir=emb", "cache.budget_gb=1e-5")
    found.append(Scene("run with a cache", warm, {"emb": "cache"}))
    copied = ["data.root=file://{inputs}/bsds", "predictions=file://{inputs}/segs", "run.dir=out"]
    found.append(Scene("run with copies", run_words("regions", *copied)))
    anew = run_words("edges", "run.dir=out", "cache.dir=emb", "run.overwrite=true")
    found.append(Scene("run anew", anew, {"out": "runs/edges_b", "emb": "cache"}))
    return found + _readers()


def _readers():
    """Return the scenes of commands that read stored runs or data."""
    runs = {name: f"{INPUTS}/runs/{name}" for name in stored_runs()}
    several = ",".join(runs[task] for task in ("edges", "points", "proposals"))
    gate = ["gate", f"baseline={runs['edges']}", f"candidate={runs['edges_b']}", "compare=[task.nms_iou]"]
    results = {"results/edges": "runs/edges", "results/points": "runs/points"}
    pilot = ["limit=2", "devices=[1]", "scorers=0", "json=plan.json"]
    found = {
        **{f"look {task}": ["look", runs[task], "out=out"] for task in TASKS if task != "regions"},
        "report": ["report", f"runs=[{several}]", "out=out"],
        **{f"table {task}": ["table", task, f"runs=[{runs[task]}]", "out=out"] for task in TASKS if task != "regions"},
        "gate": [*gate, "replicates=100", "out=out"],
        "gate freeze": ["gate", "freeze", runs["points"], "out=out/points.baseline"],
        "export bsds": ["export", "bsds", runs["edges"], "out=out"],
        "export regions": ["export", "bsds", runs["regions"], "out=out"],
        "data check": ["data", "check", "generic", f"root={INPUTS}/own", "out=found.csv"],
        "data show": ["data", "show", "generic", f"root={INPUTS}/own", "count=2", "out=out.png"],
        "data export": ["data", "export", "generic", f"root={INPUTS}/own", "out=out.json"],
        "plan": ["plan", *run_words("edges")[1:], *pilot],
        "ls runs": ["ls", "runs"],
        "cache ls": ["cache", "ls", "dir=emb"],
        "cache verify": ["cache", "verify", "dir=emb"],
        "cache prune": ["cache", "prune", "dir=emb", "budget_gb=0"],
        "sweep": ["ablate", f"{INPUTS}/sweep.yaml", *run_words("edges")[2:], "out=out", "cache.dir=emb"],
    }
    before = {"ls runs": results, **{f"cache {what}": {"emb": "cache"} for what in ("ls", "verify", "prune")}}
    return [Scene(name, words, before.get(name, {})) for name, words in found.items()]


def write_inputs(folder):
    """Write the data and the predictions made elsewhere that the scenes read."""
    rng = np.random.default_rng(3)
    write_bsds(folder / "bsds", count=2)
    (folder / "segs").mkdir()
    for index in range(2):
        cells = np.empty((1, 2), object)
        for level in range(2):
            cells[0, level] = (1 + (np.arange(36) > 5 + index * (level + 1)) * np.ones((24, 1))).astype(np.uint16)
        savemat(folder / "segs" / f"{1000 + index}.mat", {"segs": cells})
    for name in ("coco/images", "own/images", "own/labels"):
        (folder / name).mkdir(parents=True)
    objects = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "box"}, {"id": 2, "name": "bar"}]}
    found = []
    for index in (1, 2):
        labels = np.zeros((40, 48), np.uint8)
        labels[5 : 20 + index, 6:22], labels[24:34, 10 : 40 - index] = 1, 2
        pixels = labels[..., None] * np.array([70, 60, 90]) + rng.integers(0, 20, (40, 48, 3))
        image = Image.fromarray(pixels.astype(np.uint8))
        image.save(folder / "coco" / "images" / f"{index}.png")
        image.save(folder / "own" / "images" / f"{index}.png")
        Image.fromarray(labels).save(folder / "own" / "labels" / f"{index}.png")
        objects["images"].append({"id": index, "width": 48, "height": 40, "file_name": f"{index}.png"})
        for category in (1, 2):
            code = coco_mask.encode(np.asfortranarray(labels == category))
            x, y, width, height = coco_mask.toBbox(code).tolist()
            both = {
                "image_id": index,
                "category_id": category,
                "bbox": [x, y, width, height],
                "segmentation": {"size": [40, 48], "counts": code["counts"].decode()},
            }
            area = int(coco_mask.area(code))
            objects["annotations"].append({"id": 10 * index + category, "area": area, "iscrowd": 0, **both})
            found.append({"score": 0.5 + 0.1 * category, **both})
    (folder / "coco" / "instances.json").write_text(json.dumps(objects))
    (folder / "coco" / "detections.json").write_text(json.dumps(found))
    (folder / "sweep.yaml").write_text(
        "title: NMS\ntask: edges\nx: NMS\nmembers: {'0.6': [task.nms_iou=0.6], '0.7': [task.nms_iou=0.7]}\n"
        "reference: '0.7'\nmetrics: [ods, ois]\n"
    )
