"""What pages show of a declaration; tests/commands/test_help.py looks at the pages of the commands there are."""

import pytest

from sambench.commands import COMMANDS, command_of
from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.pages import WIDTH, overview, page, short

PART = Command("weigh often", "many times", lambda words: 0, argument="RUN", examples=("sambench weigh often a",))
WEIGH = Command(
    name="weigh",
    summary="how heavy a run is",
    main=lambda words: 0,
    argument="RUN",
    about="Weighs a run.",
    keys=(
        Key("unit", "what is printed", str, example="kg", choices=("kg", "g"), required=True),
        Key("times", "how often " * 20 + "it is weighed", int, 3),
    ),
    lists=lambda: "scales:\n  one",
    exit_codes={1: "too heavy"},
    examples=("sambench weigh a unit=g",),
    parts=(PART,),
    flags={"--loud": "say it aloud"},
)


def test_a_page_has_all_that_is_declared():
    text = page(WEIGH)
    assert text.startswith("sambench weigh RUN unit=kg [times=3]\n\nWeighs a run.\n")
    for part in (
        "\nparts:\n  sambench weigh often RUN\n        many times\n",
        "\nscales:\n  one\n",
        "\n  unit=kg  what is printed: kg or g\n",
        "\nflags:\n  --loud  say it aloud\n",
        "\n  0  done\n  1  too heavy\n  2  wrong usage",
        "\nexample:\n  sambench weigh a unit=g\n",
    ):
        assert part in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_the_overview_names_what_a_command_cannot_do_without():
    assert short(WEIGH) == "weigh RUN unit=kg"
    assert short(Command("all", "parts only", parts=(WEIGH, PART))) == "all weigh|often"
    assert "\n  sambench weigh RUN unit=kg                 how heavy a run is\n" in overview([WEIGH])


@pytest.mark.parametrize("width", [60, 80])
def test_in_a_narrow_terminal_everything_is_narrower(width):
    commands = [command_of(word) for word in COMMANDS]
    pages = [overview(commands, width)]
    pages += [page(one, width) for command in commands for one in (command, *command.parts)]
    wide = [line for text in pages for line in text.splitlines() if len(line) > width and " " in line.strip()]
    assert wide == []
    words = [sorted(page(command, width).split()) for command in commands]
    assert words == [sorted(page(command).split()) for command in commands]
    assert "sambench masks a=PREDICTIONS" in overview(commands, width)
