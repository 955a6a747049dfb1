"""The site of a leaderboard: who is ranked with whom, what is told apart, and how it behaves in a browser."""

import json
import re
import shutil

import pytest
from watched_pages import chromium

from sambench.cli import dispatch
from sambench.errors import SambenchError, UsageError

HOSTILE = "<script>alert('x')</script>"


def build(out, *places, **words):
    """Build a site of run folders and files; returns its JSON."""
    listed = ",".join(f"'{place}'" for place in places)
    given = [f"{key}={value}" for key, value in {"out": out, "replicates": 200, **words}.items()]
    assert dispatch(["leaderboard", *([f"runs=[{listed}]"] if places else []), *given]) == 0
    return json.loads((out / "leaderboard.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def site(runs, submission, tmp_path_factory):
    """A site of all runs, one of them handed in; its folder and its JSON."""
    out = tmp_path_factory.mktemp("site")
    return out, build(out, submission, runs["hostile"].folder, runs["other"].folder)


def test_runs_of_one_protocol_are_ranked_and_others_are_told_why_not(site):
    _, told = site
    (task,) = told["tasks"]
    ranked, alone = task["tables"]
    assert (ranked["ranked"], alone["ranked"]) == (True, False)
    assert [one["name"] for one in ranked["runs"]] == ["sobel", HOSTILE]
    assert [one["metrics"]["ods"]["rank"] for one in ranked["runs"]] == [1, 2]
    for one in ranked["runs"]:
        low, high = one["metrics"]["ods"]["ranks_possible"]
        assert 1 <= low <= one["metrics"]["ods"]["rank"] <= high <= 2
    (reason,) = alone["not_ranked_because"]
    assert "task.thresholds is 5 here, 99 there" in reason
    assert all(one["metrics"]["ods"]["rank"] is None for one in alone["runs"])


def test_published_rows_stand_apart_and_departures_are_marked(site):
    out, told = site
    (published,) = told["tasks"][0]["published"]
    rows = {row["method"]: row for row in published["rows"]}
    assert any(name.startswith("SAM (2023)") and row["ODS"] == ".768" for name, row in rows.items())
    assert not any(row["source"].startswith("not run") for row in rows.values())
    for table in told["tasks"][0]["tables"]:
        assert all("generated" in " ".join(one["departs_from_published"]) for one in table["runs"])
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.index("Measured, not ranked") < page.index("Published, not measured here")


def test_costs_are_of_models_that_ran(site, runs):
    _, told = site
    (own, _), (other,) = (table["runs"] for table in told["tasks"][0]["tables"])
    timings = runs["sobel"].record.timings
    seconds = sum(timings[name].per_image for name in ("encode", "post"))
    assert own["costs"]["model_seconds_per_image"] == pytest.approx(seconds)
    assert own["costs"]["peak_bytes"] == runs["sobel"].record.costs["peak_host"]
    assert other["costs"]["latency"] == {}


def test_names_are_escaped_and_pages_ask_for_nothing(site):
    out, told = site
    pages = sorted(out.rglob("*.html"))
    assert sorted(page.relative_to(out).as_posix() for page in pages) == sorted(told["pages"])
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert HOSTILE not in text
        for uri in re.findall(r'(?:src|href)="([^"]*)"', text):
            local = uri.split("#")[0]
            assert uri.startswith(("data:", "#", "https://example.org/paper")) or (page.parent / local).is_file(), uri
    assert "&lt;script&gt;alert" in (out / "index.html").read_text(encoding="utf-8")


def test_a_runs_page_has_hashes_pictures_and_who_made_it(site, runs):
    out, told = site
    one = told["tasks"][0]["tables"][0]["runs"][0]
    text = (out / one["page"]).read_text(encoding="utf-8")
    assert runs["sobel"].hashes["rows.parquet"] == one["sha256"]["rows.parquet"]
    assert all(sha256 in text for sha256 in one["sha256"].values())
    assert "A. Person" in text
    assert "data:image/webp" in text
    model = (out / one["model_page"]).read_text(encoding="utf-8")
    assert runs["sobel"].record.identity.model.fingerprint in model
    assert str(runs["sobel"].folder.parent) not in text + model


def test_a_site_is_found_below_a_folder_the_same_run_once_and_damaged_ones_are_told(runs, submission, tmp_path):
    below = tmp_path / "results"
    for name in ("sobel", "hostile"):
        shutil.copytree(runs[name].folder, below / name)
    shutil.copytree(runs["sobel"].folder, below / "sobel2")
    (below / "torn.submission.zip").write_bytes(submission.read_bytes()[:500])
    told = build(tmp_path / "site", results=below)
    assert [len(table["runs"]) for table in told["tasks"][0]["tables"]] == [2]
    assert len(told["left_out"]) == 2
    assert any("the same run as" in note for note in told["left_out"])
    assert any("torn.submission.zip" in note and "damaged" in note for note in told["left_out"])
    pages = set(told["pages"])
    shutil.rmtree(below / "hostile")
    gone = pages - set(build(tmp_path / "site", results=below)["pages"])
    assert len(gone) == 2
    assert not any((tmp_path / "site" / page).exists() for page in gone)


def test_a_switch_may_be_let_differ(runs, tmp_path):
    told = build(tmp_path, runs["sobel"].folder, runs["other"].folder, compare="task.thresholds")
    (table,) = told["tasks"][0]["tables"]
    assert table["ranked"]
    assert table["differ_in"] == ["task.thresholds"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([], "no run was given"),
        (["runs=[a,a]"], "named twice"),
        (["results=nowhere"], "there is no run"),
        (["runs=[nowhere]"], "no run in this folder"),
    ],
)
def test_wrong_words_are_refused(words, what, tmp_path):
    with pytest.raises(SambenchError, match=what):
        dispatch(["leaderboard", f"out={tmp_path}", *words])


def test_a_pattern_that_fits_no_switch_is_refused(runs, tmp_path):
    with pytest.raises(UsageError, match="no run has a switch"):
        build(tmp_path, runs["sobel"].folder, compare="task.thresholdz")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser(site, width):
    out, told = site
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with chromium() as browser:
        context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)  # axe is injected
        page = context.new_page()
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        for name in told["pages"]:
            page.goto((out / name).as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            found = axe.run(page).response["violations"]
            assert not [
                (one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")
            ]
        plain = browser.new_page(viewport={"width": width, "height": 900})  # with the page's own policy
        plain.on("console", lambda message: said.append(message.text))
        plain.on("pageerror", lambda error: said.append(str(error)))
        plain.on("request", lambda request: asked.append(request.url))
        plain.goto((out / "index.html").as_uri())
        names = "Array.from(document.querySelectorAll('table.board tbody')[0].rows, row => row.cells[0].dataset.order)"
        assert plain.evaluate(names) == ["sobel", HOSTILE]
        plain.click("table.board thead button >> text=run")
        assert plain.evaluate(names) == [HOSTILE, "sobel"]
        plain.click("table.board thead button >> text=ods")
        assert plain.evaluate(names) == ["sobel", HOSTILE]
        assert plain.get_attribute("th[aria-sort]", "aria-sort") == "ascending"
        plain.click("table.board tbody a >> nth=0")
        assert plain.title().startswith("sobel, edges")
    assert not said
    assert all(url.startswith(("file:", "data:")) for url in asked)
