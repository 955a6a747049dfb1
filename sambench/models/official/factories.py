"""Factories of predictors: functions by the name of their module, which may lie in the working directory."""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from sambench.errors import ModelError, UsageError
from sambench.models.base import PromptableModel
from sambench.models.devices import torch_device
from sambench.models.official.model import OfficialModel, SingleAnswer

EXAMPLE = "model=official model.factory=package.module:function, a function that returns the predictor"


def import_factory(factory: str) -> Callable[..., Any]:
    """Import "package.module:function", which may lie in the working directory."""
    module_name, _, attribute = factory.partition(":")
    try:
        if os.getcwd() not in sys.path:  # the installed command has its own folder there, not the user's
            sys.path.append(os.getcwd())
        module = importlib.import_module(module_name)
    except ImportError as error:
        what = f"{module_name} cannot be imported: {error}"
        mend = "install what is missing, or run from the folder that holds the module"
        raise UsageError(what, where=f"model.factory={factory}", mend=mend) from error
    function = getattr(module, attribute, None)
    if not callable(function):
        near = difflib.get_close_matches(attribute, dir(module), n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else EXAMPLE
        raise UsageError(f"{module_name} has no function {attribute!r}", where=f"model.factory={factory}", mend=hint)
    return function


def load(
    factory: str | None,
    checkpoint: str | None = None,
    device: str = "auto",
    options: Mapping[str, Any] | None = None,
    decode_batch_size: int = 64,
    hq_token_only: bool = False,
    single_answer: SingleAnswer = "own",
) -> PromptableModel:
    """Build a predictor and wrap it; a `PromptableModel` is taken as it is, by its own name and fingerprint.

    Args:
        factory: "package.module:function". It is called with `checkpoint` and `device` where it has such parameters
            (`checkpoint` only if given), and with `options`.
        checkpoint: Handed to the factory.
        device: "auto", "cpu", "cuda", "mps"; handed to the factory.
        options: Further keyword arguments of the factory.
        decode_batch_size: Prompts at once.
        hq_token_only: SAM-HQ: answer the high-quality token's mask alone, not its sum with SAM's.
        single_answer: Where a task asks for the single answer of a predictor that has none (TinySAM): "own" refuses
            the task, as another mask would be another protocol; "best" takes the most confident of its masks.

    Raises:
        UsageError: No factory, or none by that name, or a choice its predictor does not have.
        ModelError: The factory fails or returns no predictor.
    """
    if not factory or ":" not in factory:
        raise UsageError(f"the factory is {factory!r}", where="model.factory", mend=EXAMPLE)
    function = import_factory(factory)
    arguments: dict[str, Any] = dict(options or {})
    accepted = inspect.signature(function).parameters
    if checkpoint is not None:
        arguments["checkpoint"] = checkpoint
    if "device" in accepted:
        arguments["device"] = str(torch_device(device))
    try:
        predictor = function(**arguments)
    except Exception as error:
        what = f"the factory fails: {type(error).__name__}: {error}"
        raise ModelError(what, where=factory, mend="call it in Python with the same arguments") from error
    if isinstance(predictor, PromptableModel):
        predictor.provenance = {**predictor.provenance, "factory": factory, "options": dict(options or {})}
        return predictor
    return OfficialModel(predictor, factory, checkpoint, decode_batch_size, options, hq_token_only, single_answer)
