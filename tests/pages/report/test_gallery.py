import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import sambench
from sambench.cli import main
from sambench.pages.report.choice import choose


@given(length=st.integers(0, 30), count=st.integers(1, 6))
def test_groups_hold_each_image_once_and_in_order(length, count):
    ranked = [(str(i), -float(i)) for i in range(length)]
    chosen = choose(ranked, count)
    drawn = [item for group in chosen.values() for item in group]
    assert len(set(drawn)) == len(drawn) == min(length, 3 * count)
    assert chosen["best"] == ranked[:count]
    assert all(len(group) <= count for group in chosen.values())
    if length > count:
        assert chosen["worst"][0] == ranked[-1]


@pytest.mark.parametrize(
    ("task", "words"),
    [("edges", ["task.grid=4"]), ("instances", []), ("proposals", ["task.points_per_side=4"]), ("points", [])],
)
def test_look_draws_ranked_pictures(tmp_path, capsys, task, words):
    overrides = ["model.name=toys:ToyModel", *words]
    settings = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 0, "limit": 4}
    run = sambench.run(task, overrides=overrides, run={"dir": str(tmp_path / "run")}, **settings)
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["look", str(run.folder), "count=1"])
    assert ended.value.code == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    if task == "points":
        assert lines.pop()[-1].endswith("gallery.png")
    assert [line[0] for line in lines] == ["best", "median", "worst"]
    qualities = [float(line[1]) for line in lines]
    assert qualities == sorted(qualities, reverse=True)
    assert not any(math.isnan(quality) for quality in qualities)
    for line in lines:
        assert np.asarray(Image.open(line[2])).std() > 5


def test_a_run_without_predictions_is_told(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["look", str(tmp_path)])
    assert ended.value.code == 2
    assert "no run in this folder" in capsys.readouterr().err
