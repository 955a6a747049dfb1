"""`sambench report`: what the page says, what it asks for, and how it behaves in a browser."""

import re

import numpy as np
import pandas as pd
import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run
from planted_runs import planted_points
from rating_studies import planned
from watched_pages import chromium

from sambench.cli import dispatch
from sambench.drawing.pictures.overlay import save_png
from sambench.errors import UsageError
from sambench.pages.ratings.store import Rating, RatingStore
from sambench.pages.ratings.study import CHECK, DATABASE, read_study


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


def test_it_tells_why_masks_are_wrong_and_which_labels_are_suspected(tmp_path):
    run, _ = planted_points(tmp_path / "a", limit=1)
    line = {"sample_id": "<b>one", "object": "7", "told": "shifted", "score": 0.5, "agreement": 0.75}
    (tmp_path / "found").mkdir()
    pd.DataFrame([line] * 30).to_parquet(tmp_path / "found" / "labels.parquet")
    page = page_of(run.folder, tmp_path / "r", "count=0", f"labels={tmp_path / 'found'}")
    loss = 1 - np.mean([row["iou"] for row in run.rows()])
    section = page.partition('<section id="explained">')[2].partition("</section>")[0]
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", section)
    assert cells[cells.index("loss") + 1].startswith(f"{loss:.3f}"[1:])
    assert "The 20 likeliest of 30" in page
    assert "&lt;b&gt;one" in page
    assert "<b>one" not in page
    plain = page_of(run.folder, tmp_path / "s", "count=0", "explain=false")
    assert "explained" not in plain
    with pytest.raises(UsageError, match="no likely label errors"):
        page_of(run.folder, tmp_path / "t", "count=0", "explain=false", f"labels={tmp_path}")


def test_what_cannot_be_explained_is_told(tmp_path):
    run, _ = planted_points(tmp_path / "a", limit=1)
    for path in (tmp_path / "a" / "masks").rglob("*.json.gz"):
        path.unlink()
    page = page_of(run.folder, tmp_path / "r", "count=0")
    assert "it is not told why its masks are wrong" in page
    assert '<section id="explained">' not in page


@pytest.mark.slow
def test_ratings_of_people_have_a_section(run, tmp_path):
    study = planned(tmp_path / "rate", masks=2)
    store, plan = RatingStore(study / DATABASE), read_study(study)
    for name in plan.orders["rater1"]:
        job = plan.key[name]
        seen = 8 if job.method != CHECK else job.low if job.low > 1 else job.high
        store.add("rater1", Rating(name, seen, True, True, True, 900))
    page = page_of(run, tmp_path / "a", "count=0", f"ratings=[{study}]")
    section = page.partition('<section id="ratings">')[2].partition("</section>")[0]
    assert "rater1: 5 of 5 jobs rated" in section
    assert ">8.00<" in section


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser(run, tmp_path, width):
    page_of(run, tmp_path / "a")
    with chromium() as browser:
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
    assert not said
    assert all(url.startswith(("file:", "data:")) for url in asked)
