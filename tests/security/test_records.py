"""A record names registered things only: whatever a stored run or baseline says, nothing of it is run."""

import hashlib
import json
import os
import sys
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from resealed import reseal
from stored_runs import ROWS, stored

from sambench.cli import main
from sambench.config import local_configs, registry
from sambench.config.resolve import build
from sambench.errors import RunError, UsageError
from sambench.files.storage.locations import join, write_bytes
from sambench.gates.baseline import read_baseline, write_baseline
from sambench.gates.compare import freeze
from sambench.runs.open import load_run
from sambench.runs.record import as_record
from sambench.runs.remote_folder import MANIFEST
from sambench.runs.row_columns import ALIKE, COLUMNS

SENTINEL = """
import os
open(os.environ["SENTINEL"], "a").write("imported\\n")

def called(*arguments, **settings):
    open(os.environ["SENTINEL"], "a").write("called\\n")
    raise SystemExit(0)
"""


@pytest.fixture
def sentinel(tmp_path, monkeypatch):
    """A module that tells when it is imported or called, where Python looks for modules."""
    (tmp_path / "evil_module.py").write_text(SENTINEL)
    monkeypatch.setenv("SENTINEL", str(tmp_path / "sentinel.txt"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "evil_module", raising=False)
    return tmp_path / "sentinel.txt"


@pytest.fixture(autouse=True)
def _no_folders(monkeypatch):
    monkeypatch.setattr(local_configs, "_folders", [])


def set_to(*path):
    """Return a change of a record that puts a value at a path of keys."""
    *keys, last, value = path

    def change(record):
        for key in keys:
            record = record.setdefault(key, {})
        record[last] = value

    return change


EVIL = "evil_module:called"
METRIC = {"value": 1.0, "ci95": None, "n": 1, "higher_is_better": True}
CHANGES = {
    "task": set_to("config", "task", "name", EVIL),
    "identity task": set_to("identity", "task", "name", EVIL),
    "data": set_to("config", "data", "name", EVIL),
    "model": set_to("config", "model", {"name": EVIL, "factory": EVIL}),
    "model's name": set_to("model", "name", EVIL),
    "sa23 member": set_to("config", "data", {"name": "sa23", "root": ".", "switches": {"gtea": {"name": EVIL}}}),
    "os": set_to("config", "task", "name", "os:system"),
    "shard": set_to("shard", {"index": EVIL, "count": 2, "samples": 2, "keys_sha256": EVIL}),
    "executor": set_to("config", "executor", {"name": EVIL}),
    "metric": set_to("metrics", EVIL, {**METRIC, "unit": EVIL, "reference": EVIL}),
}
COMMANDS = [
    ["gate", "baseline={run}", "candidate={run}", "replicates=100"],
    ["gate", "baseline={frozen}", "candidate={run}", "replicates=100"],
    ["gate", "freeze", "{run}", "out={out}/x.baseline"],
    ["compare", "runs=[{run},{frozen}]", "replicates=100", "out={out}/compared"],
    ["power", "pilot={run}", "effect=0.01", "replicates=100"],
    ["look", "{run}", "out={out}"],
    ["report", "runs=[{run}]", "out={out}"],
    ["merge", "{run}", "{run}", "out={out}/merged"],
    ["table", "edges", "runs=[{run}]", "out={out}"],
    ["export", "bsds", "{run}", "out={out}"],
    ["ls", "runs", "results={results}"],
]
MORE = [
    ["merge", "{run}", "{part}", "out={out}/merged"],
    ["gate", "baseline={run}", "candidate={run}", "replicates=100", "policy={policy}"],
    ["ablate", "{sweep}", "out={out}"],
    ["ablate", "{sweep}", "out={out}", "model=evil_module:called"],
    ["plan", "task=evil_module:called"],
    ["gate", "baseline={remote}", "candidate={run}", "replicates=100"],
    ["look", "{remote}", "out={out}/remote"],
    ["table", "edges", "runs=[{remote}]"],
]


def publish(run, url):
    """Write a run folder as it is published at a URL, its record in the manifest."""
    named = {}
    for path in (path for path in run.rglob("*") if path.is_file() and not path.name.startswith(".")):
        name, content = path.relative_to(run).as_posix(), path.read_bytes()
        named[name] = [len(content), hashlib.sha256(content).hexdigest()]
        write_bytes(join(url, name), content)
    manifest = {"run_id": "x", "files": named, "record": json.loads((run / "run.json").read_text())}
    write_bytes(join(url, MANIFEST), json.dumps(manifest).encode())
    return url


def places_of(folder, run, change):
    """Return what commands read: a changed run, a part changed alike, a policy, a sweep, and the run as published."""
    part = stored(folder / "part", rows=ROWS["edges"](6))
    reseal(part, change)
    (folder / "policy.yaml").write_text(f"judged: {{edges: ['{EVIL}']}}\nmetrics: {{'{EVIL}': {{margin: 1}}}}\n")
    sweep = f"title: a\ntask: {EVIL}\nreference: a\nmetrics: [ods]\nmembers: {{a: ['task.name={EVIL}']}}\n"
    (folder / "sweep.yaml").write_text(sweep)
    return {
        "run": run,
        "part": part,
        "policy": folder / "policy.yaml",
        "sweep": folder / "sweep.yaml",
        "remote": publish(run, f"memory://{uuid.uuid4().hex}/run"),
        "out": folder / "out",
        "results": folder / "results",
    }


@pytest.mark.parametrize("change", CHANGES)
def test_no_command_runs_what_a_record_names(tmp_path, sentinel, capsys, monkeypatch, change):
    monkeypatch.chdir(tmp_path)
    run = stored(tmp_path / "results" / "run")
    freeze(run, tmp_path / "good.baseline")
    good = read_baseline(tmp_path / "good.baseline")
    record = json.loads(json.dumps(good.record.stored))
    CHANGES[change](record)
    write_baseline(tmp_path / "evil.baseline", as_record(record, ""), good.rows)
    reseal(run, CHANGES[change])
    places = {**places_of(tmp_path, run, CHANGES[change]), "frozen": tmp_path / "evil.baseline"}
    for words in [*COMMANDS, *MORE]:
        with pytest.raises(SystemExit) as ended:
            main([word.format(**places) for word in words])
        printed = capsys.readouterr()
        assert ended.value.code in ((0, 1, 2, 3) if words[0] == "ablate" else (0, 2, 3)), (words, printed.err)
        assert "Traceback" not in printed.out + printed.err
    assert not sentinel.exists()


@pytest.mark.parametrize("kind", ["tasks", "models", "datasets"])
@pytest.mark.parametrize("name", ["os:system", "subprocess:getoutput", "evil_module:called", "builtins:eval"])
def test_a_name_from_a_record_is_refused_with_the_word_that_mends_it(kind, name, sentinel):
    with pytest.raises(UsageError, match="not a registered name") as caught:
        build(kind, kind[:-1], {"name": name})
    assert "--config-dir" in str(caught.value)
    assert not sentinel.exists()


def test_a_folder_that_the_user_names_declares_its_own_names_and_no_others(tmp_path):
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "mine.yaml").write_text("# of my own\nname: my_parts:Mine\n")
    (tmp_path / "my_parts.py").write_text("class Mine:\n    pass\n")
    assert local_configs.take_config_dirs(["RUN", "--config-dir", str(tmp_path), "x=1"]) == ["RUN", "x=1"]
    assert registry.resolve("tasks", "my_parts:Mine").__name__ == "Mine"
    assert registry.options("task")["mine"] == "of my own"
    with pytest.raises(UsageError, match="not a registered name"):
        registry.resolve("models", "my_parts:Mine")
    with pytest.raises(UsageError, match="not a registered name"):
        registry.resolve("tasks", "os:system")


@pytest.mark.parametrize("words", [["--config-dir"], ["--config-dir="], ["-cd", "nowhere"]])
def test_a_folder_that_is_not_there_is_told(words):
    with pytest.raises(UsageError, match="no folder"):
        local_configs.take_config_dirs(words)


def test_the_sentinel_works(sentinel):
    with pytest.raises(SystemExit):
        registry.resolve("tasks", EVIL, own_words=True)()
    assert sentinel.read_text() == "imported\ncalled\n"
    assert os.environ["SENTINEL"] == str(sentinel)


WRONG = {"a text": "x", "a list": [1, [2]], "a table": {"a": {"b": 1}}, "a number": 1.5, "a flag": True}
KEYS = [
    "status", "identity", "identity.task", "identity.task.name", "identity.data", "identity.data.samples",
    "identity.data.name", "identity.model", "identity.model.fingerprint", "config", "config.task", "config.task.name",
    "config.data", "config.data.root", "config.predictions", "switches", "metrics", "metrics.ods", "metrics.ods.value",
    "metrics.ods.ci95", "metrics.ods.n", "data", "data.name", "data.card", "data.card.title", "data.card.generated",
    "model", "model.name", "shard", "timings", "cache", "sessions", "files", "workers", "merged",
]  # fmt: skip


def changed(record, key, value):
    *path, last = key.split(".")
    for part in path:
        record = record.setdefault(part, {})
    record[last] = value


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_a_record_of_other_types_is_told_or_harmless_everywhere(tmp_path, capsys, monkeypatch, key):
    monkeypatch.chdir(tmp_path)
    whole = stored(tmp_path / "results" / "run")
    places = {"run": whole, "frozen": whole, "out": tmp_path / "out", "results": tmp_path / "results"}
    before = json.loads((whole / "run.json").read_text())
    for value in WRONG.values():
        record = json.loads(json.dumps(before))
        changed(record, key, value)
        reseal(whole, lambda found, record=record: (found.clear(), found.update(record)))
        for words in COMMANDS:
            with pytest.raises(SystemExit) as ended:
                main([word.format(**places) for word in words])
            printed = capsys.readouterr()
            assert ended.value.code in (0, 1, 2, 3), (key, value, words, printed.err)
            assert "Traceback" not in printed.out + printed.err


@pytest.mark.parametrize("key", ["config", "config.task", "identity.data", "metrics", "data", "model"])
def test_a_record_that_lacks_a_part_is_told_by_its_key(tmp_path, capsys, monkeypatch, key):
    monkeypatch.chdir(tmp_path)
    run = stored(tmp_path / "results" / "run")

    def without(record):
        *path, last = key.split(".")
        for part in path:
            record = record[part]
        del record[last]

    reseal(run, without)
    places = {**places_of(tmp_path, run, without), "frozen": run}
    for words in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([word.format(**places) for word in words])
        assert ended.value.code in ((0, 1, 2, 3) if words[0] == "ablate" else (0, 2, 3)), (
            words,
            capsys.readouterr().err,
        )


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '{"schema_version": ' + '{"a":' * 100_000, "{", "[]", '{"schema_version": 99}', "\x00"],
)
def test_a_record_that_is_none_is_told(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunError, match=r"run\.json|record"):
        load_run(tmp_path)


@pytest.mark.parametrize("task", ["annotators", "noise", "edges", "regions", "points", "proposals", "instances"])
def test_rows_that_are_not_those_of_the_task_are_told_by_their_column(tmp_path, task):
    run = stored(tmp_path / "run", task)
    path = run / "rows.parquet"
    table = pq.read_table(path)

    def refused(other, message):
        pq.write_table(other, path)
        reseal(run)
        with pytest.raises(RunError, match=message) as caught:
            load_run(run).rows()
        assert "rows.parquet" in str(caught.value)

    refused(table.slice(0, 0), "there is none")
    for name in ("sample_id", *COLUMNS[task]):
        refused(table.drop_columns([name]), f"no column {name}")
        index = table.column_names.index(name)
        refused(table.set_column(index, name, pa.array([True] * len(table))), f"column {name} holds bool")
        if not COLUMNS[task].get(name, "text").endswith("or nothing"):
            holed = pa.array([None, *table[name].to_pylist()[1:]], table[name].type)
            refused(table.set_column(index, name, holed), f"places of column {name} are empty")
    for name in ALIKE.get(task, ()):
        index = table.column_names.index(name)
        shorter = pa.array([table[name][0].as_py()[:-1], *table[name].to_pylist()[1:]], table[name].type)
        refused(table.set_column(index, name, shorter), "several lengths")


def test_a_frozen_baseline_and_a_report_hold_no_path_of_this_machine(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = stored(tmp_path / "results" / "run")

    def with_paths(record):
        record["config"]["data"].update(root="/home/someone/data", annotations=str(tmp_path / "a.json"))
        record["config"]["model"] = {"name": "sam", "checkpoint": "/home/someone/weights/sam.pth"}
        record["data"]["root"] = "/home/someone/data"
        record["model"]["checkpoint"] = "C:\\Users\\someone\\sam.pth"

    reseal(run, with_paths)
    with pytest.raises(SystemExit):
        main(["gate", "freeze", str(run), "out=x.baseline"])
    with pytest.raises(SystemExit):
        main(["report", f"runs=[{run}]", "out=page", "count=0"])
    kept = json.dumps(read_baseline(tmp_path / "x.baseline").record.stored)
    page = (tmp_path / "page" / "index.html").read_text()
    for place in ("someone", str(tmp_path)):
        assert place not in kept
        assert place not in page
    assert "sam.pth" in kept
    with pytest.raises(SystemExit) as ended:
        main(["gate", "baseline=x.baseline", f"candidate={run}", "replicates=100"])
    assert ended.value.code == 0
