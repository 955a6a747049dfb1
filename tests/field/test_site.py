"""What the site's pages of tasks, lists and interface hold; skipped where the extra `docs` is not installed."""

import dataclasses
import importlib.util
import re
from pathlib import Path

import pytest
import yaml

import sambench
from sambench.config import registry

pytest.importorskip("mkdocs")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("task", registry.options("task"))
def test_a_tasks_page_has_its_card_and_a_reason_for_every_switch(generate, task):
    page = generate.protocol(task, registry.options("task")[task])
    assert "| Paper | " in page
    switches = page.partition("## Switches")[2].partition("## Presets")[0]
    rows = re.findall(r"^\| `(\w+)` \| `(.*?)` \| (.*) \|$", switches, re.MULTILINE)
    fields = dataclasses.fields(registry.resolve("tasks", task))
    assert {name for name, _, why in rows if why} == {one.name for one in fields if not one.metadata.get("from_data")}


def test_a_preset_is_told_by_what_it_changes(generate):
    page = generate.protocol("edges", "")
    assert "`nms_scope=batch`" in page.partition("### ymgw55")[2].partition("###")[0]
    assert "`grid=16`" not in page.partition("### ymgw55")[2].partition("###")[0]


def test_every_public_name_is_in_the_interface(generate):
    assert re.findall(r"::: sambench\.(\w+)", generate.interface()) == [
        name for name in sambench.__all__ if name != "__version__"
    ]


def test_every_choice_is_listed(generate):
    assert re.findall(r"^\| `(\w+)`", generate.listed("data"), re.MULTILINE) == list(registry.options("data"))


def test_every_task_has_a_place_in_the_menu():
    menu = (ROOT / "mkdocs.yml").read_text()
    pages = yaml.safe_load(menu)["nav"][1]["Protocols"]
    assert {f"protocols/{task}.md" for task in registry.options("task")} <= set(pages)
