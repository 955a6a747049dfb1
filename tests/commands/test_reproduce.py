"""`sambench reproduce`: what it runs, says, writes and exits with; and the catalogue on real data."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from toys import write_bsds

from sambench.cli import main
from sambench.config import local_configs

FAMILY = """\
# my maps
source: my page
reason: rounding
inputs:
  maps: {what: three maps, home: "https://example.org", place: maps, files: 3}
  more: {what: more maps, home: "https://example.org/more", place: more, size: 1 MB}
tolerance: 1
entries:
  here:
    title: three maps
    command: score task=edges data=bsds500 data.root=DATA predictions=DATA/maps task.thresholds=5 workers=0 progress=off
    published: {ods: "0.5"}
    needs: [maps]
  absent: {title: more, command: score task=edges predictions=DATA/more, published: {ods: "0.6"}, needs: [maps, more]}
  strict:
    title: three maps, strictly
    tolerance: 0.000001
    command: score task=edges data=bsds500 data.root=DATA predictions=DATA/maps task.thresholds=5 workers=0 progress=off
    published: {ods: "0.123456"}
    needs: [maps]
"""


def call(capsys, *words):
    """Run a command in this process; returns exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    shown = capsys.readouterr()
    return ended.value.code, shown.out, shown.err


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Work in an empty folder, with no folder of configurations left over."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(local_configs, "_folders", [])


@pytest.fixture
def root(tmp_path):
    folder = write_bsds(tmp_path / "inputs")
    (folder / "maps").mkdir()
    for index in range(3):
        pixels = np.zeros((24, 36), np.uint8)
        pixels[4, 5:30] = 200
        Image.fromarray(pixels).save(folder / "maps" / f"{1000 + index}.png")
    (tmp_path / "mine" / "reproduction").mkdir(parents=True)
    (tmp_path / "mine" / "reproduction" / "mine.yaml").write_text(FAMILY)
    return folder


def test_a_family_is_run_told_and_written_and_not_run_again(root, capsys):
    words = ["reproduce", "mine/here", "--config-dir", "mine", f"data.root={root}", "page=out/page.md"]
    code, out, err = call(capsys, *words)
    assert code == 0, err
    assert "| `mine/here` | ods | .5 |" in out
    assert "**1 of 1 published figures reproduced within their tolerances** by 1 command." in out
    assert "### mine" in Path("out/page.md").read_text()
    journals = {path: path.stat().st_mtime_ns for path in root.parent.glob("results/**/run.json")}
    assert len(journals) == 1
    assert call(capsys, *words)[:2] == (0, out)
    assert {path: path.stat().st_mtime_ns for path in journals} == journals


def test_a_number_outside_its_tolerance_ends_with_1_and_what_is_missing_is_told(root, capsys):
    code, out, _ = call(capsys, "reproduce", "mine", "--config-dir", "mine", f"data.root={root}")
    assert code == 1
    assert "**outside**" in out
    assert "mine/absent: " in out
    assert "  more: more maps (https://example.org/more, 1 MB)" in out
    assert "1 of 2 published figures" in out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["reproduce", "pidinet"], 3, "no data.root was given"),
        (["reproduce", "pidinet", "data.root=nowhere"], 2, "there is no such folder"),
        (["reproduce", "data.root=nowhere"], 2, "no reproduction was named"),
        (["reproduce", "pidnet"], 2, "use sambench reproduce pidinet"),
        (["reproduce", "pidinet", "data.rot=."], 2, "data.root"),
    ],
)
def test_without_inputs_or_with_a_wrong_word_nothing_is_run(words, code, message, capsys):
    found, out, err = call(capsys, *words)
    assert found == code
    assert message in out + err
    assert "Traceback" not in err


def test_its_page_lists_the_families(capsys):
    code, out, _ = call(capsys, "reproduce", "--help")
    assert code == 0
    assert "gpb_owt_ucm" in out
    assert "sambench reproduce all data.root=/data" in out


def worked():
    """Return the seconds that this process and those it has waited for have computed."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


@pytest.mark.slow
def test_ten_published_figures_and_more_are_reproduced_on_real_data(real_data, capsys):
    # `all` takes seven minutes; tests/field/test_edge_maps.py holds PiDiNet's and gPb-OWT-UCM's figures to theirs.
    begun, words = worked(), ("reproduce", "bsds_bench", f"data.root={real_data}")
    code, out, err = call(capsys, *words)
    assert code == 0, out + err
    assert out.count("| within |") >= 10
    assert "**outside**" not in out
    assert worked() - begun < 2 * 600  # ten minutes on two cores
    assert call(capsys, *words)[:2] == (0, out)
