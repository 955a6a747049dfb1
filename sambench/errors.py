"""Errors a user can act on: what is wrong, where, and the command or change that mends it."""

from __future__ import annotations

from sambench.redact import without_secrets


class SambenchError(Exception):
    """Bad input or a refused operation, printed without a traceback and without credentials.

    Args:
        what: One sentence that says what is wrong.
        where: The file, key or line it was found at, if it has a place.
        mend: The command or change that mends it.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: object = None, mend: str | None = None) -> None:
        self.what = without_secrets(what)
        self.where = None if where is None else without_secrets(str(where))
        self.mend = None if mend is None else without_secrets(mend)
        super().__init__(self.what)

    def __str__(self) -> str:
        lines = [self.what]
        if self.where is not None:
            lines.append(f"  where: {self.where}")
        if self.mend is not None:
            lines.append(f"  mend:  {self.mend}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep place and mend when a worker process hands the error to its parent."""
        return _rebuild, (type(self), self.what, self.where, self.mend)


def _rebuild(kind: type[SambenchError], what: str, where: str | None, mend: str | None) -> SambenchError:
    return kind(what, where=where, mend=mend)


class UsageError(SambenchError):
    """A wrong argument, key or name."""


class DatasetError(SambenchError):
    """Data that is missing, damaged or not laid out as downloaded."""


class ModelError(SambenchError):
    """A checkpoint or model that cannot be loaded or does not follow the interface."""


class RunError(SambenchError):
    """A run folder that cannot be read, resumed or written."""


class StorageError(SambenchError):
    """A place on a remote file system that cannot be opened, read or written."""


class PredictionError(SambenchError):
    """Predictions made elsewhere that do not fit the data they claim to answer."""


def listing(items: list[str], limit: int = 10) -> str:
    """Join names for a message, at most `limit` of them and then the number left out."""
    shown = ", ".join(items[:limit])
    return shown if len(items) <= limit else f"{shown} and {len(items) - limit} more"
