"""Factories of predictors: functions by the name of their module, which may lie in the working directory."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from sambench.errors import UsageError

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
