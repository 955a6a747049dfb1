"""Local pages: a server is opened where it is asked for, or it is told why not, and runs until it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sambench.errors import UsageError


def serve(application: Any, host: str, port: int, opened: Callable[[int], None], **limits: Any) -> None:
    """Serve a page until the process is interrupted.

    Args:
        application: What answers, as WSGI has it.
        host: The address that is listened at.
        port: Its port; 0 takes a free one.
        opened: Says where the page is, once it listens; is given the port.
        limits: Words of `waitress.create_server`.

    Raises:
        UsageError: It cannot listen there.
    """
    from waitress import create_server

    try:
        server = create_server(application, host=host, port=port, **limits)
    except OSError as error:
        mend = "choose another port=, or port=0 for a free one"
        what = f"the page cannot be served: {error.strerror}"
        raise UsageError(what, where=f"host={host} port={port}", mend=mend) from error
    try:
        several = getattr(server, "effective_listen", None)  # a name of several addresses
        opened(int(several[0][1] if several else server.effective_port))
        server.run()
    finally:
        server.close()
