"""Finished runs of every task, of made-up rows."""

import copy
import functools
import pickle
from importlib.resources import files

import yaml
from made_rows import annotator_rows, edge_rows, instance_rows, noise_rows, point_rows, proposal_rows, region_rows

from sambench.config import registry
from sambench.runs.store import RunStore

ROWS = {
    "annotators": annotator_rows,
    "edges": edge_rows,
    "noise": noise_rows,
    "points": point_rows,
    "proposals": proposal_rows,
    "instances": instance_rows,
    "regions": region_rows,
}


def stored(folder, task="edges", rows=None, name="model", data=None, summarised=None, **switches):
    """Write a finished run of made-up rows, its metrics summarised from them, or from the first `summarised` alone."""
    rows = ROWS[task](24) if rows is None else rows
    place = files("sambench.configs") / "task"
    preset = place / task / "paper.yaml"
    text = preset if preset.is_file() else place / f"{task}.yaml"
    chosen = {
        key: value for key, value in yaml.safe_load(text.read_text()).items() if key not in ("preset", "defaults")
    }
    chosen = {"name": task, **chosen, **switches}
    used = {
        "name": "bsds500",
        "split": "test",
        "fingerprint": "f",
        "samples": len(rows),
        "keys_sha256": "k",
        **(data or {}),
    }
    store = RunStore(
        folder, {"task": chosen, "model": {"name": name, "fingerprint": name, "settings": {}}, "data": used, "seed": 0}
    )
    card = {"title": "made here", "generated": False, "note": ""}
    config = {"task": chosen, "data": {"name": "bsds500", "root": str(folder / "gone")}, "predictions": None}
    store.start(
        {
            "config": config,
            "switches": chosen,
            "model": {"name": name},
            "data": {**used, "card": card},
            "environment": {"packages": {}},
        }
    )
    by_sample = {}
    for row in rows:
        by_sample.setdefault(row["sample_id"], []).append(row)
    for sample, own in by_sample.items():
        store.append(sample, own)
    metrics = copy.deepcopy(_metrics(task, pickle.dumps(rows[:summarised])))
    return store.finish(store.ordered(list(by_sample)), metrics, {}).folder


@functools.cache
def _metrics(task, rows):
    """Summarise pickled rows, which many tests have in common."""
    return registry.resolve("tasks", task)().supported(pickle.loads(rows))
