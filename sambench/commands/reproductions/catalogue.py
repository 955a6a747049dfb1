"""The catalogue of published numbers (`configs/reproduction/NAME.yaml`): source, command, inputs, values, tolerance."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sambench.config import registry
from sambench.config.spelling import check_keys, choose
from sambench.errors import UsageError
from sambench.files.yaml_files import read_yaml

GROUP = "reproduction"

DATA = "DATA"
"""What stands in a command for the folder that holds the inputs."""


@dataclass(frozen=True)
class Input:
    """Something the user must bring.

    Attributes:
        name: What the file calls it.
        what: What it is, in words.
        home: Its home page.
        place: Where it has to lie, relative to `data.root`; "" for a package.
        package: The module that an installed package is imported by; "" for files.
        size: In words, where known.
        files: How many files lie in the place at least; 0 where it is not counted.
        sha256: Of the files' bytes in the order of their names, where known (`sambench.files.atomic.files_sha256`).
    """

    name: str
    what: str
    home: str
    place: str = ""
    package: str = ""
    size: str = ""
    files: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Reproduction:
    """One command and the published numbers that it makes again.

    Attributes:
        name: FAMILY/ENTRY.
        title: What is measured on what.
        command: Its words after `sambench`; `DATA` stands for the folder of inputs.
        published: Metric -> the number as its source prints it.
        tolerance: Largest difference that counts as the same number.
        reason: Why the numbers may differ by as much.
        source: Where they are published.
        inputs: What it needs.
        verdict: Whether the source states what was done; without, both numbers stand side by side and are not judged.
    """

    name: str
    title: str
    command: str
    published: Mapping[str, str]
    tolerance: float
    reason: str
    source: str
    inputs: tuple[Input, ...] = ()
    verdict: bool = True

    def words(self, root: str = DATA) -> list[str]:
        """Return the command's words with the folder of inputs in its place."""
        words = shlex.split(self.command)
        return [word.replace(f"={DATA}", f"={root}", 1) if f"={DATA}" in word else word for word in words]


@dataclass(frozen=True)
class _Family:
    """The keys of a file, which its entries inherit where they have none of their own."""

    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    entries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    source: str = ""
    reason: str = ""
    tolerance: float | None = None
    needs: Sequence[str] = ()
    verdict: bool = True


OWN = ("title", "command", "published", "source", "reason", "tolerance", "needs", "verdict")
"""The keys of an entry."""


def families() -> dict[str, str]:
    """Map every family to a line about it."""
    return registry.options(GROUP)


def names() -> dict[str, str]:
    """Map all that `sambench reproduce` takes to a line about it: "all", the families, their entries."""
    lines = {"all": "every entry whose inputs are there"}
    for family, line in families().items():
        lines[family] = line
        lines |= {one.name: one.title for one in read_family(family)}
    return lines


def chosen(name: str) -> list[Reproduction]:
    """Return the entries that a name stands for: "all", a family, or FAMILY/ENTRY.

    Raises:
        UsageError: It is none of these.
    """
    family = name.partition("/")[0]
    if name != "all" and family not in families():
        raise choose("reproduction", name, names(), GROUP, "sambench reproduce {}")
    entries = [one for each in (families() if name == "all" else [family]) for one in read_family(each)]
    selected = [one for one in entries if name in ("all", family, one.name)]
    if not selected:
        raise choose("reproduction", name, names(), GROUP, "sambench reproduce {}")
    return selected


def read_family(name: str) -> list[Reproduction]:
    """Read a family's file.

    Raises:
        UsageError: It has unknown keys, lacks one, or names an input that it does not describe.
    """
    path = registry.config_file(GROUP, name)
    if path is None:
        raise choose("reproduction", name, families(), GROUP, "sambench reproduce {}")
    read = read_yaml(path, "reproduction", where=path)
    where = f"{GROUP}/{name}.yaml"
    if not isinstance(read, dict):
        raise UsageError("the file holds no keys", where=where, mend="see configs/reproduction/ for the form")
    check_keys(read, [item.name for item in fields(_Family)], where)
    family = _Family(**read)
    inputs = {key: _input(key, one, f"{where}, inputs.{key}") for key, one in family.inputs.items()}
    return [_entry(name, key, one, family, inputs, where) for key, one in family.entries.items()]


def _input(name: str, read: Mapping[str, Any], where: str) -> Input:
    check_keys(read, [item.name for item in fields(Input)][1:], where)
    lacking = [key for key in ("what", "home") if not read.get(key)]
    if lacking or not (read.get("place") or read.get("package")):
        what = f"an input needs {', '.join(lacking or ['place or package'])}"
        raise UsageError(what, where=where, mend="say what it is, its home page, and its place or package")
    return replace(Input(name, "", ""), **read)


def _entry(
    family: str, key: str, own: Mapping[str, Any], shared: _Family, inputs: Mapping[str, Input], where: str
) -> Reproduction:
    where = f"{where}, entries.{key}"
    check_keys(own, OWN, where)
    inherited = {name: getattr(shared, name) for name in ("source", "reason", "tolerance", "needs", "verdict")}
    merged = {**inherited, **own}
    lacking = [name for name in OWN if merged.get(name) in (None, "", {}) and name != "needs"]
    if lacking:
        raise UsageError(f"an entry needs {', '.join(lacking)}", where=where, mend="write it there, or above for all")
    unknown = [name for name in merged["needs"] if name not in inputs]
    if unknown:
        raise choose("input", unknown[0], inputs, f"{where}, needs")
    published = {metric: str(value) for metric, value in merged["published"].items()}
    return Reproduction(
        name=f"{family}/{key}",
        title=merged["title"],
        command=" ".join(merged["command"].split()),
        published=published,
        tolerance=float(merged["tolerance"]),
        reason=merged["reason"],
        source=merged["source"],
        inputs=tuple(inputs[name] for name in merged["needs"]),
        verdict=bool(merged["verdict"]),
    )
