"""From a resolved configuration to a finished run folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pkgutil import resolve_name
from typing import Any

from sambench.config.resolve import build
from sambench.config.run_config import RunConfig, read_config
from sambench.datasets.base import Dataset
from sambench.engine.building import open_dataset, with_only_model
from sambench.engine.cache.entry import read_secret
from sambench.engine.described import begun_record, ended_record, run_identity, switches
from sambench.engine.executors.base import ProcessExecutor
from sambench.engine.loggers.send import chosen as chosen_trackers
from sambench.engine.loggers.send import tell
from sambench.engine.merging.shards import parse_shard
from sambench.engine.predicting import Predicting, predicting
from sambench.engine.runner import Plan, execute
from sambench.engine.scoring import UnguardedScriptError, end_if_imported, worker_count
from sambench.engine.task import Task
from sambench.errors import UsageError
from sambench.files.faults import plain_interrupts, refusals_as_errors
from sambench.files.safe_names import check_apart, check_text, readable, safe_part
from sambench.files.storage.hub import hub_copy
from sambench.files.storage.locations import Location, is_hub, join
from sambench.models.base import PromptableModel
from sambench.models.devices import device_list, resolve_device
from sambench.runs.open import open_store
from sambench.runs.run import Run
from sambench.runs.seals import identity_hash

EXECUTORS = {
    "local": "sambench.engine.executors.local:LocalExecutor",
    "ray": "sambench.engine.executors.cluster:open_cluster",
}
"""Executor -> what opens it; a run in one process imports neither."""


@dataclass
class Launched:
    """A run, whether it had been finished before, and a line for each tracker that received it."""

    run: Run
    was_finished: bool
    notes: list[str] = field(default_factory=list)


def launch(config: Mapping[str, Any], model: PromptableModel | None = None) -> Launched:
    """Run what a resolved configuration (`configs/config.yaml`) asks for, or go on with it where it was interrupted.

    Args:
        config: As Hydra composes it (`sambench.api.calls.compose`); from here on it is a `RunConfig`.
        model: A model that is there already, which is taken for the one that the configuration names.

    Raises:
        SambenchError: Something the user gave cannot be used; what, where and how to mend it.
        SystemExit: With 2, after it was told, in a script that its own worker processes run again.
    """
    end_if_imported()
    chosen = with_only_model(read_config(config))
    trackers = chosen_trackers(chosen.logger) if chosen.logger is not None else []
    read_secret(chosen.cache.secret_file)
    processes = open_executor(chosen)
    try:
        with plain_interrupts(), refusals_as_errors():
            launched = _launch(chosen, processes, model)
            return replace(launched, notes=tell(trackers, launched.run)) if trackers else launched
    except UnguardedScriptError as error:  # a traceback of the script would bury the sentence
        print(f"sambench: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    finally:
        if processes is not None:
            processes.close()


def fetch_from_hub(config: RunConfig) -> None:
    """Bring the files of every hf:// address to this machine, before anything is built of them.

    Raises:
        SambenchError: They are not here and `allow_download` is off, or they cannot be had.
    """
    for value in _texts([config.model, config.data, config.predictions.path]):
        if is_hub(value):
            hub_copy(value, config.allow_download, quiet=config.progress == "off")


def _texts(value: object) -> Iterator[str]:
    """Yield the texts in nested settings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _launch(config: RunConfig, processes: ProcessExecutor | None, model: PromptableModel | None) -> Launched:
    """Build what is needed, open the run folder and run what is not done, here or by the executor's processes."""
    fetch_from_hub(config)
    task, dataset = _task_and_data(config)
    device = processes.device if processes is not None else resolve_device(config.device)
    check_text(list(dataset.keys), dataset.root)
    source = predicting(config, task, dataset, device, processes, model)
    shard = parse_shard(config.shard) if config.shard is not None else None
    keys = shard.take(source.keys) if shard is not None else source.keys
    chosen = switches(task)
    identity = run_identity(config, task, chosen, dataset, source, keys, device)
    store = open_store(run_folder(config.run.dir, config.run.results, identity), identity, config.run.overwrite)
    try:
        if store.run.finished:
            return Launched(store.run, was_finished=True)
        check_apart(keys, store.run.folder, dataset.root)
        store.start(begun_record(config, chosen, dataset, source, identity, keys, device, shard))
        ending = partial(ended_record, config, task, source, len(keys) - len(store.done))
        return Launched(execute(_plan(config, task, dataset, source, keys), store, ending), was_finished=False)
    finally:
        store.close()


def _task_and_data(config: RunConfig) -> tuple[Task, Dataset]:
    task: Task = build("tasks", "task", config.task, own_words=True)
    dataset = open_dataset(config.data, task, config.predictions.path is None, own_words=True)
    return task.for_dataset(dataset), dataset


def _plan(config: RunConfig, task: Task, dataset: Dataset, source: Predicting, keys: list[str]) -> Plan:
    """Say what is to be run and how."""
    return Plan(
        task=task,
        keys=keys,
        executor=source.executor,
        workers=worker_count(config.workers),
        patient=config.workers == "auto",
        encode_batch=int(source.model.get("encode_batch_size", 1)),
        illustrate=config.illustrate,
        seed=config.seed,
        progress=config.progress,
        label=f"{task.name} {dataset.card.name} {source.model['name']}",
    )


def run_folder(folder: str | None, results: str, identity: Mapping[str, Any]) -> Location:
    """Return where a run is written, so that the same command finds it again.

    Args:
        folder: `run.dir`; None for a folder whose name follows from the settings.
        results: `run.results`, where such folders go.
        identity: The run's.
    """
    if folder is not None:
        return join(folder)
    data, model = (_folder_word(identity[part]["name"]) for part in ("data", "model"))
    name = safe_part(f"{data}-{model}-{identity_hash(dict(identity))}")
    return join(results, safe_part(identity["task"]["name"]), name)


def _folder_word(name: str) -> str:
    """Return a name as it stands in a folder's name; the identity's hash tells runs apart, so that words need not."""
    return name if safe_part(name) == name else readable(name)


def open_executor(config: RunConfig) -> ProcessExecutor | None:
    """Return the processes that `executor=` and `devices=` ask for, or None where the run stays in this process.

    Args:
        config: The run's configuration.

    Raises:
        UsageError: There is no such executor, its settings do not fit together, or it is not installed.
    """
    name = config.executor.name
    if name not in EXECUTORS:
        raise UsageError(
            f"there is no executor {name!r}", where="executor", mend=f"use executor={' or executor='.join(EXECUTORS)}"
        )
    if name == "local":
        if config.predictions.path is not None:
            return None
        wanted = config.devices
        devices = [] if wanted == "auto" and config.device != "auto" else device_list(wanted)
        if not devices:
            return None
        return _opened(name, config, devices, threads=1 if devices[0] == "cpu" else None)
    if config.predictions.path is not None:
        raise UsageError(
            "predictions made elsewhere are scored on this machine only", where="executor=ray", mend="leave it out"
        )
    if config.devices not in (None, "auto"):
        raise UsageError(
            "devices= names devices of this machine; a cluster is asked for a number of them",
            where="devices",
            mend="use executor.devices=2 and, for their type, device=cuda or device=cpu",
        )
    return _opened(name, config)


def _opened(name: str, *arguments: Any, **settings: Any) -> ProcessExecutor:
    executor: ProcessExecutor = resolve_name(EXECUTORS[name])(*arguments, **settings)
    return executor
