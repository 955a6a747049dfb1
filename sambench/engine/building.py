"""From groups of the configuration to what a run is made of: its data, its model, its cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from sambench.config.registry import resolve
from sambench.config.resolve import build
from sambench.config.run_config import CacheSettings, RunConfig
from sambench.datasets.base import Dataset
from sambench.engine.cache.entry import environment_of, read_secret
from sambench.engine.cache.local import EmbeddingCache
from sambench.engine.cache.shared import SharedEntries
from sambench.engine.predictor import Predictor
from sambench.engine.sources import ModelPredictions
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.errors import UsageError
from sambench.files.paths import cache_root
from sambench.files.storage.locations import is_remote
from sambench.masks.nan_guard import policy_of
from sambench.models.base import PromptableModel, check_questions
from sambench.types import Sample

DEFAULT_MODEL = "hierarchy"
"""The model of a command that names none (`configs/config.yaml`)."""


def with_only_model(config: RunConfig) -> RunConfig:
    """Return the configuration with the one model that its task takes, where it takes one (`Task.only_model`).

    Raises:
        UsageError: The command names another model than that or the default.
    """
    wanted = getattr(resolve("tasks", config.task["name"], own_words=True), "only_model", None)
    if wanted is None or config.predictions.path is not None:
        return config
    if config.model["name"] not in (wanted, DEFAULT_MODEL):
        what = f"task {config.task['name']} prompts no model, but model={config.model['name']} names one"
        raise UsageError(what, where="model", mend="leave model= out")
    return replace(config, model={"name": wanted}, plain={**config.plain, "model": {"name": wanted}})


def open_dataset(settings: Mapping[str, Any], task: Task, pixels: bool = True, own_words: bool = False) -> Dataset:
    """Open the data and check with its first sample that it has the ground truth the task reads.

    Args:
        settings: The `data` group of the configuration.
        task: The task.
        pixels: Whether the images are needed; predictions made elsewhere can be scored without them.
        own_words: As for `build`.

    Raises:
        UsageError: The data has another kind of ground truth, or a switch would change nothing.
    """
    settings = dict(settings)
    if settings.get("kind") == "auto":
        settings["kind"] = task.mini_kind
    boxes_only = getattr(task, "iou_type", "segm") == "bbox"
    dataset: Dataset = build(
        "datasets", "data", settings, own_words=own_words, check_images=pixels, boxes_only=boxes_only, for_task=task
    )
    exif = dataset.image_rules.exif
    if exif != "auto" and type(dataset).picture is Dataset.picture:
        what = f"{dataset.card.name} reads its images by itself, so that data.exif={exif} would change nothing"
        raise UsageError(what, where="data.exif", mend="leave data.exif out")
    target = type(loader(dataset)(dataset.keys[0]).target)
    if not issubclass(target, task.target):
        raise UsageError(
            f"task {task.name} reads {task.target.__name__}, but {dataset.card.name} holds {target.__name__}",
            where=f"data={dataset.card.name}",
            mend="`sambench ls data` tells which data fits which task",
        )
    return dataset


def loader(dataset: Dataset) -> Callable[[str], Sample]:
    """Return what reads a sample by its id: with its pixels where the images are there."""
    return dataset.load if dataset.images_there else dataset.load_without_pixels


def open_cache(settings: CacheSettings, environment: Mapping[str, str]) -> EmbeddingCache:
    """Open the embedding cache that a configuration's `cache` group describes: a folder, or one before a URL.

    Args:
        settings: The `cache` group.
        environment: Of the model whose embeddings it keeps (`environment_of`).

    Raises:
        UsageError: Its secret cannot be read.
    """
    budget, location = settings.budget_gb, settings.dir
    shared = SharedEntries(location) if location is not None and is_remote(location) else None
    folder = cache_root() / "embeddings" if location is None or shared is not None else Path(location)
    return EmbeddingCache(
        folder,
        None if budget is None else int(budget * 1e9),
        settings.dtype,
        shared,
        environment=environment,
        secret=read_secret(settings.secret_file),
    )


def model_source(
    config: RunConfig, task: Task, stages: Stages, device: str, given: PromptableModel | None = None
) -> tuple[ModelPredictions, dict[str, Any], EmbeddingCache | None]:
    """Build the model on a device, or take the one given; returns a source, what `run.json` says of it, its cache.

    Raises:
        UsageError: The task asks what the model cannot answer, or a switch changes nothing with it.
    """
    model = build("models", "model", config.model, own_words=True, device=device) if given is None else given
    check_questions(model, task.questions())
    _check_idle(task, model)
    environment = environment_of(model, config.model, device)
    wanted = config.cache.enabled and model.cacheable
    cache = open_cache(config.cache, environment) if wanted else None
    predictor = Predictor(model, cache, stages, config.prompt_batch, policy_of(task))
    described = {
        "name": model.name,
        "fingerprint": model.fingerprint,
        "encode_batch_size": model.encode_batch_size,
        "encoded_with": environment,
        **model.provenance,
    }
    return ModelPredictions(task, predictor, stages), described, cache


def _check_idle(task: Task, model: PromptableModel) -> None:
    """Refuse switches that were set and change nothing with a model.

    Raises:
        UsageError: Names them.
    """
    default: dict[str, Any] = {item.name: item.default for item in fields(task)} if is_dataclass(task) else {}
    if idle := [name for name in task.idle_switches(model) if getattr(task, name) != default[name]]:
        what = f"{' and '.join(f'task.{name}' for name in idle)} would change nothing with {model.name}"
        raise UsageError(what, where=f"model={model.name}", mend="leave them out, or choose another model")
