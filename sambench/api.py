"""The Python interface: the same runs as on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sambench.errors import UsageError
from sambench.runs.opening import load_run
from sambench.runs.store import Run

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
        raise UsageError(
            str(error).strip(),
            where="configuration",
            mend="`sambench run task=NAME --cfg job` shows every key with its value",
        ) from error


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
