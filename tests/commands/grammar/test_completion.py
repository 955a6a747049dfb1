"""What the tab key offers, by what commands declare; tests/commands/test_cli.py completes in a shell's way."""

import pytest

from sambench.commands import command_of
from sambench.commands.grammar.completion import completions


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "b").mkdir()
    (tmp_path / "rows.csv").touch()
    (tmp_path / ".hidden").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("gate fr", ["freeze"]),
        ("gate base", ["baseline="]),
        ("gate baseline=x sa", ["samples="]),
        ("gate samples=", ["samples=same", "samples=common"]),
        ("gate format=j", ["format=json", "format=junit"]),
        ("gate policy=d", ["policy=default"]),
        ("gate baseline=ru", ["baseline=runs/"]),
        ("gate baseline=[runs/a,runs/", ["baseline=[runs/a,runs/a/", "baseline=[runs/a,runs/b/"]),
        ("gate freeze r", ["rows.csv", "runs/"]),
        ("gate freeze runs/a ", ["out=", "format="]),
        ("gate out=", ["out=rows.csv", "out=runs/"]),
        ("gate out=./.h", ["out=./.hidden"]),
        ("gate seed=", []),
        ("cache verify remove=t", ["remove=true"]),
        ("ls t", ["tasks", "tables"]),
        ("ls tasks ", ["format="]),
        ("plan scorers=", ["scorers=auto"]),
        ("table laten", ["latency"]),
        ("data check gt", ["gtea"]),
        ("data check gtea task=ed", ["task=edges"]),
        ("run data.root=ru", ["data.root=runs/"]),
        ("run --mul", ["--multirun"]),
        ("run task.", []),
        ("report runs=nowhere/", []),
    ],
)
def test_completions(folder, line, found):
    command, *words = line.split(" ")
    assert completions(command_of(command), words) == found
