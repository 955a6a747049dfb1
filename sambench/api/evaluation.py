"""`sambench.evaluate`: a run of a model that is in memory, in a notebook or a training loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from sambench.config.compose import compose
from sambench.config.run_config import changed
from sambench.engine.launch import launch
from sambench.errors import UsageError
from sambench.models.devices import device_of
from sambench.models.memory.untouched import same_attributes, same_random_numbers, untouched
from sambench.models.memory.wrap import wrapped
from sambench.runs.run import Run

QUIET: dict[str, Any] = {
    "workers": 0,
    "devices": None,
    "progress": "off",
    "illustrate": 0,
    "cache": {"enabled": False},
}
"""What differs from a command: one process, nothing printed or drawn, and no embeddings of weights that change."""

ELSEWHERE = {"device": "auto", "devices": None, "dtype": "fp32", "compile": False, "channels_last": False}
"""Keys about where and how a model runs, with the value that says nothing of it."""


def evaluate(
    model: Any,
    task: str,
    data: str = "mini",
    overrides: Sequence[str] = (),
    **settings: Any,
) -> Run:
    """Run a task with a model that is in memory: the same rows, run folder and gate as of `sambench.run`.

    The model stays on its device and in its dtype. Its modules are in eval mode meanwhile and get their mode back;
    gradients, optimizer and the random generators of torch, numpy and Python are as they were. Its weights, as they are
    now, stand in the run's identity, so that each step of a training has a run of its own.

    Args:
        model: A `transformers` SAM-family module (or what wraps one: PEFT, DistributedDataParallel, a LightningModule),
            an object with SamPredictor's interface, a `sambench.models.base.PromptableModel`, or two functions
            `(encode, decode)`: `encode(image)` of (H, W, 3) uint8 RGB returns anything, `decode(that, prompts,
            multimask)` returns logits (B, M, h, w) and predicted IoU (B, M), or `sambench.types.Masks`.
        task: As in `task=NAME`.
        data: As in `data=NAME`.
        overrides: Whatever else could stand on the command line, as in `["task.points=5", "model.title=step 100"]`.
        settings: Top-level keys of the configuration (`limit=10`) or groups (`run={"dir": "out"}`). By default one
            process works, nothing is printed, and no embedding is cached (`workers=4`, `progress="bar"`,
            `cache={"enabled": True}`).

    Returns:
        The finished run: `.metrics`, `.rows()`, `.record`, `.folder`.

    Raises:
        SambenchError: Something given cannot be used.
    """
    with ExitStack() as stack:
        stack.enter_context(same_random_numbers())
        words = [f"task={task}", "model=object", f"data={data}", *overrides]
        config = compose(words, changed(QUIET, settings))
        _check(config)
        switches = {key: value for key, value in config["model"].items() if key != "name"}
        stack.enter_context(same_attributes(model))
        made, modules = wrapped(model, **switches)
        device = device_of(made, modules)
        stack.enter_context(untouched(modules, device))
        return launch({**config, "device": str(device)}, made).run


def _check(config: Mapping[str, Any]) -> None:
    """Refuse what says where or how a model in memory should run, or that another model be taken.

    Raises:
        UsageError: Names the key.
    """
    if config["model"].get("name") != "object":
        what = f"the model is given as an object, but model={config['model'].get('name')} names another"
        raise UsageError(what, where="model", mend="leave model= out, or use sambench.run")
    if config["executor"].get("name") != "local" or config["predictions"]["path"] is not None:
        what = "a model in memory is evaluated in this process"
        raise UsageError(what, where="executor, predictions", mend="leave them out, or use sambench.run or score")
    for key, silent in ELSEWHERE.items():
        if config[key] != silent:
            what = f"{key} is {config[key]!r}, but a model in memory is evaluated where and as it is"
            raise UsageError(what, where=key, mend=f"leave {key} out, and move or convert the model itself")
