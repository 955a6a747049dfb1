"""`sambench run`: Hydra composes the configuration, the engine does the rest."""

from __future__ import annotations

import logging
import os
import platform
import sys
import typing
from collections.abc import Mapping
from typing import Any

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.lists import choices
from sambench.commands.grammar.output import FORMAT, JSON, json_of
from sambench.commands.grammar.words import SHOWN_FLAGS, part_flags, part_format
from sambench.config.run_config import HINTS
from sambench.config.spelling import nearest
from sambench.engine.ahead import compiled_ahead
from sambench.errors import SambenchError, UsageError
from sambench.files.faults import DEFECT, defect_report, refusals_as_errors
from sambench.files.progress import say
from sambench.files.storage.locations import is_remote
from sambench.redact import without_secrets

OF_TORCHAO = ("torchao", "torch.utils._pytree")
"""Loggers that warn of kernels for other devices wherever torchao is installed, as transformers then imports it."""


def main(words: list[str]) -> int:
    """Run a task."""
    if words[0] in ("-sc", "--shell-completion"):
        from sambench.commands.grammar.completion import main as complete

        return complete(words[1:])
    form, words = part_format(RUN, words)
    check_task(words, "run")
    return run_words(words, form)


def check_task(words: list[str], command: str) -> None:
    """Refuse a missing task before Hydra makes folders for it."""
    flags, rest = part_flags(words)
    shows = ("--info", "--cfg", "--hydra-help")
    keys = [word.partition("=")[0] for word in rest]
    if "task" not in keys and not any(flag.startswith(shows) for flag in flags):
        meant = next((word for key, word in zip(keys, rest, strict=True) if nearest(key, ["task"])), None)
        mend = "add task=edges" if meant is None else f"write task={meant.partition('=')[2] or 'edges'}"
        raise UsageError(
            "no task was chosen",
            where=f"sambench {command}" if meant is None else meant,
            mend=f"{mend}; `sambench ls tasks` lists them",
        )


def run_words(words: list[str], form: str = "text") -> int:
    """Run plain overrides directly; hand flags and Hydra's own keys to Hydra, where any member's error decides."""
    from sambench.config.compose import compose, hydra_words, resolve

    flags, words = part_flags(words)
    if not flags and not any(word.lstrip("+~").startswith("hydra") for word in words):
        _run_one(compose(words), form)
        return 0
    import hydra
    from omegaconf import DictConfig

    from sambench.config.composition import register_configs, without_application
    from sambench.config.overrides import check_words, run_by_hydra

    register_configs()
    failed: list[int] = []
    several = "--multirun" in flags
    here = platform.node(), os.getpid()

    def job(config: DictConfig) -> None:
        try:
            with refusals_as_errors(), without_application():
                _run_one(resolve(config), form, several)
        except SambenchError as error:
            if not several or here != (platform.node(), os.getpid()):
                raise  # a launcher runs this member elsewhere and hands the error back
            print(f"sambench: {error}", file=sys.stderr)
            failed.append(error.exit_code)
        except Exception as error:
            if not several:
                raise
            print(f"sambench: {defect_report(error)}", file=sys.stderr)  # the rest of the sweep goes on
            failed.append(DEFECT)

    if several and any(without_secrets(word) != word for word in words):
        raise UsageError(
            "credentials on the command line of a sweep would be written down by Hydra",
            where="sambench run --multirun",
            mend="give them in the environment, as the service's own client reads them",
        )
    words = _local_sweep_dir(words)
    words = hydra_words(words, several)
    if not any(flag.startswith(("--config-", "--experimental", "--hydra-help")) for flag in flags):
        check_words(words, several)
    # Hydra wants its flags before the overrides.
    sys.argv = ["sambench", *flags, *words]
    job.__module__ = "sambench.commands.run"
    main = hydra.main(version_base="1.3", config_path="pkg://sambench.configs", config_name="config")(job)
    run_by_hydra(main, words, several)
    return failed[0] if failed else 0


def _run_one(config: dict[str, Any], form: str, several: bool = False) -> None:
    """Run and print: text, or JSON, of several runs one on each line."""
    from sambench.commands.results.runs import run_result
    from sambench.tables.console import print_run

    logging.basicConfig(format="sambench: %(message)s", level=logging.WARNING)
    for name in OF_TORCHAO:
        logging.getLogger(name).setLevel(logging.ERROR)
    with compiled_ahead(config):  # begins before torch is imported
        from sambench.engine.launch import launch

        launched = launch(config)
    if launched.was_finished:
        say("this run was finished before; run.overwrite=true redoes it")
    if form == JSON:
        print(json_of(run_result(launched.run, launched.was_finished), None if several else 1))
    else:
        print_run(launched.run)
    for line in launched.notes:
        print(line, file=sys.stderr)


def _local_sweep_dir(words: list[str]) -> list[str]:
    """Keep Hydra's own files of a sweep on this machine where its runs go to a URL."""
    results = [word.partition("=")[2].strip("'\"") for word in words if word.startswith("run.results=")]
    if not results or not is_remote(results[-1]) or any(word.startswith("hydra.sweep.dir=") for word in words):
        return words
    return [*words, "hydra.sweep.dir=results"]


def type_of(name: str) -> Any:
    """Return the type of a key of the configuration, with its range; Any for those of tasks, models and data."""
    hint = HINTS.get(name, Any)
    return Any if typing.get_origin(hint) is Mapping else hint


_COMMON = {
    "model.checkpoint": ("FILE", "the model's weights"),
    "data.root": ("FOLDER", "where the data lies (or set SAMBENCH_DATA once)"),
    "data.split": ("val", "another split"),
    "data.exif": ("apply", "turn every photograph by its EXIF orientation (default: where its ground truth is so)"),
    "data.name": ("TEXT", "the name of one's own data, where the reader takes it (data=own, coco, lvis)"),
    "limit": ("20", "only the first 20 samples"),
    "shard": ("1/4", "every 4th sample from the 1st on; `sambench merge` puts the four runs together"),
    "run.dir": ("FOLDER", "the run folder (default: one below results/ that the same command finds again)"),
    "run.results": ("FOLDER", "where run folders without a name go (default: results)"),
    "run.overwrite": ("true", "redo a finished run"),
    "task.SWITCH": ("VALUE", "another choice where the paper leaves one open, e.g. task.nms_iou=0.8"),
    "task/edges": ("PRESET", "a published alternative, e.g. task/edges=ymgw55"),
    "device": ("cuda", "the device of a run in one process"),
    "devices": ("cuda:0,1", "one worker process a device; one that dies is started again (default: every CUDA device)"),
    "executor": ("ray", "models and scorers on a Ray cluster, one of this machine by default"),
    "executor.address": ("auto", "the Ray cluster that this machine belongs to"),
    "workers": ("4", "processes that score; 0 scores in the main process"),
    "prompt_batch": ("32", "prompts decoded at once"),
    "illustrate": ("0", "pictures are drawn for the first so many samples"),
    "progress": ("off", "auto, bar, lines or off"),
    "allow_download": ("true", "download what hf:// addresses name, pinned to a commit; the size is told first"),
    "logger": ("wandb", "wandb, mlflow, trackio, tensorboard or several, [A,B]: told of the finished run"),
    "cache.enabled": ("false", "keep no embeddings"),
    "cache.dir": ("FOLDER", "where embeddings are kept (default: `embeddings` below the user's cache folder)"),
}
"""Key of the configuration -> an example of its value, and what it is. Their defaults are in configs/config.yaml."""

_PATHS = ("model.checkpoint", "data.root", "run.dir", "run.results", "cache.dir")

COMMON = tuple(
    Key(
        name,
        text,
        str if name in _PATHS else type_of(name),
        example=example,
        path="url" if name in _PATHS else None,
    )
    for name, (example, text) in _COMMON.items()
)
"""The keys that runs have in common, as far as the page shows them."""


def _lists() -> str:
    return f"""\
tasks:
{choices("task")}
models (default: hierarchy):
{choices("model")}
data (default: mini):
{choices("data")}"""


RUN = Command(
    name="run",
    summary="run a task with a model on data",
    main=main,
    takes_run_words=True,
    usage=("run task=NAME [model=NAME] [data=NAME] [key=value ...]",),
    about="""\
Runs a task with a model on data; a killed run goes on when the same command is given again. All keys with their values:
sambench run task=edges --cfg job

Folders (run.dir, run.results, cache.dir, data.root, model.checkpoint, predictions) can be URLs: s3://bucket/folder""",
    lists=_lists,
    keys=(
        Key("task", "what is run", str, example="NAME", required=True),
        Key("model", "the model that is run", str, example="NAME"),
        Key("data", "the data that it is run on", str, example="NAME"),
        *COMMON,
        FORMAT,
    ),
    result="runs:RunResult",
    flags=SHOWN_FLAGS,
    examples=(
        "sambench run task=edges",
        "sambench run task=edges data=bsds500 data.root=/data",
        "sambench run task=edges data=bsds500 data.split=val limit=10 run.dir=/tmp/try",
        "sambench run --multirun task=edges task.nms_iou=0.5,0.7,0.9",
        "sambench run task=edges executor=ray executor.address=auto run.results=s3://bucket/results cache.dir=s3://bucket/emb",
        "sambench run --multirun +cluster=slurm task=edges task.nms_iou=0.5,0.7,0.9",
        "sambench run task=edges --cfg job",
        "sambench run --config-dir my_configs task=mine",
    ),
)
