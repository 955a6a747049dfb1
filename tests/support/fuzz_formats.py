"""Every kind of file that sambench reads, written small and whole, with the commands that read it."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import fault_scenes
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from fault_scenes import COMMON, INPUTS, run_words, score_words
from fuzz_mutations import mutated_bytes, mutated_gzip, mutated_json, mutated_value, mutated_yaml
from PIL import Image
from saco_files import write_parquet, write_silver, write_table
from scipy.io import savemat
from tiny_sams import tiny_model

Mutation = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Format:
    """A file, what befalls it, and a command that reads it.

    Attributes:
        name: Names it.
        file: The file that is changed, a pattern below the inputs; "in/..." is in the copy of `copied`.
        words: The command.
        mutate: Makes other bytes of the file's.
        copied: A folder of the inputs that is copied to `in` first, for commands that write where they read.
        sealed: Whether the file's run folder is given the hashes of what it then holds, as one who means harm would.
        codes: Exit codes besides 0 and 2 that say what was found.
    """

    name: str
    file: str
    words: list
    mutate: Mutation = mutated_bytes
    copied: str = ""
    sealed: bool = False
    codes: tuple = ()


def resealed_record(data: bytes, rng: random.Random) -> bytes:
    """Return a run's record with other values, its own hash taken out, as older runs have none."""
    record = json.loads(data)
    return json.dumps(mutated_value({key: value for key, value in record.items() if key != "sha256"}, rng)).encode()


def _with(words, predictions):
    """Return a command with other predictions."""
    return [f"predictions={INPUTS}/{predictions}" if word.startswith("predictions=") else word for word in words]


def formats():
    """Return every format."""
    score = {task: score_words(task, "run.dir=out") for task in ("edges", "points", "proposals", "instances")}
    lvis = [
        word.replace("data=coco", "data=lvis").replace("instances.json", "lvis.json") for word in score["proposals"]
    ]
    own = ["data", "check", "generic"]
    found = [
        Format("coco truth of instances", "coco/instances.json", score["instances"], mutated_json),
        Format("coco truth of points", "coco/instances.json", score["points"], mutated_json),
        Format("coco truth, drawn", "coco/instances.json", run_words("points", "run.dir=out", "limit=1"), mutated_json),
        Format("lvis truth", "coco/lvis.json", lvis, mutated_json),
        Format("results", "coco/detections.json", score["instances"], mutated_json),
        Format("results without classes", "coco/detections.json", _with(
            score["proposals"], "coco/detections.json"), mutated_json),
        Format("boxes", "coco/detections.json", run_words(
            "instances", f"task.boxes={INPUTS}/coco/detections.json", "run.dir=out"), mutated_json),
        Format("labelme", "labelme/labels/1.json", [*own, f"root={INPUTS}/labelme"], mutated_json, codes=(1,)),
        Format("via", "streets/annotations/vehicle-annotations.json",
               ["data", "check", "streets", f"root={INPUTS}/streets"], mutated_json, codes=(1,)),
        Format("pairs", "saco/silver_nga_art_merged_test.json",
               ["data", "check", "saco_silver", f"root={INPUTS}/saco"], mutated_json, codes=(1,)),
        Format("pairs in parquet", "saco_parquet/pairs.parquet",
               ["data", "check", "saco_gold", f"root={INPUTS}/saco_parquet"], mutated_rows, codes=(1,)),
        Format("phrases", "phrases/phrases.csv",
               ["data", "check", "own", f"root={INPUTS}/phrases", "task=concepts"], codes=(1,)),
        Format("mask of a phrase", "phrases/m/bus1.png",
               ["data", "check", "own", f"root={INPUTS}/phrases", "task=concepts"], codes=(1,)),
        Format("id image", "own/labels/1.png", [*own, f"root={INPUTS}/own"], codes=(1,)),
        Format("image", "own/images/1.png", [*own, f"root={INPUTS}/own"], codes=(1,)),
        Format("image, run", "coco/images/1.png", run_words("points", "run.dir=out", "limit=1")),
        Format("jpeg", "bsds/BSDS500/data/images/test/1000.jpg", run_words("edges", "run.dir=out", "limit=1")),
        Format("boundaries", "bsds/BSDS500/data/groundTruth/test/1000.mat", score["edges"]),
        Format("segmentations", "segs/1000.mat", run_words("regions", "run.dir=out")),
        *(Format(f"edge map {ending}", f"maps_{ending}/1000.{ending.partition('_')[0]}",
                 _with(score["edges"], f"maps_{ending}"))
          for ending in MAPS),
        Format("masks of a run", "runs/points/predictions/*/1.*", score["points"], mutated_gzip),
        Format("record", "runs/edges/run.json", ["table", "edges", f"runs=[{INPUTS}/runs/edges]"], mutated_json),
        Format("record, forged", "runs/edges_b/run.json",
               ["gate", f"baseline={INPUTS}/runs/edges", f"candidate={INPUTS}/runs/edges_b", "compare=[task.nms_iou]",
                "replicates=50"], resealed_record, codes=(1, 3)),
        Format("record, looked at", "runs/points/run.json", ["look", f"{INPUTS}/runs/points", "out=out", "count=1"],
               resealed_record),
        Format("record, merged", "in/run.json", ["merge", "in", f"{INPUTS}/runs/part2", "out=out"], resealed_record,
               copied="runs/part1", codes=(3,)),
        *(Format(f"rows of {task}", f"runs/{task}/rows.parquet",
                 ["report", f"runs=[{INPUTS}/runs/{task}]", "out=out"], mutated_rows, sealed=True)
          for task in ("edges", "points", "proposals", "instances")),
        Format("rows, damaged", "runs/edges/rows.parquet", ["table", "edges", f"runs=[{INPUTS}/runs/edges]"],
               sealed=True),
        Format("journal", "in/rows.jsonl", run_words("edges", "run.dir=in"), mutated_journal, copied="unfinished"),
        Format("baseline", "frozen.baseline",
               ["gate", f"baseline={INPUTS}/frozen.baseline", f"candidate={INPUTS}/runs/points", "replicates=50"],
               codes=(1, 3)),
        Format("policy", "policy.yaml",
               ["gate", f"baseline={INPUTS}/runs/edges", f"candidate={INPUTS}/runs/edges_b", "compare=[task.nms_iou]",
                "replicates=50", f"policy={INPUTS}/policy.yaml"], mutated_yaml, codes=(1, 3)),
        Format("sweep", "sweep.yaml",
               ["ablate", f"{INPUTS}/sweep.yaml", *run_words("edges")[2:], "limit=1", "out=out"], mutated_yaml),
        Format("task of one's own", "configs/task/own.yaml",
               ["run", "task=own", *fault_scenes.TASKS["edges"], *COMMON, "limit=1", "run.dir=out", "--config-dir",
                f"{INPUTS}/configs"], mutated_yaml),
        Format("manifest", "place/out/manifest.json", ["table", "edges", "runs=[file://{inputs}/place/out]"],
               mutated_json),
        Format("cached embedding", "in/*/*", run_words("edges", "limit=1", "cache.dir=in", "run.dir=out"),
               copied="one_cache"),
        *(Format(f"checkpoint {file}", f"sam/{file}",
                 run_words("points", "model=sam", f"model.checkpoint={INPUTS}/sam", "limit=1", "run.dir=out"), mutate)
          for file, mutate in (("model.safetensors", mutated_bytes), ("config.json", mutated_json))),
        Format("pickle", "sam.pth", run_words("points", "model=sam", f"model.checkpoint={INPUTS}/sam.pth", "limit=1",
                                             "run.dir=out")),
    ]  # fmt: skip
    return {one.name: one for one in found}


MAPS = ("png", "jpg", "tif", "npy", "mat", "mat_v73")


def mutated_journal(data: bytes, rng: random.Random) -> bytes:
    """Return a journal with lines lost, doubled, moved or damaged."""
    lines = data.splitlines(keepends=True)
    if rng.random() < 0.3:
        rng.shuffle(lines)
    if rng.random() < 0.3 and lines:
        lines.insert(0, rng.choice(lines))
    data = b"".join(lines)
    return mutated_bytes(data, rng) if rng.random() < 0.8 else data


def mutated_rows(data: bytes, rng: random.Random) -> bytes:
    """Return Parquet rows whose cells, columns or types are others, one time in five damaged bytes."""
    if rng.random() < 0.2:
        return mutated_bytes(data, rng)
    table = pq.read_table(pa.BufferReader(data))
    rows = mutated_value(table.to_pylist(), rng)
    sink = pa.BufferOutputStream()
    try:
        changed = pa.Table.from_pylist(rows)
        if not changed.num_columns:
            raise ValueError
    except (pa.ArrowException, ValueError, TypeError, OverflowError, AttributeError):  # what Parquet cannot hold
        name = rng.choice(table.column_names)
        changed = table.drop_columns([name]) if rng.random() < 0.5 else table.slice(0, rng.randrange(table.num_rows))
    pq.write_table(changed, sink)
    return sink.getvalue().to_pybytes()


def write_inputs(folder: Path) -> None:
    """Write one file of every format that no run makes."""
    fault_scenes.write_inputs(folder)
    truth = json.loads((folder / "coco/instances.json").read_text())
    for category in truth["categories"]:
        category["frequency"] = "rc"[category["id"] - 1]
    for image in truth["images"]:
        image |= {"neg_category_ids": [], "not_exhaustive_category_ids": []}
    for entry in truth["annotations"]:  # polygons, as LVIS has them
        x, y, width, height = entry["bbox"]
        entry["segmentation"] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
    (folder / "coco/lvis.json").write_text(json.dumps(truth))
    for name in ("saco", "saco_parquet", "phrases"):
        (folder / name).mkdir()
    write_silver(folder / "saco")
    write_parquet(folder / "saco_parquet/pairs.parquet")
    write_table(folder / "phrases")
    for name in ("labelme/images", "labelme/labels", "streets/images", "streets/annotations", "configs/task"):
        (folder / name).mkdir(parents=True)
    pixels = Image.open(folder / "own/images/1.png")
    pixels.save(folder / "labelme/images/1.png")
    pixels.save(folder / "streets/images/1.png")
    corners = [[6.0, 5.0], [21.0, 5.0], [21.0, 20.0], [6.0, 20.0]]
    shape = {"label": "box", "points": corners, "shape_type": "polygon", "group_id": None, "flags": {}}
    labelme = {"version": "5.0", "shapes": [shape, shape], "imagePath": "1.png", "imageHeight": 40, "imageWidth": 48}
    (folder / "labelme/labels/1.json").write_text(json.dumps(labelme))
    xs, ys = ([point[axis] for point in corners] for axis in (0, 1))
    outline = {"name": "polygon", "all_points_x": xs, "all_points_y": ys}
    via = {"1.png1": {"filename": "1.png", "size": 1, "regions": [
        {"shape_attributes": outline, "region_attributes": {"class": "car"}}] * 2}}  # fmt: skip
    (folder / "streets/annotations/vehicle-annotations.json").write_text(json.dumps(via))
    _write_maps(folder)
    (folder / "policy.yaml").write_text(
        "alpha: 0.05\npower: 0.8\nmargin: 0.002\njudged: {edges: [ods, ap]}\n"
        "metrics: {ods: {margin: 0.001, floor: 0.1}}\n"
    )
    (folder / "configs/task/own.yaml").write_text(
        "defaults: [edges]\nname: edges\ngrid: 2\nthresholds: 5\nnms_iou: 0.7\n"
    )
    model = tiny_model("sam")
    model.save_pretrained(folder / "sam")
    torch.save(model.state_dict(), folder / "sam.pth")


def _write_maps(folder):
    strength = np.zeros((24, 36))
    strength[4, 5:30] = strength[4:20, 5] = 0.8
    for ending in MAPS:
        (folder / f"maps_{ending}").mkdir()
        for index in range(2):
            path = folder / f"maps_{ending}" / f"{1000 + index}.{ending.partition('_')[0]}"
            if ending == "npy":
                np.save(path, strength.astype(np.float32))
            elif ending == "mat":
                savemat(path, {"result": strength})
            elif ending == "mat_v73":
                with h5py.File(path, "w") as file:
                    file["result"] = strength.T
            else:
                Image.fromarray((255 * strength).astype(np.uint8)).save(path)
