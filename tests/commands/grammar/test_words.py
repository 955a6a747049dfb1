from typing import Annotated

import pytest

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.words import own_words, parse, read
from sambench.config.ranges import Range
from sambench.errors import UsageError

MADE_UP = Command(
    name="made up",
    summary="a command of these tests",
    keys=(
        Key("runs", "runs", list[str], example="[A,B]", required=True, path="url"),
        Key("count", "how many", Annotated[int, Range(1, 9)], 3),
        Key("workers", "processes", Annotated[int, Range(0, 4)], "auto", beside=("auto",)),
        Key("share", "a share", Annotated[float, Range(0, 1)], 0.5),
        Key("format", "what is printed", str, "md", choices=("md", "csv")),
        Key("out", "where it goes", str | None, path="local"),
        Key("dry", "do nothing", bool, False),
    ),
)


def test_values_are_read_and_defaults_filled_in():
    values = read(MADE_UP, ["runs=[a,b]", "count=9", "share=1e-1", "dry=true", "out=x"])
    assert values == {
        "runs": ["a", "b"],
        "count": 9,
        "workers": "auto",
        "share": 0.1,
        "format": "md",
        "out": "x",
        "dry": True,
    }


def test_one_value_is_a_list_of_one():
    assert read(MADE_UP, ["runs=12"])["runs"] == ["12"]


@pytest.mark.parametrize(
    ("word", "what", "mend"),
    [
        ("cuont=3", "it has runs, count", "use count=..."),
        ("count", "is not of the form key=value", "use count=..."),
        ("--count=3", "has no flag --count", "sambench made up --help"),
        ("count=10", "takes from 1 to 9", "give count from 1 to 9"),
        ("count=many", "a whole number", "a whole number"),
        ("workers=5", "takes from 0 to 4", "give workers"),
        ("workers=aut", "a whole number", ""),
        ("format=cvs", "format=cvs is not known", "use format=csv; there are"),
        ("out=s3://bucket/a", "out takes a local path", "give out=FOLDER"),
        ("share=[1", "brackets, quotes or signs", "close what is open"),
        ("runs=null", "no runs were given", "add runs=[A,B]"),
    ],
)
def test_what_does_not_fit_is_told(word, what, mend):
    with pytest.raises(UsageError) as caught:
        read(MADE_UP, ["runs=a", word])
    assert what in caught.value.what
    assert mend in str(caught.value.mend)


def test_a_missing_key_is_told_with_an_example():
    with pytest.raises(UsageError) as caught:
        read(MADE_UP, ["count=2"])
    assert (caught.value.what, caught.value.mend) == ("no runs were given", "add runs=[A,B]")


def test_all_faults_are_told_at_once():
    with pytest.raises(UsageError) as caught:
        read(MADE_UP, ["runs=a", "count=0", "share=2"])
    assert "count" in caught.value.what
    assert "share" in caught.value.what


def test_settings_of_data_stand_beside_a_commands_own_keys():
    values = parse(MADE_UP, ["masks=instance", "count=2"], also={"masks": "semantic", "root": None})
    assert (values["masks"], values["root"], values["count"]) == ("instance", None, 2)


def test_own_words_are_parted_from_those_of_a_run():
    assert own_words(MADE_UP, ["task=edges", "count=2", "~x", "out=a"]) == (["count=2", "out=a"], ["task=edges", "~x"])
