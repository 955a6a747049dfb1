"""What every command prints in a terminal of 80 columns: no line is wider, and with NO_COLOR nothing is styled."""

import re

import pytest
from every_command import EXIT, QUICK, SLOW, prepare, write_runs, write_stored
from stored_runs import stored

from sambench.cli import dispatch

COLUMNS = 80
STYLED = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with two runs of made-up rows, and one of a long name in a deep folder."""
    folder = write_stored(tmp_path_factory.mktemp("terminal"))
    deep = folder / "deep" / "a folder of results that were made on a machine far away" / "edges"
    stored(deep / "of-a-model-with-a-long-name-1a2b3c4d", name="a model whose name has a good many words in it, fp16")
    return folder


@pytest.fixture(scope="module")
def made(place):
    """The same folder with runs on generated scenes, a tiny model, and maps of an edge detector."""
    return write_runs(place)


def as_in_a_terminal(monkeypatch):
    """Pretend that standard output and error are a terminal."""
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}.isatty", lambda: True)


def well_printed(name, words, capsys, monkeypatch):
    """Call a command in a terminal; only a word that nobody can break, as a path, may be wider than it."""
    prepare(name)
    as_in_a_terminal(monkeypatch)
    capsys.readouterr()
    assert dispatch([*name.split(), *words]) == EXIT.get(name, 0)
    out, err = capsys.readouterr()
    assert out.strip()
    assert [line for line in out.splitlines() if len(line) > COLUMNS and " " in line.strip()] == []
    assert "\x1b" not in out
    assert STYLED.search(err) is None


@pytest.mark.parametrize("name", QUICK)
def test_what_is_printed_fits_and_is_plain(name, place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    well_printed(name, QUICK[name], capsys, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_what_is_printed_of_runs_and_models_fits_and_is_plain(name, made, monkeypatch, capsys):
    monkeypatch.chdir(made)
    well_printed(name, SLOW[name], capsys, monkeypatch)


def test_a_file_gets_whole_lines_and_tables(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    words = ["compare", "runs=[stored/e,stored/f]", "replicates=100"]
    assert dispatch(words) == 0
    whole = capsys.readouterr().out
    as_in_a_terminal(monkeypatch)
    assert dispatch(words) == 0
    narrow = capsys.readouterr().out
    assert max(map(len, whole.splitlines())) > COLUMNS
    cells = re.findall(r"[^\s|:-][^|\n]*?(?= *\|)", whole)
    assert all(cell in narrow for cell in cells)
