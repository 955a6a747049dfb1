"""Names say what they hold: matches, a path, a message; none is called by what was done to come by it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORDS = {"found", "place", "told", "lots"}
"""Words that no name is made of."""

ALLOWED = {
    ("sambench/commands/results/data.py", "found"): "a key of the JSON that `data list` prints",
    ("sambench/commands/results/data.py", "told"): "a key of the JSON that `data check` prints",
    ("sambench/commands/results/data.py", "place"): "a key of the JSON that `cache` prints",
    ("sambench/gates/result.py", "found"): "a key of the JSON that `gate` prints",
    ("sambench/gates/result.py", "told"): "a key of the JSON that `gate` prints",
    ("sambench/gates/standings.py", "told"): "a key of the JSON that `compare` prints",
    ("sambench/commands/reproductions/catalogue.py", "place"): "a key of the files in configs/reproduction",
    ("sambench/runs/row_columns.py", "_FOUND"): "the columns of rows that begin with `found_`",
}
"""Names that stored files, printed JSON or settings fix."""


def names(source):
    """Return every name that a module gives: of functions, classes, parameters, variables, fields and attributes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def is_vague(name):
    """Tell whether a name is `without`, or has one of `WORDS` as a part."""
    return name == "without" or bool(WORDS & set(name.lower().split("_")))


def given_names():
    """Return (module, name) of every name in the package and the tasks."""
    paths = [path for folder in ("sambench", "tasks") for path in (ROOT / folder).rglob("*.py")]
    return {(path.relative_to(ROOT).as_posix(), one) for path in paths for one in names(path.read_text())}


def test_names_say_what_they_hold():
    vague = {(path, one) for path, one in given_names() if is_vague(one)}
    assert vague == ALLOWED.keys()


@pytest.mark.parametrize(
    ("source", "vague"),
    [
        ("def told(): ...", ["told"]),
        ("def one(place, found=1): found_areas = 2", ["place", "found", "found_areas"]),
        ("[lots for lots in without]", ["lots"]),
        ("class A:\n    def b(self): self._told = 1", ["_told"]),
        ("replace, founder = places, 'found'", []),
    ],
)
def test_vague_names_are_seen(source, vague):
    assert sorted(one for one in names(source) if is_vague(one)) == sorted(vague)
