"""Whole runs on data whose names lead anywhere: nothing is written outside the run folder, and every command works."""

import re
from html.parser import HTMLParser
from pathlib import PureWindowsPath

import pytest
from hostile_data import PATHS, STEMS, listing_of, write_hostile_bsds, write_hostile_coco
from toys import ToyModel

import sambench
from sambench.cli import dispatch
from sambench.errors import RunError
from sambench.gates.render import _files
from sambench.gates.result import Flip
from sambench.runs.store import RunStore

TASKS = ["edges", *(pytest.param(task, marks=pytest.mark.slow) for task in ("points", "proposals", "instances"))]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A folder that holds nothing but the data, a folder for runs and one for what commands write."""
    base = tmp_path_factory.mktemp("world")
    write_hostile_coco(base / "coco")
    write_hostile_bsds(base / "bsds")
    return base


def words_of(world, task):
    """Return the data's name and the words that name its files and a small protocol."""
    coco, images = world / "coco" / "coco.json", world / "coco" / "deep" / "down" / "images"
    if task == "edges":
        return "bsds500", [f"data.root={world / 'bsds'}", "task.grid=3", "task.thresholds=5"]
    if task == "points":
        own = [f"data.root={world / 'coco'}", "+data.annotations=coco.json", "data.images=deep/down/images"]
        return "generic", [word.lstrip("+") for word in own] + ["task.clicks=[1,2]"]
    small = ["task.points_per_side=3"] if task == "proposals" else []
    return "coco", [f"data.annotations={coco}", f"data.images={images}", *small]


def start(world, task, folder, *words, **more):
    data, own = words_of(world, task)
    fixed = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 2, "run": {"dir": str(folder)}}
    more = {"cache": {"dir": str(world / "cache")}, **fixed, **more}
    return sambench.run(task, data=data, overrides=["model.name=toys:ToyModel", *own, *words], **more)


@pytest.fixture(scope="module")
def runs(world):
    """The whole run of each task, made once; beside it nothing changed."""
    made = {}

    def make(task):
        if task not in made:
            folder = world / "runs" / task
            before = listing_of(world, world / "cache", folder)
            made[task] = start(world, task, folder, illustrate=100)
            assert listing_of(world, world / "cache", folder) - {"runs"} == before - {"runs"}
        return made[task]

    return make


@pytest.fixture
def unchanged(world, monkeypatch):
    """Work in a folder of its own, and see in the end that nothing was written but there."""
    out = world / "out"
    out.mkdir(exist_ok=True)
    monkeypatch.chdir(out)
    before = listing_of(world, world / "cache", out, world / "runs")
    yield out
    assert listing_of(world, world / "cache", out, world / "runs") == before


@pytest.mark.parametrize("task", TASKS)
def test_every_sample_has_files_of_its_own_inside_the_run(runs, task):
    run = runs(task)
    ids = {row["sample_id"] for row in run.rows()}
    assert len(ids) == len(STEMS if task == "edges" else PATHS)
    for place in ("predictions", "pictures"):
        files = [path.relative_to(run.folder / place) for path in (run.folder / place).rglob("*") if path.is_file()]
        per_sample = 2 if task == "edges" and place == "pictures" else 1
        assert len(files) == per_sample * len(ids)
        for path in files:
            for part in path.parts:
                assert not PureWindowsPath(part).is_reserved()
                assert not re.search(r'[<>:"|?*\\\n]|[. ]$', part)
                assert len(part.encode()) <= 255 - 34


@pytest.mark.parametrize("task", TASKS)
def test_its_own_predictions_give_its_numbers_again(world, runs, unchanged, task):
    run = runs(task)
    data, own = words_of(world, task)
    fixed = {"workers": 0, "progress": "off", "illustrate": 0, "run": {"dir": str(unchanged / f"again {task}")}}
    again = sambench.score(task, data, run.predictions, overrides=own, **fixed)
    assert again.record["model"]["missing"] == []
    prompted = {
        name for name in run.metrics if name.startswith("box_mIoU")
    }  # of the i-th box a model was prompted with
    assert again.record["metrics"] == {name: run.record["metrics"][name] for name in run.metrics.keys() - prompted}
    if not prompted:
        assert (again.folder / "rows.parquet").read_bytes() == (run.folder / "rows.parquet").read_bytes()


@pytest.mark.parametrize("task", TASKS)
def test_it_goes_on_where_it_was_interrupted(world, runs, unchanged, monkeypatch, task):
    folder, append, count = unchanged / f"resumed {task}", RunStore.append, [0]

    def stop_at_the_fifth(self, sample_id, rows):
        count[0] += 1
        if count[0] == 5:
            raise KeyboardInterrupt
        append(self, sample_id, rows)

    with monkeypatch.context() as patch:
        patch.setattr(RunStore, "append", stop_at_the_fifth)
        with pytest.raises(KeyboardInterrupt):
            start(world, task, folder)
    resumed = start(world, task, folder)
    assert resumed.record["counts"]["scored_now"] == len({row["sample_id"] for row in resumed.rows()}) - 4
    assert (folder / "rows.parquet").read_bytes() == (runs(task).folder / "rows.parquet").read_bytes()


class Page(HTMLParser):
    """What of a page could run or ask for something."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.links, self.handlers, self.policy, self.text = 0, [], [], "", ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        self.links += [value for name, value in attrs if name in ("href", "src", "action", "formaction", "data")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"]

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("task", TASKS)
def test_look_and_report_show_it(runs, unchanged, capsys, task):
    run, count = runs(task), len(PATHS)
    assert dispatch(["look", str(run.folder), f"count={count}"]) == 0
    told = [line.split("  ")[-1] for line in capsys.readouterr().out.splitlines() if line.endswith(".png")]
    assert len(told) >= len(STEMS)
    for path in told:
        assert (unchanged / path.removeprefix("masks with clicks and candidates: ")).is_file()
    assert dispatch(["report", f"runs=['{run.folder}']", f"out={unchanged / f'report {task}'}", f"count={count}"]) == 0
    page = Page((unchanged / f"report {task}" / "index.html").read_text(encoding="utf-8"))
    assert page.scripts == 1
    assert not page.handlers
    assert all(link.startswith(("#", "data:image/", "data:,")) for link in page.links)
    assert "unsafe-inline" not in page.policy.split("script-src")[1]
    assert "<script>alert(1)" in page.text  # the id, as words
    assert len([link for link in page.links if link.startswith("data:image/webp")]) >= 2 * len(STEMS)


def test_a_report_of_stored_pictures_finds_those_of_every_sample(world, runs, unchanged, monkeypatch):
    run = runs("points")
    monkeypatch.setattr("sambench.pages.report.gallery.open_again", lambda run: (_ for _ in ()).throw(RunError("gone")))
    assert dispatch(["report", f"runs=['{run.folder}']", f"out={unchanged / 'stored'}"]) == 0
    page = Page((unchanged / "stored" / "index.html").read_text(encoding="utf-8"))
    assert len([link for link in page.links if link.startswith("data:image/webp")]) == 2 * len(PATHS)


def test_export_writes_each_image_of_it_into_its_folder(runs, unchanged):
    assert dispatch(["export", "bsds", str(runs("edges").folder), f"out={unchanged / 'bsds'}"]) == 0
    files = [path for path in (unchanged / "bsds").rglob("*") if path.is_file()]
    assert all(path.parent == unchanged / "bsds" for path in files)
    assert len([path for path in files if path.name.endswith("_ev1.txt")]) == len(STEMS)


@pytest.mark.parametrize("task", TASKS[:2])
def test_merged_parts_are_the_whole(world, runs, unchanged, task):
    parts = [start(world, task, unchanged / f"{task} {k}", shard=f"{k}/3", illustrate=100).folder for k in (1, 2, 3)]
    assert dispatch(["merge", *map(str, parts), f"out={unchanged / f'merged {task}'}"]) == 0
    whole, merged = runs(task).folder, unchanged / f"merged {task}"
    for place in ("predictions", "pictures"):
        assert listing_of(whole / place) == listing_of(merged / place)
    assert (merged / "rows.parquet").read_bytes() == (whole / "rows.parquet").read_bytes()


def test_the_gate_names_the_pictures_of_an_image_and_of_no_other(runs, unchanged, capsys):
    folder = str(runs("points").folder)
    assert dispatch(["gate", f"baseline={folder}", f"candidate={folder}", "format=json"]) == 0
    capsys.readouterr()
    run = runs("points")
    for sample_id in {row["sample_id"] for row in run.rows()}:
        found = _files(folder, Flip(sample_id, 1.0, 0.0))
        assert len(found) == 2
        assert all(path.startswith(folder) for path in found)


def test_folders_named_by_model_and_data_have_no_colon(world, unchanged, monkeypatch):
    monkeypatch.setattr(ToyModel, "name", "a:b/../c\n")
    run = start(world, "points", None, run={"dir": None, "results": str(unchanged / "results")}, limit=1)
    assert run.folder.parent == unchanged / "results" / "points"
    assert re.fullmatch(r"coco-a_b_c-[0-9a-f]{8}", run.folder.name)


@pytest.mark.parametrize("name", ["predictions", "pictures", "run.json", "rows.jsonl", ".lock", "rows.parquet"])
def test_links_out_of_a_run_folder_are_not_followed(world, unchanged, name):
    folder, outside = unchanged / f"linked {name}", unchanged / f"outside {name}"
    folder.mkdir()
    if "." in name:
        outside.write_text("keep")
    else:
        outside.mkdir()
    (folder / name).symlink_to(outside)
    with pytest.raises(RunError, match="leads through a link"):
        start(world, "points", folder, **{"limit": 1})
    assert outside.read_text() == "keep" if outside.is_file() else not list(outside.iterdir())


def test_a_link_below_the_predictions_is_not_followed(world, unchanged, monkeypatch):
    folder, outside, append = unchanged / "deep link", unchanged / "outside deep", RunStore.append
    outside.mkdir()

    def link_after_the_first(self, sample_id, rows):
        append(self, sample_id, rows)
        place = folder / "predictions" / "val2017"
        if not place.is_symlink():
            place.rename(unchanged / "moved")
            place.symlink_to(outside)

    monkeypatch.setattr(RunStore, "append", link_after_the_first)
    with pytest.raises(RunError, match="leads through a link out of the folder"):
        start(world, "instances", folder)
    assert not list(outside.iterdir())


def test_a_part_that_holds_links_is_not_merged(world, unchanged):
    parts = [start(world, "points", unchanged / f"with links {k}", shard=f"{k}/2").folder for k in (1, 2)]
    secret = unchanged / "secret.png"
    secret.write_text("secret")
    (parts[0] / "pictures").mkdir(exist_ok=True)
    (parts[0] / "pictures" / "1.png").symlink_to(secret)
    with pytest.raises(RunError, match="symbolic links"):
        dispatch(["merge", *map(str, parts), f"out={unchanged / 'merged links'}"])
