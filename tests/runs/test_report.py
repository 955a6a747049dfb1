import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from stored_runs import ROWS, stored

from sambench.cli import dispatch
from sambench.errors import SambenchError
from sambench.runs.report import Picture, build_report
from sambench.runs.store import load_run

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture
def runs(tmp_path):
    return [load_run(stored(tmp_path / task, task, name="<b>model</b>")) for task in ROWS]


@pytest.fixture
def pictures(tmp_path):
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path in paths:
        Image.fromarray(rng.integers(0, 255, (60, 90, 3), np.uint8)).save(path)
    return [Picture(path, f"image {path.stem}: .5") for path in paths]


def test_the_page_asks_for_nothing_and_escapes_names(runs, pictures):
    page = build_report(runs, {runs[0].folder: {"best images": pictures}}, "a & b", 20)
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert not re.search(r"https?://(?!www\.w3\.org)", re.sub(r"data:[^\"]*", "", page))
    assert "<b>model" not in page
    assert "a &amp; b" in page
    assert page.count('loading="lazy"') == 3
    assert page.count("<figure>") == 3  # precision and recall, clicks, recall of proposals
    for run in runs:
        for name in run.metrics:
            assert f"<td>{name}</td>" in page


def test_the_same_runs_give_the_same_bytes(runs, pictures):
    galleries = {runs[0].folder: {"best images": pictures}}
    assert build_report(runs, galleries, "x", 20) == build_report(runs, galleries, "x", 20)


def test_pictures_beyond_the_budget_are_left_out_and_told(runs, pictures):
    page = build_report(runs[:1], {runs[0].folder: {"best images": pictures}}, "x", 0.009)
    shown = page.count('loading="lazy"')
    assert 0 < shown < 3
    assert f"{3 - shown} pictures were left out" in page


def test_the_command_shows_stored_pictures_where_the_data_is_gone(runs, pictures, tmp_path, capsys):
    kept = runs[0].folder / "pictures" / "val"
    kept.mkdir(parents=True)
    shutil.copy(pictures[0].path, kept / "1.png")
    assert dispatch(["report", f"runs={runs[0].folder}", f"out={tmp_path / 'out'}"]) == 0
    assert "pictures made during the run are shown" in capsys.readouterr().err
    assert "val/1" in (tmp_path / "out" / "index.html").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [([], "no runs"), (["count=-1"], "count is -1"), (["max_mb=0"], "max_mb is 0"), (["colour=red"], "no 'colour'")],
)
def test_wrong_words_are_told(words, message, runs):
    given = words if not words else [f"runs={runs[0].folder}", *words]
    with pytest.raises(SambenchError, match=message):
        dispatch(["report", *(given or ["out=x"])])


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_a_screen_and_opens_pictures_in_a_browser(runs, pictures, tmp_path, width):
    probe = """<script>addEventListener("load", () => {
      document.querySelector(".gallery button").click();
      const dialog = document.querySelector("dialog");
      document.title = JSON.stringify({
        wide: document.documentElement.scrollWidth - innerWidth,
        open: dialog.open,
        large: dialog.querySelector("img").naturalWidth,
        told: dialog.querySelector("p").textContent,
        requests: performance.getEntriesByType("resource").filter(e => !e.name.startsWith("data:")).length,
      });
    });</script></body>"""
    page = build_report(runs, {runs[0].folder: {"best images": pictures}}, "x", 20)
    path = tmp_path / "index.html"
    path.write_text(page.replace("</body>", probe))
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900"]
    dom = subprocess.run([*command, "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=120).stdout
    (title,) = re.findall(r"<title>(.*?)</title>", dom)
    assert title == f'{{"wide":0,"open":true,"large":90,"told":"{pictures[0].told}","requests":0}}'
