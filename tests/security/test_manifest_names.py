"""What is published of a run, made by someone else: a name that leads out is refused before anything is written."""

import hashlib
import json
import uuid

import pytest

from sambench.errors import RunError, StorageError
from sambench.files.storage.copies import local_copy
from sambench.files.storage.locations import join, listing, read_bytes, write_bytes
from sambench.runs.open import load_run, open_store
from sambench.runs.remote_folder import MANIFEST, PARTS
from sambench.types import Metric

IDENTITY = {"task": {"name": "edges"}, "seed": 0}
CONTENT = b"evil"
TOLD = [len(CONTENT), hashlib.sha256(CONTENT).hexdigest()]

OUT = ["../evil", "../../../evil", "predictions/../../evil", "/EVIL/evil", "..\\evil", "predictions\\..\\..\\evil"]
OUT += ["C:\\evil", "C:evil", "\\\\host\\evil", "predictions\\evil", "", "predictions/" + "x" * 300]
FOREIGN = [".lock", ".remote.json", "evil.txt", "predictions/.hidden", "rows.jsonl/../../evil"]


@pytest.fixture
def url(machine, tmp_path):
    """A finished run at a URL, and a machine that has never seen it."""
    url = f"memory://{uuid.uuid4().hex}/run"
    store = open_store(url, IDENTITY)
    store.start({"model": {"name": "toy"}})
    store.append("1", [{"sample_id": "1", "value": 1}])
    store.finish(store.ordered(["1"]), {"mean": Metric(0.5, (0.4, 0.6), 1)}, {})
    store.close()
    machine("another")
    return url


def published(url):
    return json.loads(read_bytes(join(url, MANIFEST)))


def add(url, name, tmp_path):
    """Name a file in the manifest, and lay it where it would be taken from."""
    name = name.replace("/EVIL", str(tmp_path))
    manifest = published(url)
    manifest["files"][name] = TOLD
    write_bytes(join(url, MANIFEST), json.dumps(manifest).encode())
    if name:
        write_bytes(f"{url}/{name}", CONTENT)


def written(folder):
    """Return the files below a folder that hold what was to be written elsewhere."""
    return [path for path in folder.rglob("*") if path.is_file() and path.read_bytes() == CONTENT]


@pytest.mark.parametrize("name", OUT + FOREIGN)
def test_a_manifest_that_names_other_files_is_refused_at_once(url, name, tmp_path):
    add(url, name, tmp_path)
    with pytest.raises(RunError, match=r"manifest\.json names files that are none of a run"):
        load_run(url)
    with pytest.raises(RunError, match=r"manifest\.json names files that are none of a run"):
        open_store(url, IDENTITY)
    assert not written(tmp_path)


@pytest.mark.parametrize("name", OUT + FOREIGN)
def test_so_is_a_part_of_an_unfinished_run(url, name, tmp_path):
    manifest = published(url)
    manifest["record"]["status"] = "running"
    part = {**manifest, "files": {name.replace("/EVIL", str(tmp_path)): TOLD}, "journal": ""}
    other = f"memory://{uuid.uuid4().hex}/run"
    write_bytes(join(other, PARTS, f"{'0' * 32}-000000.json"), json.dumps(part).encode())
    with pytest.raises(RunError, match="names files that are none of a run"):
        open_store(other, IDENTITY)
    with pytest.raises(RunError, match="names files that are none of a run"):
        load_run(other)
    assert not written(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"files": {"run.json": "no list"}},
        {"files": {"run.json": [1]}},
        {"files": {"run.json": ["1", 2]}},
        {"files": ["run.json"]},
        {"files": None},
        {"record": None},
        {"record": [1]},
        {"run_id": 7},
    ],
)
def test_a_manifest_of_another_shape_is_told(url, change):
    write_bytes(join(url, MANIFEST), json.dumps({**published(url), **change}).encode())
    with pytest.raises(RunError, match=r"manifest\.json"):
        load_run(url)


@pytest.mark.parametrize("change", [{"files": {"../evil": TOLD}}, {"files": None}, {"record": None}])
def test_overwriting_starts_it_anew(url, change):
    write_bytes(join(url, MANIFEST), json.dumps({**published(url), **change}).encode())
    store = open_store(url, IDENTITY, overwrite=True)
    assert not store.run.record.stored
    store.close()
    assert MANIFEST not in listing(url)


@pytest.mark.parametrize("name", ["a/../../evil", "..\\evil", "C:\\evil"])
def test_a_folder_of_data_that_names_files_elsewhere_is_not_copied(machine, name, tmp_path):
    url = f"memory://{uuid.uuid4().hex}/data"
    write_bytes(join(url, "good.png"), CONTENT)
    write_bytes(f"{url}/{name}", CONTENT)
    with pytest.raises(StorageError, match="cannot be copied"):
        local_copy(url)
    assert not written(tmp_path)
