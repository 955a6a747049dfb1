"""Run folders as the viewer meets them: small real ones, hostile names, a damaged one, one that goes on."""

import json
import os
import shutil

import numpy as np
from made_rows import edge_rows
from PIL import Image
from stored_runs import stored

from sambench.cli import dispatch
from sambench.masks.rle import encode_masks, to_json
from sambench.runs.open import load_run
from sambench.runs.store import RunStore

SCRIPT = "<script>document.title='taken'</script>"
IMAGE = '"><img src=x onerror="document.title=\'taken\'">'


def hostile(folder):
    """Write a finished run whose names are markup."""
    rows = [{**row, "sample_id": f"{IMAGE}{place}"} for place, row in enumerate(edge_rows(8))]
    return stored(folder, "edges", rows, name=SCRIPT)


def going_on(folder, done, total=40):
    """Write a run that has stored some images and goes on; returns its store, which is open."""
    rows = edge_rows(done + 1)
    source = load_run(stored(folder.with_name("source"), "edges", rows, name="slow", data={"samples": total}))
    told = {key: source.record.stored[key] for key in ("model", "config", "switches", "data", "environment")}
    told["config"] = {**told["config"], "seed": 0}
    shutil.rmtree(source.folder)
    store = RunStore(folder, source.record.stored["identity"])
    store.start(told)
    for row in rows[:done]:
        store.append(row["sample_id"], [row])
    return store


def real_run(folder, *words):
    """Run a task on the generated data in this process; returns the folder."""
    settings = ["data=mini", "workers=0", "progress=off", "device=cpu", "illustrate=0", f"run.dir={folder}"]
    assert dispatch(["run", *words, *settings]) == 0
    return folder


def contents(folder):
    """Return every file below a folder with its bytes and time, to see that nothing was written."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def damaged(folder):
    """Write a run whose record was changed by hand."""
    path = stored(folder, "edges", edge_rows(2)) / "run.json"
    told = json.loads(path.read_text())
    told["metrics"]["ods"]["value"] = 0.99
    path.write_text(json.dumps(told))


def large_run(folder, count):
    """Score made masks of so many small images in this process, and tell the folder with the run's.

    The images are links to one file; the masks miss their objects by 0 to 9 pixels in turn.
    """
    (folder / "photos").mkdir(parents=True)
    Image.fromarray(np.full((18, 24, 3), 90, np.uint8)).save(folder / "photo.jpg")
    masks = np.zeros((10, 18, 24), bool)
    for off in range(10):
        masks[off, 4:14, 2 + off : 12 + off] = True
    codes = [to_json(code) for code in encode_masks(masks)]
    images, annotations, found = [], [], []
    for number in range(1, count + 1):
        os.link(folder / "photo.jpg", folder / "photos" / f"{number:06d}.jpg")
        images.append({"id": number, "file_name": f"{number:06d}.jpg", "width": 24, "height": 18})
        own = {"image_id": number, "category_id": 1}
        box = {"bbox": [2, 4, 10, 10], "area": 100, "iscrowd": 0}
        annotations.append({**own, **box, "id": number, "segmentation": codes[0]})
        found.append({**own, "score": 0.5, "segmentation": codes[number % 10]})
    truth = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "box"}]}
    (folder / "gt.json").write_text(json.dumps(truth))
    (folder / "found.json").write_text(json.dumps(found))
    data = ["data=own", f"data.annotations={folder / 'gt.json'}", f"data.images={folder / 'photos'}"]
    words = ["score", "task=instances", *data, f"predictions={folder / 'found.json'}", "workers=0", "progress=off"]
    assert dispatch([*words, "illustrate=0", f"run.dir={folder / 'results' / 'large'}"]) == 0
    return folder / "results"
