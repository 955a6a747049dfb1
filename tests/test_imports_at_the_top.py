"""Imports stand at the top of a module, where a reader looks for them: what is slow to import is named here."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SLOW = {
    "torch",
    "transformers",
    "matplotlib",
    "ray",
    "numba",
    "onnxruntime",
    "onnx",
    "torchao",
    "timm",
    "pynvml",
    "huggingface_hub",
}
"""Libraries that take seconds to import, or come with an extra; the function that needs one may import it."""

LAZY = ("sambench/commands/", "sambench/__init__.py")
"""The doors: what stands behind a command, or behind `sambench.run`, is imported when it is asked for."""

MODELS = ("sambench/models/", "sambench/callbacks/")
"""Alone in importing torch at the top: models are reached through the registry, callbacks by who has torch already."""

ALLOWED = {
    ("sambench/engine/cache/entry.py", "safetensors.torch"): "imports torch",
    (
        "sambench/metrics/coco/evaluators.py",
        "sambench.metrics.coco.by_hotcoco",
    ): "imports hotcoco, which one switch asks for",
    ("sambench/metrics/coco/evaluators.py", "sambench.metrics.coco.by_lvis"): "imports lvis, and with it OpenCV",
}
"""What else is imported inside a function, and why."""


def imported(node):
    """Return the modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) else []


def imports(source):
    """Yield (module, whether it stands inside a function) for every import that is executed."""

    def walk(node, inside):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            for module in imported(child):
                yield module, inside
            yield from walk(child, inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))

    yield from walk(ast.parse(source), False)


def faults(name, source):
    """Return the imports of a module that stand in the wrong place."""
    told = []
    for module, inside in imports(source):
        library = module.split(".")[0]
        if inside and library not in SLOW and (name, module) not in ALLOWED and not name.startswith(LAZY):
            told.append(f"{name}: {module} is imported inside a function")
        if not inside and library in ("torch", "transformers", "ray") and not name.startswith(MODELS):
            told.append(f"{name}: {module} is imported at the top")
    return told


@cache
def sources():
    """Return the source of every module of the project by its path."""
    files = [*ROOT.glob("sambench/**/*.py"), *ROOT.glob("tasks/*.py")]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


def test_imports_stand_where_a_reader_looks_for_them():
    told = [fault for name, source in sources().items() for fault in faults(name, source)]
    assert not told, "\n".join(told)


def test_what_is_allowed_is_still_done():
    found = sources()
    there = {(name, module) for name, _ in ALLOWED for module, inside in imports(found[name]) if inside}
    assert ALLOWED.keys() <= there


@pytest.mark.parametrize(
    ("name", "source", "fault"),
    [
        ("sambench/masks/x.py", "def f():\n    import scipy", "scipy is imported inside"),
        (
            "tasks/x.py",
            "class A:\n    def f(self):\n        if self:\n            import json",
            "inside",
        ),
        ("sambench/masks/x.py", "import torch.nn.functional as F", "torch.nn.functional is imported at the top"),
        ("sambench/masks/x.py", "def f():\n    import torch", None),
        ("sambench/masks/x.py", "if TYPE_CHECKING:\n    from torch import Tensor", None),
        ("sambench/models/x.py", "import torch", None),
        ("sambench/commands/x.py", "def main(words):\n    from sambench.tables import build", None),
    ],
)
def test_the_rule_finds_what_breaks_it(name, source, fault):
    told = faults(name, source)
    assert (not told) if fault is None else (len(told) == 1 and fault in told[0])
