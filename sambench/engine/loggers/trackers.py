"""One function a tracker, which tells it a run by its own package; where to is each package's own affair.

Weights & Biases, MLflow and Trackio read their own environment variables (WANDB_MODE, WANDB_PROJECT,
MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME, TRACKIO_DIR); TensorBoard's files go below `tensorboard` beside the run.
"""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sambench.engine.loggers.content import Content

PROJECT = "sambench"
_UNSAID = re.compile(r"[^\w./ -]")


def wandb(content: Content, beside: Path) -> str:
    """Tell Weights & Biases; offline where WANDB_MODE says so."""
    package = importlib.import_module("wandb")
    run = package.init(
        project=os.environ.get("WANDB_PROJECT", PROJECT),
        id=content.key,
        resume="allow",
        name=content.name,
        tags=content.tags or None,
        notes=content.notes,
        config=content.settings,
        dir=os.environ.get("WANDB_DIR", str(beside)),
        settings=package.Settings(silent=True),
    )
    run.log({name: package.Image(str(path)) for name, path in content.pictures.items()})
    run.summary.update(content.numbers)
    artefact = package.Artifact(f"run-{content.key}", type="sambench-run")
    for path in content.files:
        artefact.add_file(str(path))
    run.log_artifact(artefact)
    location = str(run.url or run.dir)
    run.finish()
    return location


def mlflow(content: Content, beside: Path) -> str:
    """Tell MLflow; a run that was told before is told again under its own id."""
    package = importlib.import_module("mlflow")
    client = package.MlflowClient()
    if "MLFLOW_EXPERIMENT_NAME" not in os.environ and "MLFLOW_EXPERIMENT_ID" not in os.environ:
        package.set_experiment(PROJECT)
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
    experiment = package.get_experiment_by_name(name)
    known = (
        []
        if experiment is None
        else client.search_runs([experiment.experiment_id], f"tags.sambench_key = '{content.key}'")
    )
    given = {"run_id": known[0].info.run_id} if known else {"run_name": content.name}
    with package.start_run(**given) as run:
        package.set_tags({"sambench_key": content.key, **dict.fromkeys(content.tags, "true")})
        if content.notes:
            package.set_tag("mlflow.note.content", content.notes)
        if not known:  # MLflow lets no setting change, not even to itself
            package.log_params({key: str(value)[:6000] for key, value in content.settings.items()})
        package.log_metrics({_UNSAID.sub("_", key): value for key, value in content.numbers.items()})
        for path in content.files:
            package.log_artifact(str(path))
        for key, path in content.pictures.items():
            package.log_artifact(str(path), artifact_path=str(Path("pictures") / Path(key).parent))
        return str(run.info.artifact_uri)


def trackio(content: Content, beside: Path) -> str:
    """Tell Trackio, which keeps everything on this machine."""
    package = importlib.import_module("trackio")
    package.init(project=PROJECT, name=f"{content.name} {content.key}", config=content.settings, resume="allow")
    pictures = {name: package.Image(str(path)) for name, path in content.pictures.items()}
    package.log({**content.numbers, **pictures})
    package.finish()
    return PROJECT


def tensorboard(content: Content, beside: Path) -> str:
    """Write TensorBoard's files, anew where there are some."""
    package = importlib.import_module("torch.utils.tensorboard")
    folder = beside / "tensorboard" / content.key
    for old in folder.glob("events.out.tfevents.*"):
        old.unlink()
    with package.SummaryWriter(str(folder)) as writer:
        rows = [f"| {key} | {str(value).replace('|', '/')} |" for key, value in content.settings.items()]
        writer.add_text("settings", "\n".join([f"{content.name}\n", "| key | value |", "|---|---|", *rows]))
        if content.notes:
            writer.add_text("notes", content.notes)
        for name, value in content.numbers.items():
            writer.add_scalar(name, value, 0)
        for name, path in content.pictures.items():
            with Image.open(path) as image:
                writer.add_image(f"pictures/{name}", np.asarray(image.convert("RGB")), 0, dataformats="HWC")
    return str(folder)


TRACKERS: dict[str, tuple[str, Any]] = {
    "wandb": ("wandb", wandb),
    "mlflow": ("mlflow", mlflow),
    "trackio": ("trackio", trackio),
    "tensorboard": ("tensorboard", tensorboard),
}
"""Name -> the package that it needs, and what tells it."""
