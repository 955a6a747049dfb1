"""One writer a remote folder: a file that says who, renewed while it lives."""

from __future__ import annotations

import json
import os
import platform
import time
import uuid
from collections.abc import Mapping
from typing import Any

from sambench.errors import StorageError
from sambench.files.storage.locations import join, read_bytes, remove, write_bytes

NAME = ".lease.json"
SECONDS = 90.0
"""How long after its last sign of life a writer on another machine is taken for dead."""


class Lease:
    """The right to write a remote folder.

    Object stores have no locks: two that begin within the same moment may both believe they have it for as long as it
    takes to read the file back. What they write must bear that.

    Args:
        url: The folder.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._own = {
            "session": uuid.uuid4().hex,
            "host": platform.node(),
            "machine": uuid.getnode(),
            "process": os.getpid(),
        }

    def take(self) -> None:
        """Take the lease.

        Raises:
            StorageError: Someone else who shows signs of life has it.
        """
        self.renew()
        self._check(self._holder())

    def renew(self) -> None:
        """Show a sign of life.

        Raises:
            StorageError: Someone else has taken the lease meanwhile.
        """
        self._check(self._holder())
        content = {**self._own, "renewed": time.time()}
        write_bytes(join(self.url, NAME), json.dumps(content).encode())

    def release(self) -> None:
        """Give the lease back, if it is one's own; a refusal is met a second time before it is told.

        Raises:
            StorageError: It cannot be removed; it runs out by itself.
        """
        try:
            self._remove()
        except StorageError:
            self._remove()

    def _remove(self) -> None:
        holder = self._holder()
        if holder is not None and holder["session"] == self._own["session"]:
            remove(str(join(self.url, NAME)))

    def _check(self, holder: Mapping[str, Any] | None) -> None:
        if holder is not None and holder["session"] != self._own["session"] and self._alive(holder):
            raise StorageError(
                f"process {holder['process']} on {holder['host']} is writing this folder",
                where=self.url,
                mend=f"wait for it ({SECONDS:.0f} s if it died), or choose another folder",
            )

    def _alive(self, holder: Mapping[str, Any]) -> bool:
        """Tell whether a holder shows signs of life; a process of this machine is looked up."""
        if (holder["host"], holder["machine"]) != (self._own["host"], self._own["machine"]):
            return time.time() - float(holder["renewed"]) < SECONDS
        try:
            os.kill(int(holder["process"]), 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def _holder(self) -> dict[str, Any] | None:
        content = read_bytes(join(self.url, NAME))
        try:
            holder: dict[str, Any] | None = None if content is None else json.loads(content)
        except ValueError:
            return None
        return holder
