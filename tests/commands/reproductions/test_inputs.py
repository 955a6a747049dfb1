"""What is missing, and what is there but is something else."""

import hashlib
from dataclasses import replace

import pytest

from sambench.commands.reproductions.catalogue import Input
from sambench.commands.reproductions.inputs import files_of, missing
from sambench.files.atomic import files_sha256

MAPS = Input("maps", "edge maps", "https://example.org", place="a/maps")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "a" / "maps" / "deep").mkdir(parents=True)
    (tmp_path / "a" / "maps" / "2.png").write_bytes(b"two")
    (tmp_path / "a" / "maps" / "deep" / "1.png").write_bytes(b"one")
    (tmp_path / "a" / "maps" / ".hidden").write_bytes(b"no")
    return tmp_path


def test_files_are_counted_at_every_depth_and_hashed_in_the_order_of_their_paths(root):
    found = files_of(root / "a" / "maps")
    assert [path.name for path in found] == ["2.png", "1.png"]
    assert files_sha256(found) == hashlib.sha256(b"twoone").hexdigest()
    assert files_of(found[0]) == [found[0]]


def test_what_is_there_is_not_missing(root):
    whole = replace(MAPS, files=2, sha256=hashlib.sha256(b"twoone").hexdigest())
    assert missing([MAPS, whole], root) == {}
    assert missing([replace(MAPS, place="", package="numpy")], None) == {}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"files": 3}, "holds 2 files, not 3"),
        ({"sha256": "0" * 64}, "holds other bytes than those this was checked with (SHA-256 000000000000...)"),
        ({"place": "b"}, "b is not there"),
        ({"place": "", "package": "no_such_package"}, "the package no_such_package is not installed"),
    ],
)
def test_what_is_missing_is_told_with_its_place(root, changes, why):
    assert missing([replace(MAPS, **changes)], root)["maps"].endswith(why)


def test_without_a_root_every_file_is_missing():
    assert missing([MAPS], None) == {"maps": "no data.root was given"}
