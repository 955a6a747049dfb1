"""Files of the Hub from a stand-in server: nothing without permission, one commit, every byte checked."""

import json

import pytest
from hub_stand_in import hub_of
from tiny_sams import tiny_model

import sambench
from sambench.errors import SambenchError, StorageError, UsageError
from sambench.files.storage.copies import local_copy
from sambench.files.storage.hub import hub_copy, read_address

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": b"{}",
    "model.safetensors": bytes(range(256)) * 20,
    "tf_model.h5": b"the same for another library",
    "sub/one.txt": b"one",
    "sub/two.txt": b"two",
}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub with a model and data in the folder that the library would keep them in; the paths that were asked."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "cache"))
    repos = {("model", "me/tiny", COMMIT): dict(FILES), ("dataset", "me/photos", COMMIT): dict(FILES)}
    with hub_of(repos) as (address, asked):
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield repos, asked


@pytest.mark.parametrize(
    ("url", "kind", "revision", "path"),
    [
        ("hf://me/tiny", "model", None, ""),
        (f"hf://me/tiny@{COMMIT}", "model", COMMIT, ""),
        (f"hf://models/me/tiny@{COMMIT}/a/b.pt", "model", COMMIT, "a/b.pt"),
        ("hf://datasets/me/photos@main/val/", "dataset", "main", "val"),
    ],
)
def test_addresses(url, kind, revision, path):
    place = read_address(url)
    assert (place.kind, place.revision, place.path) == (kind, revision, path)
    assert place.repo in ("me/tiny", "me/photos")


@pytest.mark.parametrize("url", ["hf://tiny", "hf://", "hf://me/../tiny@main/x y@z/..", "hf:///etc/passwd"])
def test_what_is_no_address(url, tmp_path, monkeypatch):
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path))
    with pytest.raises(UsageError):
        hub_copy(url, allowed=True)


def test_nothing_is_asked_without_permission(hub):
    for read in (hub_copy, local_copy):
        with pytest.raises(UsageError, match="not on this machine") as told:
            read(f"hf://me/tiny@{COMMIT}")
        assert "allow_download=true" in told.value.mend
    assert hub[1] == []


def test_what_was_downloaded_is_checked_told_and_kept(hub, capsys):
    url = f"hf://me/tiny@{COMMIT}"
    folder = hub_copy(url, allowed=True, quiet=True)
    told = capsys.readouterr().err
    assert "downloading 4 files, 0.0 MB" in told
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.*")} == FILES.keys() - {"tf_model.h5"}
    assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    before = len(hub[1])
    assert local_copy(url) == folder  # no permission, and nobody is asked
    assert len(hub[1]) == before
    (folder / "config.json").unlink()
    with pytest.raises(UsageError, match="not on this machine"):
        local_copy(url)


def test_a_part_of_data_is_downloaded_alone(hub):
    folder = hub_copy(f"hf://datasets/me/photos@{COMMIT}/sub", allowed=True, quiet=True)
    assert sorted(path.name for path in folder.iterdir()) == ["one.txt", "two.txt"]
    file = hub_copy(f"hf://datasets/me/photos@{COMMIT}/tf_model.h5", allowed=True, quiet=True)
    assert file.read_bytes() == FILES["tf_model.h5"]
    assert not (file.parent / "config.json").exists()


def test_a_branch_is_no_pin_and_the_commit_is_told(hub):
    with pytest.raises(UsageError, match="not pinned") as told:
        hub_copy("hf://datasets/me/photos@main/sub", allowed=True)
    assert told.value.mend == f"today that is hf://datasets/me/photos@{COMMIT}/sub"
    with pytest.raises(UsageError, match="not pinned"):
        hub_copy("hf://me/tiny")


@pytest.mark.parametrize(
    ("url", "what"),
    [
        (f"hf://me/none@{COMMIT}", "no model me/none"),
        (f"hf://me/tiny@{'f' * 40}", "no revision"),
        (f"hf://me/tiny@{COMMIT}/none", "nothing lies at none"),
    ],
)
def test_what_the_hub_has_not(hub, url, what):
    with pytest.raises(StorageError, match=what):
        hub_copy(url, allowed=True, quiet=True)


def test_a_file_that_is_not_what_the_hub_says_is_refused(hub, tmp_path):
    url = f"hf://me/tiny@{COMMIT}"
    folder = hub_copy(url, allowed=True, quiet=True)
    weights = (folder / "model.safetensors").resolve()
    weights.write_bytes(b"x" + weights.read_bytes()[1:])  # as another program of this machine might
    for note in (tmp_path / "cache" / "hub").iterdir():
        note.unlink()
    with pytest.raises(StorageError, match=r"model\.safetensors is not what the Hub says"):
        hub_copy(url, allowed=True, quiet=True)
    assert hub_copy(url, allowed=True, quiet=True) == folder
    assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]


def test_a_hub_that_does_not_answer_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path))
    with pytest.raises(StorageError, match="the Hub cannot be read"):
        hub_copy(f"hf://me/tiny@{COMMIT}", allowed=True)


def test_a_damaged_note_is_none(hub, tmp_path):
    url = f"hf://me/tiny@{COMMIT}"
    hub_copy(url, allowed=True, quiet=True)
    for note in (tmp_path / "cache" / "hub").iterdir():
        note.write_text(json.dumps(["no note"]))
    with pytest.raises(UsageError, match="not on this machine"):
        local_copy(url)


def test_a_run_takes_its_checkpoint_from_the_hub(hub, tmp_path):
    folder = tmp_path / "tiny"
    tiny_model("sam").save_pretrained(folder)
    hub[0][("model", "me/tiny", COMMIT)] = {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    words = ["model=sam", f"model.checkpoint=hf://me/tiny@{COMMIT}", "task.clicks=[1]"]
    settings = {"limit": 1, "illustrate": 0, "workers": 0, "progress": "off"}
    with pytest.raises(SambenchError, match="not on this machine"):
        sambench.run("points", overrides=words, **settings, run={"dir": str(tmp_path / "refused")})
    words = [*words, "allow_download=true"]
    run = sambench.run("points", overrides=words, **settings, run={"dir": str(tmp_path / "run")})
    assert run.finished
    assert COMMIT in str(run.record.config.stored)
