from pathlib import Path
from typing import Annotated

import pytest

from sambench.commands import COMMANDS, command_of
from sambench.commands.grammar.declaration import Key
from sambench.commands.grammar.reference import START, takes, written
from sambench.config.ranges import Range

PAGE = Path(__file__).parents[3] / "docs" / "commands.md"


def test_the_page_is_what_commands_declare():
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, map(command_of, COMMANDS)) == page, "run python docs/generate.py"
    for word in COMMANDS:
        for one in (command_of(word), *command_of(word).parts):
            section = page.partition(f"\n## sambench {one.name}\n")[2].partition("\n## ")[0]
            assert all(f"| `{key.shown}` |".replace("|ALL", "") in section for key in one.keys), one.name


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (Key("a", "", Annotated[int, Range(1, 9)], beside=("auto",)), "whole number from 1 to 9 or auto"),
        (Key("a", "", list[str], path="url"), "path or URL, or a list"),
        (Key("a", "", str | None, path="local"), "local path"),
        (Key("a", "", str, choices=("md", "csv")), "md, csv"),
        (Key("a", "", bool), "true or false"),
    ],
)
def test_types_are_told_in_words(key, told):
    assert takes(key) == told


def test_a_page_without_the_mark_is_refused():
    with pytest.raises(ValueError, match="the page has no line"):
        written("# Commands\n", [])
    assert written(f"# Commands\n{START}\nold", []).startswith(f"# Commands\n{START}\n\n## Exit codes")
