"""A gate of runs with other switches tells what it cannot compare; data that were only moved are the same data."""

import json
import shutil

import pytest
from own_folders import write_own
from toys import write_bsds

from sambench.cli import dispatch
from sambench.config.registry import resolve
from sambench.config.resolve import build, known_switches
from sambench.errors import UsageError

QUIET = ["workers=0", "progress=off", "device=cpu", "illustrate=0", "cache.enabled=false"]


def gate(capsys, *words):
    capsys.readouterr()
    code = dispatch(["gate", "baseline=a", "candidate=b", *words])
    return code, capsys.readouterr().out


def test_metrics_that_one_side_lacks_are_told_as_not_compared(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_own(tmp_path)
    for folder, clicks in (("a", "[1,2,3]"), ("b", "[1,4]")):
        words = ["task=points", "data=own", "data.root=my_photos", "model.name=toys:ToyModel", f"task.clicks={clicks}"]
        assert dispatch(["run", *words, f"run.dir={folder}", *QUIET]) == 0
    _, out = gate(capsys, "compare=task.clicks")
    lines = [line for line in out.splitlines() if line.startswith("not compared")]
    assert len(lines) == 2
    assert "mIoU@2, " in lines[0]
    assert "mIoU@3" in lines[0]
    assert lines[0].endswith("which only the baseline has")
    assert "mIoU@4" in lines[1]
    assert lines[1].endswith("which only the candidate has")
    assert "@1" not in "".join(lines)
    _, out = gate(capsys, "compare=task.clicks", "format=json")
    before, after = json.loads(out)["uncompared"]
    assert {"mIoU@2", "mIoU@3"} <= set(before)
    assert "mIoU@4" in after
    _, out = gate(capsys, "compare=task.clicks", "format=md")
    assert "- not compared: " in out
    assert dispatch(["compare", "runs=[a,b]", "compare=task.clicks", "replicates=100"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("- not compared")]
    assert [line.rpartition(", ")[2] for line in lines] == ["which only A has", "which only B has"]
    assert "mIoU@3" in lines[0]
    assert "mIoU@4" in lines[1]


@pytest.mark.parametrize("data", ["bsds500", "own"])
def test_data_that_were_moved_are_the_same_data(tmp_path, monkeypatch, capsys, data):
    monkeypatch.chdir(tmp_path)
    write_bsds(tmp_path / "here")
    below = "" if data == "bsds500" else "/BSDS500/data"
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    for folder, root in (("a", "here"), ("b", "there")):
        words = ["task=edges", f"data={data}", f"data.root={root}{below}", "model=hierarchy", "limit=2"]
        assert dispatch(["run", *words, f"run.dir={folder}", *QUIET]) == 0
    code, out = gate(capsys)
    assert code == 3  # two images alone
    if data == "bsds500":
        assert "differs: data.name: here in the baseline, there in the candidate" in out
    assert "forbids" not in out


def test_other_contents_are_other_data_whatever_their_name(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_bsds(tmp_path / "one" / "mine")
    write_bsds(tmp_path / "two" / "mine", size=(24, 40))
    for folder, root in (("a", "one/mine"), ("b", "two/mine")):
        words = ["task=edges", "data=bsds500", f"data.root={root}", "model=hierarchy", "limit=2"]
        assert dispatch(["run", *words, f"run.dir={folder}", *QUIET]) == 0
    code, out = gate(capsys)
    assert code == 3
    assert "forbids a comparison: data.fingerprint" in out


@pytest.mark.parametrize("name", ["bsds500", "coco", "lvis", "own"])
def test_what_the_program_gives_to_data_is_no_switch(name):
    known, _ = known_switches("datasets", resolve("datasets", name))
    assert "root" in known
    assert not {"card", "check_images", "boxes_only", "for_task"} & set(known)
    with pytest.raises(UsageError, match=f"{name} has no switch 'card'"):
        build("datasets", "data", {"name": name, "root": ".", "card": None})
