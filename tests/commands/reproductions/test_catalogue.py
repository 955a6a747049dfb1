"""The catalogue: every entry can be read, and its command is one that sambench takes."""

import pytest
from pages import check_words

from sambench.commands.reproductions.catalogue import chosen, families, names, read_family
from sambench.config import local_configs
from sambench.errors import UsageError

ENTRIES = {one.name: one for one in chosen("all")}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_whole_and_its_command_composes(name):
    entry = ENTRIES[name]
    words = entry.words("/somewhere")
    assert words[0] in ("run", "score")
    check_words(words)
    assert "DATA" not in " ".join(words)
    assert entry.published
    assert all(0 <= float(value) < 10 for value in entry.published.values())
    assert 0 < entry.tolerance <= 0.05
    assert all(one.home.startswith(("https://", "http://")) for one in entry.inputs)
    placed = [word.partition("=/somewhere/")[2] for word in words if "=/somewhere/" in word]
    given = [one.place for one in entry.inputs if one.place]
    assert all(any(place in (known, *_above(known)) or place.startswith(known) for known in given) for place in placed)


def _above(place):
    parts = place.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def test_names_are_all_families_and_entries():
    known = names()
    assert {"all", "pidinet", "pidinet/full", "classical/canny"} <= known.keys()
    assert [one.name for one in chosen("classical")] == ["classical/sobel", "classical/canny", "classical/felz_hutt"]
    assert len(chosen("pidinet")) == 9
    assert [one.name for one in chosen("gpb_owt_ucm/regions")] == ["gpb_owt_ucm/regions"]
    assert set(families()) == {name.partition("/")[0] for name in ENTRIES}


@pytest.mark.parametrize("name", ["pidinett", "pidinet/ful", "pidinet/"])
def test_another_name_is_refused_with_the_nearest(name):
    with pytest.raises(UsageError, match="reproduction") as error:
        chosen(name)
    assert "sambench reproduce pidinet" in error.value.mend


OWN = """\
# my numbers
source: my page
tolerance: 0.01
reason: rounding
inputs: {maps: {what: maps, home: "https://example.org", place: maps}}
entries:
  one: {title: t, command: score task=edges predictions=DATA/maps, published: {ods: 0.5}, needs: [maps]}
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Write a family into a folder of configurations; returns what writes and reads it."""
    (tmp_path / "reproduction").mkdir()

    def read(text):
        (tmp_path / "reproduction" / "mine.yaml").write_text(text)
        return read_family("mine")

    monkeypatch.setattr(local_configs, "_folders", [tmp_path])
    return read


def test_a_family_of_ones_own_is_read_and_shares_what_it_says_above(own):
    (entry,) = own(OWN)
    assert (entry.name, entry.tolerance, entry.source, entry.published) == ("mine/one", 0.01, "my page", {"ods": "0.5"})
    assert entry.words("/d e") == ["score", "task=edges", "predictions=/d e/maps"]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("tolerance: 0.01\n", "", "an entry needs tolerance"),
        ("needs: [maps]", "needs: [mapz]", "mapz"),
        (", place: maps", "", "place or package"),
        ("title: t", "tilte: t", "tilte"),
        ("source:", "sauce:", "sauce"),
    ],
)
def test_a_wrong_file_is_told_with_its_place(own, before, after, message):
    with pytest.raises(UsageError, match=message) as error:
        own(OWN.replace(before, after))
    assert "mine.yaml" in str(error.value.where)
