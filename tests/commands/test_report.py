"""`sambench report`: what the page says, what it asks for, and how it behaves in a browser."""

import re
import shutil

import numpy as np
import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run

from sambench.cli import dispatch
from sambench.errors import UsageError
from sambench.pictures.overlay import save_png


@pytest.fixture
def run(tmp_path):
    """A finished run whose data is gone; only the pictures made during it are there."""
    folder = tmp_path / "<b>run"
    finished_run(folder, "edges", edges_metrics(), rows=EDGE_ROWS, name="<script>model", data={"root": "gone"})
    noise = np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    for name in ("0", "1", "1_matches"):
        save_png(noise, folder / "pictures" / f"{name}.png")
    return folder


def page_of(run, out, *words):
    assert dispatch(["report", f"runs=['{run}']", f"out={out}", *words]) == 0
    return (out / "index.html").read_text(encoding="utf-8")


def test_the_page_holds_all_it_shows_and_says_what_is_left_out(run, tmp_path):
    page = page_of(run, tmp_path / "a")
    assert ".750" in page
    assert "paper, Table 3" in page
    assert "cannot be drawn again" in page
    assert page.count("data:image/webp") == 2 + 3  # a small picture for each image, a large one for each file
    assert all(uri.startswith(("data:", "#")) for uri in re.findall(r'(?:src|href)="([^"]*)"', page))


def test_names_are_escaped(run, tmp_path):
    page = page_of(run, tmp_path / "a")
    assert "<script>model" not in page
    assert "<b>run" not in page
    assert "&lt;b&gt;run" in page


def test_the_same_runs_give_the_same_bytes(run, tmp_path):
    assert page_of(run, tmp_path / "a") == page_of(run, tmp_path / "b")


def test_pictures_that_do_not_fit_are_counted(run, tmp_path):
    big = np.random.default_rng(0).integers(0, 255, (1600, 1600, 3), dtype=np.uint8)
    save_png(big, run / "pictures" / "1.png")
    page = page_of(run, tmp_path / "a", "max_mb=1")
    assert "1 of 2 images are left out" in page
    assert len(page) < 1e6


def test_no_pictures_are_drawn_for_count_0(run, tmp_path):
    assert "data:image/webp" not in page_of(run, tmp_path / "a", "count=0")


@pytest.mark.parametrize("words", [[], ["runs=[a]", "count=-1"], ["runs=[a]", "max_mb=0"], ["runs=[a,a]"]])
def test_wrong_words_are_refused(words):
    with pytest.raises(UsageError):
        dispatch(["report", "out=x", *words])


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser(run, tmp_path, width):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.skip("no chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    page_of(run, tmp_path / "a")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "a" / "index.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.focus(".card")
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('dialog[open] img')?.naturalWidth > 0")
        page.keyboard.press("ArrowRight")
        assert page.url.endswith("#A-stored-2")
        page.keyboard.press("Escape")
        assert not page.evaluate("document.querySelector('dialog').open")
        browser.close()
    assert not said
    assert all(url.startswith(("file:", "data:")) for url in asked)
