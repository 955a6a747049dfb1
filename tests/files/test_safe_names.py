"""Names from data: injective, inside their folder, valid on every system, and the same where they were good before."""

import os
import re
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sambench.errors import DatasetError, RunError
from sambench.files import safe_names
from sambench.files.atomic import atomic_path
from sambench.files.safe_names import check_apart, check_text, file_inside, inside, safe_name, safe_part, stored_names

SHORT = ["..", ".", "/", "\\", "C:", "con", "NUL", "com1", "Lpt9", ".png", ".npy", "\n", "\0", " ", "~", "a", "A", "é"]
ODD = ["e\u0301", "\u200d", "\u202e", "\ud800", "x" * 130, "日" * 70, "?", "*", "=cmd()", "<b>", "0" * 32, "f" * 31]
PIECES = st.sampled_from([*SHORT, *ODD])
IDS = st.one_of(st.text(max_size=12), st.lists(PIECES, max_size=8).map("".join))

ORDINARY = [
    "val2017/000000000139",
    "test/100007",
    "gtea/S1_Cheese_C1/0000000047",
    "sub dir/IMG_0012 (2)",
    "lvis_v0.5-sam2.1",
    "été/日本語",
    "a-b_c.d,e;f=g+h@i#j$k%l&m'n!o^p`q{r}[s]",
    "-starts-with-a-dash",
    "console/com10/null.x",
    "x" * 200,
    "~tilde~",
]


@given(IDS)
@settings(max_examples=600, deadline=None)
@example("../../evil")
@example("/abs/evil")
@example("")
def test_a_name_is_valid_on_every_system(name):
    safe = safe_name(name)
    parts = safe.split("/")
    for part in parts:
        assert part
        assert not set(part) & set('<>:"|?*\\/')
        assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in part)
        assert part[0] not in ". "
        assert part[-1] not in ". "
        assert not PureWindowsPath(part).is_reserved()
        assert not re.fullmatch(r"(CON|PRN|AUX|NUL|COM\d|LPT\d)", part.split(".")[0].strip().upper())
        assert len(part.encode()) + len("." + 32 * "0" + "." + "_matches.png") <= 255
    assert not PureWindowsPath(safe).is_absolute()
    assert not PureWindowsPath(safe).drive
    assert not PurePosixPath(safe).is_absolute()
    assert unicodedata.is_normalized("NFC", safe)
    assert len(safe.encode()) <= 1000


@given(IDS, IDS)
@settings(max_examples=600, deadline=None)
def test_two_ids_never_share_a_name(one, other):
    names = {safe_name(one), safe_name(other)}
    # A name that was given to an id must not be the name of the id that is called so.
    names |= {safe_name(name) for name in tuple(names)}
    ids = {one, other, safe_name(one), safe_name(other)}
    assert len(names) == len(ids)
    assert len({safe_part(name) for name in ids}) == len(ids)
    assert "/" not in safe_part(one)


@given(IDS)
@settings(max_examples=300, deadline=None)
def test_it_stays_inside_and_can_be_written(tmp_path_factory, name):
    folder = tmp_path_factory.getbasetemp() / "names"
    path = file_inside(folder, name, "_matches.png")
    assert path.resolve().is_relative_to(folder.resolve())
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"")
    assert path.is_file()
    assert stored_names(name)[0] + "_matches.png" == path.relative_to(folder).as_posix()


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_names_stay_as_they_are(name):
    assert safe_name(name) == name
    assert stored_names(name) == (name,)


@pytest.mark.parametrize(
    "name",
    [
        *("../x", "a/../b", "/a", "a//b", "a/", "a\\b", "C:x", "a:b", "a.", "a ", " a", ".a", "a/.b", "", "a.png/b"),
        *(
            "con",
            "NUL.txt",
            "a/aux .b/c",
            "COM1",
            "com¹.x",
            "a\nb",
            "a\x7f",
            "e\u0301",
            "a\u2028b",
            "a\u200db",
            "\ud800",
        ),
        *("x" * 201, "a/" * 500 + "b", "a~" + "0" * 32, "a~" + "F" * 32 + "b/c", "b/x.json.gz/c"),
    ],
)
def test_others_are_hashed(name):
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,60}~[0-9a-f]{32}", safe_name(name))


def test_the_same_id_has_the_same_name_for_ever():
    """Stored predictions are found by it."""
    assert safe_name("../../evil") == "evil~0fbfd372a48342dc27d6581c1a3f8766"


def test_what_others_wrote_under_the_plain_id_is_looked_for_where_it_is_harmless():
    assert stored_names("at 12:30") == (safe_name("at 12:30"), "at 12:30")
    for name in ("../a", "/a", "C:\\a", "x\\..\\y", "\0", "x" * 250, "a~" + "0" * 32):
        assert stored_names(name) == (safe_name(name),)


@pytest.mark.parametrize("name", ["", "../x", "a/../../x", "/x", "\\x", "C:x", "c:\\x", "a\\..\\x", "a\0b", "x" * 256])
def test_a_name_that_leads_out_is_refused(tmp_path, name):
    with pytest.raises(RunError):
        inside(tmp_path, name)


def test_links_that_lead_out_are_refused_and_others_are_not(tmp_path):
    run, other = tmp_path / "run", tmp_path / "other"
    (run / "within").mkdir(parents=True)
    other.mkdir()
    (run / "out").symlink_to(other)
    (run / "file").symlink_to(other / "file")
    (run / "round").symlink_to(run / "round")
    (run / "near").symlink_to("within")
    for name in ("out/x", "out", "file", "out/a/b"):
        with pytest.raises(RunError, match="through a link"):
            inside(run, name)
    with pytest.raises(RunError):
        inside(run, "round/x")
    assert inside(run, "near/x") == run / "near" / "x"
    (tmp_path / "link to run").symlink_to(run)
    assert inside(tmp_path / "link to run", "within/x").parent.samefile(run / "within")


def test_ids_that_are_no_unicode_are_told_together(tmp_path):
    name = os.fsdecode(b"\xff\xfe")
    check_text(["a", "é"], tmp_path)
    with pytest.raises(DatasetError, match="2 sample ids are no valid Unicode"):
        check_text(["a", name, "\ud800"], tmp_path)


def test_ids_that_differ_by_case_alone(tmp_path, monkeypatch):
    ids = ["a/IMG", "a/img", "b"]
    assert len({safe_name(name) for name in ids}) == 3
    with_distinct_names = safe_names._tells_cases_apart(tmp_path)
    if with_distinct_names:
        check_apart(ids, tmp_path, "data")
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(safe_names, "_tells_cases_apart", lambda folder: False)
    with pytest.raises(DatasetError, match="differ by case alone"):
        check_apart(ids, tmp_path, "data")
    check_apart(["a", "b", "../A", "../a"], Path(tmp_path), "data")


def test_a_second_picture_is_never_another_samples_first(tmp_path):
    second = file_inside(tmp_path, "a", "_matches.png")
    assert second.name == "a_matches.png"
    assert file_inside(tmp_path, "a_matches", ".png") != second
    assert file_inside(tmp_path, "b/A_Matches", ".png") != file_inside(tmp_path, "b/A", "_Matches.png")
    assert safe_name("a_matches_2") == "a_matches_2"
