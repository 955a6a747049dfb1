"""The commands and examples of the README and of docs/*.md, as printed."""

import re
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path

import yaml

from sambench.api.calls import compose
from sambench.commands import COMMANDS
from sambench.config import registry
from sambench.config.ranges import raise_faults
from sambench.config.resolve import group_faults

ROOT = Path(__file__).parents[2]
PAGES = {path.stem: path for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
SHELLS = ("bash", "console", "sh")
PLAN_WORDS = ("limit", "devices", "scorers", "json")


@dataclass(frozen=True)
class Example:
    """A command or a piece of Python of a page.

    Attributes:
        kind: "command" or "python".
        text: As printed; a command without its comment, on one line.
        line: Where its block starts, from 1.
    """

    kind: str
    text: str
    line: int


def examples(page):
    """Return a page's commands and Python, in their order."""
    text = PAGES[page].read_text(encoding="utf-8")
    found = []
    for block in re.finditer(r"^```(\w*)[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        line = text.count("\n", 0, block.start()) + 1
        language, content = block.groups()
        if language in ("python", "py"):
            found.append(Example("python", content, line))
        elif language in SHELLS:
            found += [Example("command", command, line) for command in _commands(content)]
        elif not language:
            told = [row.removeprefix("$ ") for row in content.splitlines() if row.startswith(("$ ", "sambench "))]
            found += [Example("command", command, line) for command in _commands("\n".join(told))]
    return found


def _commands(content):
    rows = content.replace("\\\n", " ").splitlines()
    bare = [re.sub(r"\s+#.*", "", row).strip() for row in rows]
    return [" ".join(row.split()) for row in bare if row and not row.startswith("#")]


def inline(page):
    """Return the commands of a page's prose and tables, as printed between backquotes."""
    text = re.sub(r"^```.*?^```", "", PAGES[page].read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [" ".join(span.split()) for span in re.findall(r"`(sambench [^`]+|(?:pytest|python) tests[^`]+)`", text)]


def links(page):
    """Return the files that a page links to or shows."""
    found = re.findall(r"\]\(([^)#:]+)\)", PAGES[page].read_text(encoding="utf-8"))
    return [PAGES[page].parent / target for target in found]


def check_words(words):
    """Hold a command's words against what it takes, without doing anything; a wrong one raises or fails."""
    assert words[0] in COMMANDS, words
    if words[0] not in ("run", "score", "plan") or "--help" in words:
        return
    if "..." in words and not any(word.startswith("task=") for word in words):
        words = [*words, "task=edges"]
    cluster = [word.partition("=")[2] for word in words if word.startswith("+cluster=")]
    for name in cluster:
        known = yaml.safe_load((ROOT / "configs" / "cluster" / f"{name}.yaml").read_text())["hydra"]["launcher"]
        own = [word.split("=")[0].split(".")[2] for word in words if word.startswith("hydra.launcher.")]
        assert set(own) <= set(known), own
    left = [word for word in words[1:] if not word.startswith(("-", "+cluster=", "hydra.", "..."))]
    if words[0] == "plan":
        left = [word for word in left if word.partition("=")[0] not in PLAN_WORDS]
    if "--multirun" in words:
        left = [re.sub(r"^(task\.[\w.]+=[^\[,]*),.*", r"\1", word) for word in left]
    config = compose(left)
    for kind, group in (("tasks", "task"), ("models", "model"), ("datasets", "data")):
        raise_faults(group_faults(kind, group, config[group], own_words=True))


def check_other(command):
    """Look at what a command that is no `sambench` names: extras of this package, test files, entries of the tree."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"sambench\[([\w-]+)\]", command)) <= set(extras), command
    for word in shlex.split(command):
        if word.startswith(("tests/", "docs/")):
            assert (ROOT / word).exists(), f"{word} of: {command}"


def check_inline(command):
    """Look at a command of the prose: its words are known ones, where they are no stand-ins."""
    words = shlex.split(command)
    if words[0] != "sambench":
        check_other(re.sub(r"\S*[A-Z]{2}\S*", "", command))
        return
    words = words[1:]
    if words[0].startswith("-"):
        return
    names = words[0].split("|")
    assert set(names) <= set(COMMANDS), command
    chosen = dict(word.partition("=")[::2] for word in words)
    unknown = [group for group in ("task", "data", "model") if chosen.get(group, "").isupper()]
    of_plugin = chosen.get("task") not in registry.options("task")
    if words[0] in ("run", "score", "plan") and not unknown and not of_plugin:
        check_words([word for word in words if word != "job"])
