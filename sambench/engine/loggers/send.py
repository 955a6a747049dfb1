"""Trackers by name: refused before a run begins where one is not there, told when it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from sambench.config.spelling import choose_value
from sambench.engine.loggers.content import content_of
from sambench.engine.loggers.trackers import TRACKERS
from sambench.errors import RunError, UsageError
from sambench.runs.run import Run


def chosen(logger: str | Sequence[str]) -> list[str]:
    """Return the trackers that `logger=` names.

    Raises:
        UsageError: One is not known, or its package is not installed.
    """
    names = [logger] if isinstance(logger, str) else list(logger)
    for name in names:
        if name not in TRACKERS:
            raise choose_value("logger", name, TRACKERS)
        if find_spec(TRACKERS[name][0]) is None:
            mend = f"pip install 'sambench[{name}]', or leave logger= out"
            raise UsageError(f"the package of logger={name} is not installed", where="logger", mend=mend)
    return list(dict.fromkeys(names))


def tell(names: Sequence[str], run: Run) -> list[str]:
    """Tell trackers of a finished run; returns a line for each, which says where.

    Raises:
        RunError: One could not be told; the run itself is whole.
    """
    lines = []
    content = content_of(run)
    beside = Path.cwd() if run.url else run.folder.parent
    for name in names:
        try:
            location = TRACKERS[name][1](content, beside)
        except Exception as error:  # whatever another package raises
            what = f"the run is finished, but {name} could not be told of it: {type(error).__name__}: {error}"
            raise RunError(what, where=run.location, mend="give the same command again, which tells it") from error
        lines.append(f"{name}: {location}")
    return lines
