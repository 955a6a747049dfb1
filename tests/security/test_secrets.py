"""Credentials stay where they were given: in no file, log, report, error or process title."""

import json
import os
import subprocess
import sys
from pathlib import Path

import fsspec
import pytest
from toys import write_bsds

import sambench
from sambench import redact
from sambench.cli import main
from sambench.errors import SambenchError
from sambench.files.atomic import write_json, write_text
from sambench.files.faults import defect_report
from sambench.files.storage.locations import filesystem
from sambench.redact import redacted, without_secrets
from sambench.runs.seals import sealed

SECRET = "pLanted/Secret+0123456789"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"s3://KEY:{SECRET}@bucket/a b", "s3://bucket/a b"),
        ("https://token123456@host/x", "https://host/x"),
        (f"simplecache::s3://KEY:{SECRET}@bucket/a", "simplecache::s3://bucket/a"),
        ("ftp://me:p%40ss@host:21/x", "ftp://host:21/x"),
        ("https://h/x?X-Amz-Signature=ab&part=1", "https://h/x?X-Amz-Signature=***&part=1"),
        ("https://h/x?part=1&sig=a%2Bb", "https://h/x?part=1&sig=***"),
        ("https://h/x?access_token=a&AWSAccessKeyId=B", "https://h/x?access_token=***&AWSAccessKeyId=***"),
        ("s3://bucket/folder/a@2x.png", "s3://bucket/folder/a@2x.png"),
        ("s3://bucket:9000/folder/a@2x.png", "s3://bucket:9000/folder/a@2x.png"),
        ("write to me@there.org", "write to me@there.org"),
        ("task.nms_iou=0.7 (key=value)", "task.nms_iou=0.7 (key=value)"),
    ],
)
def test_credentials_go_and_all_else_stays(text, wanted):
    assert without_secrets(text) == wanted


def test_values_of_secret_variables_are_hidden_everywhere(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("MY_API_TOKEN", "abcdefgh12345")
    monkeypatch.setenv("SHORT_TOKEN", "a")
    assert without_secrets(f"a {SECRET} and abcdefgh12345") == "a *** and ***"
    write_text(tmp_path / "a.txt", SECRET)
    write_json(tmp_path / "a.json", {"x": [SECRET]})
    assert SECRET not in (tmp_path / "a.txt").read_text() + (tmp_path / "a.json").read_text()
    assert SECRET not in json.dumps(sealed({"environment": {"variables": [SECRET]}}))
    error = SambenchError(f"no {SECRET}", where=f"s3://K:{SECRET}@b", mend=SECRET)
    assert SECRET not in str(error) + repr(error.args)
    assert redacted({SECRET: (SECRET, 1)}) == {"***": ["***", 1]}


def test_what_a_service_says_of_an_opened_address_is_hidden_too(monkeypatch):
    monkeypatch.setattr(redact, "_opened", set())
    filesystem(f"memory://KEY:{SECRET}@third/x")
    assert without_secrets(f"FileNotFoundError: /KEY:{SECRET}@third/x") == "FileNotFoundError: /third/x"


@pytest.mark.parametrize("place", ["cache", "nowhere"])
def test_a_defect_tells_no_credentials(tmp_path, monkeypatch, place):
    (tmp_path / "file").write_text("")
    folder = tmp_path / ("cache" if place == "cache" else "file")  # where a file is, no report can be written
    monkeypatch.setenv("SAMBENCH_CACHE", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    told = defect_report(KeyError(f"s3://KEY:{SECRET}@bucket/x"))
    assert "s3://bucket/x" in told
    assert SECRET not in told
    assert files_with_the_secret(tmp_path) == []


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_bsds(tmp_path_factory.mktemp("data"), count=2)


def put(folder, url):
    """Copy a folder to a place in memory."""
    system, place = fsspec.core.url_to_fs(url)
    for path in folder.rglob("*"):
        if path.is_file():
            system.pipe_file(f"{place}/{path.relative_to(folder)}", path.read_bytes())


def files_with_the_secret(folder):
    return [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_a_run_whose_every_place_has_credentials_keeps_none(root, tmp_path, monkeypatch, capsys, caplog):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "cache"))
    base = f"memory://KEY:{SECRET}@bucket"
    put(root, f"{base}/data")
    words = ["run", "task=edges", "data=bsds500", f"data.root={base}/data", "task.grid=2", "task.thresholds=5"]
    words += ["workers=0", "progress=lines", f"run.dir={base}/run", f"cache.dir={base}/embeddings"]
    for _ in range(2):  # the second finds it finished
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0
    for more in (["ls", "runs", f"results={base}"], ["gate", f"baseline={base}/run", f"candidate={base}/run"]):
        with pytest.raises(SystemExit):
            main([*more, *(["replicates=100", "out=gate"] if more[0] == "gate" else [])])
    with pytest.raises(SystemExit):
        main(["gate", "freeze", f"{base}/run", "out=frozen.baseline"])
    with pytest.raises(SystemExit):
        main(["report", f"runs=[{base}/run]", "out=page", "count=1"])
    with pytest.raises(SystemExit) as ended:
        main([*words, "task.grid=3"])  # refused: the folder holds another run
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert "bucket/run" in printed.out
    assert SECRET not in printed.out + printed.err + caplog.text
    assert files_with_the_secret(tmp_path) == []
    system = fsspec.filesystem("memory")
    stored = [system.cat_file(name) for name in system.find("/") if "/run/" in name]
    assert stored
    assert not any(SECRET.encode() in content for content in stored)


def test_predictions_and_results_with_credentials(root, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "cache"))
    base = f"memory://KEY:{SECRET}@other"
    run = sambench.run("edges", data="bsds500", overrides=[f"data.root={root}", "task.grid=2"], workers=0, limit=2)
    put(run.predictions, f"{base}/maps")
    words = ["score", "task=edges", "data=bsds500", f"data.root={root}", f"predictions={base}/maps", "limit=2"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "workers=0", f"run.results={base}/results"])
    assert ended.value.code == 0
    with pytest.raises(SystemExit) as ended:
        main([*words[:-2], f"predictions={base}/nowhere"])
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert SECRET not in printed.out + printed.err
    assert files_with_the_secret(tmp_path) == []


def test_worker_processes_show_no_credentials(root, tmp_path):
    """Their command lines are readable to everyone on the machine."""
    script = tmp_path / "watch.py"
    script.write_text(
        "import sys, sambench, pathlib, os\n"
        "from sambench.engine.scoring import Scorer\n"
        "seen = []\n"
        "drain = Scorer.drain\n"
        "def watching(scorer):\n"
        "    for path in pathlib.Path('/proc').glob('[0-9]*/stat'):\n"
        "        try:\n"
        "            if path.read_text().rpartition(')')[2].split()[1] == str(os.getpid()):\n"
        "                seen.append((path.parent / 'cmdline').read_text() + (path.parent / 'comm').read_text())\n"
        "        except OSError:\n"
        "            pass\n"
        "    return drain(scorer)\n"
        "Scorer.drain = watching\n"
        "if __name__ == '__main__':\n"
        f"    base = 'memory://KEY:{SECRET}@bucket'\n"
        f"    sambench.run('edges', data='bsds500', overrides=['data.root={root}', 'task.grid=2'], workers=1,\n"
        "                 progress='off', run={'dir': base + '/run'})\n"
        "    print('\\n'.join(seen))\n"
    )
    env = {**os.environ, "SAMBENCH_CACHE": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert "spawn" in done.stdout or not Path("/proc/self").exists()
    assert SECRET not in done.stdout + done.stderr


def test_a_sweep_with_credentials_on_its_line_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["run", "--multirun", "task=edges", "task.grid=2,3", f"run.results=s3://KEY:{SECRET}@bucket/x"])
    assert ended.value.code == 2
    assert SECRET not in capsys.readouterr().err
    assert files_with_the_secret(tmp_path) == []
