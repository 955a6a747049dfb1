import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sambench.errors import RunError, StorageError
from sambench.files.storage.lease import NAME
from sambench.files.storage.locations import join, listing, read_bytes, remove, write_bytes
from sambench.runs import remote_store
from sambench.runs.open import load_run, open_store, run_locations
from sambench.runs.remote_folder import MANIFEST, RemoteFolder
from sambench.runs.store import RunStore
from sambench.types import Metric

IDENTITY = {"task": {"name": "toy", "grid": 16}, "seed": 0}
RECORD = {"model": {"name": "toy"}}
KEYS = [f"test/{number}" for number in range(6)]


@pytest.fixture
def url():
    return f"memory://{uuid.uuid4().hex}/run"


def rows(key):
    return [{"sample_id": key, "value": int(key[-1]) / 3, "list": [1, 2]}]


def score(store, keys):
    for key in keys:
        path = store.run.predictions / f"{key}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"map of " + key.encode())
        store.append(key, rows(key))


def finish(store):
    return store.finish(store.ordered(KEYS), {"mean": Metric(0.5, (0.4, 0.6), len(KEYS))}, {"counts": {}})


def whole(place):
    store = open_store(place, IDENTITY)
    store.start(RECORD)
    score(store, KEYS)
    return finish(store)


def die(store):
    """Leave a store as a killed process does."""
    store._stop.set()
    store._thread.join()
    store._closed = True
    RunStore.close(store)
    remove(join(store.remote.url, NAME))


def test_a_remote_run_is_the_local_one(url, machine, tmp_path):
    there, here = whole(url), whole(tmp_path / "run")
    assert there.location == url
    assert here.location == str(tmp_path / "run")
    names = set(listing(url))
    assert names == {
        MANIFEST,
        "rows.parquet",
        "run.json",
        "predictions.sha256",
        *(f"predictions/{key}.png" for key in KEYS),
    }
    assert read_bytes(join(url, "rows.parquet")) == (here.folder / "rows.parquet").read_bytes()
    machine("another")
    read = load_run(url)
    assert read.finished
    assert read.metrics == here.metrics
    assert read.rows() == here.rows()
    assert not (read.folder / "predictions").exists()
    assert sorted(path.name for path in read.predictions.rglob("*.png")) == [f"{number}.png" for number in range(6)]
    assert read.folder.name == "run"


def test_a_finished_run_is_found_finished(url, machine):
    whole(url)
    for name in ("first", "another"):
        machine(name)
        store = open_store(url, IDENTITY)
        assert store.run.finished
        assert store.run.metrics["mean"].value == 0.5
        assert len(list(store.run.predictions.rglob("*.png"))) == 6
        store.close()


def test_an_interrupted_run_goes_on_elsewhere(url, machine):
    store = open_store(url, IDENTITY)
    store.start(RECORD)
    score(store, KEYS[:3])
    store.close()
    machine("another")
    assert not load_run(url).finished
    store = open_store(url, IDENTITY)
    assert store.done == set(KEYS[:3])
    store.start(RECORD)
    score(store, KEYS[3:])
    run = finish(store)
    assert [row["sample_id"] for row in run.rows()] == KEYS
    assert len(run.record["sessions"]) == 2
    machine("third")
    assert sorted(path.stem for path in load_run(url).predictions.rglob("*.png")) == list("012345")


SESSION = st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.booleans(), st.integers(0, 2), st.booleans())


@settings(max_examples=60, deadline=None)
@given(sessions=st.lists(SESSION, max_size=5))
def test_whatever_dies_where_every_sample_counts_once(sessions, tmp_path_factory):
    base, url = tmp_path_factory.mktemp("machines"), f"memory://{uuid.uuid4().hex}/run"
    with pytest.MonkeyPatch.context() as patch:

        def on(name):
            patch.setenv("SAMBENCH_CACHE", str(base / name))

        sure = set()
        for name, before, publishes, after, dies in sessions:
            on(name)
            store = open_store(url, IDENTITY)
            assert sure <= store.done
            if store.run.finished:
                store.close()
                continue
            store.start(RECORD)
            todo = [key for key in KEYS if key not in store.done]
            score(store, todo[:before])
            if publishes:
                store._publish_new()
                sure = set(store.done)
            score(store, todo[before : before + after])
            if dies:
                with store.journal.path.open("ab") as file:
                    file.write(b'0123abcd ["test/5", [{"sam')
                die(store)
            else:
                store.close()
                sure = set(store.done)
        on("a")
        store = open_store(url, IDENTITY)
        assert sure <= store.done
        store.start(RECORD)
        score(store, [key for key in KEYS if key not in store.done])
        run = finish(store)
        assert run.rows() == [row for key in KEYS for row in rows(key)]
        on("reader")
        read = load_run(url)
        assert read.rows() == run.rows()
        assert sorted(path.stem for path in read.predictions.rglob("*.png")) == list("012345")
        assert not [name for name in listing(url) if name.startswith(".")]


def test_a_service_that_is_away_loses_nothing(url, machine, monkeypatch, caplog):
    store = open_store(url, IDENTITY)
    store.start(RECORD)
    score(store, KEYS)

    def away(*_):
        raise StorageError("the service is away", mend="wait")

    monkeypatch.setattr(RemoteFolder, "publish", away)
    with pytest.raises(StorageError, match="the service is away") as caught:
        finish(store)
    assert str(store.run.folder) in caught.value.mend
    monkeypatch.undo()
    machine("first")
    assert not load_run(url).finished
    store = open_store(url, IDENTITY)
    assert store.run.finished
    store.close()
    assert load_run(url).finished


def test_new_rows_are_published_while_the_run_goes_on(url, machine, monkeypatch):
    monkeypatch.setattr(remote_store, "EVERY_SECONDS", 0.02)
    store = open_store(url, IDENTITY)
    store.start(RECORD)
    score(store, KEYS[:2])
    for _ in range(500):
        found = RemoteFolder(url).read()
        if found.journal.count(b"\n") == 2:
            break
        store._stop.wait(0.01)
    assert set(found.files) == {f"predictions/{key}.png" for key in KEYS[:2]}
    store.close()


def test_other_settings_are_refused_and_overwriting_removes_what_was_there(url, machine):
    whole(url)
    other = {**IDENTITY, "seed": 1}
    with pytest.raises(RunError, match="seed: 0 there, 1 now") as caught:
        open_store(url, other)
    assert caught.value.where == url
    assert load_run(url).finished
    store = open_store(url, other, overwrite=True)
    store.start(RECORD)
    store.close()
    assert not [name for name in listing(url) if name.startswith("predictions") or name == MANIFEST]
    assert load_run(url).record["identity"] == other


def test_a_run_removed_from_its_place_is_not_brought_back(url, machine):
    whole(url)
    remove(url)
    store = open_store(url, IDENTITY)
    assert store.done == set()
    assert not store.run.finished
    store.close()


def test_one_process_writes(url, machine):
    store = open_store(url, IDENTITY)
    with pytest.raises(StorageError, match="is writing this folder"):
        open_store(url, IDENTITY)
    store.close()
    open_store(url, IDENTITY).close()


def test_damage_is_told(url, machine):
    whole(url)
    machine("another")
    write_bytes(join(url, "predictions/test/3.png"), b"other")
    write_bytes(join(url, "rows.parquet"), b"torn")
    with pytest.raises(RunError, match=r"rows\.parquet is not what was published"):
        load_run(url)
    write_bytes(join(url, MANIFEST), b'{"run_id"')
    with pytest.raises(RunError, match=r"manifest\.json cannot be read"):
        load_run(url)


def test_what_is_no_run_is_told(url, machine):
    with pytest.raises(RunError, match="there is no run in this folder"):
        load_run(url)
    write_bytes(join(url, "letter.txt"), b"dear")
    for opens in (lambda: load_run(url), lambda: open_store(url, IDENTITY)):
        with pytest.raises(RunError, match="not empty and holds no run"):
            opens()


def test_runs_are_found_below_a_place(machine, tmp_path):
    results = f"memory://{uuid.uuid4().hex}"
    whole(f"{results}/edges/a")
    open_ = open_store(f"{results}/edges/b", IDENTITY)
    open_.start(RECORD)
    assert run_locations(results) == [f"{results}/edges/a", f"{results}/edges/b"]
    open_.close()
    whole(tmp_path / "points" / "c")
    assert run_locations(tmp_path / "points") == [tmp_path / "points" / "c"]
