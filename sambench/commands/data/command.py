"""`sambench data`: what data there is, whether it is whole, how it looks, and any of it as COCO JSON."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from sambench.commands.data.list import LIST
from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT
from sambench.commands.grammar.words import checked, parse
from sambench.config import registry
from sambench.config.ranges import SHARED, Range, raise_faults
from sambench.config.resolve import group_faults
from sambench.config.spelling import nearest
from sambench.errors import UsageError


def _chosen(command: Command, words: list[str]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return the name of the dataset that words begin with, its settings, and the command's own values.

    Raises:
        UsageError: No name is given, or a value does not fit.
    """
    if not words or "=" in words[0]:
        raise UsageError(
            f"sambench {command.name} needs a dataset's name",
            where=f"sambench {' '.join([command.name, *words])}",
            mend=f"use sambench {command.name} NAME, as in sambench data check gtea; `sambench data list` lists them",
        )
    name = words[0]
    settings = _settings(name)
    values = parse(command, words[1:], also=settings)
    own = {key.name for key in command.keys if key.name not in settings}
    settings = {key: value for key, value in values.items() if key in settings}
    raise_faults(group_faults("datasets", "data", settings, own_words=True))
    values = checked(command, values)
    return name, settings, {key: values[key] for key in own}


def _check(words: list[str]) -> int:
    from sambench.commands.data.check import check

    return check(*_chosen(CHECK, words))


def _settings(name: str) -> dict[str, Any]:
    """Return the keys of a dataset's YAML file with their values.

    Raises:
        UsageError: There is no such choice; near ones are named.
    """
    from sambench.config.compose import compose

    choices = registry.options("data")
    if name not in choices:
        near = nearest(name, choices, count=3)
        mend = f"did you mean {' or '.join(near)}?" if near else "`sambench ls data` lists them"
        raise UsageError(f"there is no data {name!r}", where=f"sambench data ... {name}", mend=mend)
    settings: dict[str, Any] = compose(["task=points", f"data={name}"])["data"]
    return settings


def _show(words: list[str]) -> int:
    from sambench.commands.data.making import show

    return show(*_chosen(SHOW, words))


def _export(words: list[str]) -> int:
    from sambench.commands.data.making import export

    return export(*_chosen(EXPORT, words))


ROOT = Key(
    "root",
    "where it lies (default: SAMBENCH_DATA); NAME=own takes any folder of your own",
    str | None,
    example="FOLDER",
    path="url",
)

_OTHERS = "Other keys are those of configs/data/NAME.yaml, as root=FOLDER, split=NAME, limit=100 or masks=instance."


def _names() -> dict[str, str]:
    return registry.options("data")


CHECK = Command(
    name="data check",
    summary="layout, counts against the paper's, every image and mask",
    main=_check,
    argument="NAME",
    arguments=_names,
    usage=("data check NAME [root=FOLDER] [split=NAME] [limit=100] [task=edges] [out=findings.csv] [key=value ...]",),
    about=f"""\
Looks for a dataset's layout, counts its images and masks and holds the counts against the paper's, and reads every
image and mask.

{_OTHERS}""",
    keys=(
        ROOT,
        Key("split", "the split, where there are several", example="NAME"),
        Key("limit", "only the first 100 samples", example="100"),
        Key(
            "task",
            "read them as this task does (own data: points where no task is named)",
            str | None,
            example="edges",
            names=partial(registry.options, "task"),
        ),
        Key(
            "out",
            "every finding as a line of CSV; the first of each kind are printed",
            str | None,
            example="findings.csv",
            path="local",
        ),
        FORMAT,
    ),
    result="data:DataCheckResult",
    exit_codes={
        0: "all is well, or only left out by rule",
        1: "a file is damaged or missing",
    },
    examples=(
        "sambench data check bbbc038v1 root=/data",
        "sambench data check own root=my_photos out=findings.csv",
        "sambench data check sa23 root=/data limit=50",
    ),
)

SHOW = Command(
    name="data show",
    summary="a sheet of images with masks and centre clicks, or boundaries",
    main=_show,
    argument="NAME",
    arguments=_names,
    usage=("data show NAME [count=12] [seed=0] [out=NAME.png] [key=value ...]",),
    about=f"""\
Draws a sheet of images with their masks and the centre clicks that task points starts from, or with their boundaries.

{_OTHERS}""",
    keys=(
        Key("count", "images on the sheet", Annotated[int, Range(1, 1000)], 12),
        Key("seed", "of the order in which images are taken", Annotated[int, SHARED["seed"]], 0),
        Key("out", "the picture", str | None, example="NAME.png", path="local"),
        FORMAT,
    ),
    result="tables:FilesResult",
    examples=("sambench data show gtea root=/data count=24 out=gtea.png",),
)

EXPORT = Command(
    name="data export",
    summary="COCO JSON with run-length codes (BSDS500: of its segments)",
    main=_export,
    argument="NAME",
    arguments=_names,
    usage=("data export NAME [out=NAME.json] [key=value ...]",),
    about=f"""\
Writes a dataset's masks (BSDS500: its segments) as COCO JSON with run-length codes, or its phrases in SA-Co's form,
one file an annotator; file names are relative to its folder.

{_OTHERS}""",
    keys=(Key("out", "the file", str | None, example="NAME.json", path="local"), FORMAT),
    result="tables:FilesResult",
    examples=("sambench data export gtea root=/data out=gtea.json",),
)

DATA = Command(
    name="data",
    summary="what data there is, whether it is whole, how it looks",
    parts=(LIST, CHECK, SHOW, EXPORT),
    examples=("sambench data list root=/data", "sambench data check bbbc038v1 root=/data"),
)
