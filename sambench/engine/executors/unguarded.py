"""Scripts that start a run whenever they are imported, which worker processes do with the script that started them."""

from __future__ import annotations

import multiprocessing
import os
import sys

from sambench.errors import UsageError

UNGUARDED = 79
"""Exit code of a worker process that met a run in the script it imports."""


class UnguardedScriptError(UsageError):
    """A script whose run is not below `if __name__ == "__main__":`."""

    def __init__(self) -> None:
        main = getattr(sys.modules.get("__main__"), "__file__", "the script")
        super().__init__(
            "the script starts its run when it is imported, as each worker process does before it works",
            where=main,
            mend='put the call below `if __name__ == "__main__":`, or keep to one process (workers=0, devices=null)',
        )


def end_if_imported() -> None:
    """End this process if it is a worker that is still importing the script which started it."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # as multiprocessing itself asks
        os._exit(UNGUARDED)
