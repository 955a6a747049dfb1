"""Seconds of stages, and of each image in them."""

from sambench.engine.stages import Stages


def test_percentiles_are_those_of_the_images(monkeypatch):
    stages = Stages()
    for number in range(1, 102):
        stages.add("score", number / 100)
    stages.of_images("score", [number / 100 for number in range(1, 102)])
    stages.add("save", 3.0)
    table = stages.table(101, 60.0)
    assert {key: table["score"][key] for key in ("p50", "p90", "p99")} == {"p50": 0.51, "p90": 0.91, "p99": 1.0}
    assert "p50" not in table["save"]
    assert table["wall"] == {"seconds": 60.0, "share": 1.0, "per_image": round(60 / 101, 5)}


def test_what_came_since_leaves_reading_out_which_goes_on_in_a_thread():
    stages = Stages()
    stages.add("decode", 1.0)
    before = dict(stages.seconds)
    stages.add("decode", 0.5)
    stages.add("read", 2.0)
    stages.add("save", 0.25)
    assert stages.since(before) == {"decode": 0.5, "save": 0.25}
    stages.clear()
    assert stages.table(1, 1.0).keys() == {"wall"}
