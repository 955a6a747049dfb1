"""Every command and example of the README and of docs/*.md is run as printed, on small data in the place of large.

What stands for what is in the tables here. A command that is in no table and fails makes its page's test fail.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from exported_sams import exported
from interactive_replicas import INTERACTIVE
from own_folders import write_own
from pages import PAGES, check_inline, check_other, check_words, examples, inline, links
from PIL import Image
from replicas import WRITERS
from saco_files import box_mask, write_gold
from scipy.io import savemat
from tiny_sams import tiny_model
from tiny_texts import write_clipseg, write_grounding_dino, write_owlv2, write_sam3_video
from toys import write_bsds

from sambench.cli import main
from sambench.files.json_text import parse_json
from sambench.masks.rle import encode_masks, to_json

STANDS_FOR = [
    (r"s3://bucket/sam_vit_h_4b8939\.pth", "file://{page}/bucket/sam"),
    (r"s3://bucket", "file://{page}/bucket"),
    (r"=/data\b", "={shop}/data"),
    (r"=/models/(sam3|clipseg|owlv2|grounding_dino)$", r"={shop}/\1"),
    (r"^model=(sam|sam_hq|sam2)_\w+$", r"\g<0> model.variant=null"),
    (r"^model_([ab])=(sam|sam_hq|sam2)_\w+$", r"\g<0> model_\1.variant=null"),
    (r"(?<=checkpoint=)sam_hq_\S+$", "{shop}/sam_hq"),
    (r"(?<=checkpoint=)sam2\S+$", "{shop}/sam2"),
    (r"(?<=checkpoint=)(sam_vit\S+|FILE)$", "{shop}/sam"),
    (r"(?<=checkpoint=)FOLDER$", "{shop}/sam3"),
    (r"(?<=original=)sam_vit\S+$", "{shop}/sam"),
    (r"(?<=checkpoint=)edgetam\.pt$", "{shop}/edgetam"),
    (r"^checkpoints=.*", "checkpoints=[{shop}/sam,{shop}/sam,{shop}/sam] model.variant=null"),
    (r"^predictions=FOLDER$", "predictions=segs"),
    (r"^predictions=(pidinet_maps|gpb_ucm2)$", "predictions=hed_png"),
    (r"^limit=(?!10$)\d\d+$", "limit=2"),
    (r"^devices=cuda:0,1$", "devices=[cpu,cpu]"),
    (r"^dtype=bf16$", "dtype=fp32"),
]
"""Pattern in a word as printed -> what stands there here: checkpoints are tiny random ones, /data is made."""

REST = ["data=bsds500", "data.root={shop}/data"]
"""What stands for the words that a page leaves out as `...`."""

NOT_HERE = {
    r"^python3 -m venv|^pip install": "installs from a package index; .ci/run does",
    r"^git |^\(cd \.\./before": "works on another commit of the repository",
    r"^pytest": "is a part of this test suite",
    r"^sambench rate serve": "serves until it is stopped; tests/ratings/test_page.py does",
    r"^sambench view(?! bundle)": "serves until it is stopped; tests/viewer/test_page.py does",
    r"^sambench rate score": "needs ratings by people; tests/ratings/test_plan.py has some",
    r"^ray start|executor=ray|cluster=ray": "starts Ray; tests/engine/executors/test_ray_workers.py does",
    r"cluster=(slurm|local)": "needs the submitit launcher; tests/commands/test_sweeps.py runs it where it is",
    r"model=(ritm|simpleclick)": "needs the authors' package; tests/parity/test_parity_ritm.py runs it",
    r"model\.provider=(cuda|tensorrt|openvino|coreml)": "needs a provider of onnxruntime that is not here",
    **({} if find_spec("onnxruntime") else {r"=(onnx|torchscript)\b|exports\b|points/exported": "needs onnx"}),
    r"model\.quantize=int8": "needs torchao; tests/models/test_quantise.py runs it where it is",
    r"^for encoder|^done; done|\$encoder": "a loop over exports",
    **({} if find_spec("timm") else {r"model=edgetam": "needs timm"}),
}
"""Pattern of a command that is not run but has its words looked at -> why."""

EXITS = {
    "sambench reproduce all data.root=/data": 3,
    "sambench reproduce pidinet data.root=/data": 3,
    "sambench reproduce gpb_owt_ucm/regions data.root=/data page=reproductions.md": 3,
    "sambench gate baseline=runs/default candidate=runs/nms09": 3,
    "sambench gate baseline=results/points/original candidate=results/points/exported": 3,  # of six photographs
    "sambench cache verify dir=s3://bucket/embeddings secret_file=cache.secret": 1,
}
"""Command -> its exit code, where that is not 0."""

TEXT_MODELS = {
    "sam3": write_sam3_video,
    "clipseg": write_clipseg,
    "owlv2": write_owlv2,
    "grounding_dino": write_grounding_dino,
}

MY_MODELS = """
from foreign_predictors import Plain, network

def mobile_sam():
    return Plain(network(9.0))
"""

BSDS = "data=bsds500 data.root=/data model=sam_vit_h model.checkpoint=FILE"
EDGES = f"sambench run task=edges {BSDS} limit=10"  # as many as a gate asks for
POINTS = "sambench run task=points data=mini"
PART = "sambench run task=edges data=bsds500 data.root=/data"
REMOTE = "sambench run task=edges data=bsds500 data.root=s3://bucket/sets limit=10"
BEFORE = {
    "README": [f"{EDGES} run.dir=results/edges/{name}" for name in ("A", "B")]
    + [f"{POINTS} run.dir=results/points/{name}" for name in ("A", "B")],
    "commands": [f"{EDGES} run.dir=results/edges/{name}" for name in ("A", "B", "RUN")]
    + [f"sambench run task=points data=ppdls {BSDS.partition(' ')[2]} run.dir=results/points/B"],
    "boundary": [f"{EDGES} run.dir=results/edges/RUN"],
    "clusters": [f"{PART} shard={number}/4 run.dir=part{number}" for number in (2, 3, 4)],
    "exports": [
        f"sambench run task=points data=own data.root=my_photos {words} limit=6 run.dir=results/points/{name}"
        for name, words in (
            ("original", "model=sam_vit_h model.checkpoint=FILE"),
            ("exported", "model=onnx model.encoder=encoder.onnx model.decoder=decoder.onnx"),
        )
    ],
    "gate": [f"{EDGES} run.dir=results/edges/{run}" for run in "abc"]
    + [f"{EDGES} run.dir=runs/{run}" for run in ("default", "degraded")]
    + [f"{EDGES} run.dir=runs/nms09 task.nms_iou=0.9"],
    "latency": [
        f"sambench run task={task} {model} run.dir=results/{task}/{name}"
        for task in ("latency", "points", "edges")
        for name, model in (("a", "model=hierarchy"), ("b", "model=sam model.checkpoint=sam_vit_b.pth"))
    ],
    "leaderboard": [f"{EDGES} run.dir=results/edges/{run}" for run in "ab"],
    "noc": [
        f"sambench run task=points task.clicks=[1,2,3] data=ppdls {BSDS.partition(' ')[2]} run.dir=results/points/a"
    ],
    "ratings": [f"{POINTS} run.dir=results/points/{name}" for name in ("a", "b")],
    "viewer": [f"{POINTS} run.dir=results/points/a"],
    "storage": [f"{REMOTE} run.dir=s3://bucket/results/edges/{name}" for name in ("A", "B")]
    + [f"{PART.replace('=/data', '=s3://bucket/sets')} run.dir=s3://bucket/part{n} shard={n}/2" for n in (1, 2)],
    "tables": [f"{EDGES} run.dir=results/edges/{run}" for run in ("a", "b")],
}
"""Page -> commands that make what it takes for granted."""

QUICK = {"architecture", "benchmarks", "boundary", "gate", "own_data", "predictions", "regions", "reliability"}
QUICK |= {"api", "data", "glossary", "measured", "protocols", "scaling", "speed", "statistics", "tables", "tested"}
QUICK |= {"trust", "reproductions"}
"""Pages that take a few seconds at most."""

SMALL = {"workers": "0", "progress": "off", "illustrate": "1", "device": "cpu", "limit": "2"}
OF_TASK = {
    "edges": ["task.grid=2"],
    "latency": ["task.generate=2", "task.seconds=0", "task.prompts=[1,2]"],
    "proposals": ["task.points_per_side=2"],
}
DETECTORS = ("sobel", "canny", "felz_hutt", "my_edges")
"""Models that are not prompted, with which switches of prompts are refused."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with what stands for data and checkpoints."""
    folder = tmp_path_factory.mktemp("shop")
    data = write_bsds(folder / "data", count=10)
    WRITERS["ppdls"](data)
    WRITERS["bbbc038v1"](data)
    INTERACTIVE["davis"](data)
    write_gold(data)
    for name in ("sam", "sam_hq", "sam2", *(["edgetam"] if find_spec("timm") else [])):
        tiny_model(name).save_pretrained(folder / name)
    for name, write in TEXT_MODELS.items():
        (folder / name).mkdir()
        write(folder / name)
    return folder


@pytest.fixture
def page(tmp_path, monkeypatch, shop, mini):
    """The folder that a page's commands are run in, with the files that they name."""
    for name in ("coco", "lvis"):
        if not (shop / "data" / name).exists():
            os.symlink(mini, shop / "data" / name)
    monkeypatch.chdir(tmp_path)
    write_predictions(tmp_path, shop / "data" / "coco" / "annotations" / "instances_val2017.json")
    write_own(tmp_path)
    shutil.copytree(shop / "data" / "BSDS500", "bucket/sets/BSDS500")
    shutil.copytree(shop / "sam", "bucket/sam")
    (tmp_path / "my_models.py").write_text(MY_MODELS)
    if find_spec("onnxruntime"):
        for half in ("encoder.onnx", "decoder.onnx"):
            shutil.copy(exported("sam") / half, half)
    return tmp_path


def write_predictions(folder, coco):
    """Write edge maps, segmentations and boxes of another program."""
    for name in ("hed_png", "segs"):
        (folder / name).mkdir()
    for index in range(1000, 1010):
        pixels = np.zeros((24, 36), np.uint8)
        pixels[12, 4:30] = 200
        Image.fromarray(pixels).save(folder / "hed_png" / f"{index}.png")
        cells = np.empty((1, 1), object)
        cells[0, 0] = 1 + (pixels.cumsum(0) > 0).astype(np.uint16)
        savemat(folder / "segs" / f"{index}.mat", {"segs": cells})
    told = parse_json(coco.read_bytes())
    keys = ("image_id", "category_id", "bbox")
    boxes = [{**{key: one[key] for key in keys}, "score": 0.5} for one in told["annotations"] if not one["iscrowd"]]
    (folder / "coco_vitdet.json").write_text(json.dumps(boxes))
    code = encode_masks(box_mask(2, 12, 3, 13)[None])[0]
    entry = {"image_id": 10000000, "category_id": 1, "segmentation": to_json(code), "score": 0.9}
    (folder / "coco_predictions_segm.json").write_text(json.dumps([entry]))
    (folder / "boxes.json").write_text(json.dumps([{"image_id": 50000000, "bbox": [9, 9, 90, 90], "score": 0.9}]))


def smaller(command, places):
    """Return a printed command's words with what stands for large data, and with settings that keep it small."""
    words = shlex.split(command)[1:]
    for pattern, here in STANDS_FOR:
        here = here.format(**places)
        words = [part for word in words for part in _replaced(pattern, here, word)]
    if "..." in words:
        task = [] if any(word.startswith("task=") for word in words) else ["task=edges"]
        words = [part for word in words for part in (REST + task if word == "..." else [word])]
    words = [word.format(**places) if word in REST else word for word in words]
    if words[0] == "latency":
        return [*words, "limit=2", "device=cpu", *OF_TASK["latency"]]
    if words[0] not in ("run", "score", "plan", "ablate") and words[:2] != ["export", "bsds"]:
        return words
    chosen = {word.partition("=")[0]: word.partition("=")[2] for word in words}
    if (words[0] == "export" and "task" not in chosen) or "--help" in words or "dry" in chosen:
        return words
    left = {"limit"} if {"shard"} & set(chosen) or words[0] == "export" else set()
    left |= {"workers", "illustrate", "progress"} if words[0] == "plan" else set()
    words += [f"{key}={value}" for key, value in SMALL.items() if key not in {*chosen, *left}]
    given = any(word.startswith("predictions=") for word in words)
    prompted = not given and words[0] != "ablate" and chosen.get("model") not in DETECTORS
    return words + (OF_TASK.get(chosen.get("task"), []) if prompted else [])


def _replaced(pattern, here, word):
    found = re.sub(pattern, here, word)
    return [word] if found == word else found.split(" ") if " " in here else [found]


def execute(command, places, capsys):
    """Run a command; what it says comes with a failure."""
    if not command.startswith("sambench "):
        subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, timeout=60)
        return
    words = smaller(command, places)
    with pytest.raises(SystemExit) as ended:
        main(words)
    told = "".join(capsys.readouterr())
    assert ended.value.code == EXITS.get(command, 0), f"{command}\nrun as {shlex.join(words)}\n{told[-3000:]}"


def given_to_python(name):
    """Return the names that a page's Python takes for granted."""
    truth = np.zeros((24, 36), bool)
    truth[12, 4:30] = True
    ucm2 = np.zeros((49, 73))
    ucm2[24] = 0.6
    thresholds = np.linspace(0.1, 0.9, 9)
    labels = (1 + np.arange(24)[:, None] // 12 * np.ones((1, 36))).astype(np.uint16)
    return {
        "boundary": {"np": np, "images": [(truth * 0.8, [truth])] * 2},
        "regions": {"pairs": [(ucm2, [labels])] * 2, "thresholds": thresholds},
    }.get(name, {})


SLOW = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in PAGES]


@pytest.mark.parametrize("name", SLOW)
def test_the_page_does_what_it_says(name, page, shop, monkeypatch, capsys):
    places = {"page": page, "shop": shop}
    monkeypatch.setattr(sys, "path", list(sys.path))
    for command in BEFORE.get(name, []):
        execute(command, places, capsys)
    blocks = examples(name)
    if name == "plugins":
        write_plugins([example.text for example in blocks if example.kind == "python"])
    for example in blocks:
        if example.kind == "python":
            small = example.text.replace("limit=4", "limit=2, workers=0, device='cpu'")
            exec(compile(small, f"{name}.md", "exec"), {"__name__": "__main__", **given_to_python(name)})
            continue
        why = next((why for pattern, why in NOT_HERE.items() if re.search(pattern, example.text)), None)
        if example.text.startswith("sambench ") and name != "plugins":
            check_words(shlex.split(example.text)[1:])
        if why is None:
            execute(example.text, places, capsys)
        elif not example.text.startswith("sambench "):
            check_other(example.text)


def write_plugins(code):
    """Write the plug-in page's folder as it says."""
    made = {"task/coverage": "grid_coverage:CoverageTask\ngrid: 8", "model/disc": "own_parts:DiscModel"}
    for place, target in (made | {"data/ramps": "own_parts:Ramps"}).items():
        os.makedirs(os.path.dirname(f"my_configs/{place}"), exist_ok=True)
        with open(f"my_configs/{place}.yaml", "w") as file:
            file.write(f"name: {target}\n")
    with open("my_configs/model/my_edges.yaml", "w") as file:
        file.write("name: my_edges:MyEdges\ncheckpoint: null\n")
    torch.save(torch.nn.Conv2d(3, 1, 3, padding=1).state_dict(), "my_edges.pth")
    for module, text in zip(
        ("my_configs/grid_coverage", "my_configs/own_parts", "my_words", "my_configs/my_edges"), code, strict=True
    ):
        with open(f"{module}.py", "w") as file:
            file.write(text)


@pytest.mark.parametrize("name", PAGES)
def test_the_prose_names_only_what_is_there(name):
    for command in inline(name):
        check_inline(command)
    missing = [str(path) for path in links(name) if not path.exists()]
    assert not missing
