"""What commands declare: each key once, with a type, a help text, and a default that its own type takes."""

import ast
from pathlib import Path

import pytest

import sambench.commands
from sambench.commands import COMMANDS, command_of
from sambench.commands.grammar.declaration import Key, keys_like, spelled
from sambench.commands.grammar.words import checked, parse

DECLARED = [part for word in COMMANDS for part in (command_of(word), *command_of(word).parts)]


@pytest.mark.parametrize("command", DECLARED, ids=lambda command: command.name)
def test_a_command_is_declared_in_whole(command):
    names = [key.name for key in command.keys]
    assert len(set(names)) == len(names)
    assert command.main is not None or command.parts
    assert command.examples
    assert all(part.name.startswith(f"{command.name} ") for part in command.parts)
    for text in (command.summary, *(key.help for key in command.keys)):
        assert text
        assert not text.endswith(".") or ". " in text


@pytest.mark.parametrize(
    "command", [one for one in DECLARED if not one.takes_run_words and one.main], ids=lambda command: command.name
)
def test_defaults_fit_their_types(command):
    given = {key.name: key.example if key.type is str else 1 for key in command.keys if key.required}
    values = checked(command, {**parse(command, []), **given})
    for key in command.keys:
        if not key.required and not key.is_list:
            assert values[key.name] == key.default


def test_every_command_is_named_as_it_is_called():
    assert [command_of(word).name for word in COMMANDS] == list(COMMANDS)


def test_no_command_reads_words_by_itself():
    """A key that stands in a list of words beside the declaration would be missing on its page."""
    for path in Path(sambench.commands.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        called = {
            node.func.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert "safe_load" not in called, path


def test_keys_are_shared_by_name():
    keys = (Key("a", "first", int, 1), Key("b", "second"))
    assert [key.name for key in keys_like(keys, ("b", "a"))] == ["b", "a"]
    with pytest.raises(KeyError):
        keys_like(keys, ("c",))


@pytest.mark.parametrize(
    ("value", "text"), [(None, "null"), (True, "true"), ([1, 8], "[1,8]"), (0.05, "0.05"), (20.0, "20"), ("md", "md")]
)
def test_values_are_spelled_as_words(value, text):
    assert spelled(value) == text
