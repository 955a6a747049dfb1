import json
import time

import numpy as np
import pytest
from toys import write_bsds

from sambench.api.calls import compose
from sambench.commands.plan import main, projection, text
from sambench.engine import pilot as pilot_module
from sambench.engine.pilot import Pilot, project, run_pilot, wall_interval
from sambench.errors import UsageError


def pilot(**more):
    stages = {"read": [0.1, 0.1], "encode": [1.0, 3.0], "decode": [1.0, 1.0], "score": [0.5, 0.5], "driver": [0.0, 0.0]}
    fixed = {
        "images": 4,
        "total": 100,
        "sizes": np.array([3, 1]),
        "stages": {name: np.array(values) for name, values in stages.items()},
        "cache_bytes": 1e6,
        "output_bytes": 2e3,
        "row_bytes": 5e2,
        "start_seconds": 10.0,
        "label": "edges made toy",
    }
    return Pilot(**{**fixed, **more})


def test_means_weigh_parts_by_their_images():
    assert pilot().seconds(["encode"]) == pytest.approx((3 * 1.0 + 3.0) / 4)
    assert pilot().seconds(["encode", "decode"], np.array([1, 1])) == pytest.approx(4.0)


def test_projection_is_the_hand_computed_one():
    told = projection(pilot(), [1, 4], scorers=1)
    assert told["device_hours"] == pytest.approx(2.5 * 100 / 3600)
    assert told["scorer_cpu_hours"] == pytest.approx(0.5 * 100 / 3600)
    assert told["cache_bytes"] == 1e8
    one, four = told["projections"]
    assert one["wall_seconds"] == pytest.approx(10 + 0.1 + 100 * 2.5 + 0.5)
    assert four["wall_seconds"] == pytest.approx(10 + 0.1 + 25 * 2.5 + 0.5)
    assert one["bottleneck"] == "device"
    assert one["wall_ci95"][0] <= one["wall_seconds"] <= one["wall_ci95"][1]
    assert "device (100 %)" in text(told)
    assert json.loads(json.dumps(told)) == told


def test_the_interval_holds_the_parts_extremes():
    low, high = wall_interval(pilot(), 1, 1)
    assert low == pytest.approx(project(pilot(), 1, 1, np.array([0, 0])).wall)
    assert high == pytest.approx(project(pilot(), 1, 1, np.array([1, 1])).wall)


def test_data_of_few_images_is_timed_whole(tmp_path):
    root = write_bsds(tmp_path / "data", count=3)
    words = ["task=edges", "data=bsds500", f"data.root={root}", "task.grid=2", "device=cpu"]
    found = run_pilot(compose(words), None)
    assert (found.images, found.total) == (3, 3)


def test_a_pilot_encodes_anew_and_leaves_the_users_folders_alone(tmp_path):
    root = write_bsds(tmp_path / "data", count=6)
    words = ["task=edges", "data=bsds500", f"data.root={root}", "model.name=toys:ToyModel", "task.grid=3"]
    words += ["task.thresholds=5", "device=cpu", f"cache.dir={tmp_path / 'cache'}", f"+model.log={tmp_path / 'log'}"]
    words += [f"run.results={tmp_path / 'results'}", "executor=ray"]  # the pilot runs in this process
    found = run_pilot(compose(words), 4)
    assert (found.images, found.total) == (4, 6)
    assert (tmp_path / "log").read_text().count("encoded") == 2 + 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "log"]
    assert set(found.stages) == {"read", "encode", "cache", "decode", "post", "save", "score", "driver"}
    assert found.cache_bytes > 24 * 36 * 4
    assert min(found.output_bytes, found.row_bytes) > 0
    assert found.start_seconds >= 0  # none where this process has loaded and compiled everything before
    assert main([*words, "limit=2", "devices=[1,2]", "scorers=0", f"json={tmp_path / 'plan.json'}"]) == 0
    assert [item["devices"] for item in json.loads((tmp_path / "plan.json").read_text())["projections"]] == [1, 2]
    with pytest.raises(UsageError, match="limit is 7, the data has 6 samples"):
        run_pilot(compose(words), 7)


def test_what_the_first_images_take_longer_is_the_start(tmp_path, monkeypatch):
    def slow_at_first(config, folder, shard):
        time.sleep(2.0 * (shard is None))
        return part(config, folder, shard)

    part = pilot_module._part
    monkeypatch.setattr(pilot_module, "_part", slow_at_first)
    root = write_bsds(tmp_path / "data", count=2)
    words = ["task=edges", "data=bsds500", f"data.root={root}", "model.name=toys:ToyModel", "task.grid=3"]
    found = run_pilot(compose([*words, "task.thresholds=5", "device=cpu"]), 2)
    assert found.start_seconds > 0


@pytest.mark.parametrize("word", ["limit=1", "devices=[0]", "scorers=-1", "limit=x"])
def test_nonsense_is_refused(word):
    with pytest.raises(UsageError, match=word.partition("=")[0]):
        main(["task=edges", word])
