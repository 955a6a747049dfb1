"""Pages of the site that are made from the code: a protocol a task, the lists of data and models, the interface.

Run as a program it writes the reference part of docs/commands.md.
"""

import inspect
import re
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import sambench
from sambench.commands import COMMANDS, command_of
from sambench.commands.grammar.reference import written
from sambench.config import registry


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each task."""
    for task, title in registry.options("task").items():
        text = protocol(task, title)
        files.append(File.generated(config, f"protocols/{task}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in lists, and print links out of the documents as the names of files of the repository."""
    markdown = re.sub(r"<!-- list (\w+) -->", lambda found: listed(found[1]), markdown)
    markdown = markdown.replace("<!-- interface -->", interface())
    markdown = re.sub(r"\[([^\]]+)\]\((?:\.\./)+([^)#:]+)\)", _of_the_repository, markdown)
    for text, path in set(re.findall(r"\[([\w./]+\.md)\]\((\w+\.md)\)", markdown)):
        markdown = markdown.replace(f"[{text}]({path})", f"[{_title(files, path)}]({path})")
    return markdown


def _title(files: Files, path: str) -> str:
    """Return a page's first heading, or its path where there is no such page."""
    file = files.get_file_from_path(path)
    return file.content_string.partition("\n")[0].removeprefix("# ") if file else path


def _of_the_repository(found: re.Match[str]) -> str:
    text, path = found.groups()
    return f"`{path}`" if text.strip("`") in path else f"{text} (`{path}`)"


def listed(group: str) -> str:
    """Return a table of a group's choices, each with what its file says of it."""
    rows = ["| choice | what it is |", "|---|---|"]
    for name, text in registry.options(group).items():
        shown = f"[`{name}`](protocols/{name}.md)" if group == "task" else f"`{name}`"
        rows.append(f"| {shown} | {_cell(text)} |")
    return "\n".join(rows)


def interface() -> str:
    """Return a directive for every public name, in their order."""
    names = [name for name in sambench.__all__ if not name.startswith("__")]
    return "\n\n".join(f"::: sambench.{name}" for name in names)


def protocol(task: str, title: str) -> str:
    """Return the page of a task: its card, its switches with their reasons, its presets."""
    kind = registry.resolve("tasks", task)
    module = inspect.getmodule(kind)
    lines = [f"# {task}", f"{title}.", _card(inspect.cleandoc(module.__doc__ or ""))]
    chosen = {name: _settings(path) for name, path in _presets(task).items()}
    files = {name: path.read_text(encoding="utf-8") for name, path in _presets(task).items()}
    default = "paper" if "paper" in chosen else next(iter(chosen))
    reasons = _reasons(kind)
    remarks = _remarks(files[default])
    lines += ["## Switches", f"`task.NAME=VALUE`; the default is preset `{default}`."]
    rows = []
    for name, value in chosen[default].items():
        remark = f" ({remarks[name]})" if name in remarks else ""
        rows.append(f"| `{name}` | `{_value(value)}` | {_cell(reasons[name] + remark)} |")
    lines.append("\n".join(["| switch | default | what it is, and why |", "|---|---|---|", *rows]))
    if len(chosen) > 1:
        lines += ["## Presets", f"`task/{task}=NAME` sets several switches as somebody published them."]
        for name in sorted(set(chosen) - {default}):
            other = {key: value for key, value in chosen[name].items() if chosen[default].get(key) != value}
            told = ", ".join(f"`{key}={_value(value)}`" for key, value in other.items())
            lines += [f"### {name}", _opening(files[name]), f"Differs in: {told or 'nothing'}."]
    return "\n\n".join(lines) + "\n"


def _presets(task: str) -> dict[str, Traversable]:
    group = f"task/{task}"
    names = list(registry.options(group)) if registry.config_file("task", task) else []
    found = {name: registry.config_file(group, name) for name in names}
    own = registry.config_file("task", task)
    return {name: path for name, path in found.items() if path} or ({task: own} if own else {})


def _settings(path: Traversable) -> dict[str, Any]:
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {key: value for key, value in told.items() if key not in ("name", "preset", "defaults")}


def _remarks(text: str) -> dict[str, str]:
    return {found[1]: found[2] for found in re.finditer(r"^(\w+):.*?\s#\s*(.+)$", text, re.MULTILINE)}


def _opening(text: str) -> str:
    lines = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ") and "@package" not in line]
    return _cell(" ".join(lines))


def _card(text: str) -> str:
    rows = re.findall(r"^(\w+): +(.*(?:\n +.*)*)", text, re.MULTILINE)
    cells = [f"| {name} | {_cell(' '.join(told.split()))} |" for name, told in rows]
    return "\n".join([cells[0], "|---|---|", *cells[1:]])


def _reasons(kind: Any) -> dict[str, str]:
    """Return what the docstrings of a task's class and of its bases say of each field."""
    found: dict[str, str] = {}
    for one in reversed(inspect.getmro(kind)):
        section = inspect.cleandoc(one.__dict__.get("__doc__") or "").partition("Attributes:\n")[2]
        for name, told in re.findall(r"^    (\w+): (.*(?:\n     +.*)*)", section, re.MULTILINE):
            found[name] = " ".join(told.split())
    return found


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    commands = Path(__file__).parent / "commands.md"
    commands.write_text(written(commands.read_text(encoding="utf-8"), map(command_of, COMMANDS)), encoding="utf-8")
