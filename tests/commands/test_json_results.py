"""Every command that prints a result prints it as JSON of the form that it declares, and nothing beside it."""

import json
from importlib.resources import files

import pytest
from every_command import EXIT, QUICK, SLOW, prepare, write_runs, write_stored
from jsonschema import Draft202012Validator

from sambench.cli import dispatch
from sambench.commands import COMMANDS, command_of
from sambench.commands.grammar.schema import printing, result_type, schema_of, schemas_text

DECLARED = [command_of(word) for word in COMMANDS]
PRINTING = printing(DECLARED)

NO_RESULT = {"rate serve", "view"}
"""Commands that serve a page until they are stopped."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with two runs of made-up rows."""
    return write_stored(tmp_path_factory.mktemp("json"))


@pytest.fixture(scope="module")
def made(place):
    """The same folder with runs on generated scenes, a tiny model, and maps of an edge detector."""
    return write_runs(place)


def validated(name, words, capfd):
    """Call a command with format=json and hold all that it prints on standard output against its schema."""
    prepare(name)
    capfd.readouterr()
    code = dispatch([*name.split(), *words, "format=json", "--quiet"])
    told = json.loads(capfd.readouterr().out)
    Draft202012Validator(schema_of(result_type(PRINTING[name]), closed=True)).validate(told)
    assert code == EXIT.get(name, 0)
    return told


@pytest.mark.parametrize("name", QUICK)
def test_a_result_is_of_the_declared_form(name, place, monkeypatch, capfd):
    monkeypatch.chdir(place)
    assert validated(name, QUICK[name], capfd)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_result_of_runs_and_models_is_of_the_declared_form(name, made, monkeypatch, capfd):
    monkeypatch.chdir(made)
    assert validated(name, SLOW[name], capfd)


def test_every_command_declares_and_takes_it():
    every = [one for command in DECLARED for one in (command, *command.parts) if one.main is not None]
    assert {one.name for one in every if not one.result} - {"export"} == NO_RESULT
    assert {*QUICK, *SLOW} == set(PRINTING)
    for command in PRINTING.values():
        key = command.key("format")
        assert key is not None, command.name
        assert "json" in key.choices


def test_the_shipped_schemas_are_those_of_the_types():
    shipped = files("sambench.commands.results") / "results.schema.json"
    assert shipped.read_text(encoding="utf-8") == schemas_text(DECLARED)
    for one in json.loads(shipped.read_text())["$defs"].values():
        Draft202012Validator.check_schema(one)
