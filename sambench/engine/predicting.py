"""What gives a run its predictions: a model in this process, an executor's processes, or files made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sambench.config.run_config import RunConfig
from sambench.datasets.base import Dataset
from sambench.engine.building import model_source
from sambench.engine.executors.base import Executor, ProcessExecutor
from sambench.engine.executors.here import InProcess
from sambench.engine.sources import StoredPredictions, check_stored, open_reader
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.engine.work import Work
from sambench.files.storage.copies import local
from sambench.models.base import PromptableModel
from sambench.runs.open import load_run
from sambench.runs.run import RECORD
from sambench.runs.summary import nan_note

NO_IMAGES = "the images were not read, so their pixels are not fingerprinted and no picture is drawn"


@dataclass(frozen=True)
class Predicting:
    """Where a run's predictions come from.

    Attributes:
        executor: What predicts and scores: this process, or others.
        model: What `run.json` says of the model, or in its place.
        keys: The samples that are scored.
        settings: The model's settings as they stand in the run's identity; empty for files.
        choices: How files are read, as it stands in the run's identity.
        environment: What else moves an embedding's bits; None where none is made.
    """

    executor: Executor
    model: dict[str, Any]
    keys: list[str]
    settings: dict[str, Any] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] | None = None


def predicting(
    config: RunConfig,
    task: Task,
    dataset: Dataset,
    device: str,
    processes: ProcessExecutor | None,
    given: PromptableModel | None,
) -> Predicting:
    """Build the model, start the processes that do, or open the predictions that were made elsewhere.

    Args:
        config: The run's configuration.
        task: The task, knowing the data.
        dataset: The data.
        device: The device of the model in this process.
        processes: Those that predict, if any.
        given: A model that is there already, if any.

    Raises:
        SambenchError: The model or the predictions cannot be used.
    """
    if config.predictions.path is not None:
        return _from_files(config, config.predictions.path, task, dataset, device)
    if processes is not None:
        executor: Executor = processes
        model = dict(processes.describe(dataset.fingerprint))
    else:
        stages = Stages()
        source, model, cache = model_source(config, task, stages, device, given)
        executor = InProcess(Work(task, dataset, source, stages, cache), device)
    environment = model.pop("encoded_with", None)
    settings: dict[str, Any] = {"settings": model_settings(config.model)}
    if "decoder_fingerprint" in model:  # of a decoder that is not the encoder's own
        settings["decoder_fingerprint"] = model["decoder_fingerprint"]
    return Predicting(executor, model, list(dataset.keys), settings, {}, environment)


def model_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model's settings that can change an answer; the fingerprint names only what changes an embedding.

    Paths of checkpoints are left out, as their bytes are in the fingerprints, and so are device and batch sizes.
    """
    paths = {"checkpoint", "encoder", "decoder", "folder", "original"}
    indifferent = {"name", "title", *paths, "device", "encode_batch_size", "decode_batch_size"}
    return {key: value for key, value in settings.items() if key not in indifferent}


def _from_files(config: RunConfig, location: str, task: Task, dataset: Dataset, device: str) -> Predicting:
    """Open predictions made elsewhere; those of a run are checked against its hashes first."""
    path, nan_notes = local(location), list[str]()
    switches_text = {"nms": config.predictions.nms, "names": config.predictions.names}
    if path.name == "predictions" and (path.parent / RECORD).is_file():
        stored = load_run(path.parent)
        stored.check_predictions()
        nan_notes = [nan_note(stored)] if nan_note(stored) else []
        if config.predictions.nms == "auto":  # a run's maps are what it scored
            switches_text["nms"] = "none"
    reader = open_reader(task, path, dataset, switches_text)
    missing = check_stored(reader, dataset.keys, path, config.allow_missing)
    left_out = set(missing) if reader.missing_means == "left out" else set()
    described = {
        "name": path.resolve().name.partition(".")[0],
        "fingerprint": reader.fingerprint(),
        "predictions": location,
        "missing": missing,
        "missing_means": reader.missing_means,
        "notes": [*getattr(reader, "notes", ()), *nan_notes, *([] if dataset.images_there else [NO_IMAGES])],
    }
    keys = [key for key in dataset.keys if key not in left_out]
    stages = Stages()
    executor = InProcess(Work(task, dataset, StoredPredictions(reader, stages), stages, None), device)
    return Predicting(executor, described, keys, choices=dict(getattr(reader, "choices", {})))
