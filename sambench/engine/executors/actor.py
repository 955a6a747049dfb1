"""A worker process behind a pipe of its own: one that is killed breaks its own pipe and no one else's."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from threading import Thread
from typing import Any

from sambench.engine.scoring import UNGUARDED, UnguardedScriptError

_ENDING_SECONDS = 5.0

_CONTEXT = multiprocessing.get_context("spawn")  # fork would copy torch's and numba's threads half-alive


@dataclass
class Actor:
    """A process that answers messages, started again when it dies.

    Attributes:
        name: Shown to people.
        target: What the process runs: `target(connection, *arguments)`.
        arguments: Picklable; may be given until it is started.
        task: What it is working on, None while it is idle.
        ahead: What it is to do next, which it may prepare; None where that is open.
        ready: Whether it has said that it is set up.
        restarts: How often it was started again.
    """

    name: str
    target: Callable[..., None]
    arguments: tuple[Any, ...] = ()
    task: Any = None
    ahead: Any = None
    ready: bool = False
    restarts: int = 0
    process: Any = field(default=None, repr=False)
    connection: Any = field(default=None, repr=False)

    def start(self) -> None:
        """Start the process, or start it again."""
        self.connection, theirs = _CONTEXT.Pipe()
        self.ready, self.task, self.ahead = False, None, None
        arguments = (theirs, list(sys.path), self.target, self.arguments)
        self.process = _CONTEXT.Process(target=_serve, args=arguments, name=self.name, daemon=True)
        self.process.start()
        theirs.close()  # so that the pipe breaks when the process ends

    def give(self, message: Any) -> None:
        """Send a message, bytes as they are; to a process that has just died nothing is sent, and reading will tell."""
        try:
            (self.connection.send_bytes if isinstance(message, bytes) else self.connection.send)(message)
        except OSError:  # the pipe is broken
            return

    def restart(self) -> None:
        """Put a dead process away and start another.

        Raises:
            UnguardedScriptError: It died of the script that started it, as any other would.
        """
        if not self.ready:
            self.process.join(_ENDING_SECONDS)  # its pipe breaks a moment before it is gone
            if self.process.exitcode == UNGUARDED:
                raise UnguardedScriptError
        self.stop()
        self.restarts += 1
        self.start()

    def stop(self) -> None:
        """End the process at once."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.connection.close()


def arrived(actors: list[Actor], seconds: float | None = None) -> list[Actor]:
    """Wait until some actors have said something or died; returns these."""
    by_connection = {actor.connection: actor for actor in actors}
    return [by_connection[connection] for connection in wait(list(by_connection), seconds)]


def _serve(connection: Connection, path: list[str], target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Set a worker process up and let it work until its parent closes the pipe or is gone."""
    sys.path[:] = path
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver handles Ctrl-C
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    try:
        target(connection, *arguments)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
