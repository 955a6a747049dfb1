"""From a resolved configuration to a finished run folder."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any

from sambench.config.resolve import build, predictions_path
from sambench.datasets.base import Dataset
from sambench.datasets.orientation import orientation_record
from sambench.datasets.reading import truth_record
from sambench.engine.building import model_source, open_dataset
from sambench.engine.cache.local import EmbeddingCache
from sambench.engine.device import resolve_device
from sambench.engine.executors.base import Executor
from sambench.engine.executors.choose import open_executor
from sambench.engine.executors.unguarded import UnguardedScriptError, end_if_imported
from sambench.engine.runner import Plan, execute
from sambench.engine.scoring import worker_count
from sambench.engine.settings import check_settings
from sambench.engine.shards import keys_sha256, parse_shard
from sambench.engine.sources import ModelPredictions, PredictionSource, StoredPredictions, check_stored, open_reader
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.files.faults import told_refusals
from sambench.files.safe_names import check_apart, check_text, readable, safe_part
from sambench.interrupts import plain_interrupts
from sambench.masks.nan_guard import policy_of, total_counts
from sambench.models.base import PromptableModel
from sambench.redact import redacted
from sambench.runs import provenance
from sambench.runs.identity import identity_hash
from sambench.runs.open import load_run, open_store
from sambench.runs.run import RECORD, Run
from sambench.runs.summary import nan_note
from sambench.storage.copies import local
from sambench.storage.places import Place, join
from sambench.version import __version__

log = logging.getLogger("sambench")

NO_IMAGES = "the images were not read, so their pixels are not fingerprinted and no picture is drawn"


@dataclass
class Launched:
    """A run and whether it had been finished before."""

    run: Run
    was_finished: bool


def launch(config: Mapping[str, Any], model: PromptableModel | None = None) -> Launched:
    """Run what a resolved configuration (`configs/config.yaml`) asks for, or go on with it where it was interrupted.

    Args:
        config: The configuration.
        model: A model that is there already, which is taken for the one that the configuration names.

    Raises:
        SambenchError: Something the user gave cannot be used; what, where and how to mend it.
        SystemExit: With 2, after it was told, in a script that its own worker processes run again.
    """
    end_if_imported()
    check_settings(config)
    executor = open_executor(config)
    try:
        with plain_interrupts(), told_refusals():
            return _launch(config, executor, model)
    except UnguardedScriptError as error:  # a traceback of the script would bury the sentence
        print(f"sambench: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    finally:
        if executor is not None:
            executor.close()


def _launch(config: Mapping[str, Any], executor: Executor | None, given: PromptableModel | None) -> Launched:
    """Build what is needed, open the run folder and run what is not done, here or by the executor's processes."""
    task: Task = build("tasks", "task", config["task"], own_words=True)
    dataset = open_dataset(config["data"], task, predictions_path(config) is None, own_words=True)
    task = task.for_dataset(dataset)
    stages = Stages()
    device = executor.device if executor is not None else resolve_device(config["device"])
    chosen = switches(task)
    settings: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    source: PredictionSource | None = None
    cache: EmbeddingCache | None = None
    keys = list(dataset.keys)
    check_text(keys, dataset.root)
    if predictions_path(config) is not None:
        source, model, keys, answers = _from_files(config, task, dataset, stages)
    elif executor is not None:
        model = dict(executor.describe(dataset.fingerprint))
        settings = {"settings": model_settings(config["model"])}
    else:
        source, model, cache = model_source(config, task, stages, device, given)
        settings = {"settings": model_settings(config["model"])}
    environment = model.pop("encoded_with", None)
    shard = parse_shard(config["shard"])
    whole, keys = keys, shard.take(keys) if shard is not None else keys
    identity: dict[str, Any] = redacted(
        {
            "version": __version__,
            "task": {"name": task.name, **chosen},
            "model": {"name": model["name"], "fingerprint": model["fingerprint"], **settings},
            **answers,
            "data": {
                "name": dataset.card.name,
                "split": dataset.split,
                "fingerprint": dataset.fingerprint,
                "samples": len(keys),
                "keys_sha256": keys_sha256(keys),
                **({} if dataset.image_rules.exif == "auto" else {"exif": dataset.image_rules.exif}),
            },
            "seed": config["seed"],
            "device": device.partition(":")[0],
            "embedding_dtype": config["cache"]["dtype"],
        }
    )
    store = open_store(run_folder(config, identity), identity, config["run"]["overwrite"])
    try:
        if store.run.finished:
            return Launched(store.run, was_finished=True)
        check_apart(keys, store.run.folder, dataset.root)
        record = {
            "config": dict(config),
            "switches": chosen,
            "model": model,
            "data": {
                **identity["data"],
                "root": dataset.root,
                "card": asdict(dataset.card),
                **orientation_record(dataset, keys),
                **truth_record(dataset, keys),
            },
            "code": provenance.code(),
            "environment": provenance.environment(device),
            "shard": shard.record(whole) if shard is not None else None,
        }
        store.start(record)
        resumed = len(store.done)
        plan = Plan(
            task=task,
            dataset=dataset,
            source=source,
            keys=keys,
            stages=stages,
            workers=worker_count(config["workers"]),
            encode_batch=int(model.get("encode_batch_size", 1)),
            save_predictions=predictions_path(config) is None,
            illustrate=config["illustrate"],
            seed=config["seed"],
            progress=config["progress"],
            label=f"{task.name} {dataset.card.name} {model['name']}",
            executor=executor,
        )

        def closing() -> dict[str, Any]:
            if executor is not None:
                counts, nan, notes = executor.cache_counts(), executor.nan_counts(), executor.notes()
            else:
                counts = asdict(cache.counts) if cache is not None else None
                made = source if isinstance(source, ModelPredictions) else None
                nan, notes = (made.predictor.guard.counts, made.notes()) if made is not None else ({}, [])
            signed = config["cache"]["secret_file"] is not None
            told = {**counts, "environment": environment, "signed": signed} if counts is not None else None
            ending: dict[str, Any] = {"cache": told}
            if executor is not None:
                ending["workers"] = executor.workers()
            if notes:  # some are found only while the model answers
                ending["model"] = {**model, "notes": [*dict.fromkeys([*model.get("notes", ()), *notes])]}
            if policy_of(task) == "zero" and predictions_path(config) is None:
                ending["nan"] = total_counts(nan, len(keys) - resumed)
            return ending

        return Launched(execute(plan, store, closing), was_finished=False)
    finally:
        store.close()


def switches(task: Task) -> dict[str, Any]:
    """Return a task's protocol switches as JSON-like values: its fields but those that come from the data."""
    if not is_dataclass(task):
        return {}
    chosen = {item.name: getattr(task, item.name) for item in fields(task) if not item.metadata.get("from_data")}
    return {**json.loads(json.dumps(chosen)), **task.input_fingerprints()}


def model_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model's settings that can change an answer; the fingerprint names only what changes an embedding.

    The checkpoint's path is left out, as its bytes are in the fingerprint, and so are device and batch sizes.
    """
    indifferent = {"name", "title", "checkpoint", "device", "encode_batch_size", "decode_batch_size"}
    return {key: value for key, value in settings.items() if key not in indifferent}


def run_folder(config: Mapping[str, Any], identity: dict[str, Any]) -> Place:
    """Return `run.dir`, or a folder whose name follows from the settings, so that the same command finds it again."""
    if config["run"]["dir"] is not None:
        return join(config["run"]["dir"])
    data, model = (_folder_word(identity[part]["name"]) for part in ("data", "model"))
    name = safe_part(f"{data}-{model}-{identity_hash(identity)}")
    return join(config["run"]["results"], safe_part(identity["task"]["name"]), name)


def _folder_word(name: str) -> str:
    """Return a name as it stands in a folder's name; the identity's hash tells runs apart, so that words need not."""
    return name if safe_part(name) == name else readable(name)


def _from_files(
    config: Mapping[str, Any], task: Task, dataset: Dataset, stages: Stages
) -> tuple[PredictionSource, dict[str, Any], list[str], dict[str, Any]]:
    """Open predictions made elsewhere.

    Returns:
        Where they come from, what `run.json` says in the place of a model, the samples that are scored, and how they
        are read, as it stands in the run's identity.
    """
    place, given = predictions_path(config), config["predictions"]
    told_switches = {"nms": given["nms"], "names": given.get("names")}
    path, told_nan = local(str(place)), list[str]()
    if path.name == "predictions" and (path.parent / RECORD).is_file():
        stored = load_run(path.parent)
        stored.check_predictions()
        told_nan = [nan_note(stored)] if nan_note(stored) else []
        if given["nms"] == "auto":  # a run's maps are what it scored
            told_switches["nms"] = "none"
    reader = open_reader(task, path, dataset, told_switches)
    missing = check_stored(reader, dataset.keys, path, config["allow_missing"])
    left_out = set(missing) if reader.without == "left out" else set()
    told = {
        "name": path.resolve().name.partition(".")[0],
        "fingerprint": reader.fingerprint(),
        "predictions": place,
        "missing": missing,
        "missing_means": reader.without,
        "notes": [*getattr(reader, "notes", ()), *told_nan, *([] if dataset.images_there else [NO_IMAGES])],
    }
    choices = dict(getattr(reader, "choices", {}))
    answers = {"predictions": choices} if choices else {}
    return StoredPredictions(reader, stages), told, [key for key in dataset.keys if key not in left_out], answers
