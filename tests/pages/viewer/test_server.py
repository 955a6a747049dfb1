import io
import json
from pathlib import Path

import numpy as np
import pytest
from made_rows import edge_rows
from PIL import Image
from stored_runs import stored
from viewed_runs import IMAGE, SCRIPT, contents, damaged, going_on, hostile, real_run

pytest.importorskip("flask")

from sambench.pages.viewer.assets import POLICY, as_json, assets
from sambench.pages.viewer.cache import PictureCache
from sambench.pages.viewer.library import Library
from sambench.pages.viewer.server import application
from sambench.runs.open import load_run

TOKEN = "a-secret"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Four runs: hostile names, changed record, going on, and edges of two generated images."""
    folder = tmp_path_factory.mktemp("viewed") / "results"
    hostile(folder / "hostile")
    damaged(folder / "damaged")
    going_on(folder / "going", 3).close()
    real_run(folder / "real", "task=edges", "model=sobel", "limit=2", "run.tags=[first]")
    return folder


@pytest.fixture
def ask(results, tmp_path):
    client = application(Library(results), PictureCache(tmp_path), TOKEN).test_client()

    def get(path, host="127.0.0.1:8766", token=TOKEN, method="GET"):
        return client.open(f"/{token}/{path}", headers={"Host": host}, method=method)

    return get


def keys(ask):
    return {one["place"]: one["key"] for one in ask("data/runs.json").json["runs"]}


def test_without_the_token_or_under_a_foreign_name_there_is_nothing(ask):
    for path in ("", "data/runs.json", "app.js"):
        assert ask(path).status_code == 200
        for token in ("", "a-secre", "a-secret2", "%00"):
            assert ask(path, token=token).status_code == 404
        for host in ("evil.example", "127.0.0.1.evil.example:8766", "10.0.0.9:8766"):
            assert ask(path, host=host).status_code == 421
    assert ask("", host="localhost:8766").status_code == ask("", host="[::1]:8766").status_code == 200


def test_beyond_this_machine_only_numbers_and_the_own_name_are_answered_to(results, tmp_path):
    client = application(Library(results), PictureCache(tmp_path), TOKEN, "box.example").test_client()
    told = {
        host: client.get(f"/{TOKEN}/", headers={"Host": host}).status_code for host in ("box.example:80", "10.0.0.9")
    }
    assert set(told.values()) == {200}
    assert client.get(f"/{TOKEN}/", headers={"Host": "evil.example"}).status_code == 421


def test_it_only_reads_and_no_path_leads_out(ask, results):
    before, key = contents(results), keys(ask)["real"]
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert ask("data/runs.json", method=method).status_code == 405
    for path in (
        "../real/run.json",
        "%2e%2e/run.json",
        "data/real/run.json",
        f"data/{key}/../../run.json",
        "data/.lock",
        f"data/{key}/0/..%2f..%2frun.json",
        f"data/{key}/0/run.json",
        f"data/{key}/-1/image.json",
        "viewer.py",
    ):
        assert ask(path).status_code == 404, path
    for path in (
        f"data/{key}/2/image.json",
        f"data/{key}/0/none.png",
        "data/0000/run.json",
        f"data/compare/{key}/0.json",
    ):
        assert ask(path).status_code == 404, path
    scene = ask(f"data/{key}/0/image.json").json
    for name in ("thumb.jpg", *(one["picture"] for one in scene["layers"])):
        assert ask(f"data/{key}/0/{name}").status_code == 200
    assert contents(results) == before


def test_every_answer_forbids_scripts_from_elsewhere(ask):
    for path in ("", "data/runs.json", "nothing"):
        headers = ask(path).headers
        assert headers["Content-Security-Policy"].startswith(POLICY)
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
    assert not any(
        b"innerHTML" in text or b"http://" in text.replace(b"http://www.w3.org", b"") for text in assets().values()
    )


def test_names_of_data_are_told_as_they_are_and_never_as_markup(ask):
    told = {one["place"]: one for one in ask("data/runs.json").json["runs"]}
    assert told["hostile"]["name"] == SCRIPT
    answer = ask(f"data/{told['hostile']['key']}/images.json")
    assert answer.json["ids"] == [f"{IMAGE}{place}" for place in range(8)]
    assert answer.mimetype == "application/json"
    assert SCRIPT not in ask("").text


def test_the_table_of_runs_tells_damage_and_progress(ask):
    answer = ask("data/runs.json").json
    told = {one["place"]: one for one in answer["runs"]}
    assert told["damaged"]["state"] == "damaged"
    assert "not what the run wrote" in told["damaged"]["fault"]["what"]
    assert (told["going"]["state"], told["real"]["state"]) == ("running", "finished")
    assert told["real"]["tags"] == ["first"]
    going = answer["progress"][told["going"]["key"]]
    assert (going["done"], going["total"]) == (3, 40)
    assert list(answer["progress"]) == [told["going"]["key"]]


def test_a_run_tells_its_metrics_as_its_record_does(ask, results):
    told = ask(f"data/{keys(ask)['real']}/run.json").json
    metrics = load_run(results / "real").metrics
    assert [line["name"] for line in told["lines"]] == list(metrics)
    assert {one["name"]: one["value"] for one in told["metrics"]} == {name: one.value for name, one in metrics.items()}
    assert any(section["title"] == "Switches" for section in told["provenance"])


def test_an_unfinished_or_damaged_run_says_why_it_has_no_images(ask):
    assert "not finished" in ask(f"data/{keys(ask)['going']}/images.json").json["error"]["what"]
    assert "not what the run wrote" in ask(f"data/{keys(ask)['damaged']}/images.json").json["error"]["what"]


def test_where_the_data_are_gone_the_losses_stay_and_the_image_says_why(ask):
    key = keys(ask)["hostile"]
    losses = ask(f"data/{key}/images.json").json["losses"]
    for row, loss in zip(edge_rows(8), losses, strict=True):
        assert loss == pytest.approx(1 - f_of(row).max())
    error = ask(f"data/{key}/0/image.json").json["error"]
    assert error["what"]
    assert error["mend"]
    assert ask(f"data/{key}/0/thumb.jpg").text.startswith("<svg")
    assert ask(f"data/{key}/0/image.jpg").status_code == 404


def f_of(row):
    """Return a row's F at every threshold."""
    found, drawn, right, predicted = (np.array(row[key], float) for key in ("cnt_r", "sum_r", "cnt_p", "sum_p"))
    recall, precision = found / np.maximum(drawn, 1), right / np.maximum(predicted, 1)
    return 2 * recall * precision / np.maximum(recall + precision, 1e-12)


def test_matches_are_those_of_the_metric(ask, results):
    """Green and red pixels of the picture are the matched and false pixels that the run counted."""
    key = keys(ask)["real"]
    scene = ask(f"data/{key}/0/image.json").json
    layer = next(one for one in scene["layers"] if one["name"] == "matches-best")
    picture = Image.open(io.BytesIO(ask(f"data/{key}/0/{layer['picture']}").data))
    places = np.asarray(picture)
    row = load_run(results / "real").rows()[0]
    best = int(np.argmax(f_of(row)))
    assert ((places == 1).sum(), ((places == 1) | (places == 2)).sum()) == (row["cnt_p"][best], row["sum_p"][best])
    assert layer["f"] == pytest.approx(1 - scene["loss"])


def test_pictures_are_kept_by_the_browser_only_for_their_own_version(ask):
    told = next(one for one in ask("data/runs.json").json["runs"] if one["place"] == "real")
    address = f"data/{told['key']}/1/thumb.jpg"
    assert "immutable" in ask(f"{address}?v={told['version']}").headers["Cache-Control"]
    assert ask(f"{address}?v=older").headers["Cache-Control"] == "no-store"
    picture = Image.open(io.BytesIO(ask(address).data))
    assert max(picture.size) == 160


def test_runs_of_another_switch_or_sample_are_compared_and_the_page_says_so(tmp_path):
    results, rows = tmp_path / "results", edge_rows(12)
    stored(results / "a", "edges", rows, name="one")
    stored(results / "b", "edges", rows, name="two", nms_iou=0.9)
    stored(results / "c", "edges", rows[:8], name="one")
    stored(results / "d", "edges", rows, name="one", data={"fingerprint": "other"})
    library = Library(results)
    key = {one["place"]: one["key"] for one in library.runs()["runs"]}
    bent = library.compared(key["a"], key["b"])
    assert [one["key"] for one in bent["bent"]] == ["task.nms_iou"]
    assert bent["refused"] == []
    assert {one["difference"] for one in bent["metrics"]} == {0.0}
    assert [one["key"] for one in bent["differs"]] == ["model.fingerprint", "model.name"]
    cut = library.compared(key["a"], key["c"])
    assert (cut["left_out"], cut["samples"]) == ([4, 0], 8)
    assert "data.samples" in [one["key"] for one in cut["bent"]]
    refused = library.compared(key["a"], key["d"])
    assert [one["key"] for one in refused["refused"]] == ["data.fingerprint"]
    assert refused["metrics"] == refused["bent"] == []


def test_what_is_told_is_json_everywhere():
    with pytest.raises(ValueError, match="JSON"):
        as_json({"value": float("nan")})
    assert json.loads(as_json({"text": SCRIPT})) == {"text": SCRIPT}


def test_drawn_pictures_are_made_once_and_the_oldest_go(tmp_path):
    made = []

    def draw(name):
        return lambda: made.append(name) or b"x" * 40

    cache = PictureCache(tmp_path, budget=100)
    for name in ("a", "b", "a", "c", "a", "b"):
        assert cache.get((name,), draw(name)) == b"x" * 40
    assert made == ["a", "b", "c", "b"]
    assert sum(path.stat().st_size for path in Path(tmp_path).iterdir()) <= 100
