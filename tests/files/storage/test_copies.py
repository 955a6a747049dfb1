import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from sambench.errors import StorageError
from sambench.files.storage import copies
from sambench.files.storage.copies import home_of, local, local_copy
from sambench.files.storage.locations import filesystem


@pytest.fixture
def system(monkeypatch, tmp_path):
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "cache"))
    return filesystem("memory://any")[0]


@pytest.fixture
def url(system):
    root = f"memory://{uuid.uuid4().hex}/data"
    for name in ("images/a.jpg", "images/b.jpg", "list.txt"):
        system.pipe_file(f"{root}/{name}", name.encode())
    return root


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


def watched(system, monkeypatch):
    """Return a list that gets the name of each file that is copied."""
    fetched = []
    get = system.get_file
    monkeypatch.setattr(system, "get_file", lambda path, to: fetched.append(path.rpartition("/")[2]) or get(path, to))
    return fetched


def test_a_folder_is_copied_and_kept_in_step(system, url, monkeypatch):
    copy = local_copy(url)
    assert copy.name == "data"
    assert content(copy) == {name: name.encode() for name in ("images/a.jpg", "images/b.jpg", "list.txt")}
    fetched = watched(system, monkeypatch)
    assert local_copy(url) == copy
    assert fetched == []
    system.pipe_file(f"{url}/list.txt", b"another")
    system.rm(f"{url}/images/b.jpg")
    system.pipe_file(f"{url}/images/c.jpg", b"new")
    (copy / "images" / "a.jpg").unlink()
    assert content(local_copy(url)) == {"images/a.jpg": b"images/a.jpg", "images/c.jpg": b"new", "list.txt": b"another"}
    assert sorted(fetched) == ["a.jpg", "c.jpg", "list.txt"]


def test_a_file_is_copied_under_its_name(url):
    assert local(f"{url}/list.txt").read_bytes() == b"list.txt"
    assert local(f"{url}/list.txt").name == "list.txt"
    assert str(local("images/a.jpg")) == "images/a.jpg"


def test_an_interrupted_copy_goes_on(system, url, monkeypatch):
    get = system.get_file
    monkeypatch.setattr(copies, "STREAMS", 1)

    def breaks(path, to):
        if path.endswith("b.jpg"):
            raise PermissionError("not yours")
        get(path, to)

    monkeypatch.setattr(system, "get_file", breaks)
    with pytest.raises(StorageError, match=r"copying .*b\.jpg failed: PermissionError"):
        local_copy(url)
    noted = json.loads((home_of(url, "copies") / "index.json").read_text())
    assert set(noted) == set(content(home_of(url, "copies") / "data")) >= {"images/a.jpg"}
    monkeypatch.setattr(system, "get_file", get)
    assert len(content(local_copy(url))) == 3


def test_processes_that_ask_at_once_copy_once(system, url, monkeypatch):
    fetched = watched(filesystem(url)[0], monkeypatch)
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(local_copy, [url] * 4))) == 1
    assert len(fetched) == 3


def test_what_cannot_be_copied_is_told(system, url, monkeypatch):
    with pytest.raises(StorageError, match="nothing lies at this address"):
        local_copy(f"{url}/gone")
    monkeypatch.setattr(copies.shutil, "disk_usage", lambda path: SimpleNamespace(free=5))
    with pytest.raises(StorageError, match=r"are to be copied .* are free") as caught:
        local_copy(url)
    assert "SAMBENCH_CACHE" in caught.value.mend
