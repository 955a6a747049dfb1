"""Every command answers --help and -h with its own page: what it does, its keys and an example."""

import re
import sys

import pytest

import sambench
from sambench.cli import main
from sambench.commands import COMMANDS, command_of
from sambench.config import local_configs
from sambench.predictions.edge_files import ENDINGS

PARTS = [one.name.split() for word in COMMANDS for one in (command_of(word), *command_of(word).parts)]
KEYS = {
    "run": ["limit=", "data.root=", "run.dir=", "task.SWITCH=", "--multirun", "--cfg", "--config-dir"],
    "score": ["predictions=", "predictions.nms=", "allow_missing=", "data.root="],
    "table": ["runs=", "format=", "out=", "results=", "against="],
    "ablate": ["checkpoints=", "format=", "out=", "dry="],
    "gate": ["baseline=", "candidate=", "policy=", "format=", "out=", "compare=", "samples=", "replicates=", "seed="],
    "gate freeze": ["out="],
    "power": ["pilot=", "effect=", "power=", "task=", "metric=", "policy=", "format="],
    "compare": ["runs=", "metrics=", "alpha=", "compare=", "samples=", "format=", "out="],
    "report": ["runs=", "out=", "count", "max_mb"],
    "plan": ["limit=", "devices=", "scorers=", "json="],
    "merge": ["out=", "data.root=", "allow_missing="],
    "look": ["count=", "out="],
    "export": ["out="],
    "data list": ["root="],
    "data check": ["root=", "split=", "limit=", "out="],
    "data show": ["count=", "seed=", "out="],
    "data export": ["out="],
    "cache ls": ["dir="],
    "cache verify": ["remove=", "secret_file=", "dir="],
    "cache prune": ["budget_gb=", "dir="],
    "ls runs": ["results="],
}


def shown(capsys, *words):
    """Return what a command prints, which is to end well."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    out, err = capsys.readouterr()
    assert (ended.value.code, err) == (0, "")
    return out


@pytest.mark.parametrize("words", PARTS, ids=" ".join)
def test_every_command_has_a_page_of_its_own(capsys, words):
    page = shown(capsys, *words, "--help")
    assert page == shown(capsys, *words, "-h")
    assert page.startswith(f"sambench {' '.join(words)}")
    assert re.search(rf"\nexamples?:\n(  sambench .*\n)*  sambench {' '.join(words)}\b", page)
    for key in KEYS.get(" ".join(words), []):
        assert key in page


@pytest.mark.parametrize(
    ("words", "like"),
    [
        ("run task=edges --help", "run"),
        ("run --multirun task=edges,points -h", "run"),
        ("score task=edges predictions=x --help", "score"),
        ("plan task=edges -h", "plan"),
        ("table edges --help", "table"),
        ("ablate edge_nms -h", "ablate"),
        ("gate baseline=a candidate=b --help", "gate"),
        ("gate freeze RUN -h", "gate freeze"),
        ("data check gtea --help", "data check"),
        ("cache prune budget_gb=3 -h", "cache prune"),
        ("help merge", "merge"),
        ("help gate freeze", "gate freeze"),
    ],
)
def test_the_page_comes_wherever_it_is_asked_for(capsys, words, like):
    assert shown(capsys, *words.split()) == shown(capsys, *like.split(), "--help")


def test_pages_differ(capsys):
    pages = [shown(capsys, *words, "--help") for words in PARTS]
    assert len(set(pages)) == len(pages)


EVERY = [one for word in COMMANDS for one in (command_of(word), *command_of(word).parts)]
ASKS = {"cache prune": "no budget_gb was given", "export bsds": "no run was given"}
"""Commands that ask for what they need in a sentence of their own."""
BARE = [one for one in EVERY if one.runs_bare and one.name not in ASKS]


@pytest.mark.parametrize("words", [one.name.split() for one in EVERY if not one.runs_bare], ids=" ".join)
def test_a_command_without_words_prints_its_page(capsys, words):
    page = shown(capsys, *words, "--help")
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert (ended.value.code, capsys.readouterr().out) == (2, page)


@pytest.mark.parametrize("command", BARE, ids=lambda one: one.name)
def test_a_command_that_needs_no_word_does_something_without_one(capsys, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sambench.commands.view.serve", lambda app, host, port, opened, **limits: opened(port))
    page = shown(capsys, *command.name.split(), "--help")
    with pytest.raises(SystemExit) as ended:
        main(command.name.split())
    out = capsys.readouterr().out
    assert ended.value.code == 0
    assert out.strip()
    assert out != page


@pytest.mark.parametrize("name", ASKS)
def test_a_command_asks_for_what_it_needs(capsys, name):
    with pytest.raises(SystemExit) as ended:
        main(name.split())
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    assert ASKS[name] in printed.err


def test_the_page_of_score_tells_every_tasks_files(capsys):
    page = shown(capsys, "score", "--help")
    for told in (*ENDINGS, "ucm2", "segs", "result", "uint16 / 65535", "floats in [0, 1]", "(T, H, W)"):
        assert told in page
    for told in ("image_id", "category_id", "score", "bbox", "segmentation", "predictions/"):
        assert told in page
    for task in ("edges", "regions", "instances", "proposals", "points"):
        assert re.search(rf"^  {task} ", page, re.MULTILINE)


def test_own_configurations_are_on_the_page(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(local_configs, "_folders", [])
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("# a model of my own\nname: hierarchy\n")
    assert "a model of my own" in shown(capsys, "run", "--config-dir", str(tmp_path), "--help")


def test_the_interface_is_listed():
    assert {"run", "score", "gate", "compare", "load_run"} <= set(dir(sambench))
    assert all(getattr(sambench, name) is not None for name in sambench.__all__)
