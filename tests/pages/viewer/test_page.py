"""The page in a browser at two widths: runs, a run, two compared, images with clicks and edges, and the bundle."""

import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from made_rows import edge_rows
from sambench.tasks.edges import EdgesTask
from viewed_runs import SCRIPT, contents, damaged, going_on, hostile, large_run, real_run
from watched_pages import Watched, chromium

from sambench.cli import dispatch
from sambench.errors import UsageError

WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("viewed") / "results"
    hostile(folder / "hostile")
    damaged(folder / "damaged")
    real_run(folder / "edges/a", "task=edges", "model=sobel", "limit=8", "run.tags=[first]")
    real_run(folder / "edges/b", "task=edges", "model=canny", "limit=8", f"run.name={SCRIPT!r}", "run.notes=a note")
    for name, more in (("a", []), ("b", ["+model.texture_weight=0"])):
        real_run(folder / "points" / name, "task=points", "limit=2", "task.clicks=[1,3]", *more)
    real_run(folder / "instances", "task=instances", "limit=2")
    real_run(folder / "concepts", "task=concepts", "model=colour_words", "limit=2")
    return folder


@contextmanager
def serving(results):
    """Serve runs until the block ends; gives the page's address."""
    pytest.importorskip("waitress")
    words = [sys.executable, "-m", "sambench.cli", "view", str(results), "port=0"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", address)
        assert "nothing is written" in process.stdout.readline()
        yield address
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.stdout.close()


@pytest.fixture(scope="module")
def served(results):
    with serving(results) as address:
        yield address


def opened(browser, served, width, route="", scheme="light"):
    watched = Watched(browser, width, scheme)
    watched.page.goto(served + route)
    watched.page.locator("main:not([aria-busy]) h1").wait_for()
    watched.page.wait_for_load_state("networkidle")
    return watched


def go(watched, name):
    watched.page.locator(f'main a:text-is("{name}")').first.click()
    watched.page.locator("h1", has_text=re.compile(f"^{re.escape(name)}$")).wait_for()
    watched.page.wait_for_load_state("networkidle")


def well(watched, served):
    """Hold a page against what every page must do: fit, ask for nothing elsewhere, say nothing, be accessible."""
    assert watched.fits()
    assert all(url.startswith(served) for url in watched.asked)
    assert watched.said == []
    assert watched.faults() == []


def column(page, place):
    return page.locator(f"main table tbody tr > :nth-child({place})").all_inner_texts()


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_runs_are_filtered_sorted_and_two_of_them_compared(browser, served, results, width):
    before = contents(results)
    watched = opened(browser, served, width)
    page = watched.page
    assert page.title() == "Runs - sambench"
    places = column(page, 2)
    assert len(places) == 8
    assert SCRIPT in page.locator("tr", has_text="edges/b").inner_text()
    assert "cannot be read" in page.locator("tr", has_text="damaged").inner_text()
    well(watched, served)
    page.click('button[data-sort="place"]')
    assert column(page, 2) == sorted(places)
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("run")
    page.click('button[data-sort="place"]')
    assert column(page, 2) == sorted(places, reverse=True)
    page.get_by_label("Task", exact=True).select_option("edges")
    page.get_by_label("Find", exact=True).fill("edges/")
    assert sorted(column(page, 2)) == ["edges/a", "edges/b"]
    page.click('button[data-sort="metric:ods"]')
    values = [float(text) for text in column(page, 9)]
    assert values == sorted(values, reverse=True)
    page.get_by_label("Tag", exact=True).select_option("first")
    assert column(page, 2) == ["edges/a"]
    page.get_by_label("Tag", exact=True).select_option("")
    assert page.locator("#compare").is_disabled()
    page.get_by_label("choose edges/a").check()
    page.get_by_label("choose edges/b").check()
    page.click("#compare")
    page.locator("h1", has_text="Two runs compared").wait_for()
    assert page.locator(".verdict").inner_text().endswith("8 images of mini test.")
    metrics = page.locator("section[aria-label=metrics] tbody tr")
    assert [text.split("\t")[0] for text in metrics.all_inner_texts()] == ["ods", "ois", "ap", "r50"]
    changes = [
        float(text) for text in page.locator("section[aria-label=images] tbody td:nth-child(3)").all_inner_texts()
    ]
    assert len(changes) == 8
    assert changes == sorted(changes, reverse=True)
    page.wait_for_load_state("networkidle")
    well(watched, served)
    page.click('section[aria-label=images] button[data-sort="change"]')
    ascending = page.locator("section[aria-label=images] tbody td:nth-child(3)").all_inner_texts()
    assert [float(text) for text in ascending] == changes[::-1]
    name = page.locator("section[aria-label=images] tbody a").first.inner_text()
    page.locator("section[aria-label=images] tbody a").first.click()
    page.locator("h1", has_text=name).wait_for()
    assert page.locator(".stage").count() == 2
    assert [text.split("\n")[0] for text in page.locator(".panel h2").all_inner_texts()] == ["edges/a", "edges/b"]
    page.wait_for_load_state("networkidle")
    well(watched, served)
    page.keyboard.press("Escape")
    page.locator("h1", has_text="Two runs compared").wait_for()
    assert contents(results) == before


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_clicks_are_stepped_through_by_keyboard(browser, served, width):
    watched = opened(browser, served, width)
    page = watched.page
    go(watched, "points/a")
    well(watched, served)
    losses = [
        float(text) for text in page.locator("section[aria-label=images] tbody td:nth-child(3)").all_inner_texts()
    ]
    assert losses == sorted(losses, reverse=True)
    page.locator("section[aria-label=images] tbody a").first.click()
    page.locator(".stage").wait_for()
    assert page.locator(".caption").inner_text().startswith("all objects, 1 click, mean IoU")
    page.keyboard.press("ArrowDown")
    page.locator(".caption", has_text=re.compile(r"^object \S+, 1 click, IoU [.\d]+, the model says")).wait_for()
    assert page.locator("[data-click]").count() == 1
    page.keyboard.press(".")
    page.locator(".caption", has_text="2 clicks, mask of 1 click").wait_for()
    page.keyboard.press(".")
    page.locator(".caption", has_text="3 clicks, IoU").wait_for()
    assert page.locator("[data-click]").count() == 3
    assert page.locator(".sheet img").count() == 3
    for _ in range(5):
        page.keyboard.press(",")
    page.locator(".caption", has_text="candidate 1, IoU").wait_for()
    page.keyboard.press("c")
    assert page.locator("[data-click]").count() == 0
    page.keyboard.press("e")
    page.locator('[data-slot="errors"]').wait_for()
    assert page.locator('[data-slot="mask"]').count() == 0
    for key in "tec":
        page.keyboard.press(key)
    before = page.locator(".sheet").evaluate("one => one.style.transform")
    page.keyboard.press("+")
    larger = page.locator(".sheet").evaluate("one => one.style.transform")
    page.keyboard.press("Shift+ArrowRight")
    moved = page.locator(".sheet").evaluate("one => one.style.transform")
    assert len({before, larger, moved}) == 3
    page.keyboard.press("0")
    assert page.locator(".sheet").evaluate("one => one.style.transform") == before
    first = page.locator("h1").inner_text()
    page.keyboard.press("ArrowRight")
    page.locator("h1", has_not_text=first).wait_for()
    page.keyboard.press("ArrowLeft")
    page.locator("h1", has_text=first).wait_for()
    page.keyboard.press("t")
    page.wait_for_load_state("networkidle")
    well(watched, served)
    page.keyboard.press("Escape")
    page.locator("h1", has_text="points/a").wait_for()


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_edges_show_matches_and_other_tasks_what_they_draw(browser, served, width):
    watched = opened(browser, served, width)
    page = watched.page
    go(watched, "edges/a")
    page.locator("section[aria-label=images] tbody a").first.click()
    page.locator('[data-slot="prediction"]').wait_for()
    page.keyboard.press("3")
    page.keyboard.press("1")
    page.locator('[data-slot="matches-best"]').wait_for()
    assert page.locator('[data-slot="prediction"]').count() == 0
    assert page.locator(".keys li").all_inner_texts() == ["matched", "false", "missed"]
    page.keyboard.press("3")
    page.keyboard.press("1")
    for name, seen in (("instances", ".stage"), ("concepts", "figure img")):
        page.goto(served)
        go(watched, name)
        page.locator("section[aria-label=images] tbody a").first.click()
        page.locator(seen).first.wait_for()
        page.wait_for_load_state("networkidle")
        well(watched, served)


@pytest.fixture(scope="module")
def bundled(results, tmp_path_factory):
    """The page as files, served as any web host would."""
    out = tmp_path_factory.mktemp("bundle") / "site"
    before = contents(results)
    assert dispatch(["view", "bundle", str(results), f"out={out}", "images=2"]) == 0
    assert contents(results) == before
    words = [sys.executable, "-u", "-m", "http.server", "0", "-b", "127.0.0.1", "-d", str(out)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_the_bundle_shows_the_same_from_any_web_host(browser, bundled, width):
    watched = opened(browser, bundled, width)
    page = watched.page
    assert "Written as files; pictures of at most 2 images a run" in page.inner_text("main")
    well(watched, bundled)
    go(watched, "edges/b")
    assert "Pictures of 2 of 8 images are in this bundle." in page.inner_text("main")
    assert page.locator("tbody img").count() == 2
    well(watched, bundled)
    page.get_by_label("Compare with").select_option(index=1)
    page.locator("h1", has_text="Two runs compared").wait_for()
    well(watched, bundled)
    page.goto(bundled)
    go(watched, "points/a")
    page.locator("section[aria-label=images] tbody a").first.click()
    page.locator(".stage").wait_for()
    page.keyboard.press("ArrowDown")
    for label in ("1 click, IoU", "2 clicks, mask of 1 click", "3 clicks, IoU"):
        page.locator(".caption", has_text=label).wait_for()
        page.keyboard.press(".")
    page.wait_for_load_state("networkidle")
    assert page.locator(".missing").count() == 0
    well(watched, bundled)
    assert not [url for url in watched.asked if "progress.json" in url]


@pytest.mark.slow
def test_a_bundle_is_not_written_over_what_is_there(results, tmp_path):
    (tmp_path / "own.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        dispatch(["view", "bundle", str(results), f"out={tmp_path}"])
    with pytest.raises(UsageError, match="there is no run"):
        dispatch(["view", "bundle", str(tmp_path), f"out={tmp_path / 'new'}"])


@pytest.mark.slow
def test_a_run_that_goes_on_is_followed_until_it_has_ended(browser, served, results):
    store = going_on(results / "going", 3)
    watched = opened(browser, served, 1280)
    page = watched.page
    page.locator("tr", has_text="3 of 40").wait_for()
    page.get_by_label("State").select_option("running")
    assert column(page, 2) == ["going"]
    well(watched, served)
    rows = edge_rows(21)
    for row in rows[3:20]:
        store.append(row["sample_id"], [row])
    page.locator("tr", has_text="20 of 40").wait_for()
    for width in WIDTHS:
        watched = opened(browser, served, width)
        page = watched.page
        go(watched, "going")
        page.locator("#so-far table").wait_for()
        assert "Of 20 of 40 images" in page.locator("#so-far").inner_text()
        ods = page.locator("#so-far tbody tr", has_text="ods").locator("b").inner_text()
        assert float(ods) == pytest.approx(EdgesTask().supported(rows[:20])["ods"].value, abs=5e-4)
        page.locator("#again[disabled]").wait_for()
        well(watched, served)
    store.append(rows[20]["sample_id"], [rows[20]])
    page.locator("#progress", has_text="21 of 40").wait_for()
    page.locator("#again:not([disabled])").click()
    page.locator("#so-far", has_text="Of 21 of 40 images").wait_for()
    store.finish(store.ordered([row["sample_id"] for row in rows]), EdgesTask().supported(rows), {})
    page.locator("section[aria-label=metrics]").wait_for()  # as a finished run's, without being asked
    page.wait_for_load_state("networkidle")
    assert page.locator("section[aria-label=images] table").get_attribute("data-count") == "21"
    well(watched, served)


@pytest.mark.slow
def test_in_the_dark_everything_is_as_legible(browser, served):
    watched = opened(browser, served, 1280, scheme="dark")
    well(watched, served)
    go(watched, "edges/a")
    well(watched, served)


@pytest.mark.slow
def test_twenty_thousand_images_are_shown_a_page_at_a_time(browser, tmp_path):
    with serving(large_run(tmp_path / "made", 20_000)) as address:
        for width in WIDTHS:
            watched = opened(browser, address, width)
            page = watched.page
            go(watched, "large")
            table = page.locator("section[aria-label=images]")
            assert table.locator("table").get_attribute("data-count") == "20000"
            assert table.locator("tbody tr").count() == 50
            assert table.locator(".where").inner_text() == "1 to 50 of 20,000"
            assert len([url for url in watched.asked if "thumb.jpg" in url]) <= 50
            worst = table.locator("tbody td:nth-child(3)").first.inner_text()
            table.locator("button[data-sort=loss]").click()
            assert table.locator("tbody td:nth-child(3)").first.inner_text() == ".000" != worst
            table.locator("[data-page=next]").click()
            assert table.locator(".where").inner_text() == "51 to 100 of 20,000"
            page.get_by_label("Find an image").fill("01999")
            assert table.locator(".where").inner_text() == "1 to 11 of 11"
            table.locator("tbody a").first.click()
            page.locator(".stage").wait_for()
            names = [page.locator("h1").inner_text()]
            for _ in range(10):
                page.keyboard.press("ArrowRight")
                page.locator("h1", has_not_text=names[-1]).wait_for()
                names.append(page.locator("h1").inner_text())
            assert len(set(names)) == 11
            assert all("01999" in name for name in names)
            assert page.locator("#next").is_disabled()
            page.wait_for_load_state("networkidle")
            well(watched, address)
