"""The plug-in page's own examples, run as printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from toys import environment, write_bsds

from sambench.config import registry
from sambench.errors import UsageError

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")
CODE = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
BLOCKS = dict(reversed(CODE))
"""Language -> the first block of it."""


def sambench(*words, cwd, **extra):
    command = [sys.executable, "-m", "sambench.cli", *words]
    done = subprocess.run(command, cwd=cwd, env=environment(**extra), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def quick(command):
    """The printed command with settings that keep it small."""
    return [*command.split()[1:], "limit=2", "workers=0", "device=cpu", "progress=off"]


def test_example_is_about_twenty_lines():
    assert len([line for line in BLOCKS["python"].splitlines() if line.strip()]) <= 27


def test_example_in_a_folder(tmp_path):
    folder = tmp_path / "my_configs"
    (folder / "task").mkdir(parents=True)
    (folder / "grid_coverage.py").write_text(BLOCKS["python"])
    (folder / "task" / "coverage.yaml").write_text(BLOCKS["yaml"])
    out = sambench(*quick(BLOCKS["console"].strip()), cwd=tmp_path)
    assert re.search(r"coverage\W+(\.\d{3}|1\.000)", out)


def test_model_and_dataset_of_ones_own(tmp_path):
    folder = tmp_path / "my_configs"
    for group, name, target in [("model", "disc", "DiscModel"), ("data", "ramps", "Ramps")]:
        (folder / group).mkdir(parents=True)
        (folder / group / f"{name}.yaml").write_text(f"name: own_parts:{target}\n")
    (folder / "own_parts.py").write_text(BLOCKS["py"])
    out = sambench(*quick(BLOCKS["sh"].strip())[:-4], "workers=0", "progress=off", cwd=tmp_path)
    assert "disc, Ramps all, 3 images" in out


def test_a_model_of_phrases_of_ones_own(tmp_path):
    (example,) = (text for _, text in CODE if "(ConceptModel)" in text)
    (command,) = (text for _, text in CODE if "my_words:Colours" in text)
    (tmp_path / "my_words.py").write_text(example)
    out = sambench(*quick(command.strip()), cwd=tmp_path)
    assert "concepts (paper), colours, mini" in out
    (recall,) = re.findall(r" IL_recall +│ +(\.\d+|1\.000) ", out)
    assert float(recall) > 0  # some phrase with a colour was answered


def test_an_edge_detector_of_ones_own(tmp_path):
    (example,) = (text for _, text in CODE if "(EdgeDetector)" in text)
    assert len([line for line in example.splitlines() if line.strip()]) <= 18
    (tmp_path / "my_configs" / "model").mkdir(parents=True)
    (tmp_path / "my_configs" / "my_edges.py").write_text(example)
    (tmp_path / "my_configs" / "model" / "my_edges.yaml").write_text("name: my_edges:MyEdges\ncheckpoint: null\n")
    torch.save(torch.nn.Conv2d(3, 1, 3, padding=1).state_dict(), tmp_path / "my_edges.pth")
    write_bsds(tmp_path / "data")
    words = quick(BLOCKS["bash"].strip().replace("=/data", "=data"))
    out = sambench(*words, "task.thresholds=5", cwd=tmp_path)
    assert "my_edges, data test, 2 images" in out


@pytest.mark.slow
def test_example_in_a_package(tmp_path):
    package = tmp_path / "source" / "acme_coverage"
    (package / "configs" / "task").mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text(BLOCKS["toml"])
    (package / "__init__.py").touch()
    (package / "configs" / "__init__.py").touch()
    (package / "grid_coverage.py").write_text(BLOCKS["python"])
    (package / "configs" / "task" / "coverage.yaml").write_text("name: coverage\ngrid: 8\n")
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path / "site")]
    subprocess.run([*install, str(package.parent)], check=True, capture_output=True, timeout=300)
    path = {"PYTHONPATH": str(tmp_path / "site")}
    assert "coverage" in sambench("ls", "tasks", cwd=tmp_path, **path)
    out = sambench(*quick("sambench run task=coverage task.grid=4"), cwd=tmp_path, **path)
    assert re.search(r"coverage\W+(\.\d{3}|1\.000)", out)


class Point:
    """Stands for an entry point of an installed package."""

    dist = type("Dist", (), {"name": "acme"})()

    def __init__(self, name, value):
        self.name, self.value = name, value


@pytest.fixture
def installed(monkeypatch):
    """Pretend that a package with some entry points is installed."""

    def pretend(*points):
        monkeypatch.setattr(registry, "entry_points", lambda group: list(points))
        forget()

    def forget():
        registry.targets.cache_clear()
        registry.configuration_plugins.cache_clear()

    yield pretend
    forget()


def test_a_name_claimed_twice_is_refused_with_both_places(installed):
    installed(Point("edges", "acme.edges:Edges"))
    with pytest.raises(UsageError, match=r"sambench\.tasks\.edges:EdgesTask and acme\.edges:Edges \(acme\)"):
        registry.targets("tasks")


def test_a_plugin_without_its_configuration_only_warns(installed):
    installed(Point("broken", "acme_is_not_here.configs"))
    with pytest.warns(UserWarning, match="acme_is_not_here"):
        listed = registry.options("task")
    assert listed["edges"].startswith("Zero-shot edge detection")


def test_a_plugin_that_fails_to_import_is_told_when_it_is_used(installed):
    installed(Point("broken", "acme.nowhere:Task"))
    with pytest.raises(UsageError, match=r"'broken' cannot be imported: No module named 'acme'"):
        registry.resolve("tasks", "broken")
