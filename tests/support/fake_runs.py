"""Finished runs with made-up metrics, in the form real ones have on disk."""

from importlib.resources import files

import numpy as np
import yaml

from sambench.metrics.boundary.scores import columns_of_counts
from sambench.runs.store import RunStore
from sambench.tables.specs import table_spec
from sambench.types import Metric


def finished_run(
    folder,
    task,
    metrics,
    name="model",
    rows=(),
    data=None,
    model=None,
    preset="paper",
    card=None,
    shard=None,
    data_settings=None,
    **switches,
):
    """Write a finished run of a task's preset.

    Args:
        folder: The run folder.
        task: The task's name.
        metrics: Its metrics.
        name: The model's name.
        rows: (sample id, row) pairs.
        data: What differs from the whole of BSDS500's test images.
        model: What else is told of the model.
        preset: The preset of `configs/task` its switches are of.
        card: What differs from the card of real data.
        shard: Which part of several it is.
        data_settings: The data's settings in the configuration.
        **switches: What differs from the preset.
    """
    text = (files("sambench.configs") / "task" / task / f"{preset}.yaml").read_text(encoding="utf-8")
    chosen = {key: value for key, value in yaml.safe_load(text).items() if key != "preset"} | switches
    store = RunStore(folder, {"task": {"name": task, **chosen}, "model": {"name": name}})
    about = {"title": "made here", "generated": False, "note": "", **(card or {})}
    keys = table_spec("edges").data["bsds500"]["keys_sha256"]
    used = {"name": "bsds500", "split": "test", "samples": 200, "keys_sha256": keys, **(data or {}), "card": about}
    config = {"task": {"preset": preset, **chosen}, "data": {"name": used["name"], **(data_settings or {})}}
    record = {"model": {"name": name, **(model or {})}, "data": used, "switches": chosen, "config": config}
    store.start({**record, "shard": shard})
    for sample, row in rows:
        store.append(sample, [{"sample_id": sample, **row}])
    return store.finish(store.ordered([sample for sample, _ in rows]), metrics, {})


def edges_metrics(ods=0.75, ois=0.74, ap=0.73, r50=0.72):
    """Return metrics of the edges task, each within .7 and .8."""
    values = {"ODS": ods, "OIS": ois, "AP": ap, "R50": r50}
    return {key.lower(): Metric(value, (0.7, 0.8), 200, reference=f"edges/{key}") for key, value in values.items()}


COUNTS = np.array([[[8, 10, 6, 12], [6, 10, 4, 5]], [[9, 10, 7, 9], [2, 10, 2, 2]]])
"""Matched and all true pixels, matched and all predicted ones: two images, two thresholds."""

EDGE_ROWS = [(str(index), columns_of_counts(counts)) for index, counts in enumerate(COUNTS)]
