import json
import os
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from resealed import reseal
from toys import write_bsds

import sambench
from sambench.commands.merge import main
from sambench.engine.merging.merge import merge
from sambench.engine.merging.shards import Shard, parse_shard
from sambench.errors import RunError, UsageError

COUNT = 6


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_bsds(tmp_path_factory.mktemp("data"), count=COUNT)


@pytest.fixture(scope="module")
def run(root, tmp_path_factory):
    """Make a run once for each choice of overrides."""
    made, base = {}, tmp_path_factory.mktemp("runs")

    def make(*overrides, **more):
        name = json.dumps([overrides, more], sort_keys=True)
        if name not in made:
            words = ["model.name=toys:ToyModel", f"data.root={root}", "task.grid=3", "task.thresholds=5", *overrides]
            folder = {"dir": str(base / str(len(made)))}
            fixed = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 0, "run": folder}
            cache = {"dir": str(base / "cache")}
            made[name] = sambench.run("edges", data="bsds500", overrides=words, cache=cache, **{**fixed, **more})
        return made[name]

    return make


def same(merged, whole):
    assert merged.record["identity"] == whole.record["identity"]
    assert merged.record["metrics"] == whole.record["metrics"]
    assert (merged.folder / "rows.parquet").read_bytes() == (whole.folder / "rows.parquet").read_bytes()
    names = sorted(path.relative_to(whole.predictions) for path in whole.predictions.rglob("*.png"))
    assert names == sorted(path.relative_to(merged.predictions) for path in merged.predictions.rglob("*.png"))
    assert all((whole.predictions / n).read_bytes() == (merged.predictions / n).read_bytes() for n in names)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_partition_into_shards_merges_to_the_same_bytes_in_any_order(run, tmp_path_factory, data):
    cuts = [
        [(1, 1)],
        [(1, 2), (2, 2)],
        [(1, 3), (2, 3), (3, 3)],
        [(1, 2), (2, 4), (4, 4)],
        [(k, 6) for k in range(1, 7)],
    ]
    parts = data.draw(st.sampled_from(cuts).flatmap(st.permutations))
    done = merge([run(shard=f"{k}/{n}") for k, n in parts], tmp_path_factory.mktemp("merged") / "run")
    same(done.run, run())
    assert done.twice == []
    recorded = done.run.record["merged"]["parts"]
    assert [(part["shard"]["index"], part["shard"]["count"]) for part in recorded] == parts
    assert all(part["sessions"] and part["timings"]["wall"]["seconds"] > 0 for part in recorded)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, COUNT), flip=st.booleans())
def test_parts_by_limit_and_by_ids_merge_and_what_they_share_is_told(run, tmp_path_factory, limit, flip):
    rest = f"data.ids=[{','.join(str(1000 + i) for i in range(min(limit, COUNT) - 1, COUNT))}]"
    parts = [run(limit=limit), run(rest)]
    done = merge(parts[::-1] if flip else parts, tmp_path_factory.mktemp("merged") / "run")
    same(done.run, run())
    assert done.twice == [f"test/{1000 + limit - 1}"]
    assert done.run.record.merged.in_several_parts == 1


def test_shards_of_a_limited_run_make_the_limited_run(run, tmp_path):
    merged = merge([run(limit=5, shard="2/2"), run(limit=5, shard="1/2")], tmp_path / "run").run
    same(merged, run(limit=5))
    record, first = merged.record, run(limit=5, shard="1/2").record
    assert (record.identity.embedding_dtype, record.code.dirty) == ("keep", first.code.dirty)
    assert record.environment.packages == first.environment.packages != {}


def test_other_settings_are_refused_with_every_difference(run, tmp_path):
    parts = [run(shard="1/2"), run("task.nms_iou=0.9", shard="2/2", seed=1)]
    with pytest.raises(RunError) as refused:
        merge(parts, tmp_path / "run")
    assert f"task.nms_iou: 0.7 in {parts[0].folder}, 0.9 in {parts[1].folder}" in str(refused.value)
    assert "seed: 0 in" in str(refused.value)
    assert not (tmp_path / "run").exists()


def test_missing_samples_are_counted_and_accepted_only_when_told_how_many(run, tmp_path):
    parts = [run(shard="1/4"), run(shard="3/4")]
    with pytest.raises(RunError, match=r"3 of 6 samples are in no part: test/1001, test/1003, test/1005"):
        merge(parts, tmp_path / "run")
    with pytest.raises(RunError, match="not the 2 that allow_missing tells"):
        merge(parts, tmp_path / "run", allow_missing=2)
    done = merge(parts, tmp_path / "run", allow_missing=3)
    assert done.run.record["identity"] == run(shard="1/2").record["identity"]
    assert done.run.record.merged.in_no_part == 3


def altered(part, folder, change):
    """Copy a run and rewrite one of its files."""
    shutil.copytree(part.folder, folder)
    change(folder)
    return sambench.load_run(folder)


def test_a_sample_with_other_rows_in_two_parts_is_refused(run, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    def change(folder):
        rows = pq.read_table(folder / "rows.parquet").to_pylist()
        rows[0]["image_sha256"] = "other"
        pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")
        reseal(folder)

    parts = [run(), altered(run(shard="1/2"), tmp_path / "changed", change)]
    with pytest.raises(RunError, match=r"test/1000: image_sha256 is \w+\.* in .*, other in .*changed"):
        merge(parts, tmp_path / "run")


def test_unfinished_parts_and_changed_data_are_refused(run, root, tmp_path):
    def unfinish(folder):
        reseal(folder, lambda record: record.update(status="running"))

    with pytest.raises(RunError, match="half is not finished"):
        merge([run(shard="1/2"), altered(run(shard="2/2"), tmp_path / "half", unfinish)], tmp_path / "run")
    fewer = shutil.copytree(root, tmp_path / "data")
    os.remove(fewer / "BSDS500/data/images/test/1005.jpg")
    os.remove(fewer / "BSDS500/data/groundTruth/test/1005.mat")
    with pytest.raises(RunError, match=r"data\.fingerprint: \w+ in .*\n.*data\.samples: 3 in .*, 2 in .*data now"):
        merge([run(shard="1/2"), run(shard="2/2")], tmp_path / "run", root=str(fewer))


def test_the_command_merges_and_does_not_replace_a_run(run, tmp_path, capsys):
    words = [str(run(shard="1/2").folder), str(run(shard="2/2").folder), f"out={tmp_path / 'run'}"]
    assert main(words) == 0
    assert "6 images" in capsys.readouterr().out
    with pytest.raises(RunError, match="already holds this run, finished"):
        main(words)
    with pytest.raises(UsageError, match="would replace one of its parts"):
        merge([run()], run().folder)


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/0", "x", "1", "-1/4", "1/4/2"])
def test_nonsense_shards_are_refused(text):
    with pytest.raises(UsageError, match="takes a part and the number of parts"):
        parse_shard(text)


@given(st.integers(1, 40), st.integers(1, 12))
def test_shards_are_exact(samples, count):
    keys = [str(number) for number in range(samples)]
    parts = [Shard(k, count) for k in range(1, count + 1) if k <= samples]
    assert sorted((key for part in parts for key in part.take(keys)), key=int) == keys


def test_an_empty_shard_is_refused():
    with pytest.raises(UsageError, match="part 3 of 3 of 2"):
        Shard(3, 3).take(["a", "b"])
