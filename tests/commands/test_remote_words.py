import pytest

from sambench.cli import dispatch
from sambench.commands.comparing.gate import main as gate
from sambench.commands.grammar.words import parse
from sambench.commands.merge import MERGE
from sambench.commands.table import main as table
from sambench.errors import SambenchError, StorageError, UsageError


def test_a_url_is_refused_where_a_local_path_is_needed():
    assert parse(MERGE, ["out=s3://bucket/whole"])["out"] == "s3://bucket/whole"
    with pytest.raises(UsageError, match="out takes a local path"):
        table(["edges", "out=s3://bucket/tables"])
    with pytest.raises(UsageError, match="root takes a local path"):
        dispatch(["data", "list", "root=s3://bucket"])


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (dispatch, ["cache", "ls", "dir=nowhere://a"]),
        (gate, ["baseline=nowhere://a/b", "candidate=nowhere://a/c"]),
        (table, ["edges", "results=nowhere://a"]),
    ],
)
def test_an_unknown_file_system_is_told_by_every_command(command, words):
    with pytest.raises(StorageError, match="no file system nowhere://"):
        command(words)


def test_a_run_that_is_not_at_its_url_is_told():
    with pytest.raises(SambenchError, match="there is no run in this folder") as caught:
        gate(["baseline=memory://none/a", "candidate=memory://none/b"])
    assert caught.value.where == "memory://none/a"
