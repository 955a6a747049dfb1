"""What a local page says where it cannot listen, and that it lets go of its port."""

import socket

import pytest

from sambench.cli import dispatch
from sambench.commands.serving import serve
from sambench.errors import UsageError

pytest.importorskip("waitress")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_a_port_that_is_taken_is_told(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="the page cannot be served") as told:
            dispatch(["view", str(tmp_path), f"port={taken.getsockname()[1]}"])
    assert "port=0" in told.value.mend


def test_the_port_is_told_once_it_listens_and_free_afterwards():
    port, told = free_port(), []

    def opened(at):
        told.append(at)
        socket.create_connection(("127.0.0.1", at), timeout=5).close()
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            serve(lambda environ, start: [], "127.0.0.1", port, opened)
    assert told == [port, port]
