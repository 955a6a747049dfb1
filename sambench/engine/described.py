"""What `run.json` says of a run: what makes it the same as another, what it is made of, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from sambench.config.run_config import RunConfig
from sambench.datasets.base import Dataset
from sambench.datasets.images.orientation import orientation_record
from sambench.datasets.reading import truth_record
from sambench.engine.merging.shards import Shard
from sambench.engine.predicting import Predicting
from sambench.engine.task import Task
from sambench.files.version import __version__
from sambench.masks.nan_guard import policy_of, total_counts
from sambench.redact import redacted
from sambench.runs import provenance
from sambench.runs.seals import keys_sha256


def switches(task: Task) -> dict[str, Any]:
    """Return a task's protocol switches as JSON-like values: its fields but those that come from the data."""
    if not is_dataclass(task):
        return {}
    chosen = {item.name: getattr(task, item.name) for item in fields(task) if not item.metadata.get("from_data")}
    return {**json.loads(json.dumps(chosen)), **task.input_fingerprints()}


def run_identity(
    config: RunConfig,
    task: Task,
    chosen: Mapping[str, Any],
    dataset: Dataset,
    source: Predicting,
    keys: Sequence[str],
    device: str,
) -> dict[str, Any]:
    """Return what makes two runs the same, without credentials.

    Args:
        config: The run's configuration.
        task: The task, knowing the data.
        chosen: Its `switches`.
        dataset: The data.
        source: Where predictions come from.
        keys: The samples that are scored.
        device: The device that predicts.
    """
    identity: dict[str, Any] = redacted(
        {
            "version": __version__,
            "task": {"name": task.name, **chosen},
            "model": {"name": source.model["name"], "fingerprint": source.model["fingerprint"], **source.settings},
            **({"predictions": source.choices} if source.choices else {}),
            "data": {
                "name": dataset.card.name,
                "split": dataset.split,
                "fingerprint": dataset.fingerprint,
                "samples": len(keys),
                "keys_sha256": keys_sha256(keys),
                **({} if dataset.image_rules.exif == "auto" else {"exif": dataset.image_rules.exif}),
            },
            "seed": config.seed,
            "device": device.partition(":")[0],
            "embedding_dtype": config.cache.dtype,
        }
    )
    return identity


def begun_record(
    config: RunConfig,
    chosen: Mapping[str, Any],
    dataset: Dataset,
    source: Predicting,
    identity: dict[str, Any],
    keys: Sequence[str],
    device: str,
    shard: Shard | None,
) -> dict[str, Any]:
    """Return what a run's record says beside its identity before anything is scored.

    Args:
        config, chosen, dataset, source, keys, device: As for `run_identity`.
        identity: From there.
        shard: Which part of the data is run, if not all of them.
    """
    return {
        "config": dict(config.plain),
        "switches": dict(chosen),
        "model": source.model,
        "data": {
            **identity["data"],
            "root": dataset.root,
            "card": asdict(dataset.card),
            **orientation_record(dataset, keys),
            **truth_record(dataset, keys),
        },
        "code": provenance.code(),
        "environment": provenance.environment(device),
        "shard": shard.record(source.keys) if shard is not None else None,
    }


def ended_record(config: RunConfig, task: Task, source: Predicting, images: int) -> dict[str, Any]:
    """Return what a run's record says beside its results once all is scored: cache, workers, notes and NaN.

    Args:
        config, source: As for `run_identity`.
        task: The task.
        images: How many images were scored now.
    """
    counts, notes, workers = source.executor.cache_counts(), source.executor.notes(), source.executor.workers()
    signed = config.cache.secret_file is not None
    cache = {**counts, "environment": source.environment, "signed": signed} if counts is not None else None
    ending: dict[str, Any] = {"cache": cache}
    if workers:
        ending["workers"] = workers
    if notes:  # some are found only while the model answers
        ending["model"] = {**source.model, "notes": [*dict.fromkeys([*source.model.get("notes", ()), *notes])]}
    if policy_of(task) == "zero" and config.predictions.path is None:
        ending["nan"] = total_counts(source.executor.nan_counts(), images)
    return ending
