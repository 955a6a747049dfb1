import os
import uuid

import pytest

from sambench.errors import StorageError, UsageError
from sambench.files.storage import locations
from sambench.files.storage.locations import (
    attempt,
    filesystem,
    is_remote,
    join,
    listing,
    local_only,
    read_bytes,
    remove,
    write_bytes,
)


@pytest.fixture(params=["memory", "file"])
def url(request, tmp_path):
    return f"memory://{uuid.uuid4().hex}" if request.param == "memory" else f"file://{tmp_path}/there"


def test_urls_are_told_from_paths(tmp_path):
    assert all(map(is_remote, ["s3://bucket/a", "gs://b", "file:///tmp/x", "github+ssh://a"]))
    assert not any(map(is_remote, ["/tmp/a", "a/b", "C:\\a", "C:/a", tmp_path, None, 3, "a://", "://a"][:-2]))
    assert join("s3://bucket/a/", "b", "c") == "s3://bucket/a/b/c"
    assert join(tmp_path, "b", "c") == tmp_path / "b" / "c"
    assert local_only(str(tmp_path), "out") == tmp_path
    with pytest.raises(UsageError, match="takes a local path"):
        local_only("s3://bucket", "out")


def test_files_are_written_read_listed_and_removed(url):
    assert read_bytes(join(url, "a", "x.json")) is None
    assert listing(url) == {}
    write_bytes(join(url, "a", "x.json"), b"one")
    write_bytes(join(url, "a", "x.json"), b"two!")
    write_bytes(join(url, "y"), b"")
    assert read_bytes(join(url, "a", "x.json")) == b"two!"
    assert {name: info["size"] for name, info in listing(url).items()} == {"a/x.json": 4, "y": 0}
    assert list(listing(str(join(url, "y")))) == [""]
    remove(str(join(url, "a")))
    remove(str(join(url, "a")))
    assert list(listing(url)) == ["y"]


def test_local_paths_are_read_and_written_too(tmp_path):
    write_bytes(tmp_path / "a" / "b", b"here")
    assert read_bytes(tmp_path / "a" / "b") == b"here"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    assert read_bytes(tmp_path / "c") is None


def test_an_unknown_file_system_is_told():
    with pytest.raises(StorageError, match="no file system nowhere://"):
        filesystem("nowhere://a/b")


def test_a_missing_package_is_told_with_the_extra_that_brings_it(monkeypatch):
    def missing(protocol, host):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(locations, "opened", missing)
    with pytest.raises(StorageError, match="Install s3fs") as caught:
        filesystem("s3://bucket/a")
    assert caught.value.mend == "pip install 'sambench[s3]'"


def test_operations_are_tried_again_and_the_last_error_is_told(monkeypatch):
    monkeypatch.setattr(locations.time, "sleep", lambda seconds: None)
    failures = [OSError("slow down"), ConnectionError("gone")]

    def some():
        if failures:
            raise failures.pop()
        return "read"

    assert attempt(some, "reading", "s3://a") == "read"
    calls = []
    with pytest.raises(StorageError, match=r"reading failed: OSError: slow down") as caught:
        attempt(lambda: calls.append(1) or _raise(OSError("slow down")), "reading", "s3://a")
    assert len(calls) == locations.TRIES
    assert caught.value.where == "s3://a"
    with pytest.raises(FileNotFoundError):
        attempt(lambda: _raise(FileNotFoundError()), "reading", "s3://a")


def _raise(error):
    raise error


def test_a_folder_that_is_refused_is_told_and_not_left_out(tmp_path, monkeypatch):
    for name in ("a/1", "b/2", "b/c/3"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    url = f"file://{tmp_path}"
    assert list(listing(url)) == ["a/1", "b/2", "b/c/3"]
    assert list(listing(f"{url}/a/1")) == [""]
    assert listing(f"{url}/nothing") == {}

    def refusing(path, scan=os.scandir):
        if str(path).endswith("/b"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    monkeypatch.setattr(locations.time, "sleep", lambda seconds: None)
    with pytest.raises((StorageError, PermissionError), match=r"Permission denied"):
        listing(url)
