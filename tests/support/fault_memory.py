"""Faults of a place in memory, which makes no system calls: its operations are counted and fail, or end the process.

What the place holds outlives its process in a file, as what a service holds does.
"""

import os
import pickle
import signal
import threading
from pathlib import Path

from fsspec.implementations.memory import MemoryFileSystem

OPERATIONS = ("cat_file", "pipe_file", "find", "rm", "info", "exists", "_open", "rm_file")


class MemoryFaults:
    """The operations of `memory://` in this process, counted.

    Args:
        file: Where what the place holds is kept from process to process.
        log: A file that gets a line an operation, as the shim's log does.
        fault: A `Fault` whose `at` counts these operations alone, or None for none.
    """

    def __init__(self, file, log=None, fault=None):
        self.file, self.log, self.fault = Path(file), log, fault
        self.count, self.fired, self._inside, self._lock = 0, False, threading.local(), threading.Lock()
        if self.file.exists():
            for path, data in self.load(self.file).items():
                MemoryFileSystem().pipe_file(path, data)
        for name in OPERATIONS:
            setattr(MemoryFileSystem, name, self._counted(name, getattr(MemoryFileSystem, name)))

    @staticmethod
    def load(file):
        """Read what a place held: path -> bytes."""
        return pickle.loads(Path(file).read_bytes())

    def keep(self):
        """Write what the place holds to the file."""
        content = {path: held.getvalue() for path, held in MemoryFileSystem.store.items()}
        self.file.write_bytes(pickle.dumps(content))

    def _counted(self, name, do):
        def operation(system, path, *arguments, **more):
            if getattr(self._inside, "now", False):  # a part of an operation that is counted
                return do(system, path, *arguments, **more)
            self._inside.now = True
            try:
                action = self._verdict(name, path)
                if action == "fail":
                    raise OSError(self.fault.error, os.strerror(self.fault.error))
                if action == "before":
                    self._die()
                try:
                    return do(system, path, *arguments, **more)
                finally:
                    if action == "after":
                        self._die()
            finally:
                self._inside.now = False

        return operation

    def _verdict(self, name, path):
        with self._lock:
            self.count += 1
            action = None
            if self.fault is not None and self.fault.at and self.count >= self.fault.at:
                if not self.fired:
                    self.fired, action = True, self.fault.do
                elif self.fault.lasting:
                    action = "fail"
            if self.log is not None:
                with open(self.log, "a") as file:
                    file.write(f"{'!' if action else ''}memory {name}:{path}\n")
            return action

    def _die(self):
        self.keep()
        os.kill(os.getpid(), signal.SIGKILL)
