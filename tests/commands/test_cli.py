import os
import re
import shutil
import subprocess
import sys

import pytest
from toys import environment, write_bsds

import sambench
from sambench.cli import main
from sambench.errors import SambenchError


def call(capsys, *words):
    """Run a command in this process; returns exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    shown = capsys.readouterr()
    return ended.value.code, shown.out, shown.err


def test_help_names_every_command_and_has_examples(capsys):
    code, out, _ = call(capsys, "--help")
    assert code == 0
    for command in ("run", "score", "table", "ls", "cache"):
        assert f"sambench {command}" in out
    assert "examples:" in out


def test_run_help_lists_tasks_models_and_data(capsys):
    code, out, _ = call(capsys, "run", "--help")
    assert code == 0
    for name in ("edges", "hierarchy", "mini", "bsds500", "--multirun", "sambench run task=edges"):
        assert name in out


def test_help_imports_nothing_heavy():
    program = "import sys; from sambench.cli import dispatch; dispatch(['run', '--help']); dispatch(['--help']); "
    program += "sys.exit(' '.join({'torch', 'numba', 'hydra', 'pandas', 'matplotlib'} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rum"], "did you mean `sambench run`"),
        (["run", "model=hierarchy"], "no task was chosen"),
        (["score", "task=edges"], "no predictions were given"),
        (["ls", "cats"], "sambench ls has no 'cats'"),
        (["table", "edgs"], "there is no table 'edgs'"),
        (["table", "edges", "fromat=md"], "use format="),
        (["table", "edges", "format=doc"], "format=doc is not known"),
        (["table", "edges", "runs=[/nowhere]"], "no run in this folder"),
        (["cache", "prune"], "no budget_gb was given"),
    ],
)
def test_wrong_usage_is_answered_in_a_sentence(capsys, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    code, _, err = call(capsys, *words)
    assert code == 2
    assert message in err
    assert "mend:" in err


def test_version_and_lists(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call(capsys, "--version")[1].startswith("sambench 0.")
    assert re.search(r"edges +Zero-shot edge detection", call(capsys, "ls", "tasks")[1])
    assert "hierarchy" in call(capsys, "ls", "models")[1]
    assert "bsds500" in call(capsys, "ls", "data")[1]
    assert "no runs below results" in call(capsys, "ls", "runs")[1]


def shell(*words, cwd, **extra):
    command = [sys.executable, "-m", "sambench.cli", *words]
    return subprocess.run(command, cwd=cwd, env=environment(**extra), capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A finished run made by the command line, with the folder it was made in and what it printed."""
    work = tmp_path_factory.mktemp("work")
    data = write_bsds(work / "data")
    words = ["run", "task=edges", "data=bsds500", f"data.root={data}", "model.name=toys:ToyModel", "task.grid=4"]
    words += ["workers=0", "device=cpu", "cache.dir=cache"]
    return work, words, shell(*words, cwd=work)


def test_run_prints_metrics_intervals_and_folder(ran):
    work, _, done = ran
    assert done.returncode == 0, done.stderr
    for text in ("ods", "95 % interval", "run folder: results/edges/data-toy-"):
        assert text in done.stdout
    assert ".768" not in done.stdout, "the paper's number is of all 200 images"
    (folder,) = (work / "results" / "edges").iterdir()
    assert {path.name for path in folder.iterdir()} >= {"run.json", "rows.parquet", "predictions", "pictures"}


def test_the_same_command_finds_the_finished_run(ran, capsys, monkeypatch):
    work, words, first = ran
    monkeypatch.chdir(work)
    code, out, err = call(capsys, *words)
    assert code == 0
    assert "was finished before" in err
    assert out == first.stdout


BAD = [
    ("task.nms_iuo=0.5", "nms_iuo"),
    ("task.sobel=4", "takes one of 3, 5, 7"),
    ("data.split=tset", "tset"),
    ("data.root=/nowhere", "/nowhere"),
    ("data.ids=[9999]", "9999"),
    ("device=cuda:9", "not available here"),
    ("task=edgy", "edgy"),
    ("cache.dtype=int8", "one of keep, fp32"),
    ("cache.budget_gb=lots", "a number"),
    ("workers=abc", "workers=auto"),
    ("workers=-1", "workers=auto"),
    ("prompt_batch=0", "prompt_batch from 1 to 65536"),
    ("illustrate=x", "a whole number"),
    ("progress=fancy", "one of auto, bar, lines, off"),
    ("limit=abc", "a whole number"),
    ("limit=0", "limit from 1"),
    ("run.dir=/proc/nowhere", "cannot be written"),
    ("task.grid=[", "close what is open"),
]


@pytest.mark.parametrize(("extra", "message"), BAD)
def test_bad_settings_are_told(ran, extra, message):
    overrides = [word for word in ran[1][1:] if "=" in word and not word.startswith(("task=", "data="))]
    with pytest.raises(SambenchError) as caught:
        sambench.run("edges", data="bsds500", overrides=[*overrides, "run.dir=/nowhere/at/all", extra])
    assert re.search(message, str(caught.value))


def test_bad_settings_end_with_two_and_without_a_traceback(ran, capsys, monkeypatch):
    work, words, _ = ran
    monkeypatch.chdir(work)
    for extra, message in BAD[:2]:
        code, _, err = call(capsys, *words, extra)
        assert code in (1, 2), extra
        assert message in err, err
        assert "Traceback" not in err, extra


def test_sweep_makes_a_run_each_and_reports_the_failed_one(ran):
    work, words, _ = ran
    done = shell(*words, "--multirun", "task.nms_iou=0.5,0.9", "task.sobel=5,4", "run.results=swept", cwd=work)
    assert done.returncode == 2
    assert done.stderr.count("takes one of 3, 5, 7") == 2
    assert "Traceback" not in done.stderr
    assert len(list((work / "swept" / "edges").iterdir())) == 2


def test_table_from_the_run(ran, capsys, monkeypatch):
    monkeypatch.chdir(ran[0])
    code, out, _ = call(capsys, "table", "edges", "out=tables")
    assert code == 0
    assert "| SAM (2023)" in out
    assert re.search(r"\| toy \[\d+\]", out)
    assert "switches: grid=4" in out
    for name in (
        "edges.md",
        "edges.csv",
        "edges.tex",
        "edges.html",
        "edges/precision_recall.png",
        "edges/precision_recall.svg",
    ):
        assert (ran[0] / "tables" / name).stat().st_size > 100


def test_cache_commands(ran, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(shutil.copytree(ran[0], tmp_path / "work"))
    assert "3 embeddings" in call(capsys, "cache", "ls", "dir=cache")[1]
    assert "3 embeddings checked, 0 damaged" in call(capsys, "cache", "verify", "dir=cache")[1]
    junk = tmp_path / "work" / "cache" / "00" / f"{'0' * 64}.safetensors"
    junk.parent.mkdir(exist_ok=True)
    junk.write_bytes(b"junk")
    code, out, _ = call(capsys, "cache", "verify", "dir=cache")
    assert code == 1
    assert "truncated" in out
    assert call(capsys, "cache", "verify", "remove=true", "dir=cache")[0] == 0
    assert "3 embeddings removed" in call(capsys, "cache", "prune", "budget_gb=0", "dir=cache")[1]


def test_tab_completion(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def complete(line):
        monkeypatch.setenv("COMP_LINE", line)
        monkeypatch.setenv("COMP_POINT", str(len(line)))
        return call(capsys, "-sc", "query=bash")[1].split()

    assert complete("sambench r") == ["run", "reproduce", "report", "rate", "rm"]
    assert complete("sambench gate samples=c") == ["samples=common"]
    assert "task=edges" in complete("sambench run task=")
    assert "task.nms_iou=" in complete("sambench run task=edges task.nms_i")
    assert set(complete("sambench run task=edges data=")) >= {"data=mini", "data=bsds500"}
    assert "sambench" in call(capsys, "run", "-sc", "install=bash")[1]
    assert os.listdir(tmp_path) == []


def test_cfg_job_shows_the_configuration(tmp_path):
    done = shell("run", "task=edges", "--cfg", "job", cwd=tmp_path)
    assert done.returncode == 0
    assert "nms_iou: 0.7" in done.stdout
    assert os.listdir(tmp_path) == []
