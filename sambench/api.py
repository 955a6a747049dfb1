"""The Python interface: the same runs as on the command line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sambench import registry
from sambench.config import known_switches
from sambench.errors import UsageError
from sambench.runs.opening import load_run
from sambench.runs.store import Run

_KINDS: dict[str, registry.Kind] = {"task": "tasks", "model": "models", "data": "datasets"}

_LISTED = {"task": "tasks", "model": "models", "data": "data"}
"""Group of the configuration -> what `sambench ls` lists it as."""

__all__ = ["compose", "load_run", "resolve", "run", "score"]


def run(
    task: str,
    model: str = "hierarchy",
    data: str = "mini",
    overrides: Sequence[str] = (),
    **settings: Any,
) -> Run:
    """Run a task, or go on with it where it was interrupted; a finished run is returned as it is.

    Args:
        task: As in `task=NAME`.
        model: As in `model=NAME`.
        data: As in `data=NAME`.
        overrides: Whatever else could stand on the command line, as in `["task.nms_iou=0.9", "data.root=/data"]`.
        settings: Top-level keys of the configuration (`limit=10`, `device="cpu"`) or groups (`run={"dir": "out"}`).

    Returns:
        The finished run: `.metrics`, `.rows()`, `.record`, `.folder`.

    Raises:
        SambenchError: Something given cannot be used.

    Scoring uses worker processes: in a script, call it under `if __name__ == "__main__":`, or pass `workers=0`.
    """
    from sambench.engine.launch import launch

    words = [f"task={task}", f"model={model}", f"data={data}", *overrides]
    return launch(compose(words, settings)).run


def score(task: str, data: str, predictions: str | Path, overrides: Sequence[str] = (), **settings: Any) -> Run:
    """Score predictions made elsewhere; see `run` for the other arguments.

    Args:
        task: As in `task=NAME`.
        data: As in `data=NAME`.
        predictions: Folder of predictions in the task's format.
        overrides: As for `run`.
        settings: As for `run`.
    """
    return run(task, data=data, overrides=overrides, predictions=str(predictions), **settings)


def compose(overrides: Sequence[str], settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Compose the configuration from overrides in Hydra's grammar and top-level settings.

    Raises:
        UsageError: Hydra refuses an override.
    """
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from sambench.composition import composed

    try:
        config = composed(hydra_words(overrides))
        for key, value in (settings or {}).items():
            key = "predictions.path" if key == "predictions" and not isinstance(value, Mapping) else key
            OmegaConf.update(config, key, value, merge=True)
        return resolve(config)
    except (HydraException, OmegaConfBaseException, ValueError, TypeError, RecursionError) as error:
        if fault := _override_fault(str(error), hydra_words(overrides)):
            raise fault from error
        raise UsageError(
            str(error).strip(),
            where="configuration",
            mend="`sambench run task=NAME --cfg job` shows every key with its value",
        ) from error


def _override_fault(told: str, words: Sequence[str]) -> UsageError | None:
    """Say in our words that there is no such setting, or that the file of what was chosen does not list it; else None.

    Args:
        told: Hydra's error.
        words: What it refused.
    """
    from sambench.composition import composed

    found = re.match(r"Could not override '(?:(task|model|data)\.)?(\w+)'", told)
    if found is None:
        return None
    group, key = found[1], found[2]
    config = composed([word for word in words if re.match(r"(task|model|data)(/\w+)?=", word)])
    if group is None:
        near = difflib.get_close_matches(key, map(str, config), n=1)
        mend = f"use {near[0]}=..." if near else "`sambench run task=NAME --cfg job` shows every key"
        return UsageError(f"there is no setting {key!r}", where=key, mend=mend)
    listed = config.get(group) or {}
    if not listed.get("name"):
        return None
    where, name, kind = f"{group}.{key}", listed["name"], _KINDS[group]
    known, closed = known_switches(kind, registry.resolve(kind, name, own_words=True))
    if key in known or not closed:
        return UsageError(f"the file of {group} {name} does not list {key}", where=where, mend=f"use +{where}=...")
    near = difflib.get_close_matches(key, known, n=1)
    another = f"leave it out, or choose what has it with {group}=NAME (`sambench ls {_LISTED[group]}`)"
    return UsageError(
        f"{group} {name} has no switch {key!r}; it has: {', '.join(known)}",
        where=where,
        mend=f"use {'' if near[0] in listed else '+'}{group}.{near[0]}=..." if near else another,
    )


def hydra_words(words: Sequence[str], sweep: bool = False) -> list[str]:
    """Put words into Hydra's grammar: `predictions=PATH`, and `devices=cuda:0,1`, whose comma is none of a sweep.

    `data.name=TEXT`, the user's name for own data, becomes the reader's title, as `name` is the reader itself.

    Args:
        words: What the user wrote.
        sweep: Whether commas part the members of a sweep.
    """
    return [_hydra_word(word, sweep) for word in words]


def _hydra_word(word: str, sweep: bool) -> str:
    if not sweep and (found := re.fullmatch(r"devices=(\w+:\d+(?:,\d+)+)", word)):
        return f"devices='{found[1]}'"
    return re.sub(r"^data\.name=", "data.title=", re.sub(r"^predictions=", "predictions.path=", word))


def resolve(config: Any) -> dict[str, Any]:
    """Turn a composed configuration into plain values, `${...}` replaced.

    Raises:
        UsageError: No task was chosen.
    """
    from omegaconf import OmegaConf

    plain = OmegaConf.to_container(config, resolve=True)
    if not isinstance(plain, dict) or not plain.get("task"):
        raise UsageError("no task was chosen", where="task", mend="add task=edges; `sambench ls tasks` lists them")
    plain.pop("hydra", None)
    return {str(key): value for key, value in plain.items()}
