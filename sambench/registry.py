"""Names of tasks, models and datasets, resolved only when they are used; plug-ins join by entry points."""

from __future__ import annotations

import difflib
import importlib
import warnings
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from sambench.errors import SambenchError, UsageError

Kind = Literal["tasks", "models", "datasets"]

_BUILT_IN: dict[Kind, dict[str, str]] = {
    "tasks": {
        "edges": "sambench.tasks.edges:EdgesTask",
    },
    "models": {
        "hierarchy": "sambench.models.hierarchy:HierarchyModel",
    },
    "datasets": {
        "mini": "sambench.datasets.mini:Mini",
        "bsds500": "sambench.datasets.bsds500:Bsds500",
        "coco": "sambench.datasets.coco:Coco",
        "lvis": "sambench.datasets.lvis:Lvis",
    },
}


@cache
def targets(kind: Kind) -> dict[str, str]:
    """Map every known name to its "module:attribute", without importing any of them.

    Raises:
        UsageError: A plug-in claims a name that is already taken; both places are named.
    """
    known = dict(_BUILT_IN[kind])
    for point in entry_points(group=f"sambench.{kind}"):
        if point.name in known and known[point.name] != point.value:
            raise UsageError(
                f"two {kind} are called {point.name!r}: {known[point.name]} and {point.value} ({_package(point)})",
                where=f"entry-point group sambench.{kind}",
                mend="rename the plug-in's entry point, or uninstall one of the two packages",
            )
        known[point.name] = point.value
    return known


def resolve(kind: Kind, name: str) -> Callable[..., Any]:
    """Import what a name, or a "module:attribute" of the user's own, stands for.

    Raises:
        UsageError: The name is unknown (near matches are shown) or what it points to cannot be imported.
    """
    target = name if ":" in name else targets(kind).get(name)
    if target is None:
        near = difflib.get_close_matches(name, targets(kind), n=3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(
            f"unknown {kind[:-1]} {name!r}; known: {', '.join(sorted(targets(kind)))}",
            where=f"{_GROUP[kind]}={name}",
            mend=f"{hint}`sambench ls {kind}` lists them; your own is named as package.module:attribute",
        )
    module, _, attribute = target.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"{kind[:-1]} {name!r} cannot be imported: {error}",
            where=target,
            mend="install the package that holds it, or run from the folder that does",
        ) from error
    return found  # type: ignore[no-any-return]


def describe(kind: Kind) -> dict[str, str]:
    """Map every known name to the first line of its docstring; a plug-in that fails to import is warned about."""
    lines = {}
    for name in sorted(targets(kind)):
        try:
            lines[name] = (resolve(kind, name).__doc__ or "").strip().partition("\n")[0]
        except SambenchError as error:
            warnings.warn(str(error), stacklevel=2)
            lines[name] = f"(cannot be imported: {targets(kind)[name]})"
    return lines


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "unknown package"


_GROUP: dict[Kind, str] = {"tasks": "task", "models": "model", "datasets": "data"}
