"""The rating page in a browser: two raters, a killed server, a second tab, two widths; and the bundled page."""

import json
import re
import shutil
import signal
import subprocess
import sys

import pytest
from rating_studies import planned
from watched_pages import chromium

from sambench.cli import dispatch
from sambench.pages.ratings.scoring import read_answers
from sambench.pages.ratings.study import read_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return planned(tmp_path_factory.mktemp("rate"), "max_side=600")


@pytest.fixture
def browser():
    with chromium() as opened:
        yield opened


def served(study, port):
    pytest.importorskip("waitress")
    words = [sys.executable, "-m", "sambench.cli", "rate", "serve", str(study), f"port={port}"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    links = dict(re.fullmatch(r"(\w+): (\S+)\n", process.stdout.readline()).groups() for _ in range(2))
    return process, links


def killed(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def watched(browser, width):
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.set_default_timeout(8000)
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    return page, said, asked


def shown(page, done, total):
    """Wait until the page tells this progress and has its pictures; its policy forbids polling by script."""
    page.locator("#progress", has_text=re.compile(f"^{done} of {total} rated$")).wait_for()
    page.locator("figure" if done < total else "#message.done").last.wait_for()
    page.evaluate("Promise.all([...document.images].map((one) => one.decode()))")


def rate(page, key, done, total):
    for one in (key, "v", "b", "m", "Enter"):
        page.keyboard.press(one)
    shown(page, done, total)


@pytest.mark.slow
def test_a_whole_session_of_two_raters(study, browser):
    process, links = served(study, 0)
    port = int(re.search(r":(\d+)/", links["rater1"])[1])
    total = len(read_study(study).orders["rater1"])
    try:
        page, said, asked = watched(browser, 1280)
        page.goto(links["rater1"])
        shown(page, 0, total)
        page.keyboard.press("Enter")
        assert "answer all three" in page.inner_text("#message")
        rate(page, "7", 1, total)
        rate(page, "0", 2, total)
        killed(process)
        for key in ("3", "v", "b", "m", "Enter"):
            page.keyboard.press(key)
        page.locator("#message", has_text="does not answer").wait_for()
        process, links = served(study, port)
        said.clear()  # the browser itself says that the dead server refused
        page.keyboard.press("Enter")
        shown(page, 3, total)
        second = page.context.new_page()
        second.goto(links["rater1"])
        shown(second, 3, total)
        rate(page, "4", 4, total)
        rate(second, "9", 4, total)
        assert "another tab" in second.inner_text("#message")
        for done in range(5, total + 1):
            rate(second, "8", done, total)
        assert "All done" in second.inner_text("#message")
        page.reload()
        shown(page, total, total)
        page.keyboard.press("u")
        page.wait_for_selector("figure")
        rate(page, "6", total, total)
        assert not said
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280

        phone, said, others = watched(browser, 390)
        phone.goto(links["rater2"])
        shown(phone, 0, total)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
        for done in range(1, total + 1):
            phone.check("input[name=rating][value='5']")
            for name in ("valid", "clean", "matches"):
                phone.check(f"input[name=ask_{name}][value=no]")
            phone.click("#next")
            shown(phone, done, total)
        assert not said
        assert all(url.startswith((f"http://127.0.0.1:{port}/", "blob:")) for url in asked + others)
    finally:
        killed(process)
    found = read_answers(read_study(study))
    jobs = read_study(study).orders["rater1"]
    assert [found["rater1"][job].rating for job in jobs] == [7, 10, 3, 4, *[8] * (total - 5), 6]
    assert {(one.rating, one.clean) for one in found["rater2"].values()} == {(5, False)}


@pytest.mark.slow
def test_the_bundled_page_saves_and_resumes(study, browser, tmp_path):
    out = tmp_path / "page.html"
    assert dispatch(["rate", "bundle", str(study), "rater=rater2", f"out={out}"]) == 0
    total = len(read_study(study).orders["rater2"])
    page, said, asked = watched(browser, 390)
    page.goto(out.as_uri())
    shown(page, 0, total)
    rate(page, "2", 1, total)
    page.reload()
    shown(page, 1, total)
    rate(page, "9", 2, total)
    with page.expect_download() as download:
        page.click("#save")
    saved = tmp_path / "saved.json"
    download.value.save_as(saved)
    assert [one["rating"] for one in json.loads(saved.read_text())["ratings"]] == [2, 9]
    assert not said
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    plan = read_study(study)
    shutil.rmtree(tmp_path / "other", ignore_errors=True)
    found = read_answers(type(plan)(**{**vars(plan), "folder": tmp_path / "other"}), [saved])
    assert sorted(one.rating for one in found["rater2"].values()) == [2, 9]


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_contrast_and_names_are_enough_in_every_state(study, browser, tmp_path, width):
    sync_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")
    axe, out = sync_playwright.Axe(), tmp_path / "page.html"
    assert dispatch(["rate", "bundle", str(study), "rater=rater1", f"out={out}"]) == 0
    total = len(read_study(study).orders["rater1"])
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)  # axe is put into the page
    page = context.new_page()
    page.goto(out.as_uri())

    def check(state):
        answer = axe.run(page, options={"resultTypes": ["violations", "passes", "incomplete"]}).response
        found = [(one["id"], one["nodes"][0]["html"]) for one in answer["violations"]]
        assert not found, f"{state}: {found}"
        measured = [node for one in answer["passes"] if one["id"] == "color-contrast" for node in one["nodes"]]
        ratios = [node["any"][0]["data"]["contrastRatio"] for node in measured]
        assert len(ratios) > 10
        assert min(ratios) >= 4.5

    shown(page, 0, total)
    check("a job")
    page.keyboard.press("Enter")
    page.locator("#message", has_text="answer all three").wait_for()
    check("a message")
    for key in ("7", "v", "b", "m"):
        page.keyboard.press(key)
    check("answered")
    for done in range(1, total + 1):
        rate(page, "8", done, total)
    check("all done")
