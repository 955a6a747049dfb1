import json
import shutil

import pytest
from made_rows import point_rows
from stored_runs import stored

from sambench.api.calls import compose
from sambench.cli import dispatch
from sambench.drawing.figures.ablation import ablation_figure
from sambench.errors import UsageError
from sambench.gates.ablation import member_words, sweep
from sambench.metrics.published import published
from sambench.tables.ablations import (
    Ablation,
    Member,
    ablation_names,
    build_ablation_table,
    load_ablation,
    member_runs,
    members_path,
    read_members,
)

QUICK = ["limit=3", "workers=0", "progress=off", "illustrate=0"]

_WHOLE = "title: a\ntask: edges\nreference: a\nmetrics: [ods]\n"
ABSURD = {
    "\xff": "cannot be read",
    "7": "the file is not as a sweep has it",
    _WHOLE: "'members' is a required property",
    f"{_WHOLE}members: [a]": "members is not",
    f"{_WHOLE}members: {{a: [[1]]}}": r"members\.a\.0 is not",
    f"{_WHOLE}members: {{a: []}}\nbase: 0.5": "base is not",
    f"{_WHOLE}members: {{a: []}}\nmembres: 1": "membres",
    f"{_WHOLE}members: {{}}": "members",
}
"""Sweeps that are none -> what is told."""


@pytest.fixture
def small(tmp_path):
    """A sweep of two thresholds and a mistake."""
    path = tmp_path / "mine.yaml"
    members = '{"0.7": [task.nms_iou=0.7], wrong: [task.nms_iou=often], "0.3": [task.nms_iou=0.3]}'
    path.write_text(
        f'title: "mine"\ntask: edges\nx: threshold\nmembers: {members}\nreference: "0.7"\nmetrics: [ods, ap]\n'
    )
    return path


@pytest.mark.parametrize("name", ablation_names())
def test_descriptions_compose(name):
    ablation = load_ablation(name)
    files = ["FILE"] * len(ablation.members) if ablation.checkpoints else []
    extra = ["model=sam", "model.checkpoint=FILE"] if name == "decoder_dtype" else []
    made = [json.dumps(compose([*words, *extra])) for words in member_words(ablation, [], files).values()]
    assert len(set(made)) == len(made) or name.startswith("data_")  # those differ by their checkpoints
    assert all(json.loads(text)["task"]["name"] == ablation.task for text in made)
    if ablation.published:
        columns = {column.replace("@", " @") for column in ablation.metrics}
        assert columns <= set(published(ablation.published))


def test_checkpoints_go_to_their_members():
    words = member_words(load_ablation("encoder"), ["data=coco_masks"], ["b.pth", "l.pth", "h.pth"])
    assert words["ViT-L"][-2:] == ["model.checkpoint=l.pth", "data=coco_masks"]
    with pytest.raises(UsageError, match="needs 3 checkpoints"):
        member_words(load_ablation("encoder"), [], ["b.pth"])
    with pytest.raises(UsageError, match="not over checkpoints"):
        member_words(load_ablation("edge_nms"), [], ["b.pth"])


@pytest.mark.parametrize(
    ("text", "message"),
    [("members: {}", "is not as a sweep has it"), ("title: [", "cannot be read")],
)
def test_a_wrong_description_is_told(tmp_path, text, message):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(UsageError, match=message):
        load_ablation(str(tmp_path / "a.yaml"))
    with pytest.raises(UsageError, match="no ablation 'cats'"):
        load_ablation("cats")
    for text, told in ABSURD.items():
        (tmp_path / "a.yaml").write_bytes(text.encode("latin-1"))
        with pytest.raises(UsageError, match=told):
            load_ablation(str(tmp_path / "a.yaml"))


@pytest.mark.slow
def test_a_sweep_lists_failures_and_reuses_what_is_finished(small, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [str(small), *QUICK, f"run.results={tmp_path / 'results'}", f"out={tmp_path / 'tables'}"]
    assert dispatch(["ablate", *words]) == 2
    told = capsys.readouterr()
    assert "member 2 of 3, wrong: failed: task.nms_iou is 'often', but takes a number" in told.err
    assert "[1] failed: task.nms_iou" in told.out
    members = read_members("mine", tmp_path / "results")
    assert [member.label for member in members] == ["0.7", "wrong", "0.3"]
    value, *interval = members[2].differences["ods"]
    assert value < 0
    assert interval == [None, None]  # three images carry no interval
    assert {path.suffix for path in (tmp_path / "tables").iterdir()} == {".md", ".csv", ".tex", ".html", ".png", ".svg"}
    first = (tmp_path / members[0].folder / "run.json").read_bytes()
    shutil.rmtree(members[2].folder)
    assert dispatch(["ablate", *words]) == 2
    again = read_members("mine", tmp_path / "results")
    assert again == members
    assert (tmp_path / members[0].folder / "run.json").read_bytes() == first


@pytest.mark.slow
def test_interrupting_keeps_what_is_done(tmp_path):
    ablation = load_ablation("edge_nms")
    words = member_words(ablation, [*QUICK, f"run.results={tmp_path}"], [])
    calls = []

    def stop_at_the_second(overrides):
        calls.append(overrides)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return compose(overrides)

    with pytest.raises(KeyboardInterrupt):
        list(sweep(ablation, words, stop_at_the_second, tmp_path))
    (folder,) = tmp_path.glob("edges/*")
    assert json.loads((folder / "run.json").read_text())["status"] == "finished"


def test_dry_prints_commands_only(capsys, tmp_path):
    assert dispatch(["ablate", "edge_nms", "dry=true", "limit=2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sambench run task=edges task.nms_iou=0.5 limit=2"
    assert len(lines) == len(load_ablation("edge_nms").members)


def test_a_table_before_anything_was_run_tells_the_command(tmp_path):
    table, _, title = build_ablation_table("ambiguity", tmp_path)
    assert title.startswith("Ambiguity")
    assert "article, ambiguity, single output" in table["source"].tolist()
    assert ".579" in table["mIoU@1"].tolist()
    assert table["source"].tolist()[-1] == "sambench ablate ambiguity"


def test_figures_are_drawn_of_curves_and_of_nothing(tmp_path):
    rows = point_rows(12)
    run = stored(tmp_path / "run", "points", rows)
    clicks = load_ablation("clicks")
    members_path("clicks", tmp_path).parent.mkdir(parents=True)
    members_path("clicks", tmp_path).write_text(json.dumps([Member("centre", "c", str(run)).__dict__]))
    runs = member_runs("clicks", tmp_path)
    assert list(runs) == ["centre"]
    for path in ablation_figure(clicks, runs, tmp_path):
        assert path.stat().st_size > 1000
    assert isinstance(clicks, Ablation)
    assert len(ablation_figure(load_ablation("edge_grid"), {}, tmp_path)) == 2
