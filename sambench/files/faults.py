"""What a machine refuses (a full disk, a lost right, no memory), as an error to act on; Ctrl-C in compiled code."""

from __future__ import annotations

import errno
import os
import tempfile
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sambench.errors import SambenchError
from sambench.files.atomic import write_text
from sambench.files.paths import cache_root
from sambench.redact import without_secrets

DEFECT = 70
"""Exit code of a defect (EX_SOFTWARE of sysexits.h)."""

GOES_ON = "what is done is kept, and the same command goes on from there"

_ELSEWHERE = "name another place (run.dir=, out=, cache.dir=, SAMBENCH_CACHE)"
_MENDS = {
    errno.ENOSPC: f"free some space, or {_ELSEWHERE}",
    errno.EDQUOT: f"free some of the quota, or {_ELSEWHERE}",
    errno.EIO: f"check the disk or the network it is on, or {_ELSEWHERE}",
    errno.EROFS: _ELSEWHERE,
    errno.EACCES: f"give yourself the right to it, or {_ELSEWHERE}",
    errno.EPERM: f"give yourself the right to it, or {_ELSEWHERE}",
    errno.EMFILE: "allow more open files (`ulimit -n 4096`), or start fewer processes (workers=0)",
    errno.ENFILE: "close other programs, or start fewer processes (workers=0)",
    errno.ENOMEM: "give it more memory, or less to do at once (workers=0, prompt_batch=16)",
}


class MachineError(SambenchError):
    """Something that the operating system refused: space, a right, memory, a file that went away."""


def machine_error(error: BaseException) -> MachineError | None:
    """Say what the operating system refused, or None for an error that is none of its refusals.

    Args:
        error: What was caught. A library's own error counts where it was raised from a refusal.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError):
            return _refused("memory ran out", _path_in_use(cause), errno.ENOMEM)
        if isinstance(cause, OSError) and cause.errno is not None:
            where = " -> ".join(str(name) for name in (cause.filename, cause.filename2) if name is not None)
            return _refused(os.strerror(cause.errno).lower(), where or _path_in_use(cause), cause.errno)
        cause = cause.__cause__
    return None


def _path_in_use(error: BaseException) -> str | None:
    """Find the path that was worked on: the system names none where a read, write or close fails, or memory ends.

    Returns:
        The first path among the arguments and variables of the innermost call that has one.
    """
    in_use, level = None, error.__traceback__
    while level is not None:
        values = level.tb_frame.f_locals.values()
        in_use = next((str(value) for value in values if isinstance(value, Path)), in_use)
        level = level.tb_next
    return in_use


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """Raise what the operating system refuses inside the block as a `MachineError`.

    Raises:
        MachineError: From the error it stands for.
    """
    try:
        yield
    except (OSError, MemoryError) as error:
        if isinstance(error, BrokenPipeError):  # whoever read the output has gone
            raise
        if (refusal := machine_error(error)) is None:
            raise
        raise refusal from error


def defect_report(error: BaseException) -> str:
    """Write a defect's traceback to a file; returns a message with its path, or with the traceback where none can be.

    Args:
        error: An error that no one expected.
    """
    text = without_secrets("".join(traceback.format_exception(error)))
    first = without_secrets(str(error)).partition("\n")[0]
    what = f"a defect of sambench itself: {type(error).__name__}: {first[:200]}"
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}.txt"
    for folder in (cache_root() / "defects", Path(tempfile.gettempdir())):
        try:
            write_text(folder / name, text)
        except OSError:
            continue
        return (
            f"{what}\n  where: {folder / name} holds the full traceback\n  mend:  report it with that file; {GOES_ON}"
        )
    return f"{what}; its traceback cannot be written to a file:\n{text}"


def _refused(refusal: str, where: str | None, number: int) -> MachineError:
    return MachineError(f"the machine refused: {refusal}", where=where, mend=f"{_mend(number)}; {GOES_ON}")


def _mend(number: int) -> str:
    return _MENDS.get(number, "check that the file is there and can be used")


@contextmanager
def plain_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt where Ctrl-C lands in compiled code, which makes a SystemError of it."""
    try:
        yield
    except SystemError as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, KeyboardInterrupt):
                raise KeyboardInterrupt from error
            cause = cause.__cause__ or cause.__context__
        raise
